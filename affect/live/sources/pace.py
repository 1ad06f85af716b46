"""Choice of the pictures of a live source that are decoded, about 15 a second.

Probabilities are smoothed over 0.4 s, and the window shows no more pictures, so more would cost more and show nothing.
"""

from __future__ import annotations

from typing import Final, Protocol, runtime_checkable

LIVE_HZ: Final = 15.0
LONGEST_S: Final = 0.5  # a longer interval between pictures is a gap, not the source's rate
LARGEST_STEP: Final = 8  # of a source of 120 a second; pictures that come all at once have no rate
LATEST: Final = 0.2  # weight of the latest interval in their moving average


class Pace:
    """Chooses every second, third, … picture of a source, by its own rate; every one of a slow source.

    rate_hz: how many a second, within a factor of 1.5; None: every picture, for who keeps them as a video.
    """

    def __init__(self) -> None:
        self.rate_hz: float | None = LIVE_HZ
        self._interval_s = 0.0  # moving average
        self._last_s: float | None = None
        self._since = 0  # pictures since the last one that was chosen

    def due(self, now_s: float) -> bool:
        """Whether a picture that has just arrived is wanted.   now_s: seconds, not decreasing."""
        if self._last_s is not None and 0 < (passed_s := now_s - self._last_s) < LONGEST_S:
            self._interval_s += (LATEST if self._interval_s else 1.0) * (passed_s - self._interval_s)
        self._last_s = now_s
        step = 1.0 if self.rate_hz is None or not self._interval_s else 1 / (self.rate_hz * self._interval_s)
        self._since = (self._since + 1) % max(1, round(min(LARGEST_STEP, step)))
        return self._since == 0


@runtime_checkable
class Paced(Protocol):
    """Interface of a live source that leaves out pictures.   pace: which ones."""

    pace: Pace
