"""Schedule of a live source: face search and classification take turns, each about 15 times a second.

Probabilities are smoothed over 0.4 s and boxes are extrapolated, so more often costs more and shows nothing more.
"""

from __future__ import annotations

from typing import Final, NamedTuple

LIVE_HZ: Final = 15.0
LONGEST_S: Final = 0.5  # a longer interval between frames is a gap, not the source's rate
LATEST: Final = 0.2  # weight of the latest interval in their moving average


class Turn(NamedTuple):
    """What is due in a frame.   search: the search around known faces.   read: the classification of known faces."""

    search: bool
    read: bool


class Pace:
    """Decides what is due in each frame.

    rate_hz: how often a second both are due, at least; None: in every frame.
    They are due in different frames where the source is fast enough, so that the cost of a frame stays even.
    """

    def __init__(self, rate_hz: float | None = None) -> None:
        self.rate_hz = rate_hz
        self._interval_s = 0.0  # moving average
        self._last_s: float | None = None
        self._since = 0  # frames since the last search

    def next(self, timestamp_s: float) -> Turn:
        """Return what is due in the next frame.   timestamp_s: seconds, not decreasing."""
        if self.rate_hz is None:
            return Turn(search=True, read=True)
        if self._last_s is not None and 0 < (passed_s := timestamp_s - self._last_s) < LONGEST_S:
            self._interval_s += (LATEST if self._interval_s else 1.0) * (passed_s - self._interval_s)
        self._last_s = timestamp_s
        step = max(1, round(1 / (self.rate_hz * self._interval_s))) if self._interval_s else 1
        self._since = (self._since + 1) % step
        return Turn(search=self._since == 0, read=self._since == step // 2)
