"""Reconnect back-off of a live source whose signal is lost: 0.5, 1, 2, 4, then every 5 s, while the session lasts."""

from __future__ import annotations

import threading
from typing import Final

# Delays between attempts; the last one repeats without limit, as a cable may be plugged in again after a long break.
RETRY_S: Final = (0.5, 1.0, 2.0, 4.0, 5.0)


class Retries:
    """Reconnect back-off: waits the delays of RETRY_S, repeating the last one, until interrupted."""

    def __init__(self) -> None:
        self._interrupted = threading.Event()
        self._tried = 0

    @property
    def interrupted(self) -> bool:
        """Whether `interrupt` was called: there are no more attempts."""
        return self._interrupted.is_set()

    def wait(self) -> bool:
        """Wait for the next attempt. Returns False at once when interrupted."""
        delay_s = RETRY_S[min(self._tried, len(RETRY_S) - 1)]
        self._tried += 1
        return not self._interrupted.wait(delay_s)

    def pause(self, seconds: float) -> None:
        """Wait between two frames of a source that sets its own frame rate; ends early when interrupted."""
        self._interrupted.wait(seconds)

    def succeeded(self) -> None:
        """Reset the back-off to its shortest delay after a successful read."""
        self._tried = 0

    def interrupt(self) -> None:
        """End the current wait and all later ones; thread-safe."""
        self._interrupted.set()
