"""A person at the real window on a virtual screen: keys and accents as X11 sends them, sizes, closing."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from Xlib.error import XError

from affect.emotions import color_rgb
from affect.faces.preprocessing import Image
from affect.live.window.theme import RED
from tests.conftest import REPOSITORY
from tests.tools.virtual_screen import VirtualScreen


def bgr(color: str) -> Image:
    return np.array([int(color[i : i + 2], 16) for i in (5, 3, 1)], np.uint8)


COMPOSE = "/usr/share/X11/locale/en_US.UTF-8/Compose"  # how dead keys and letters become one
HAPPY = np.array(color_rgb("happy")[::-1])


class Person:
    """Someone at the window of `tests/tools/windowed.py`."""

    def __init__(self, display: VirtualScreen, program: subprocess.Popen[str], said: Path) -> None:
        self._display = display
        self._program = program
        self._said = said
        self.window = wait_for(lambda: display.window("affect"))
        wait_for(lambda: (self.sees() == HAPPY).all(2).sum() > 500)

    def press(self, *keys: str, hold: str | None = None) -> None:
        for key in keys:
            self._display.press(self.window, key, hold)

    def heard(self, count: int) -> list[str]:
        """What the session was told, once it is so many lines."""
        wait_for(lambda: len(self._said.read_text("utf-8").splitlines()) >= count)
        return self._said.read_text("utf-8").splitlines()

    def sees(self) -> Image:
        try:
            return self._display.screenshot(self.window)
        except XError:  # it is partly off the screen, until it has moved back
            raise LookupError from None

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
        time.sleep(0.2)
    raise AssertionError("it did not happen")


@contextmanager
def at_the_window(display: VirtualScreen, folder: Path, language: str) -> Iterator[Person]:
    """Start the program."""
    said = folder / "said.txt"
    command = [sys.executable, str(REPOSITORY / "tests" / "tools" / "windowed.py"), language]
    environment = os.environ | {"DISPLAY": display.name, "PYTHONPATH": str(REPOSITORY), "PYTHONIOENCODING": "utf-8"}
    environment |= {"XDG_CONFIG_HOME": str(folder), "XCOMPOSEFILE": COMPOSE}  # else by the locale
    with said.open("w", encoding="utf-8") as out:
        program = subprocess.Popen(command, env=environment, stdout=out, text=True)
        try:
            yield Person(display, program, said)
        finally:
            program.kill()
            program.wait()


def test_a_session_in_english(display: VirtualScreen, tmp_path: Path) -> None:
    with at_the_window(display, tmp_path, "en") as person:
        person.press("r")
        assert person.heard(1) == ["record"]
        person.press("Return", "s", "space")  # none of these is consent
        person.press("y")
        assert person.heard(2)[1:] == ["answer 'yes'"]
        wait_for(lambda: (person.sees() == bgr(RED)).all(2).sum() > 30)
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


def test_the_picture_is_drawn_at_the_size_of_the_window_and_closing_that_is_leaving(
    display: VirtualScreen, tmp_path: Path
) -> None:
    with at_the_window(display, tmp_path, "en") as person:
        for width, height in ((1500, 850), (500, 400), (720, 880)):
            person.resize(width, height)
            wait_for(lambda: person.sees().shape[:2] == (height, width))  # noqa: B023
            wait_for(lambda: (person.sees() == HAPPY).all(2).sum() > 300)  # exact colours: nothing was scaled
        person.close()
        assert person.has_left()
        assert person.heard(2) == ["leave", "left"]
