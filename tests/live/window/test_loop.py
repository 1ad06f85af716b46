"""The window's loop, with a window that takes its time: nobody waits for it, and it shows what changes."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from affect.errors import AffectError
from affect.faces.preprocessing import Image
from affect.live.window import loop as module
from affect.live.window.control import Command, Question
from affect.live.window.loop import WindowLoop
from tests.live.window.test_keys import Session


class SlowWindow:
    """Needs 50 ms for a picture; the person leaves when `leaves` pictures were shown."""

    shown: list[Image]
    keys: list[int]
    leaves = 1000

    def __init__(self, title: str, width: int, height: int) -> None:
        self._size = (width, height)

    def size(self) -> tuple[int, int]:
        return self._size

    def show(self, picture: Image) -> None:
        time.sleep(0.05)
        SlowWindow.shown.append(picture.copy())

    def key(self, wait_ms: int) -> int | None:
        time.sleep(wait_ms / 1000)
        return SlowWindow.keys.pop(0) if SlowWindow.keys else None

    def is_open(self) -> bool:
        return len(SlowWindow.shown) < self.leaves

    def close(self) -> None:
        """Gone."""


@pytest.fixture
def session() -> Session:
    return Session()


@pytest.fixture
def screen(session: Session, monkeypatch: pytest.MonkeyPatch) -> WindowLoop:
    monkeypatch.setattr(module, "Window", SlowWindow)
    monkeypatch.setattr(SlowWindow, "leaves", 1000)
    monkeypatch.setattr(SlowWindow, "keys", [], raising=False)
    monkeypatch.setattr(SlowWindow, "shown", [], raising=False)
    return WindowLoop(session)


def nothing() -> None:
    """Nobody needs to be stopped."""


def picture(number: int) -> Image:
    return np.full((120, 160, 3), number, np.uint8)


def numbers() -> list[int]:
    """The numbers of the pictures that were shown."""
    return [int(p[200, 200, 0]) for p in SlowWindow.shown]


def wait_for_pictures(count: int) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and len(SlowWindow.shown) < count:
        time.sleep(0.01)


def test_frames_do_not_wait_for_a_slow_window_which_shows_the_newest(screen: WindowLoop) -> None:
    offered = []

    def work() -> None:
        for number in range(100):
            screen.offer(picture(number), [])
            offered.append(number)
            time.sleep(0.002)

    screen.run(work, nothing, stays=False)
    assert offered == list(range(100))
    assert len(SlowWindow.shown) < 50
    assert numbers() == sorted(set(numbers()))
    assert numbers()[-1] == 99


def test_when_the_window_is_closed_the_work_is_stopped(screen: WindowLoop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SlowWindow, "leaves", 2)
    stopped = threading.Event()

    def work() -> None:
        number = 0
        while not screen.left.wait(0.01):
            screen.offer(picture(number := number + 1), [])
        assert stopped.wait(10)

    screen.run(work, stopped.set, stays=False)
    assert len(SlowWindow.shown) == 2


@pytest.mark.parametrize("key", [ord("q"), 27])
def test_leaving_ends_the_run_and_is_told(screen: WindowLoop, session: Session, key: int) -> None:
    stopped = threading.Event()
    SlowWindow.keys = [key]
    screen.run(lambda: screen.offer(picture(7), []), stopped.set, stays=True)
    assert stopped.is_set()
    assert session.commands == [Command.LEAVE]


def test_an_image_stays_until_the_person_leaves(screen: WindowLoop) -> None:
    threading.Timer(0.3, lambda: setattr(SlowWindow, "leaves", 1)).start()
    start = time.monotonic()
    screen.run(lambda: screen.offer(picture(7), []), nothing, stays=True)
    assert numbers() == [7]
    assert time.monotonic() - start > 0.25


def test_what_changes_is_drawn_without_a_new_frame_and_nothing_else(screen: WindowLoop, session: Session) -> None:
    states = [
        {"paused": True},
        {"recording_s": 1.2},
        {"recording_s": 1.9},  # the same second: nobody would see it
        {"recording_s": 2.1},
        {"question": Question("Note:", "text")},
        {"baseline": 0.5},
    ]
    drawings = []

    def work() -> None:
        screen.offer(picture(7), [])
        wait_for_pictures(1)
        for change in states:
            session.now = replace(session.now, **change)
            time.sleep(0.15)
            drawings.append(len(SlowWindow.shown))
        SlowWindow.keys += [ord("a"), ord("b")]
        time.sleep(0.3)
        drawings.append(len(SlowWindow.shown))

    screen.run(work, nothing, stays=False)
    assert drawings == [2, 3, 3, 4, 5, 6, 8]
    assert len({p.tobytes() for p in SlowWindow.shown}) == len(SlowWindow.shown)


@pytest.mark.parametrize("key", [ord("q"), ord("h"), ord("r"), 27, ord(" ")])
def test_any_key_closes_the_help_and_does_nothing_else(screen: WindowLoop, session: Session, key: int) -> None:
    def work() -> None:
        screen.offer(picture(7), [])
        wait_for_pictures(1)
        SlowWindow.keys += [ord("h")]
        wait_for_pictures(2)
        SlowWindow.keys += [key]
        wait_for_pictures(3)

    screen.run(work, nothing, stays=False)
    first, page, last = SlowWindow.shown
    assert (page != first).mean() > 0.1
    assert (last == first).all()
    assert session.commands == []


def test_what_the_work_raises_is_raised(screen: WindowLoop) -> None:
    def work() -> None:
        raise AffectError("broken")

    with pytest.raises(AffectError, match="broken"):
        screen.run(work, nothing, stays=True)
