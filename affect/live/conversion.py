"""The door for pictures: whatever a device gives becomes uint8 BGR here, once, or is left out."""

from __future__ import annotations

import cv2
import numpy as np

from affect.preprocessing import Image


def as_picture(given: object) -> Image | None:
    """A picture from outside as uint8 BGR (height, width, 3); None where it cannot be one.

    given: grey (height, width) or (height, width, 1), BGR, or BGRA, whose alpha is left out; uint8, or uint16 on its
    full range, 0…65535. What is uint8 BGR already is given back as it is.
    """
    if not isinstance(given, np.ndarray) or given.size == 0 or given.ndim not in (2, 3):
        return None
    if given.dtype == np.uint16:
        given = (given >> 8).astype(np.uint8)
    channels = 1 if given.ndim == 2 else given.shape[2]
    if given.dtype != np.uint8 or channels not in (1, 3, 4):
        return None
    whole = np.ascontiguousarray(given)
    if channels == 3:
        return whole
    return np.asarray(cv2.cvtColor(whole, cv2.COLOR_GRAY2BGR if channels == 1 else cv2.COLOR_BGRA2BGR), np.uint8)
