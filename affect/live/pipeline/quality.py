"""Image quality of a face crop: size, sharpness and light, 0…1. Called by the Python API and the window."""

from __future__ import annotations

import math

import cv2
import numpy as np

from affect.faces.detection import FaceBox
from affect.faces.preprocessing import Image
from affect.live.pipeline.search import LEAST_CONTRAST, LITTLE_CONTRAST

SIDE = 48  # pixels: the size of FER+ faces, on which accuracy is measured; larger faces gain nothing
# Standard deviation of the Laplacian divided by that of the grey levels, for a face of SIDE pixels: medians of 600
# FER+ faces blurred by 5 % and by 1.5 % of their side (0.85 without blur). The bundled model then agrees with 58 % and
# 82 % of the labels instead of 85 % (results/ferplus/starter_ferplus/robustness.md).
BLURRED, SHARP = 0.085, 0.38
WHITE = 254  # grey level from which a pixel counts as overexposed


def face_quality(picture: Image, box: FaceBox) -> float:
    """Estimate a face's image quality, 0 (unusable) to 1 (as good as training faces): the product of `factors`.

    picture: uint8 BGR (height, width, 3).   box: in its pixels; only the part inside counts.
    Pose and occlusion are not considered.
    """
    return math.prod(factors(picture, box).values())


def factors(picture: Image, box: FaceBox) -> dict[str, float]:
    """Size, sharpness and light of a face, each from 0 to 1.   Parameters: see `face_quality`.

    small:   the box's shorter visible side divided by SIDE.   blurred: sharpness between BLURRED and SHARP.
    light:   contrast between LEAST_CONTRAST and LITTLE_CONTRAST times the share of pixels below WHITE.
    """
    x, y, width, height = box
    part = picture[max(0, y) : max(0, y + height), max(0, x) : max(0, x + width)]
    if part.size == 0:
        return {"small": 0.0, "blurred": 0.0, "light": 0.0}
    grey = np.asarray(cv2.cvtColor(part, cv2.COLOR_BGR2GRAY), np.uint8)
    side = min(grey.shape)
    small = np.asarray(
        cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA if side > SIDE else cv2.INTER_LINEAR)
    )
    contrast = float(small.std())
    sharpness = float(cv2.Laplacian(small, cv2.CV_32F).std()) / max(1e-6, contrast)
    light = _share(contrast, LEAST_CONTRAST, LITTLE_CONTRAST) * float(np.mean(grey < WHITE))
    return {"small": min(1.0, side / SIDE), "blurred": _share(sharpness, BLURRED, SHARP), "light": light}


def _share(value: float, low: float, high: float) -> float:
    """Scale a value linearly from low…high to 0…1, clipped."""
    return min(1.0, max(0.0, (value - low) / (high - low)))
