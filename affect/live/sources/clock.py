"""What time it is in a session: the source's own time, also between two of its frames; and how it is written."""

from __future__ import annotations

import math
import time
from typing import Final

HELD_S: Final = 0.5  # so long a frame stands for what comes after it; a face that is missed for less counts as seen
LONGEST_STEP_S: Final = 2.0


def longest_step_s(usual_s: float) -> float:
    """How far two frames may lie apart that follow one another, seconds; between others, nothing was analysed.

    usual_s: the usual step. A slow source's frames stand for more than HELD_S, but nobody's face for minutes.
    """
    return min(LONGEST_STEP_S, max(HELD_S, 3 * usual_s))


class SourceClock:
    """The time on the clock of a source's frames, in seconds; any thread may ask.

    live: time goes on while no frame comes. Otherwise it is a file's, and stands at the end of the last frame.
    fps:  nominal frames per second; a file's frame lasts 1/fps.
    """

    def __init__(self, live: bool, fps: float) -> None:
        self.live = live
        self.frame_s = 1 / fps
        self._last: tuple[float, float] | None = None  # a frame's own time, and when it came

    def tick(self, timestamp_s: float) -> None:
        """A frame has come."""
        self._last = (timestamp_s, time.monotonic())

    @property
    def last_s(self) -> float:
        """The last frame's own time; 0 where none has come."""
        return 0.0 if self._last is None else self._last[0]

    def now_s(self) -> float:
        """The time now; 0 before the first frame."""
        if self._last is None:
            return 0.0
        timestamp_s, came = self._last
        return timestamp_s + (time.monotonic() - came if self.live else self.frame_s)

    def silent_s(self) -> float:
        """How long a live source has given no frame; 0 for a file, and before the first frame."""
        return self.now_s() - self.last_s if self.live else 0.0


class SteadyTime:
    """Makes times that only go forward of those that a source tells; one that does so is given as it is.

    A gap is as long as it is told: a time lapse, or a recording that was paused, may have one of hours.
    fps: nominal frames per second. A frame without a time comes 1/fps after the one before it; one out of order LEAST_S
         after it, so that no time that follows is pushed; one at which the clock jumps back, as long after it as that
         one came after the one before.
    """

    DISORDER_S = 1.0  # so far back, frames are only out of order: the time waits for theirs. Farther, the clock jumped
    LEAST_S = 0.001

    def __init__(self, fps: float) -> None:
        self._frame_s = self._step_s = 1 / fps
        self._now_s: float | None = None
        self._offset_s = 0.0  # what the clock's jumps amount to

    def steady(self, told_s: float) -> float:
        """The time of the next frame, seconds; greater than that of the one before."""
        if self._now_s is None:
            self._now_s = told_s if math.isfinite(told_s) else 0.0
            return self._now_s
        ahead_s = told_s + self._offset_s - self._now_s
        if not math.isfinite(ahead_s):
            self._now_s += self._frame_s
        elif ahead_s > 0:
            self._step_s = min(ahead_s, self.DISORDER_S)
            self._now_s += ahead_s
        elif ahead_s >= -self.DISORDER_S:
            self._now_s += self.LEAST_S
        else:
            self._now_s += self._step_s
            self._offset_s = self._now_s - told_s
        return self._now_s
