"""Whether a live source still shows something: no picture, a black one, or always the same one is told and recorded.

A face that is read in a frozen picture looks like a calm person: nobody would see from the numbers that it is none.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:  # the report reads ENDS, and needs no OpenCV
    from affect.live.frame import Frame, Source
    from affect.preprocessing import Image

SIGNAL_GAP_S: Final = 2.0  # a live source that gives nothing for so long has lost its signal
FROZEN_S: Final = 5.0  # the same picture for so long: no camera's noise, and no living face, repeats itself
BLACK_S: Final = 2.0  # a camera that starts, or a window that opens, may be black for a moment
DARK: Final = 32  # of 255: a face that is not brighter than this is not found, and noise in the dark is below
BRIGHT_SPOTS: Final = 2  # sampled pixels that may be brighter: faulty ones of the sensor, a reflection
LOOK_S: Final = 0.25
SAMPLED: Final = 36  # rows of pixels that are looked at, and as many columns as fit: some 2,300 pixels, in 0.05 ms

ENDS: Final = {"signal_lost": "signal_back", "black": "black_end", "frozen": "frozen_end"}


class Change(NamedTuple):
    """Something that began or ended, as events.csv names it; when, on the source's clock; how long it had lasted."""

    event: str
    at_s: float
    lasted_s: float = 0.0


class SourceWatch:
    """Watches a source's frames, and its silence. What is wrong is one thing at a time, the first of `ENDS` that fits.

    Only what sees the present can be black or frozen by fault: a camera, a stream, the screen. A part of the screen may
    rightly stand still, so it is called frozen only while a face is found in it.

    trouble: a key of `ENDS`; None: all is well.   since_s: when it began, on the source's clock.
    """

    def __init__(self, source: Source) -> None:
        self.trouble: str | None = None
        self.since_s = 0.0
        self._live = source.live
        self._look = _Look() if source.kind in ("camera", "stream", "screen") else None
        self._may_stand = source.kind == "screen"
        self._last_s: float | None = None

    def frame(self, frame: Frame, face: bool) -> list[Change]:
        """A frame has come.   face: a face was found in the one before.   Returns what began or ended with it."""
        now_s, last_s = frame.timestamp_s, self._last_s
        changes = self.silence(now_s - last_s) if last_s is not None else []
        self._last_s = now_s
        if self.trouble == "signal_lost":
            changes += self._turn(None, now_s)
            if self._look is not None:
                self._look = _Look()
        if self._look is not None:
            kind, since_s = self._look.see(frame.picture, now_s)
            if kind == "frozen" and self._may_stand and not face:
                kind = None
            changes += self._turn(kind, now_s if kind is None else since_s)
        return changes

    def silence(self, silent_s: float) -> list[Change]:
        """No frame has come for so long. Returns what began or ended with that."""
        if self._live and self._last_s is not None and silent_s > SIGNAL_GAP_S:
            return self._turn("signal_lost", self._last_s)
        return []

    def _turn(self, trouble: str | None, at_s: float) -> list[Change]:
        if trouble == self.trouble:
            return []
        changes = []
        if self.trouble is not None:
            end_s = max(at_s, self.since_s)
            changes.append(Change(ENDS[self.trouble], end_s, end_s - self.since_s))
        if trouble is not None:
            changes.append(Change(trouble, at_s))
        self.trouble, self.since_s = trouble, at_s
        return changes


class _Look:
    """Looks at some of the pixels, four times a second."""

    def __init__(self) -> None:
        self._looked_s = -math.inf
        self._sample: Image | None = None
        self._same_s = 0.0  # since when the picture is the same
        self._black_s: float | None = None  # since when it is black
        self._found: tuple[str | None, float] = (None, 0.0)

    def see(self, picture: Image, now_s: float) -> tuple[str | None, float]:
        """ "black" or "frozen", and since when; None for a picture in order.   picture: uint8 BGR."""
        if now_s - self._looked_s < LOOK_S:
            return self._found
        self._looked_s = now_s
        step = max(1, min(picture.shape[:2]) // SAMPLED)
        sample = picture[step // 2 :: step, step // 2 :: step].copy()
        if self._sample is None or not np.array_equal(sample, self._sample):
            self._same_s = now_s
        self._sample = sample
        black = np.count_nonzero(sample.max(axis=2) > DARK) <= BRIGHT_SPOTS
        self._black_s = (now_s if self._black_s is None else self._black_s) if black else None
        if self._black_s is not None and now_s - self._black_s >= BLACK_S:
            self._found = ("black", self._black_s)
        elif now_s - self._same_s >= FROZEN_S and not black:
            self._found = ("frozen", self._same_s)
        else:
            self._found = (None, 0.0)
        return self._found
