"""Clocks of a source: `SourceClock` extrapolates its time between frames, `SteadyTime` makes timestamps monotonic.

The session, the recording and the frame feed use them. All times are in seconds.
"""

from __future__ import annotations

import math
import time
from typing import Final

HELD_S: Final = 0.5  # how long a frame's result stays valid; a face missed for less counts as seen
LONGEST_STEP_S: Final = 2.0


def longest_step_s(usual_s: float) -> float:
    """Longest interval between successive frames that is no gap, in seconds: three usual intervals, 0.5…2.

    usual_s: the usual frame interval. A slow source's frames may stay valid longer than HELD_S, but not for minutes.
    """
    return min(LONGEST_STEP_S, max(HELD_S, 3 * usual_s))


class SourceClock:
    """The current time on the clock of a source's frames, in seconds; thread-safe.

    live: the clock runs on between frames. A file's clock stands at the end of its last frame.
    fps:  nominal frames per second; a file's frame lasts 1/fps.
    """

    def __init__(self, live: bool, fps: float) -> None:
        self.live = live
        self.frame_s = 1 / fps
        self._last: tuple[float, float] | None = None  # the last frame's timestamp, and its time.monotonic() on arrival

    def tick(self, timestamp_s: float) -> None:
        """Set the clock to the timestamp of a frame that has just arrived."""
        self._last = (timestamp_s, time.monotonic())

    @property
    def last_s(self) -> float:
        """Timestamp of the last frame; 0 before the first."""
        return 0.0 if self._last is None else self._last[0]

    def now_s(self) -> float:
        """Current time on the source's clock; 0 before the first frame."""
        if self._last is None:
            return 0.0
        timestamp_s, came = self._last
        return timestamp_s + (time.monotonic() - came if self.live else self.frame_s)

    def silent_s(self) -> float:
        """Time since a live source's last frame; 0 for a file, and before the first frame."""
        return self.now_s() - self.last_s if self.live else 0.0


class SteadyTime:
    """Turns a source's timestamps into strictly increasing ones; increasing timestamps stay unchanged.

    Gaps are kept: a time lapse or a paused recording may have one of hours.
    fps: nominal frames per second. A frame without a timestamp is placed 1/fps after the previous one. A frame out of
         order is placed LEAST_S after it, which leaves later timestamps unchanged. If the clock jumps back, the frame
         is placed one previous frame interval later, and the jump becomes an offset for all that follow.
    """

    DISORDER_S = 1.0  # a step back of up to this is a frame out of order; a larger one is a jump of the clock
    LEAST_S = 0.001

    def __init__(self, fps: float) -> None:
        self._frame_s = self._step_s = 1 / fps
        self._now_s: float | None = None
        self._offset_s = 0.0  # sum of the clock's jumps

    def steady(self, told_s: float) -> float:
        """Return the next frame's corrected timestamp, greater than the previous one.   told_s: as given, seconds."""
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
