"""Face detection in successive frames, restricted to regions of interest to save time.

`AroundKnown` runs the Haar cascade around the last frame's boxes and scans the rest of the frame in slices, spread
over several frames. A single picture is scanned completely and on a finer scale. `Everywhere` runs any detector on
every whole frame: for YuNet, and as a reference.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Protocol

from affect.errors import AffectError
from affect.faces.detection import HAAR_WINDOW, FaceBox, FaceDetector, HaarDetector, Sighting, create_detector
from affect.live.pipeline.close_search import KEPT_HITS, NEAR_FACTOR, again, confirmed, near
from affect.live.pipeline.grey_pyramid import SEARCHED, GreyPyramid
from affect.live.pipeline.sweep import NEW_FAR_HITS, NEW_HITS, Slice, Sweep, sweeps
from affect.live.texts import TextError

# A new face needs this share of the strongest face's hits: beside a real face, false positives briefly reach a third
# of them, and a second face has about as many. A known face may have fewer, as when its chin is outside the frame.
NEW_SHARE = 0.4
SWEEP_FACTOR = 1.2
# While as many faces are known as are followed, another one could only take a place by being much larger.
COMPLETE_PERIODS = 5
# What is evened, noise too, takes the cascade several times as long: of the evened copy only faces of this share of the
# picture's shorter side are searched for as often as in the frame itself, all others in a multiple of the far period.
EVENED_FACE = 0.2
EVENED_PERIODS = 2
# A single picture is searched on every level. What only that finds counts where one face is beyond doubt: of a portrait
# from the front the cascade has 20 hits and more; of 26 pictures of textures four had a pattern with as many, and of
# their evened copies five one with 25.
SURE_HITS, SURE_EVENED_HITS = 20, 25
STILL_FACE = 40  # pixels of the picture: a smaller face shows no expression
# Levels whose longer side has more pixels than this take most of the time, a second in 12 megapixels: a single picture
# is searched there in the sweep's coarse steps, and never in the evened copy.
STILL_SEARCHED = 2 * SEARCHED
SWEEP_NEIGHBORS = 0  # a single hit of the coarse sweep is worth a close look: asking for two loses one face in five


Look = Callable[[HaarDetector, GreyPyramid, FaceBox], Sighting | None]


class FaceSearch(Protocol):
    """Interface of a face detector for successive frames."""

    def find(
        self,
        views: GreyPyramid,
        known: Sequence[FaceBox],
        lost: Sequence[FaceBox],
        timestamp_s: float,
        complete: bool = False,
    ) -> list[FaceBox]:
        """Detect the faces of a frame; boxes are returned largest first.

        known: boxes of the last frame's faces.   lost: last boxes of faces that are missing from the last frame.
        timestamp_s: seconds, not decreasing.
        complete: no more faces are followed than are known, so that the search for others may be rare.
        """
        ...


class Everywhere:
    """Runs a detector on every whole frame."""

    def __init__(self, detector: FaceDetector) -> None:
        self._detector = detector

    def find(
        self,
        views: GreyPyramid,
        known: Sequence[FaceBox],
        lost: Sequence[FaceBox],
        timestamp_s: float,
        complete: bool = False,
    ) -> list[FaceBox]:
        """See `FaceSearch.find`."""
        return self._detector.detect(views.picture)


class AroundKnown:
    """Runs the Haar cascade around known faces in every frame, and over the whole frame periodically.

    min_face:   the smallest new face, as a share of the picture's shorter side.
    period_s:   the whole picture is swept once in this time, so that a new face is found within it. The first frame,
                and one in which a face is lost, are searched whole at once, the latter at most once in this time.
    far_period_s: the same for faces that are less than about a seventh of the picture's shorter side.
    still:      the source is a single picture: it is searched at once for faces of 48 pixels and more, or of 40 where
                its longer side has at most 1280.
    Where no face is found, the evened copy of the frame (see `GreyPyramid`) is searched as well: once in period_s for
    faces of EVENED_FACE and more, once in EVENED_PERIODS·far_period_s for all; of a single picture at once, for faces
    of 24 pixels and more where it is reduced to at most 1280.
    Works in two threads where there are several known faces; the result does not depend on that.
    """

    def __init__(
        self, min_face: float = 0.08, period_s: float = 0.4, far_period_s: float = 2.0, still: bool = False
    ) -> None:
        self._min_face = min_face
        self._periods_s = (period_s, far_period_s)
        self._still = still
        self._detector = HaarDetector()
        self._helper = ThreadPoolExecutor(1)
        self._shape: tuple[int, ...] = ()
        self._sweeps: tuple[Sweep, Sweep] = (Sweep([], 1.0), Sweep([], 1.0))
        self._evened_sweeps = self._sweeps
        self._last_whole_s = -math.inf

    def find(
        self,
        views: GreyPyramid,
        known: Sequence[FaceBox],
        lost: Sequence[FaceBox],
        timestamp_s: float,
        complete: bool = False,
    ) -> list[FaceBox]:
        """See `FaceSearch.find`."""
        if views.grey.shape != self._shape:
            self._shape = views.grey.shape
            self._sweeps = sweeps(views, self._min_face, self._periods_s)
            large, _ = sweeps(views, EVENED_FACE, self._periods_s)
            everywhere = [part for sweep in self._sweeps for part in sweep.slices]
            self._evened_sweeps = (large, Sweep(everywhere, EVENED_PERIODS * self._periods_s[1]))
            self._last_whole_s = -math.inf
        followed = self._each(near, views, known)
        back = self._each(again, views, lost)
        found = _without_doubles([s for s in followed + back if s is not None])
        strongest = max((s.hits for s in found), default=0)
        rarely = COMPLETE_PERIODS if complete else 1
        slices, evened_slices = (
            [s for sweep in pair for s in sweep.due(timestamp_s, rarely)]
            for pair in (self._sweeps, self._evened_sweeps)
        )
        first_or_lost = math.isinf(self._last_whole_s) or None in followed
        if first_or_lost and timestamp_s - self._last_whole_s >= self._periods_s[0]:
            self._last_whole_s = timestamp_s
            found = _without_doubles(found + self._whole(views, not found))
            if self._still:
                found = _without_doubles(self._fine(views) + found) or self._fine(views, even=True)
        else:
            found += self._new(views, slices, found, strongest)
            if not found:
                found = self._new(views, evened_slices, [], 0, even=True)
        return sorted((s.box for s in found), key=lambda b: -b.width * b.height)

    def _fine(self, views: GreyPyramid, even: bool = False) -> list[Sighting]:
        """Detect the faces of a single picture on all levels; empty unless the strongest has enough hits."""
        detector, seen = self._detector, list[Sighting]()
        finest = _finest(views, even)
        for number in range(finest, len(views.levels)):
            last = number == len(views.levels) - 1
            least = NEW_FAR_HITS if number == finest else KEPT_HITS
            height, longest = views.levels[number].shape[0], max(views.levels[number].shape)
            part = Slice(number, 0, height, max(HAAR_WINDOW, STILL_FACE >> number), longest if last else 47, least)
            steps = (NEAR_FACTOR, 1) if longest <= STILL_SEARCHED else (SWEEP_FACTOR, SWEEP_NEIGHBORS)
            for box in _swept(detector, views, part, even, *steps):
                if any(_inside(box, s.box) for s in seen):
                    continue
                if (sighting := confirmed(detector, views, box, least, even)) is not None:
                    seen.append(sighting)
        strongest = max((s.hits for s in seen), default=0)
        sure = SURE_EVENED_HITS if even else SURE_HITS
        enough = NEW_SHARE * strongest if strongest >= sure else math.inf
        return _without_doubles(sorted((s for s in seen if s.hits >= enough), key=lambda s: -s.hits))

    def _whole(self, views: GreyPyramid, try_evened: bool) -> list[Sighting]:
        """Search the whole frame and, if nothing is found and `try_evened` is true, its contrast-equalised copy."""
        first, detector = views.first_searched(), self._detector
        boxes = detector.detect(views.grey)
        if boxes or not try_evened:
            return [Sighting(box, NEW_HITS) for box in boxes]
        shrink = views.grey.shape[1] / views.levels[first].shape[1]
        rough = [FaceBox(*(round(v * shrink) for v in box)) for box in detector.detect(views.evened(first))]
        return [s for box in rough if (s := confirmed(detector, views, box, NEW_HITS, True)) is not None]

    def _each(self, look: Look, views: GreyPyramid, boxes: Sequence[FaceBox]) -> list[Sighting | None]:
        half = len(boxes) // 2
        helped = self._helper.submit(lambda: [look(self._second, views, box) for box in boxes[:half]]) if half else None
        rest = [look(self._detector, views, box) for box in boxes[half:]]
        return helped.result() + rest if helped else rest

    @cached_property
    def _second(self) -> HaarDetector:
        """The helper thread's detector, as a cascade is not thread-safe; read (25 ms) when a second face is known."""
        return HaarDetector()

    def _new(
        self, views: GreyPyramid, slices: list[Slice], found: list[Sighting], strongest: int, even: bool = False
    ) -> list[Sighting]:
        """Detect new faces in slices of the sweep, of the frame or its contrast-equalised copy.

        strongest: most hits of a known face in this frame.   even: search the equalised copy.
        Each candidate of the coarse sweep is searched closely, and needs NEW_SHARE of the strongest face's hits.
        """
        detector = self._detector
        seen: list[Sighting] = []
        tried: list[FaceBox] = [s.box for s in found]
        for part in slices:
            for box in _swept(detector, views, part, even):
                if any(_inside(box, other) for other in tried):
                    continue
                tried.append(box)
                sighting = confirmed(detector, views, box, part.new_hits, even)
                if sighting is not None and not any(_inside(sighting.box, s.box) for s in found + seen):
                    seen.append(sighting)
        enough = NEW_SHARE * max([strongest, *(s.hits for s in seen)])
        return [s for s in seen if s.hits >= enough]


def create_search(name: str, model: str | Path | None = None, still: bool = False) -> FaceSearch:
    """Create the face search by its command-line name: "haar", or "yunet" with its model file.

    still: the source is a single picture.
    Raises AffectError for another name, or if YuNet's file is missing or unusable.
    """
    try:
        return AroundKnown(still=still) if name == "haar" else Everywhere(create_detector(name, model))
    except AffectError as error:
        raise TextError("detector_unusable", reason=error) from error


def _finest(views: GreyPyramid, even: bool) -> int:
    """Index of the finest level that the search of a single picture, or of its equalised copy, uses."""
    longest = max(views.grey.shape)
    at_most = next((i for i in range(len(views.levels)) if longest >> i <= STILL_SEARCHED), len(views.levels) - 1)
    return at_most if even else min(1, at_most)


def _swept(
    detector: HaarDetector,
    views: GreyPyramid,
    part: Slice,
    even: bool,
    factor: float = SWEEP_FACTOR,
    neighbors: int = SWEEP_NEIGHBORS,
) -> list[FaceBox]:
    """What a slice of the frame, or of its evened copy, shows, in pixels of the frame."""
    level = views.evened(part.level) if even else views.levels[part.level]
    grey, shrink = level[part.top : part.bottom], views.grey.shape[1] / level.shape[1]
    found = detector.search(grey, part.smallest, part.largest, factor, neighbors)
    return [FaceBox(*(round(v * shrink) for v in (x, y + part.top, w, h))) for (x, y, w, h), _ in found]


def _without_doubles(sightings: list[Sighting]) -> list[Sighting]:
    """Remove duplicates: of overlapping sightings, keep the first."""
    kept: list[Sighting] = []
    for sighting in sightings:
        if not any(_inside(sighting.box, other.box) for other in kept):
            kept.append(sighting)
    return kept


def _inside(box: FaceBox, other: FaceBox) -> bool:
    """Whether the centre of either square box lies inside the other box."""
    across = abs(2 * (box.x - other.x) + box.width - other.width)
    down = abs(2 * (box.y - other.y) + box.height - other.height)
    return max(across, down) <= max(box.width, other.width)
