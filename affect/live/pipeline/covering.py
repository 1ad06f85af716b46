"""A mouth under a mask, a scarf or a hand: what is read of such a face is mostly "neutral", and worth nothing."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from affect.faces.preprocessing import Image
from affect.live.pipeline.smoothing import ProbabilitySmoother

SIDE: Final = 48
EYES: Final = (slice(14, 24), slice(8, 40))  # rows and columns of a crop of that side
MOUTH: Final = (slice(32, 43), slice(13, 35))
# Of uncovered faces 1 % are below the first one, of drawn masks and hands nine in ten; not of patterned masks
# (python -m benchmarks.covered, results/benchmarks/covered.json). A face counts as uncovered again above the second.
COVERED: Final = -1.1
FREE: Final = -0.9


def mouth_edges(face: Image) -> float:
    """The logarithm of how strong level edges are around the mouth, as lips make them, against those around the eyes.

    face: uint8 grey, of any size, cropped as the model sees it.   0: equally strong; about −0.2 for a bare face.
    """
    while min(face.shape) >= 4 * SIDE:  # halving is ten times as fast as another reduction by area
        half_height, half_width = face.shape[0] // 2, face.shape[1] // 2
        even = face[: 2 * half_height, : 2 * half_width]
        face = np.asarray(cv2.resize(even, (half_width, half_height), interpolation=cv2.INTER_AREA), np.uint8)
    small = cv2.resize(face, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    down = np.abs(cv2.Sobel(np.log(small.astype(np.float32) + 8), cv2.CV_32F, 0, 1))
    return float(np.log((down[MOUTH].mean() + 1e-3) / (down[EYES].mean() + 1e-3)))


class CoverWatch:
    """Whether each face's mouth seems covered; smoothed as probabilities are, so that it does not flicker."""

    def __init__(self) -> None:
        self._edges = ProbabilitySmoother()
        self._covered: set[int] = set()

    def update(self, face_id: int, face: Image, timestamp_s: float) -> bool:
        """Whether the mouth seems covered now.   face: as for `mouth_edges`.   timestamp_s: not decreasing."""
        now = np.array([mouth_edges(face)], np.float32)
        edges = float(self._edges.update(face_id, now, timestamp_s)[0])
        if edges < COVERED:
            self._covered.add(face_id)
        elif edges > FREE:
            self._covered.discard(face_id)
        return face_id in self._covered

    def keep_only(self, face_ids: set[int]) -> None:
        """Forget every other face."""
        self._edges.keep_only(face_ids)
        self._covered &= face_ids
