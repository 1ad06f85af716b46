"""How much a face's pixels allow a reading: its size, sharpness and light as one number. Called by the Python API."""

from __future__ import annotations

import cv2
import numpy as np

from affect.faces import FaceBox
from affect.live.search import LEAST_CONTRAST, LITTLE_CONTRAST
from affect.preprocessing import Image

SIDE = 48  # pixels of FER+'s faces, on which agreement with the annotators is measured: more of them bring no more
# Deviation of the Laplacian, as a share of the grey levels' own, of a face of SIDE pixels: the medians of 600 faces of
# FER+ that were blurred by 5 % and by 1.5 % of their side (0.85 as they are). The bundled model then agrees with 58 %
# and 82 % of the labels instead of 85 % (results/ferplus/starter/robustness.md).
BLURRED, SHARP = 0.085, 0.38
WHITE = 254  # a pixel as bright as this has lost what it showed


def face_quality(picture: Image, box: FaceBox) -> float:
    """The quality of a face's picture, 0 (nothing can be read) to 1 (as good as the faces the model learned from).

    picture: uint8 BGR (height, width, 3).   box: in its pixels; only the part inside counts.
    The product of three shares, each clipped to 0…1: the box's shorter visible side by SIDE; sharpness between BLURRED
    and SHARP; and light, the deviation of the grey levels between the two contrasts at which the face search evens them
    (`affect.live.search`), times the share of pixels that are not white. It does not see pose, hands or masks.
    """
    x, y, width, height = box
    part = picture[max(0, y) : max(0, y + height), max(0, x) : max(0, x + width)]
    if part.size == 0:
        return 0.0
    grey = np.asarray(cv2.cvtColor(part, cv2.COLOR_BGR2GRAY), np.uint8)
    side = min(grey.shape)
    small = np.asarray(
        cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA if side > SIDE else cv2.INTER_LINEAR)
    )
    contrast = float(small.std())
    sharpness = float(cv2.Laplacian(small, cv2.CV_32F).std()) / max(1e-6, contrast)
    light = _share(contrast, LEAST_CONTRAST, LITTLE_CONTRAST) * float(np.mean(grey < WHITE))
    return min(1.0, side / SIDE) * _share(sharpness, BLURRED, SHARP) * light


def _share(value: float, low: float, high: float) -> float:
    """How far a value lies between two others, 0…1."""
    return min(1.0, max(0.0, (value - low) / (high - low)))
