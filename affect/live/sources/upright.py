"""Orientation correction by quarter turns, between the feed and the pipeline.

Phones and rotated cameras give sideways or upside-down pictures without metadata; only the faces in them show it.
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

# Clockwise quarter turns → OpenCV's rotation code, and the key of the user's message.
TURNS = {
    1: (cv2.ROTATE_90_CLOCKWISE, "turned_right"),
    2: (cv2.ROTATE_180, "turned_over"),
    3: (cv2.ROTATE_90_COUNTERCLOCKWISE, "turned_left"),
}
SURE_HITS = 20  # minimum cascade hits; 99 % of false positives have at most 12
LOOKS = 5  # successive checks that must agree on one rotation
LOOKED, STILL_LOOKED = 480, 1280  # longer side, in pixels, to which a frame and a single picture are reduced
LITTLE_CONTRAST = 24.0  # standard deviation of grey levels, below which the contrast is equalised
SEEN_SHARE = 0.1  # with more than this share of frames with an upright face, checks stop
FIRST_S = 3.0  # delay of the first check, as a live source may show nobody at first
AGAIN_S = 0.2  # interval between checks that confirm one another
PAUSE_S, LONGEST_PAUSE_S = 1.0, 15.0  # shortest and longest interval after a check without a result (back-off)


class Upright:
    """Rotates a source's frames upright if faces are found only in a rotated copy; the rotation is then permanent.

    A file's first frames are checked before any frame is passed on. A live source is checked rarely, as a check costs
    as much as ten frames.   tell: takes a line for the user.   note: takes the clockwise rotation, 90, 180 or 270°.
    """

    def __init__(self, source: Source, language: str, tell: Callable[[str], None], note: Callable[[int], None]) -> None:
        self.quarters = 0  # clockwise quarter turns
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
        """Yield the frames in order, rotated upright."""
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
        """Report whether the pipeline found a face in the last yielded frame."""
        self._face = face
        self._seen += face

    def _is_due(self, now_s: float) -> bool:
        nobody = not self._face and self._seen <= SEEN_SHARE * self._passed
        if not nobody:
            self._streak = []
        return not self.quarters and nobody and now_s >= self._due_s

    def _look(self, frame: Frame) -> None:
        """Check one frame, and set the rotation after LOOKS agreeing checks, or after one for a single picture."""
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
        """Clockwise quarter turns that bring a face upright; 0 if one is upright already, or none is found."""
        self._detector = self._detector or HaarDetector()
        side = STILL_LOOKED if self._kind == "image" else LOOKED
        grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)
        shrink = max(1.0, max(grey.shape) / side)
        small = np.asarray(cv2.resize(grey, None, fx=1 / shrink, fy=1 / shrink, interpolation=cv2.INTER_AREA), np.uint8)
        if cv2.meanStdDev(small)[1][0, 0] < LITTLE_CONTRAST:
            small = evened(small)
        # mostly a face is large and upright, which is seen in a third of the time
        if _hits(self._detector, small, max(small.shape) // 7) >= SURE_HITS:
            return 0
        upright = _hits(self._detector, small)
        if upright >= SURE_HITS:
            return 0
        hits = {q: _hits(self._detector, np.asarray(cv2.rotate(small, how), np.uint8)) for q, (how, _) in TURNS.items()}
        best = max(hits, key=lambda q: hits[q])
        return best if hits[best] >= max(SURE_HITS, 2 * upright) else 0


def _hits(detector: HaarDetector, grey: Image, smallest: int = 0) -> int:
    """Cascade hits of the strongest face in a grey picture; 0 without a face.

    smallest: least side of a face, pixels; 0: a fortieth of the longer side.
    """
    smallest = max(HAAR_WINDOW, smallest or max(grey.shape) // 40)
    return max((s.hits for s in detector.search(grey, smallest, max(grey.shape), 1.1, 3)), default=0)
