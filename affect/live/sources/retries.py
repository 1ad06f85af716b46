"""Reconnect back-off of a live source whose signal is lost: 0.5, 1, 2, 4, then every 5 s, while the session lasts."""

from __future__ import annotations

import threading
from typing import Final

# Between the tries. There is no last one: a cable may be found after a break, and the person can always leave.
RETRY_S: Final = (0.5, 1.0, 2.0, 4.0, 5.0)


class Retries:
    """Waits before each new try: as RETRY_S says, its last value again and again; until it is interrupted."""

    def __init__(self) -> None:
        self._interrupted = threading.Event()
        self._tried = 0

    @property
    def interrupted(self) -> bool:
        """Nobody wants another try."""
        return self._interrupted.is_set()

    def wait(self) -> bool:
        """Wait for the next try. False, at once, where there is to be none."""
        delay_s = RETRY_S[min(self._tried, len(RETRY_S) - 1)]
        self._tried += 1
        return not self._interrupted.wait(delay_s)

    def pause(self, seconds: float) -> None:
        """Wait between two pictures, as a source does that sets its own pace."""
        self._interrupted.wait(seconds)

    def succeeded(self) -> None:
        """The signal is there: the next loss is tried quickly again."""
        self._tried = 0

    def interrupt(self) -> None:
        """End the wait that goes on, and all to come; from any thread."""
        self._interrupted.set()
