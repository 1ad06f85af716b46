"""Where a source cuts to another picture, as an edited video or a call's speaker view does: faces begin anew there."""

from __future__ import annotations

import math
from typing import Final

import cv2
import numpy as np

from affect.arrays import Floats
from affect.faces.preprocessing import Image
from affect.live.pipeline.grey_pyramid import GreyPyramid

SIZE: Final = (64, 36)  # width and height of the small picture that is compared
# Edges of the logarithm of brightness: a lamp, a flash or the camera's exposure moves brightness and leaves edges.
SAME_EDGES: Final = 0.5
# The height of the phase correlation's peak: what only moved, as a head before a bare wall, keeps one. A dragged window
# keeps its edges where that peak says that they are.
SAME_MOVED: Final = 0.6
STRONG: Final = 0.05  # an edge counts up to this, 5 % of brightness: a head's outline is not all of the picture
FLAT: Final = 0.05  # root mean square of the edges: a black, white or plain picture has none to compare


class CutDetector:
    """Compares each frame with the last one that showed anything."""

    def __init__(self) -> None:
        self._last: tuple[Image, Floats] | None = None  # a small picture, and its edges
        self._window = cv2.createHanningWindow(SIZE, cv2.CV_32F)

    def see(self, views: GreyPyramid) -> bool:
        """Whether this frame shows another picture than the one before: its edges are elsewhere, and did not move.

        A plain frame, as in a fade through black or under a hand, is passed over: the next picture is compared with
        the one before it. A slow cross-fade is no cut.
        """
        level = next(v for v in reversed(views.levels) if v is views.grey or min(v.shape) >= SIZE[1])
        edges = _edges(_logarithm(level, (SIZE[0] // 2, SIZE[1] // 2)))
        if float(edges @ edges) < edges.size * FLAT**2:
            return False
        edges = edges.clip(-STRONG, STRONG)
        (last, before), self._last = self._last or (level, edges), (level.copy(), edges)
        return _correlation(before, edges) < SAME_EDGES and self._moved_nowhere(last, level)

    def _moved_nowhere(self, last: Image, level: Image) -> bool:
        """The same question, asked with more patience, of pictures whose edges are not where they were."""
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
    """What is left of a picture where one that lies so far left of it and above it covers it."""
    height, width = picture.shape
    return picture[max(0, down) : height + min(0, down), max(0, across) : width + min(0, across)]


def _likeness(a: Floats, b: Floats) -> float:
    """How far two pictures' edges agree, −1…1; strong ones count no more than STRONG."""
    return _correlation(*(_edges(side).clip(-STRONG, STRONG) for side in (a, b)))


def _logarithm(picture: Image, size: tuple[int, int]) -> Floats:
    return np.log(cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.float32) + 8)


def _edges(picture: Floats) -> Floats:
    """The differences between neighbours, across and down, in one row."""
    return np.concatenate([(picture[:, 1:] - picture[:, :-1]).ravel(), (picture[1:] - picture[:-1]).ravel()])


def _correlation(a: Floats, b: Floats) -> float:
    """−1…1; 1 for the same direction."""
    return float(a @ b) / max(1e-6, math.sqrt(float(a @ a) * float(b @ b)))
