"""Monitor of a live source's signal: reports and records a lost signal, a black picture or a frozen picture.

A face in a frozen picture looks like a calm person, and the recorded numbers alone would not reveal it.
"""

from __future__ import annotations

import math
import threading
import time
import weakref
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from affect.live.darkness import is_black, sampled
from affect.live.sources.clock import SourceClock

if TYPE_CHECKING:  # the report reads ENDS, and needs no OpenCV
    from affect.faces.preprocessing import Image
    from affect.live.frame import Frame, Source

SIGNAL_GAP_S: Final = 2.0  # a live source that gives nothing for so long has lost its signal
STOPPED_S: Final = 1.0  # no sign of life of this program's own for so long: it did not run, and could hear nothing
FROZEN_S: Final = 5.0  # the same picture for so long: no camera's noise, and no living face, repeats itself
BLACK_S: Final = 2.0  # a camera that starts, or a window that opens, may be black for a moment
LOOK_S: Final = 0.25

ENDS: Final = {"signal_lost": "signal_back", "black": "black_end", "frozen": "frozen_end"}


class Change(NamedTuple):
    """Start or end of a signal problem.

    event: as events.csv names it.   at_s: time on the source's clock.   lasted_s: duration of a problem that ends.
    """

    event: str
    at_s: float
    lasted_s: float = 0.0


class SourceWatch:
    """Detects a lost signal, a black picture and a frozen picture from the arrival of frames. Thread-safe.

    `FrameFeed` reports each frame of a live source from its reading thread, so slow analysis has no influence; the
    session polls `news`. One problem is reported at a time, the first of `ENDS` that applies.

    Black and frozen pictures are errors only for a camera, a stream or the screen. A part of the screen may
    legitimately stand still, so it counts as frozen only while a face is found in it.

    clock: the source's.   trouble: a key of `ENDS`; None if there is no problem.   since_s: its start on the clock.
    """

    def __init__(self, source: Source) -> None:
        self.clock = SourceClock(source.live, source.fps)
        self.trouble: str | None = None
        self.since_s = 0.0
        kind = getattr(source, "kind", None)
        self._look = _Look() if kind in ("camera", "stream", "screen") else None
        self._may_stand = kind == "screen"
        self._face = False  # whether the last analysed frame had a face
        self._arrived = False
        self._begun: float | None = None  # this and the next on time.monotonic()
        self._alive: float | None = None
        self._stood_s = 0.0
        self._news: list[Change] = []
        self._lock = threading.Lock()

    def begin(self) -> None:
        """Start monitoring when reading starts: a source that never gives a frame counts as lost, too."""
        with self._lock:
            self._begun = time.monotonic()
            self._arrived, self._stood_s, self.trouble = False, 0.0, None

    def arrived(self, frame: Frame) -> None:
        """Register a frame of a live source on arrival; a frame registered before is ignored."""
        with self._lock:
            now_s, last_s = frame.timestamp_s, self.clock.last_s
            if self._arrived and now_s <= last_s:
                return
            self._stay_awake()
            if self._arrived:
                self._hear(now_s - last_s)
            if self._stood_s and self.trouble is None and self._look is not None:
                self._look = _Look()  # it knows nothing of the time in between
            self._arrived, self._stood_s = True, 0.0
            self.clock.tick(now_s)
            self._see(frame)

    def frame(self, frame: Frame, face: bool) -> list[Change]:
        """Register a frame that will be analysed and return `news()`.   face: the previous frame had a face."""
        self._face = face
        if self.clock.live:
            self.arrived(frame)
        else:
            self.clock.tick(frame.timestamp_s)
        return self.news()

    def news(self) -> list[Change]:
        """Return the problems that began or ended since the last call."""
        with self._lock:
            self._stay_awake()
            if self.clock.live:
                self._hear(self._silent_s())
            news, self._news = self._news, []
            return news

    def beat(self) -> None:
        """Heartbeat, called by a thread every LOOK_S, which distinguishes a suspended program from a lost signal.

        After a suspension (a stopped process, a sleeping computer), the time without frames is counted from zero.
        """
        with self._lock:
            self._alive = time.monotonic() if self._alive is None else self._alive
            self._stay_awake()

    def _stay_awake(self) -> None:
        if self._alive is None:
            return
        now = time.monotonic()
        if now - self._alive > STOPPED_S:
            self._stood_s += now - self._alive
        self._alive = now

    def _silent_s(self) -> float:
        """Time without a frame, since the last frame or the start of reading; 0 before the start."""
        if self._arrived:
            return self.clock.silent_s()
        return 0.0 if self._begun is None else time.monotonic() - self._begun

    def _hear(self, silent_s: float) -> None:
        if silent_s - self._stood_s > SIGNAL_GAP_S:
            self._turn("signal_lost", self.clock.last_s if self._arrived else 0.0)

    def _see(self, frame: Frame) -> None:
        now_s = frame.timestamp_s
        if self.trouble == "signal_lost":
            self._turn(None, now_s)
            self._look = None if self._look is None else _Look()
        if self._look is not None:
            kind, since_s = self._look.see(frame.picture, now_s)
            if kind == "frozen" and self._may_stand and not self._face:
                kind = None
            self._turn(kind, now_s if kind is None else since_s)

    def _turn(self, trouble: str | None, at_s: float) -> None:
        if trouble == self.trouble:
            return
        if self.trouble is not None:
            end_s = max(at_s, self.since_s)
            self._news.append(Change(ENDS[self.trouble], end_s, end_s - self.since_s))
        if trouble is not None:
            self._news.append(Change(trouble, at_s))
        self.trouble, self.since_s = trouble, at_s


def stretches(
    events: Iterable[tuple[float, str]], opening: str, closing: str, end_s: float
) -> list[tuple[float, float]]:
    """Pair opening with closing events into intervals (start, end), in seconds; an open one ends at `end_s`.

    events: times and kinds, in order of time.
    """
    found: list[tuple[float, float]] = []
    opened: float | None = None
    for at_s, kind in events:
        if kind == opening and opened is None:
            opened = at_s
        elif kind == closing and opened is not None:
            found.append((opened, at_s))
            opened = None
    return found if opened is None else [*found, (opened, max(opened, end_s))]


_WATCHES: Final[weakref.WeakKeyDictionary[Source, SourceWatch]] = weakref.WeakKeyDictionary()


def watch_of(source: Source) -> SourceWatch:
    """Return the watch of a source, one per source: the reader thread and the session share it."""
    return _WATCHES.setdefault(source, SourceWatch(source))


class _Look:
    """Detects black and frozen pictures from a sample of the pixels, every LOOK_S seconds."""

    def __init__(self) -> None:
        self._looked_s = -math.inf
        self._sample: Image | None = None
        self._same_s = 0.0  # time of the last change of the picture
        self._black_s: float | None = None  # time at which the picture turned black
        self._found: tuple[str | None, float] = (None, 0.0)

    def see(self, picture: Image, now_s: float) -> tuple[str | None, float]:
        """Return "black" or "frozen" and its start time, or (None, 0) for a normal picture.   picture: uint8 BGR."""
        if now_s - self._looked_s < LOOK_S:
            return self._found
        self._looked_s = now_s
        sample = sampled(picture).copy()
        if self._sample is None or not np.array_equal(sample, self._sample):
            self._same_s = now_s
        self._sample = sample
        black = is_black(sample)
        self._black_s = (now_s if self._black_s is None else self._black_s) if black else None
        if self._black_s is not None and now_s - self._black_s >= BLACK_S:
            self._found = ("black", self._black_s)
        elif now_s - self._same_s >= FROZEN_S and not black:
            self._found = ("frozen", self._same_s)
        else:
            self._found = (None, 0.0)
        return self._found
