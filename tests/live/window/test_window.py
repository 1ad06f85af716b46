"""A person at the real window on a virtual screen: keys, accents, sizes, closing.

Of macOS, what its window tells is played to ours.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest
from affect.live.window.bar import RED
from affect.live.window.window import Window

from affect.emotions import color_rgb
from affect.faces.preprocessing import Image
from affect.live.window.region import Region
from tests.conftest import REPOSITORY
from tests.tools.virtual_screen import VirtualScreen, virtual_screen

HAPPY = np.array(color_rgb("happy")[::-1])


@pytest.fixture(scope="module")
def display() -> Iterator[VirtualScreen]:
    xvfb = shutil.which("Xvfb")
    if xvfb is None:
        pytest.skip("Xvfb is not installed")
    with virtual_screen(xvfb) as made:
        yield made


class Person:
    """Someone at the window of `tests/tools/windowed.py`."""

    def __init__(self, display: VirtualScreen, program: subprocess.Popen[str], said: Path) -> None:
        self._display = display
        self._program = program
        self._said = said
        self.window = wait_for(lambda: display.window("affect"))
        wait_for(lambda: (self.sees() == HAPPY).all(2).sum() > 500, seconds=15)

    def press(self, *keys: str, hold: str | None = None) -> None:
        for key in keys:
            self._display.press(self.window, key, hold)

    def heard(self, count: int) -> list[str]:
        """What the session was told, once it is so many lines."""
        wait_for(lambda: len(self._said.read_text("utf-8").splitlines()) >= count)
        return self._said.read_text("utf-8").splitlines()

    def sees(self) -> Image:
        return self._display.screenshot(self.window)

    def resize(self, width: int, height: int) -> None:
        self._display.resize(self.window, width, height)

    def close(self) -> None:
        self._display.close(self.window)

    def has_left(self) -> bool:
        return self._program.wait(timeout=30) == 0


def wait_for(condition: Callable[[], object], seconds: float = 60) -> object:
    """What the condition gives, once that is true; it may raise LookupError until then."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if found := condition():
                return found
        except LookupError:
            pass
        time.sleep(0.2)  # seldom, see `at_the_window`
    raise AssertionError("it did not happen")


@contextmanager
def at_the_window(display: VirtualScreen, folder: Path, language: str) -> Iterator[Person]:
    """Start the program. Sometimes Qt misses that its window is on the screen (X11's MapNotify) and never paints, with
    a bare loop of imshow and waitKey as well, the more often the more the server is asked meanwhile: start again."""
    said = folder / "said.txt"
    command = [sys.executable, str(REPOSITORY / "tests" / "tools" / "windowed.py"), language]
    environment = os.environ | {"DISPLAY": display.name, "PYTHONPATH": str(REPOSITORY), "PYTHONIOENCODING": "utf-8"}
    for attempt in range(3):
        with (
            said.open("w", encoding="utf-8") as out,
            subprocess.Popen(command, env=environment, stdout=out, text=True) as program,
        ):
            try:
                person = Person(display, program, said)
            except AssertionError:
                if attempt == 2:
                    raise
                continue
            else:
                yield person
                return
            finally:
                program.kill()


def test_a_session_in_english(display: VirtualScreen, tmp_path: Path) -> None:
    with at_the_window(display, tmp_path, "en") as person:
        person.press("r")
        assert person.heard(1) == ["record"]
        person.press("Return", "s", "space")  # none of these is consent
        person.press("y")
        assert person.heard(2)[1:] == ["answer 'yes'"]
        wait_for(lambda: (person.sees() == np.array(RED)).all(2).sum() > 500)
        person.press("m")
        person.heard(3)
        person.press("h", "i", "space", "q", "x", "BackSpace", "1", "Return")
        assert person.heard(4)[2:] == ["mark", "answer 'hi q1'"]
        person.press("p", "space", "b", "s", "l")
        assert person.heard(9)[4:] == ["pause", "pause", "baseline", "snapshot", "language"]
        person.press("q")
        assert person.has_left()
        assert person.heard(11)[9:] == ["leave", "left"]


def test_spanish_is_typed_and_seen(display: VirtualScreen, tmp_path: Path) -> None:
    with at_the_window(display, tmp_path, "es") as person:
        person.press("r", "y", "s")
        assert person.heard(2) == ["record", "answer 'yes'"]
        person.press("m")
        person.heard(3)
        person.press("n", hold="Shift_L")
        person.press("i", "ntilde", "e", "z", "space", "dead_acute", "a", "questiondown", "Return")
        assert person.heard(4)[3] == "answer 'Niñez á¿'"
        person.press("Escape")
        assert person.has_left()


def test_keys_work_with_caps_lock_and_num_lock_on(display: VirtualScreen, tmp_path: Path) -> None:
    with at_the_window(display, tmp_path, "en") as person:
        person.press("Caps_Lock", "Num_Lock")
        try:
            person.press("b", "p")
            person.press("s", hold="Shift_L")
            assert person.heard(3) == ["baseline", "pause", "snapshot"]
            person.press("q")
            assert person.has_left()
        finally:
            person.press("Caps_Lock", "Num_Lock")


def test_help_comes_and_any_key_closes_it(display: VirtualScreen, tmp_path: Path) -> None:
    with at_the_window(display, tmp_path, "en") as person:
        before = person.sees()
        person.press("h")
        wait_for(lambda: (person.sees() == HAPPY).all(2).sum() == 0)
        person.press("q")
        wait_for(lambda: (person.sees() == before).all())
        person.close()
        assert person.has_left()
        assert person.heard(1) == ["left"]


def test_the_picture_is_drawn_at_the_size_that_the_window_is_given(display: VirtualScreen, tmp_path: Path) -> None:
    with at_the_window(display, tmp_path, "en") as person:
        for width, height in ((1500, 850), (500, 400), (720, 880)):
            person.resize(width, height)
            wait_for(lambda: person.sees().shape[:2] == (height, width))  # noqa: B023
            wait_for(lambda: (person.sees() == HAPPY).all(2).sum() > 300)  # exact colours: nothing was scaled
        person.press("q")
        assert person.has_left()


def test_a_paused_window_shows_it_at_once(display: VirtualScreen, tmp_path: Path) -> None:
    with at_the_window(display, tmp_path, "en") as person:
        person.press("p")
        wait_for(lambda: (person.sees() == HAPPY).all(2).sum() == 0)
        person.press("p")
        wait_for(lambda: (person.sees() == HAPPY).all(2).sum() > 500)
        person.press("q")
        assert person.has_left()


@pytest.fixture
def window(monkeypatch: pytest.MonkeyPatch) -> Window:
    """A window that is never drawn, and that does not tell its size, as before its first picture."""
    for name in ("namedWindow", "resizeWindow", "moveWindow"):
        monkeypatch.setattr(cv2, name, lambda *_: None)
    monkeypatch.setattr(cv2, "getWindowImageRect", lambda title: (-1, -1, -1, -1))
    return Window("affect", 1280, 800)


@pytest.mark.parametrize(
    ("platform", "visible", "is_open"),
    [
        ("darwin", 1.0, True),
        ("darwin", 0.0, True),  # minimised
        ("darwin", -1.0, False),
        ("linux", 1.0, True),
        ("linux", 0.0, False),
        ("win32", 1.0, True),
        ("win32", 0.0, False),
        ("win32", -1.0, False),
    ],
)
def test_a_minimised_window_is_open_and_one_that_is_gone_is_not(
    platform: str, visible: float, is_open: bool, window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(cv2, "getWindowProperty", lambda title, which: visible)
    assert window.is_open() is is_open


def test_a_window_beside_the_call_keeps_the_size_it_was_shrunk_to(window: Window) -> None:
    window.stay_in(Region(900, 0, 700, 600))
    assert window.size() == (700, 600)
