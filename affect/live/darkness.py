"""When a picture is black, and when it is too dark for a face. Called by the sources, their watch and the summary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:  # the report reads what the watch has, and needs no OpenCV
    from affect.faces.preprocessing import Image

DARK: Final = 32  # of 255: a face that is not brighter than this is not found, and noise in the dark is below
BRIGHT_SPOTS: Final = 2  # sampled pixels of a black picture that may be brighter: faulty ones, a reflection
BRIGHT_SHARE: Final = 0.02  # of the sampled pixels of a picture that is too dark
SAMPLED: Final = 36  # rows of pixels that are looked at, and as many columns as fit: some 2,300 pixels, in 0.05 ms


def sampled(picture: Image) -> Image:
    """Every so-many-th pixel of a uint8 BGR picture, from the middle of its first step on."""
    step = max(1, min(picture.shape[:2]) // SAMPLED)
    return picture[step // 2 :: step, step // 2 :: step]


def is_black(picture: Image) -> bool:
    """Whether nothing can be seen in a uint8 BGR picture, or in a sample of one."""
    return bool(_bright(picture) <= BRIGHT_SPOTS)


def too_dark(picture: Image) -> bool:
    """Whether next to nothing in a uint8 BGR picture is brighter than DARK."""
    sample = sampled(picture)
    return bool(_bright(sample) <= BRIGHT_SHARE * sample.shape[0] * sample.shape[1])


def _bright(sample: Image) -> int:
    return int(np.count_nonzero(sample.max(axis=2) > DARK))
