"""Schedule of the whole-frame face search, split into slices that are spread over several frames.

`affect.live.pipeline.search` runs the slices that are due in each frame, so the cost of a frame stays even.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from affect.faces.detection import HAAR_WINDOW
from affect.live.pipeline.grey_pyramid import GreyPyramid

# Minimum hits for a new face, measured with FER+ faces on pictures without faces: 6 keep 90 % of the faces that
# a search of the whole frame finds. Small false positives get more hits than large ones.
NEW_HITS = 6
NEW_FAR_HITS = 12
SLICE_WINDOWS = 12_000  # cascade windows per slice, about 1 ms


class Slice(NamedTuple):
    """One step of the sweep: rows top…bottom of a pyramid level, and face sides smallest…largest, in its pixels.

    level: index in `GreyPyramid.levels`.   new_hits: minimum hits of a new face in the close search.
    """

    level: int
    top: int
    bottom: int
    smallest: int
    largest: int
    new_hits: int


class Sweep:
    """Schedules slices by the clock, not by the frame count: each one is due once per `period_s`."""

    def __init__(self, slices: list[Slice], period_s: float) -> None:
        self.slices = slices
        self._period_s = period_s
        self._debt = 0.0
        self._next = 0
        self._last_s: float | None = None

    def due(self, timestamp_s: float, rarely: int = 1) -> list[Slice]:
        """Return the slices that became due since the last call, each at most once.

        rarely: factor by which the period is longer.
        """
        if self._last_s is not None:
            passed_s = max(0.0, timestamp_s - self._last_s)
            self._debt = min(len(self.slices), self._debt + len(self.slices) * passed_s / (rarely * self._period_s))
        self._last_s = timestamp_s
        taken = []
        while self._debt >= 1:
            taken.append(self.slices[self._next])
            self._next = (self._next + 1) % len(self.slices)
            self._debt -= 1
        return taken


def sweeps(views: GreyPyramid, min_face: float, periods_s: tuple[float, float]) -> tuple[Sweep, Sweep]:
    """Create the sweeps for near and for far faces; each pyramid level covers face sides of 24 to 48 pixels."""
    first = views.first_searched()
    slices: list[list[Slice]] = [[], []]
    for level in range(first, len(views.levels)):
        height, width = views.levels[level].shape
        smallest = min_face * min(views.grey.shape) * height / views.grey.shape[0]
        last = level == len(views.levels) - 1
        sides = [s for s in (24, 29, 35, 41) if 1.2 * s > smallest]
        if last:
            sides += [s for s in (50, 60, 72) if s <= min(height, width)]
        far = level == first and not last
        slices[far] += _level_slices(level, height, width, sides, NEW_FAR_HITS if far else NEW_HITS)
    return Sweep(slices[0], periods_s[0]), Sweep(slices[1], periods_s[1])


def _level_slices(level: int, height: int, width: int, sides: list[int], new_hits: int) -> list[Slice]:
    """Split one level into slices of about SLICE_WINDOWS windows: strips for small sides, large sides combined."""
    slices: list[Slice] = []
    room = 0.0
    for side in sides:
        windows = (height * HAAR_WINDOW / side) * (width * HAAR_WINDOW / side) / 4
        if slices and windows <= room:
            slices[-1] = slices[-1]._replace(largest=side)
            room -= windows
            continue
        strips = math.ceil(windows / SLICE_WINDOWS)
        step = math.ceil(height / strips)
        slices += [
            Slice(level, top, min(height, top + step + side), side, side, new_hits)
            for top in range(0, height - side, step)
        ]
        room = SLICE_WINDOWS - windows if strips == 1 else 0.0
    return slices
