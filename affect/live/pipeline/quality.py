"""Quality of a face's picture: the estimated probability, 0…1, that the model reads such a picture correctly.

A logistic regression on measures of the picture, none of which needs a further model. Its coefficients lie in
quality.json, written by `python -m benchmarks.quality`, which also measures how far it can be trusted.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from affect.faces.detection import FaceBox
from affect.faces.preprocessing import Image
from affect.live.pipeline.grey_pyramid import halved

SIDE: Final = 48  # pixels at which a face is measured: the size of FER+ faces
WHITE: Final = 254  # grey level from which a pixel counts as overexposed
BELIEVED: Final = 0.5  # below this quality, a reading is more likely wrong than right
POOR: Final = 0.7  # below it lies 1% of the pictures of FER+ and AffectNet: worth a better picture
MEASURES: Final = (
    *("size", "size_squared", "sharpness", "sharpness_squared", "contrast", "light", "light_squared"),
    *("overexposed", "symmetry", "halves"),
)
COEFFICIENTS: Final = Path(__file__).with_name("quality.json")

_FITTED = json.loads(COEFFICIENTS.read_text(encoding="utf-8"))
_WEIGHTS: Final = np.array([_FITTED["weights"][name] for name in MEASURES])
_BIAS: Final = float(_FITTED["bias"])
_TYPICAL: Final = np.array([_FITTED["typical"][name] for name in MEASURES])
# Why a picture is of low quality: the measures of each reason; their names are keys of texts, with "quality_" before.
_REASONS: Final = {
    "small": ("size", "size_squared"),
    "blurred": ("sharpness", "sharpness_squared"),
    "light": ("contrast", "light", "light_squared", "overexposed"),
    "turned": ("symmetry", "halves"),
}


def face_quality(picture: Image, box: FaceBox) -> float:
    """Estimate the probability that the model reads this picture of a face correctly, from its quality alone.

    picture: uint8, BGR (height, width, 3) or grey (height, width).   box: in its pixels; only the part inside counts.
    Returns 0 if nothing of the box lies inside the picture, or the part is one even area.
    """
    measured = measures(picture, box)
    return 0.0 if measured is None else 1 / (1 + math.exp(-float(measured @ _WEIGHTS) - _BIAS))


def low_quality(picture: Image, box: FaceBox) -> str | None:
    """Find why a face's quality is below POOR: "small", "blurred", "light" or "turned"; None where it is not.

    The reason whose measures lower the quality most, against those of a typical picture.
    """
    measured = measures(picture, box)
    if measured is None:
        return "light"
    if float(measured @ _WEIGHTS) + _BIAS >= math.log(POOR / (1 - POOR)):
        return None
    change = dict(zip(MEASURES, (measured - _TYPICAL) * _WEIGHTS, strict=True))
    reason = min(_REASONS, key=lambda name: sum(change[measure] for measure in _REASONS[name]))
    # a small face is blurred as well, where it is enlarged
    return "small" if reason == "blurred" and min(box.width, box.height) < SIDE / 2 else reason


def measures(picture: Image, box: FaceBox) -> npt.NDArray[np.float64] | None:
    """Measure a face's picture: float64 (10,) in the order of MEASURES; None where there is nothing to measure.

    size:       log2 of the box's shorter visible side over SIDE, at most 0: SIDE pixels show enough; and its square.
    sharpness:  log of the Laplacian's standard deviation over that of the grey levels, at SIDE pixels; and its square,
                as blur and noise both harm.
    contrast:   log of the grey levels' standard deviation.   light: their mean, 0…1; and its square, as both too
    little and too much light harm.   overexposed: share of pixels from WHITE on, 0…1.
    symmetry:   correlation of the face with its mirror image, −1…1.   halves: difference of the logs of both halves'
    vertical edges, at least 0. A turned or half-lit face is less symmetrical, and its halves differ.
    """
    x, y, width, height = box
    part = picture[max(0, y) : max(0, y + height), max(0, x) : max(0, x + width)]
    if part.size == 0:
        return None
    side = min(part.shape[:2])
    grey = part if part.ndim == 2 else np.asarray(cv2.cvtColor(part, cv2.COLOR_BGR2GRAY), np.uint8)
    how = cv2.INTER_AREA if side > SIDE else cv2.INTER_LINEAR
    small = cv2.resize(halved(grey, 2 * SIDE), (SIDE, SIDE), interpolation=how)
    levels = small.astype(np.float32)
    spread = float(levels.std())
    size = min(0.0, math.log2(side / SIDE))
    if spread < 1:
        return None
    mean = float(levels.mean())
    sharpness = math.log(max(1e-2, float(cv2.Laplacian(levels, cv2.CV_32F).std()) / spread))
    edges = np.abs(cv2.Sobel(levels, cv2.CV_32F, 1, 0))
    left, right = (float(half.mean()) + 1 for half in np.split(edges, 2, axis=1))
    symmetry = float(((levels - mean) * (levels[:, ::-1] - mean)).mean()) / spread**2
    return np.array(
        [
            size,
            size**2,
            sharpness,
            sharpness**2,
            math.log(spread),
            mean / 255,
            (mean / 255) ** 2,
            float(np.mean(small >= WHITE)),
            symmetry,
            abs(math.log(left / right)),
        ]
    )
