"""The window's loop, with a window that takes its time: nobody waits for it."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from affect.errors import AffectError
from affect.live import screen as module
from affect.live.screen import Screen
from affect.preprocessing import Image


class SlowWindow:
    """Needs 50 ms for a picture; the person leaves when `leaves` pictures were shown."""

    shown: list[int]
    leaves = 1000

    def __init__(self, title: str, width: int, height: int) -> None:
        SlowWindow.shown = []

    def show(self, picture: Image) -> None:
        time.sleep(0.05)
        SlowWindow.shown.append(int(picture[-1, -1, 0]))

    def serve(self, wait_ms: int) -> bool:
        time.sleep(wait_ms / 1000)
        return len(SlowWindow.shown) < self.leaves

    def close(self) -> None:
        """Gone."""


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    monkeypatch.setattr(module, "Window", SlowWindow)
    monkeypatch.setattr(SlowWindow, "leaves", 1000)
    return Screen("en")


def nothing() -> None:
    """Nobody needs to be stopped."""


def picture(number: int) -> Image:
    return np.full((120, 160, 3), number, np.uint8)


def test_frames_do_not_wait_for_a_slow_window_which_shows_the_newest(screen: Screen) -> None:
    offered = []

    def work() -> None:
        for number in range(100):
            screen.offer(picture(number), [], None)
            offered.append(number)
            time.sleep(0.002)

    screen.run(work, nothing, stays=False)
    assert offered == list(range(100))
    assert len(SlowWindow.shown) < 50
    assert SlowWindow.shown == sorted(set(SlowWindow.shown))
    assert SlowWindow.shown[-1] == 99


def test_when_the_person_leaves_the_work_is_stopped(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SlowWindow, "leaves", 2)
    stopped = threading.Event()

    def work() -> None:
        number = 0
        while not screen.left.wait(0.01):
            screen.offer(picture(number := number + 1), [], None)
        assert stopped.wait(10)

    screen.run(work, stopped.set, stays=False)
    assert len(SlowWindow.shown) == 2


def test_an_image_stays_until_the_person_leaves(screen: Screen) -> None:
    threading.Timer(0.3, lambda: setattr(SlowWindow, "leaves", 1)).start()
    start = time.monotonic()
    screen.run(lambda: screen.offer(picture(7), [], None), nothing, stays=True)
    assert SlowWindow.shown == [7]
    assert time.monotonic() - start > 0.25


def test_what_the_work_raises_is_raised(screen: Screen) -> None:
    def work() -> None:
        raise AffectError("broken")

    with pytest.raises(AffectError, match="broken"):
        screen.run(work, nothing, stays=True)
