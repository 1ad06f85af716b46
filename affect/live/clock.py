"""What time it is in a session: the source's own time, also between two of its frames."""

from __future__ import annotations

import time


class SourceClock:
    """The time on the clock of a source's frames, in seconds; any thread may ask.

    live: time goes on while no frame comes. Otherwise it is a file's, and stands at the end of the last frame.
    fps:  nominal frames per second; a file's frame lasts 1/fps.
    """

    def __init__(self, live: bool, fps: float) -> None:
        self._live = live
        self._frame_s = 0.0 if live else 1 / fps
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
        return timestamp_s + (time.monotonic() - came if self._live else self._frame_s)

    def silent_s(self) -> float:
        """How long a live source has given no frame; 0 for a file, and before the first frame."""
        return self.now_s() - self.last_s if self._live else 0.0
