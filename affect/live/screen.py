"""The window's side of a run: it shows the newest frame and keeps nobody waiting.

Windows belong to the main thread (macOS insists), so the frames are processed in another one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from affect.live.control import Controller
from affect.live.overlay import Overlay
from affect.live.results import FaceResult
from affect.live.window import Window
from affect.preprocessing import Image

IDLE_MS = 8  # how long the window is served while there is no new frame; a new one waits no longer than that


class Shown(NamedTuple):
    """A processed frame: the picture and its faces."""

    picture: Image
    results: list[FaceResult]


class Screen:
    """Shows the newest of the frames that `offer` is given, in the state that the controller tells."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self._overlay = Overlay(controller.status().language)
        self._newest: Shown | None = None
        self.left = threading.Event()

    def offer(self, picture: Image, results: list[FaceResult]) -> None:
        """Hand over a processed frame, from any thread; one that was not shown yet is forgotten."""
        self._newest = Shown(picture, results)

    def run(self, work: Callable[[], None], stop: Callable[[], None], stays: bool) -> None:
        """Do `work` in another thread, and show frames until it ends or the person leaves; then `left` is set.

        stop: called when the person leaves; what `work` waits for must end then.
        stays: the last frame stays on the screen until the person leaves.   Raises what `work` raises.
        """
        with ThreadPoolExecutor(1, thread_name_prefix="frames") as worker:
            done = worker.submit(work)
            try:
                self._show(lambda: done.done() and (not stays or done.exception() is not None))
            finally:
                self.left.set()  # also on Ctrl-C
                stop()
            done.result()

    def _show(self, ended: Callable[[], bool]) -> None:
        window: Window | None = None
        drawn: Shown | None = None
        try:
            while not (ended() and (self._newest is None or self._newest is drawn)):
                newest = self._newest
                if newest is None:
                    self.left.wait(IDLE_MS / 1000)
                    continue
                if window is None:
                    window = Window("affect", newest.picture.shape[1], newest.picture.shape[0])
                if newest is not drawn:
                    window.show(self._overlay.draw(*newest, self._controller.status().fps))
                    drawn = newest
                if not window.serve(1 if newest is not self._newest else IDLE_MS):
                    return
        finally:
            if window is not None:
                window.close()
