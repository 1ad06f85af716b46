"""Runs the live window: frames are analysed in a worker thread, and the window shows the newest one.

The window runs in the main thread, as macOS requires. Headless runs never import this module.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from types import FrameType

from PySide6.QtCore import QTimer

from affect.faces.preprocessing import Image
from affect.live.control import Adjustable, Controller
from affect.live.frame import FaceResult
from affect.live.window.main import MainWindow
from affect.live.window.placement import Rectangle
from affect.live.window.settings import load
from affect.live.window.theme import application

FRAME_MS = 66  # between two pictures; with 40 the window took 1.39 times the CPU of a headless run, not 1.28
STATE_FRAMES = 3  # the rest of the window follows at a third of that rate, which is faster than one reads


class LiveWindow:
    """Shows the newest frame passed to `offer` with the controller's status, and passes commands to the controller.

    classifier: whose sensitivity the menu changes.   watched: rectangle of the desktop that the window keeps clear;
    with one, it opens in the compact form.   left: event that is set when the window is left.
    hidden: the window is minimized.
    """

    def __init__(self, controller: Controller, classifier: Adjustable, watched: Rectangle | None = None) -> None:
        self._controller, self._classifier, self._watched = controller, classifier, watched
        self._newest: tuple[Image, list[FaceResult]] | None = None
        self.left = threading.Event()
        self.hidden = False

    def offer(self, picture: Image, results: list[FaceResult]) -> None:
        """Pass an analysed frame to the window; it replaces one not shown yet. Thread-safe."""
        self._newest = (picture, results)

    def run(self, work: Callable[[], None], stop: Callable[[], None], stays: bool) -> None:
        """Run `work` in a worker thread, and show frames until it ends or the user leaves; then set `left`.

        stop: called at the end; it must make `work` return.
        stays: the last frame stays visible until the user leaves.   Errors of `work` are raised again.
        """
        app, settings = application(), load()
        with ThreadPoolExecutor(1, thread_name_prefix="frames") as worker:
            done = worker.submit(work)
            try:
                window = MainWindow(
                    self._controller, self._classifier, settings, self._watched, self._watched is not None
                )
                window.left.connect(app.exit)  # `quit` would close the window, which is leaving again
                ticks = 0

                def tick() -> None:
                    nonlocal ticks
                    newest, self._newest = self._newest, None
                    ticks += 1
                    self.hidden = window.isMinimized()
                    if newest is not None and not self.hidden:
                        window.show_frame(*newest)
                    if ticks % STATE_FRAMES == 0:
                        window.refresh()
                    if newest is None and done.done() and (not stays or done.exception() is not None):
                        app.exit()

                timer = QTimer(interval=FRAME_MS)
                timer.timeout.connect(tick)
                timer.start()
                window.show()
                with interruptible(app.exit):
                    app.exec()
                timer.stop()
                window.hide()
            finally:
                self.left.set()  # also on Ctrl-C
                stop()
                settings.save()
            done.result()


@contextmanager
def interruptible(stop: Callable[[], None]) -> Iterator[None]:
    """End Qt's event loop on a signal, and call the signal's handler then: Qt drops what is raised inside of it.

    stop: ends the loop.   A timer must run, as Python handles signals only while it is executed.
    """
    came: list[int] = []

    def end(number: int, frame: FrameType | None) -> None:
        came.append(number)
        stop()

    handlers = {n: signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", None)) if n}
    python = {n: h for n, h in handlers.items() if callable(h)}
    for number in python:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in python.items():
            signal.signal(number, handler)
    if came:
        python[signal.Signals(came[0])](came[0], None)
