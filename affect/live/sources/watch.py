"""Whether a live source still shows something: no picture, a black one, or always the same one is told and recorded.

A face that is read in a frozen picture looks like a calm person: nobody would see from the numbers that it is none.
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
    """Something that began or ended, as events.csv names it; when, on the source's clock; how long it had lasted."""

    event: str
    at_s: float
    lasted_s: float = 0.0


class SourceWatch:
    """Watches a source's frames where they arrive, and its silence; how long their analysis takes changes nothing.

    `FrameFeed` tells it each frame of a live source in its reading thread, the session asks it for `news`. What is
    wrong is one thing at a time, the first of `ENDS` that fits. Any thread may call.

    Only what sees the present can be black or frozen by fault: a camera, a stream, the screen. A part of the screen may
    rightly stand still, so it is called frozen only while a face is found in it.

    clock: the source's.   trouble: a key of `ENDS`; None: all is well.   since_s: when it began, on the clock.
    """

    def __init__(self, source: Source) -> None:
        self.clock = SourceClock(source.live, source.fps)
        self.trouble: str | None = None
        self.since_s = 0.0
        kind = getattr(source, "kind", None)
        self._look = _Look() if kind in ("camera", "stream", "screen") else None
        self._may_stand = kind == "screen"
        self._face = False  # in the frame that was analysed last
        self._arrived = False
        self._begun: float | None = None  # the times of these three are time.monotonic()'s
        self._alive: float | None = None
        self._stood_s = 0.0
        self._news: list[Change] = []
        self._lock = threading.Lock()

    def begin(self) -> None:
        """The source is read from now on, its clock from its start: if it gives no frame at all, it is lost as well."""
        with self._lock:
            self._begun = time.monotonic()
            self._arrived, self._stood_s, self.trouble = False, 0.0, None

    def arrived(self, frame: Frame) -> None:
        """A frame has come from a live source; one that was told before is not counted again."""
        with self._lock:
            now_s, last_s = frame.timestamp_s, self.clock.last_s
            if self._arrived and now_s <= last_s:
                return
            self._stay_awake()
            if self._arrived:
                self._hear(now_s - last_s)
            if self._stood_s and self.trouble is None and self._look is not None:
                self._look = _Look()  # of the time between, it has seen nothing
            self._arrived, self._stood_s = True, 0.0
            self.clock.tick(now_s)
            self._see(frame)

    def frame(self, frame: Frame, face: bool) -> list[Change]:
        """A frame is going to be analysed.   face: one was found in the frame before.   Returns the `news`."""
        self._face = face
        if self.clock.live:
            self.arrived(frame)
        else:
            self.clock.tick(frame.timestamp_s)
        return self.news()

    def news(self) -> list[Change]:
        """What has begun or ended since this was asked last."""
        with self._lock:
            self._stay_awake()
            if self.clock.live:
                self._hear(self._silent_s())
            news, self._news = self._news, []
            return news

    def beat(self) -> None:
        """The program is awake: a thread of its own says so every LOOK_S, and only then can a stop be told from a loss.

        After a stop of the whole program (a suspended process, a computer that slept) silence is counted anew.
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
        """For how long no frame has come, as far as one could have."""
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
    """From when to when, seconds: each event of one kind, and the next of the other or, without one, the end.

    events: times and kinds, in the order of time.
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
    """The one watch of a source: where its frames are read and where they are analysed, it is the same."""
    return _WATCHES.setdefault(source, SourceWatch(source))


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
