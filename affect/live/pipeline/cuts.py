"""Shot-cut detection for edited videos and the speaker view of calls. The pipeline resets its tracker at a cut."""

from __future__ import annotations

import math
from typing import Final

import cv2
import numpy as np

from affect.arrays import Floats
from affect.faces.preprocessing import Image
from affect.live.pipeline.grey_pyramid import GreyPyramid

SIZE: Final = (64, 36)  # width and height of the thumbnails that are compared
# Correlation of the edges of log brightness from which two frames show the same scene. A lamp, a flash or the camera's
# exposure changes brightness but not these edges.
SAME_EDGES: Final = 0.5
# Phase-correlation peak from which the picture only moved, as a head before a bare wall does. For a dragged window,
# the edges are compared again after a shift to the peak's position.
SAME_MOVED: Final = 0.6
STRONG: Final = 0.05  # edges are clipped to this, 5 % of brightness, so that a head's outline does not dominate
FLAT: Final = 0.05  # minimum root mean square of the edges: black, white and plain frames have none to compare


class CutDetector:
    """Detects cuts by comparing each frame with the last frame that was not plain."""

    def __init__(self) -> None:
        self._last: tuple[Image, Floats] | None = None  # thumbnail, and its edges
        self._window = cv2.createHanningWindow(SIZE, cv2.CV_32F)

    def see(self, views: GreyPyramid) -> bool:
        """Return whether a cut precedes this frame: its edges differ from the last frame's, also after a shift.

        Plain frames, as in a fade through black or under a hand, are skipped: the next frame is compared with the one
        before them. A slow cross-fade is not reported.
        """
        level = next(v for v in reversed(views.levels) if v is views.grey or min(v.shape) >= SIZE[1])
        edges = _edges(_logarithm(level, (SIZE[0] // 2, SIZE[1] // 2)))
        if float(edges @ edges) < edges.size * FLAT**2:
            return False
        edges = edges.clip(-STRONG, STRONG)
        (last, before), self._last = self._last or (level, edges), (level.copy(), edges)
        return _correlation(before, edges) < SAME_EDGES and self._moved_nowhere(last, level)

    def _moved_nowhere(self, last: Image, level: Image) -> bool:
        """Second, slower test of a suspected cut: False if the frames match after blurring or after a shift."""
        small = [_logarithm(side, SIZE) for side in (last, level)]
        if _likeness(*(_blurred(side, 2) for side in small)) >= SAME_EDGES:
            return False
        before, after = (side - _blurred(side, 6) for side in small)
        (across, down), peak = cv2.phaseCorrelate(before, after, self._window)
        if peak >= SAME_MOVED:
            return False
        x, y = round(across), round(down)
        if abs(x) > SIZE[0] // 2 or abs(y) > SIZE[1] // 2:
            return True
        edges = [_blurred(side, 1) for side in small]
        return _likeness(_overlap(edges[0], -x, -y), _overlap(edges[1], x, y)) < SAME_EDGES


def _blurred(picture: Floats, sigma: float) -> Floats:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), np.float32)


def _overlap(picture: Floats, across: int, down: int) -> Floats:
    """Crop the part of a picture that overlaps with a copy shifted by (across, down) pixels."""
    height, width = picture.shape
    return picture[max(0, down) : height + min(0, down), max(0, across) : width + min(0, across)]


def _likeness(a: Floats, b: Floats) -> float:
    """Correlation of two pictures' edges clipped to ±STRONG, −1…1."""
    return _correlation(*(_edges(side).clip(-STRONG, STRONG) for side in (a, b)))


def _logarithm(picture: Image, size: tuple[int, int]) -> Floats:
    return np.log(cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.float32) + 8)


def _edges(picture: Floats) -> Floats:
    """Horizontal and vertical differences of neighbouring pixels, in one flat array."""
    return np.concatenate([(picture[:, 1:] - picture[:, :-1]).ravel(), (picture[1:] - picture[:-1]).ravel()])


def _correlation(a: Floats, b: Floats) -> float:
    """Cosine similarity of two vectors, −1…1."""
    return float(a @ b) / max(1e-6, math.sqrt(float(a @ a) * float(b @ b)))
