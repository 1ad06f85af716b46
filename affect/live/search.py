"""Where the faces of a frame are, at a fraction of what looking everywhere costs.

`AroundKnown` looks closely at where the faces of the last frame were, and sweeps the rest of the picture a slice at a
time. `Everywhere` runs any detector on every whole frame: for YuNet, and to compare with.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple, Protocol

import cv2
import numpy as np

from affect.faces import HAAR_WINDOW, FaceBox, FaceDetector, HaarDetector, Sighting, create_detector
from affect.live.views import Views

# Around a known face. 62 px = 24·1.1^10: the cascade then tries three sides, one step below and above the last one.
# Measured against a search of the whole frame: median IoU 0.95 in 1.2 ms; larger or finer costs more and gives no more.
NEAR_SIDE = 24 * 1.1**10
NEAR_FACTOR = 1.1
KEPT_HITS = 4  # a known face is kept by as few hits
NEW_HITS = 8  # a new face needs so many
SWEEP_FACTOR = 1.2
SWEEP_NEIGHBORS = 2
SLICE_WINDOWS = 12_000  # positions of the cascade in a slice of the sweep: about 1 ms


Look = Callable[[HaarDetector, Views, FaceBox], Sighting | None]


class FaceSearch(Protocol):
    """Anything that finds the faces of successive frames."""

    def find(
        self, views: Views, known: Sequence[FaceBox], lost: Sequence[FaceBox], timestamp_s: float
    ) -> list[FaceBox]:
        """The faces of a frame, largest first.

        known: where the faces of the last frame were.   lost: where faces were last seen that it did not show.
        timestamp_s: seconds, not decreasing.
        """
        ...


class Everywhere:
    """Every whole frame through a detector."""

    def __init__(self, detector: FaceDetector) -> None:
        self._detector = detector

    def find(
        self, views: Views, known: Sequence[FaceBox], lost: Sequence[FaceBox], timestamp_s: float
    ) -> list[FaceBox]:
        """See `FaceSearch.find`."""
        return self._detector.detect(views.picture)


class Slice(NamedTuple):
    """A part of the sweep: rows top…bottom of a level of `Views`, faces of the sides smallest…largest there, pixels."""

    level: int
    top: int
    bottom: int
    smallest: int
    largest: int


class Sweep:
    """Looks at every place of the picture once in `period_s`, a few slices a frame: by the clock, not by the frame."""

    def __init__(self, slices: list[Slice], period_s: float) -> None:
        self.slices = slices
        self._period_s = period_s
        self._debt = 0.0
        self._next = 0
        self._last_s: float | None = None

    def due(self, timestamp_s: float) -> list[Slice]:
        """The slices whose turn has come since the last call; never one twice."""
        if self._last_s is not None:
            passed_s = max(0.0, timestamp_s - self._last_s)
            self._debt = min(len(self.slices), self._debt + len(self.slices) * passed_s / self._period_s)
        self._last_s = timestamp_s
        taken = []
        while self._debt >= 1:
            taken.append(self.slices[self._next])
            self._next = (self._next + 1) % len(self.slices)
            self._debt -= 1
        return taken


class AroundKnown:
    """The Haar cascade near known faces in every frame, and over the whole picture every so often.

    min_face:   the smallest new face, as a share of the picture's shorter side.
    period_s:   the whole picture is swept once in this time, so that a new face is found within it; also the shortest
                time between two whole sweeps at once, which follow when a face is lost.
    far_period_s: the same for faces that are less than about a seventh of the picture's shorter side.
    Works in two threads where there are several known faces; the result does not depend on that.
    """

    def __init__(self, min_face: float = 0.08, period_s: float = 0.35, far_period_s: float = 2.0) -> None:
        self._min_face = min_face
        self._periods_s = (period_s, far_period_s)
        self._detectors = (HaarDetector(), HaarDetector())  # a cascade serves one thread at a time
        self._helper = ThreadPoolExecutor(1)
        self._shape: tuple[int, ...] = ()
        self._sweeps: tuple[Sweep, Sweep] = (Sweep([], 1.0), Sweep([], 1.0))
        self._last_whole_s = -math.inf
        self._strongest = 0

    def find(
        self, views: Views, known: Sequence[FaceBox], lost: Sequence[FaceBox], timestamp_s: float
    ) -> list[FaceBox]:
        """See `FaceSearch.find`."""
        if views.grey.shape != self._shape:
            self._shape = views.grey.shape
            self._sweeps = _sweeps(views, self._min_face, self._periods_s)
            self._last_whole_s = -math.inf
        near = self._each(_near, views, known)
        back = self._each(_again, views, lost)
        found = _without_doubles([s for s in near + back if s is not None])
        if found:
            self._strongest = max(s.hits for s in found)
        slices = [s for sweep in self._sweeps for s in sweep.due(timestamp_s)]
        missing = None in near or math.isinf(self._last_whole_s)
        if missing and timestamp_s - self._last_whole_s >= self._periods_s[0]:
            self._last_whole_s = timestamp_s
            slices = self._sweeps[0].slices
        found += self._new(views, slices, found)
        return sorted((s.box for s in found), key=lambda b: -b.width * b.height)

    def _each(self, look: Look, views: Views, boxes: Sequence[FaceBox]) -> list[Sighting | None]:
        first, second = self._detectors
        if len(boxes) < 2:
            return [look(first, views, box) for box in boxes]
        half = len(boxes) // 2
        helped = self._helper.submit(lambda: [look(second, views, box) for box in boxes[:half]])
        rest = [look(first, views, box) for box in boxes[half:]]
        return helped.result() + rest

    def _new(self, views: Views, slices: list[Slice], found: list[Sighting]) -> list[Sighting]:
        """Faces in slices of the sweep that are not among those found already.

        What the coarse sweep sees is looked at closely, and needs its share of the strongest face's hits, as in
        `HaarDetector.detect`.
        """
        detector = self._detectors[0]
        seen: list[Sighting] = []
        for candidate in _without_doubles([s for part in slices for s in _swept(detector, views, part)]):
            if any(_inside(candidate.box, s.box) for s in found + seen):
                continue
            sighting = _closely(detector, views, candidate.box, NEW_HITS, steps=3, margin=0.35)
            if sighting is not None and not any(_inside(sighting.box, s.box) for s in found + seen):
                seen.append(sighting)
        enough = detector.min_share * max([s.hits for s in seen] + ([self._strongest] if found else []), default=0)
        return [s for s in seen if s.hits >= enough]


def create_search(name: str, model: str | Path | None = None) -> FaceSearch:
    """The search that the command line names: "haar", or "yunet" with its model file.

    Raises AffectError for another name, or where YuNet's file is missing or unusable.
    """
    return AroundKnown() if name == "haar" else Everywhere(create_detector(name, model))


def _near(detector: HaarDetector, views: Views, box: FaceBox) -> Sighting | None:
    """A known face where it was, or else a little farther away, larger or smaller."""
    return _closely(detector, views, box, KEPT_HITS, steps=1, margin=0.2) or _closely(
        detector, views, box, KEPT_HITS, steps=3, margin=0.5
    )


def _again(detector: HaarDetector, views: Views, box: FaceBox) -> Sighting | None:
    """A face that was lost, where it was."""
    return _closely(detector, views, box, KEPT_HITS, steps=1, margin=0.35)


def _closely(
    detector: HaarDetector, views: Views, box: FaceBox, min_hits: int, steps: int, margin: float
) -> Sighting | None:
    """The face with most hits around a box, None where there are less than `min_hits`.

    steps: sides up to NEAR_FACTOR**steps smaller and larger than the box.   margin: added on each side, in box sides.
    """
    level = min(max(0, int(math.log2(max(1.0, box.width / NEAR_SIDE)))), len(views.levels) - 1)
    grey = views.levels[level]
    shrink = views.grey.shape[1] / grey.shape[1]
    side = box.width / shrink
    center_x, center_y = (box.x + box.width / 2) / shrink, (box.y + box.height / 2) / shrink
    half = side * (0.5 + margin)
    left, top = max(0, round(center_x - half)), max(0, round(center_y - half))
    part = grey[top : max(top, round(center_y + half)), left : max(left, round(center_x + half))]
    if min(part.shape) < side / 2:
        return None
    width, height = (max(1, round(v * NEAR_SIDE / side)) for v in (part.shape[1], part.shape[0]))
    scaled = cv2.resize(part, (width, height), interpolation=cv2.INTER_LINEAR)
    smallest = max(HAAR_WINDOW, round(NEAR_SIDE / NEAR_FACTOR**steps))
    found = detector.search(
        np.asarray(scaled, np.uint8), smallest, round(NEAR_SIDE * NEAR_FACTOR**steps), NEAR_FACTOR, 2
    )
    best = max(found, key=lambda s: s.hits, default=None)
    if best is None or best.hits < min_hits:
        return None
    x_unit, y_unit = shrink * part.shape[1] / width, shrink * part.shape[0] / height
    x, y, w, h = best.box
    return Sighting(
        FaceBox(
            round(left * shrink + x * x_unit),
            round(top * shrink + y * y_unit),
            round(w * (x_unit + y_unit) / 2),
            round(h * (x_unit + y_unit) / 2),
        ),
        best.hits,
    )


def _swept(detector: HaarDetector, views: Views, part: Slice) -> list[Sighting]:
    """What a slice shows, in pixels of the frame."""
    grey = views.levels[part.level][part.top : part.bottom]
    shrink = views.grey.shape[1] / views.levels[part.level].shape[1]
    found = detector.search(grey, part.smallest, part.largest, SWEEP_FACTOR, SWEEP_NEIGHBORS)
    return [
        Sighting(FaceBox(*(round(v * shrink) for v in (x, y + part.top, w, h))), hits) for (x, y, w, h), hits in found
    ]


def _sweeps(views: Views, min_face: float, periods_s: tuple[float, float]) -> tuple[Sweep, Sweep]:
    """The sweep for near faces and that for far ones: each level of `Views` serves faces of 24 to 48 pixels in it."""
    first = views.first_searched()
    slices: list[list[Slice]] = [[], []]
    for level in range(first, len(views.levels)):
        height, width = views.levels[level].shape
        smallest = min_face * min(views.grey.shape) * height / views.grey.shape[0]
        last = level == len(views.levels) - 1
        sides = [s for s in (24, 29, 35, 41) if 1.2 * s > smallest]
        if last:
            sides += [s for s in (50, 60, 72) if s <= min(height, width)]
        slices[level == first and len(views.levels) - first > 1] += _level_slices(level, height, width, sides)
    near, far = slices
    return Sweep(near, periods_s[0]), Sweep(far, periods_s[1])


def _level_slices(level: int, height: int, width: int, sides: list[int]) -> list[Slice]:
    """A level's slices of about SLICE_WINDOWS positions: strips for small sides, several large sides together."""
    slices: list[Slice] = []
    room = 0.0
    for side in sides:
        windows = (height * HAAR_WINDOW / side) * (width * HAAR_WINDOW / side) / 4
        if windows <= room:
            slices[-1] = slices[-1]._replace(largest=side)
            room -= windows
            continue
        strips = math.ceil(windows / SLICE_WINDOWS)
        step = math.ceil(height / strips)
        slices += [
            Slice(level, top, min(height, top + step + side), side, side) for top in range(0, height - side, step)
        ]
        room = SLICE_WINDOWS - windows if strips == 1 else 0.0
    return slices


def _without_doubles(sightings: list[Sighting]) -> list[Sighting]:
    """The earlier of any two that lie on one another."""
    kept: list[Sighting] = []
    for sighting in sightings:
        if not any(_inside(sighting.box, other.box) for other in kept):
            kept.append(sighting)
    return kept


def _inside(box: FaceBox, other: FaceBox) -> bool:
    """Whether the middle of a box lies in the other one, or the other one's in it."""
    return _holds(other, box) or _holds(box, other)


def _holds(outer: FaceBox, inner: FaceBox) -> bool:
    x, y = inner.x + inner.width / 2, inner.y + inner.height / 2
    return outer.x <= x <= outer.x + outer.width and outer.y <= y <= outer.y + outer.height
