"""Event loop of the window: shows the newest frame and the session's status, and handles keys.

It runs in the main thread, as macOS requires for windows; frames are analysed in a worker thread.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from affect.command_line import end_if_asked
from affect.faces.preprocessing import Image
from affect.live.frame import FaceResult
from affect.live.window.canvas import Canvas, View, first_size
from affect.live.window.control import Command, Controller, Status
from affect.live.window.keys import Keyboard
from affect.live.window.window import Window

if TYPE_CHECKING:
    from affect.live.window.region import Region

IDLE_MS = 8  # event-loop step without a new frame, and the longest delay of one


class Shown(NamedTuple):
    """An analysed frame: its picture and its faces."""

    picture: Image
    results: list[FaceResult]


class WindowLoop:
    """Shows the newest frame passed to `offer` with the controller's status, and passes keys on to the controller.

    place: part of the desktop in which the window is placed; None: placed by the system.
    left:  event that is set when the loop ends.
    """

    def __init__(self, controller: Controller, place: Region | None = None) -> None:
        self._controller = controller
        self._place = place
        self._keyboard = Keyboard(controller)
        self._canvas = Canvas()
        self._help = False
        self._newest: Shown | None = None
        self.left = threading.Event()

    def offer(self, picture: Image, results: list[FaceResult]) -> None:
        """Pass an analysed frame to the window; it replaces one not shown yet. Thread-safe."""
        self._newest = Shown(picture, results)

    def run(self, work: Callable[[], None], stop: Callable[[], None], stays: bool) -> None:
        """Run `work` in a worker thread, and show frames until it ends or the user leaves; then set `left`.

        stop: called at the end; it must make `work` return.
        stays: the last frame stays visible until the user leaves.   Errors of `work` are raised again.
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
        told: View | None = None
        try:
            while not (ended() and (self._newest is None or self._newest is drawn)):
                end_if_asked()
                newest = self._newest
                if newest is None:
                    self.left.wait(IDLE_MS / 1000)
                    continue
                if window is None:
                    window = Window("affect", *first_size(newest.picture))
                    if self._place is not None:
                        window.stay_in(self._place)
                status = _as_shown(self._controller.status())
                view = View(status, window.size(), self._keyboard.typed(status.question), self._help)
                if newest is not drawn or view != told:  # the view also changes without a new frame, as while typing
                    window.show(self._canvas.draw(newest.picture, newest.results, view))
                    drawn, told = newest, view
                code = window.key(1 if newest is not self._newest else IDLE_MS)
                if not window.is_open() or (code is not None and self._leaves(code)):
                    return
        finally:
            if window is not None:
                window.close()

    def _leaves(self, code: int) -> bool:
        """Handle a key and return whether it ends the run."""
        if self._help:  # any key closes the help page
            self._help = False
            return False
        command = self._keyboard.press(code)
        self._help = command is Command.HELP
        return command is Command.LEAVE


def _as_shown(status: Status) -> Status:
    """Round a status to the displayed precision, so that equal views are not drawn again."""
    return replace(
        status,
        fps=None if status.fps is None else round(status.fps),
        recording_s=None if status.recording_s is None else math.floor(status.recording_s),
        baseline=None if status.baseline is None else math.floor(status.baseline * 100) / 100,
    )
