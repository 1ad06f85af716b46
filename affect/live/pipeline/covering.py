"""Occlusion detector for the mouth: masks, scarves and hands. The pipeline labels such a face "uncertain".

The model reads most covered faces as "neutral", and these readings are meaningless.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from affect.faces.preprocessing import Image
from affect.live.pipeline.grey_pyramid import halved
from affect.live.pipeline.smoothing import ProbabilitySmoother

SIDE: Final = 48
EYES: Final = (slice(14, 24), slice(8, 40))  # rows and columns of a crop with SIDE pixels
MOUTH: Final = (slice(32, 43), slice(13, 35))
# Hysteresis thresholds: a face counts as covered below COVERED, and as uncovered again above FREE. 1 % of uncovered
# faces and 90 % of drawn masks and hands fall below COVERED; patterned masks do not
# (python -m benchmarks.covered, results/benchmarks/covered.json).
COVERED: Final = -1.1
FREE: Final = -0.9


def mouth_edges(face: Image) -> float:
    """Logarithm of the ratio of horizontal edge strength around the mouth to that around the eyes.

    Lips make horizontal edges, which a cover hides.   face: uint8 grey crop of any size, as the model sees it.
    Returns 0 where both are equally strong; about −0.2 for an uncovered face.
    """
    face = halved(face, 2 * SIDE)
    if min(face.shape) > 2 * SIDE:
        face = np.asarray(cv2.resize(face, (2 * SIDE, 2 * SIDE), interpolation=cv2.INTER_LINEAR), np.uint8)
    small = cv2.resize(face, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    down = np.abs(cv2.Sobel(np.log(small.astype(np.float32) + 8), cv2.CV_32F, 0, 1))
    return float(np.log((down[MOUTH].mean() + 1e-3) / (down[EYES].mean() + 1e-3)))


class CoverWatch:
    """Tracks whether each face's mouth seems covered, with temporal smoothing and hysteresis."""

    def __init__(self) -> None:
        self._edges = ProbabilitySmoother()
        self._covered: set[int] = set()

    def update(self, face_id: int, face: Image, timestamp_s: float) -> bool:
        """Return whether a face's mouth seems covered.   face: see `mouth_edges`.   timestamp_s: not decreasing."""
        now = np.array([mouth_edges(face)], np.float32)
        edges = float(self._edges.update(face_id, now, timestamp_s)[0])
        if edges < COVERED:
            self._covered.add(face_id)
        elif edges > FREE:
            self._covered.discard(face_id)
        return face_id in self._covered

    def keep_only(self, face_ids: set[int]) -> None:
        """Drop the state of every face that is not in `face_ids`."""
        self._edges.keep_only(face_ids)
        self._covered &= face_ids
