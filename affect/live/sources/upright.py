"""A picture that lies on its side is turned before anything looks at it. Between the feed and the pipeline.

Phones and cameras that were mounted askew give such pictures, and nothing but the faces in them tells.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator

import cv2
import numpy as np

from affect.faces.detection import HAAR_WINDOW, HaarDetector
from affect.faces.preprocessing import Image
from affect.live.frame import Frame, Source
from affect.live.pipeline.grey_pyramid import evened
from affect.live.texts import text

# Quarter turns to the right, how OpenCV names them, and the key of what is told.
TURNS = {
    1: (cv2.ROTATE_90_CLOCKWISE, "turned_right"),
    2: (cv2.ROTATE_180, "turned_over"),
    3: (cv2.ROTATE_90_COUNTERCLOCKWISE, "turned_left"),
}
SURE_HITS = 20  # of the cascade: a chance pattern has a dozen at most, but for one in a hundred
LOOKS = 5  # successive looks that must all see a face in the same turn, and none upright
LOOKED, STILL_LOOKED = 480, 1280  # the longer side that a frame, and a single picture, is reduced to for a look
LITTLE_CONTRAST = 24.0  # grey levels of deviation: with less, the evened copy is looked at
SEEN_SHARE = 0.1  # frames with a face upright: where there are as many, the picture is upright, and stays so
FIRST_S = 3.0  # a live source may show nobody for a while
AGAIN_S = 0.2  # between the looks that confirm one
PAUSE_S, LONGEST_PAUSE_S = 1.0, 15.0  # between looks that see nothing, each longer than the one before


class Upright:
    """Passes a source's frames on; once a face was found in none, and is sure in another turn, turned for good.

    A file's first frames are looked at before they are passed on. A live source is looked at rarely: a look costs as
    much as ten frames.   tell: takes a line for the person.   note: takes the degrees to the right, 90, 180 or 270.
    """

    def __init__(self, source: Source, language: str, tell: Callable[[str], None], note: Callable[[int], None]) -> None:
        self.quarters = 0  # to the right
        self._kind = source.kind
        self._live = source.live
        self._language = language
        self._tell = tell
        self._note = note
        self._detector: HaarDetector | None = None
        self._seen = self._passed = 0
        self._face = False
        self._streak: list[int] = []
        self._due_s = FIRST_S if source.live else -math.inf
        self._pause_s = PAUSE_S

    def frames(self, frames: Iterator[Frame]) -> Iterator[Frame]:
        """The frames in order, with their pictures as they should be seen."""
        if self._kind == "demo":
            yield from frames
            return
        first: list[Frame] = []
        if not self._live:
            for frame in itertools.islice(frames, LOOKS):
                first.append(frame)
                self._look(frame)
                if not self._streak:
                    break
        looked = len(first)
        for number, frame in enumerate(itertools.chain(first, frames)):
            if number >= looked and self._is_due(frame.timestamp_s):
                self._look(frame)
            self._passed += 1
            turn = TURNS.get(self.quarters)
            yield frame if turn is None else frame._replace(picture=np.asarray(cv2.rotate(frame.picture, turn[0])))

    def saw(self, face: bool) -> None:
        """Whether a face was found in the frame that was passed on last."""
        self._face = face
        self._seen += face

    def _is_due(self, now_s: float) -> bool:
        nobody = not self._face and self._seen <= SEEN_SHARE * self._passed
        if not nobody:
            self._streak = []
        return not self.quarters and nobody and now_s >= self._due_s

    def _look(self, frame: Frame) -> None:
        """One look; the last of LOOKS that agree, or the only one at a single picture, turns the source."""
        quarters = self._lies(frame.picture)
        self._streak = [*self._streak, quarters] if quarters and {*self._streak} <= {quarters} else []
        if self._streak:
            self._due_s, self._pause_s = frame.timestamp_s + AGAIN_S, PAUSE_S
        else:
            self._due_s = frame.timestamp_s + self._pause_s
            self._pause_s = min(LONGEST_PAUSE_S, 1.5 * self._pause_s)
        if len(self._streak) == (1 if self._kind == "image" else LOOKS):
            self.quarters, self._streak = quarters, []
            self._tell(text(TURNS[quarters][1], self._language))
            self._note(90 * quarters)

    def _lies(self, picture: Image) -> int:
        """How many quarter turns to the right show a face; 0: one is seen upright, or nowhere."""
        self._detector = self._detector or HaarDetector()
        side = STILL_LOOKED if self._kind == "image" else LOOKED
        grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)
        shrink = max(1.0, max(grey.shape) / side)
        small = np.asarray(cv2.resize(grey, None, fx=1 / shrink, fy=1 / shrink, interpolation=cv2.INTER_AREA), np.uint8)
        if cv2.meanStdDev(small)[1][0, 0] < LITTLE_CONTRAST:
            small = evened(small)
        upright = _hits(self._detector, small)
        if upright >= SURE_HITS:
            return 0
        hits = {q: _hits(self._detector, np.asarray(cv2.rotate(small, how), np.uint8)) for q, (how, _) in TURNS.items()}
        best = max(hits, key=lambda q: hits[q])
        return best if hits[best] >= max(SURE_HITS, 2 * upright) else 0


def _hits(detector: HaarDetector, grey: Image) -> int:
    """How many hits speak for the surest face of a picture."""
    smallest = max(HAAR_WINDOW, max(grey.shape) // 40)
    return max((s.hits for s in detector.search(grey, smallest, max(grey.shape), 1.1, 3)), default=0)
