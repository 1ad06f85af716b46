"""The window's side of a run: it shows the newest frame and the session's state, and keeps nobody waiting.

Windows belong to the main thread (macOS insists), so the frames are processed in another one.
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

IDLE_MS = 8  # how long the window is served while there is no new frame; a new one waits no longer than that


class Shown(NamedTuple):
    """A processed frame: the picture and its faces."""

    picture: Image
    results: list[FaceResult]


class WindowLoop:
    """Shows the newest of the frames that `offer` is given, and what `controller` tells; passes keys on to it.

    place: the part of the desktop that the window is to stay in; None: wherever the system puts it.
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
                if newest is not drawn or view != told:  # also without a new frame: while it is paused, or typed
                    window.show(self._canvas.draw(newest.picture, newest.results, view))
                    drawn, told = newest, view
                code = window.key(1 if newest is not self._newest else IDLE_MS)
                if not window.is_open() or (code is not None and self._leaves(code)):
                    return
        finally:
            if window is not None:
                window.close()

    def _leaves(self, code: int) -> bool:
        """Act on a key. Does it end the run?"""
        if self._help:  # whatever it is, it closes the help and does nothing else
            self._help = False
            return False
        command = self._keyboard.press(code)
        self._help = command is Command.HELP
        return command is Command.LEAVE


def _as_shown(status: Status) -> Status:
    """A status without the fractions that nobody sees: equal ones need no new drawing."""
    return replace(
        status,
        fps=None if status.fps is None else round(status.fps),
        recording_s=None if status.recording_s is None else math.floor(status.recording_s),
        baseline=None if status.baseline is None else math.floor(status.baseline * 100) / 100,
    )
