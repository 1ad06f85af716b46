"""The window's loop: nobody waits for it, it shows the newest frame, and it ends when it should."""

from __future__ import annotations

import os
import signal
import threading
import time

import numpy as np
import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from affect import command_line
from affect.command_line import end_on_signals
from affect.errors import AffectError
from affect.faces.preprocessing import Image
from affect.live.window.app import LiveWindow
from affect.live.window.main import MainWindow
from affect.live.window.settings import load
from tests.tools.windows import FakeClassifier, FakeSession, face


@pytest.fixture
def session() -> FakeSession:
    return FakeSession()


@pytest.fixture
def live(session: FakeSession, qtbot: QtBot) -> LiveWindow:
    return LiveWindow(session, FakeClassifier())


def nothing() -> None:
    """Nobody needs to be stopped."""


def picture(number: int) -> Image:
    return np.full((120, 160, 3), number, np.uint8)


def window() -> MainWindow:
    """The one that is open."""
    (found,) = [w for w in QApplication.topLevelWidgets() if isinstance(w, MainWindow) and w.isVisible()]
    return found


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of the pictures that were shown; each takes 30 ms."""
    numbers: list[int] = []
    show = MainWindow.show_frame

    def slow(self: MainWindow, frame: Image, faces: list[object]) -> None:
        time.sleep(0.03)
        numbers.append(int(frame[0, 0, 0]))
        show(self, frame, faces)  # type: ignore[arg-type]

    monkeypatch.setattr(MainWindow, "show_frame", slow)
    return numbers


def test_frames_do_not_wait_for_a_slow_window_which_shows_the_newest(live: LiveWindow, shown: list[int]) -> None:
    offered = []

    def work() -> None:
        for number in range(100):
            live.offer(picture(number), [])
            offered.append(number)
            time.sleep(0.005)

    live.run(work, nothing, stays=False)
    assert offered == list(range(100))
    assert 1 <= len(shown) < 50
    assert shown == sorted(set(shown))
    assert shown[-1] == 99


def test_leaving_stops_the_work_and_keeps_the_window_s_place(live: LiveWindow, session: FakeSession) -> None:
    stopped = threading.Event()

    def work() -> None:
        while not live.left.wait(0.01):
            live.offer(picture(1), [face("happy", 20)])
        assert stopped.wait(10)

    QTimer.singleShot(400, lambda: window().close())
    live.run(work, stopped.set, stays=False)
    assert session.told == ["leave"]
    assert set(load().places) == {"full"}


def test_an_image_stays_until_the_person_leaves(live: LiveWindow, shown: list[int]) -> None:
    QTimer.singleShot(500, lambda: window().close())
    start = time.monotonic()
    live.run(lambda: live.offer(picture(7), []), nothing, stays=True)
    assert shown == [7]
    assert time.monotonic() - start > 0.4


@pytest.mark.parametrize("stays", [True, False])
def test_what_the_work_raises_is_raised(stays: bool, live: LiveWindow) -> None:
    def work() -> None:
        raise AffectError("broken")

    with pytest.raises(AffectError, match="broken"):
        live.run(work, nothing, stays)
    assert live.left.is_set()


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no signals to itself")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_window_as_it_ends_the_program_without_one(
    number: int, live: LiveWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {name: signal.getsignal(name) for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    signal.signal(number, signal.default_int_handler)
    end_on_signals()
    handler = signal.getsignal(number)
    QTimer.singleShot(300, lambda: os.kill(os.getpid(), number))
    try:
        with pytest.raises(KeyboardInterrupt):
            live.run(lambda: live.left.wait(10) and None, nothing, stays=True)
        assert signal.getsignal(number) is handler
    finally:
        for name, known in before.items():
            signal.signal(name, known)
        command_line._asked.clear()  # or the next training in this process would end
    assert live.left.is_set()


def test_a_minimized_window_is_hidden_and_shows_nothing(
    live: LiveWindow, shown: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    minimized = False
    monkeypatch.setattr(MainWindow, "isMinimized", lambda _: minimized)
    seen = []

    def work() -> None:
        nonlocal minimized
        for state in (False, True, False):
            minimized = state
            time.sleep(0.4)
            shown.clear()
            for number in range(10):
                live.offer(picture(number), [])
                time.sleep(0.05)
            seen.append((live.hidden, bool(shown)))

    live.run(work, nothing, stays=False)
    assert seen == [(False, True), (True, False), (False, True)]
