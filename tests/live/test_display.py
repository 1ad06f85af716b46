"""Whether a window can be opened is told in a sentence, before Qt is loaded."""

from __future__ import annotations

import ctypes
import importlib.util
import subprocess
import sys

import pytest

from affect.live import display
from affect.live.display import missing_display, missing_libraries, no_window
from affect.live.texts import text
from tests.conftest import REPOSITORY

linux = pytest.mark.skipif(sys.platform != "linux", reason="X11 and Wayland")


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)


@linux
@pytest.mark.parametrize(
    ("name", "key"),
    [("", "display_unset"), ("x", "display_missing"), (":x", "display_missing"), (":7654", "display_silent")],
)
@pytest.mark.parametrize("language", ["en", "es"])
def test_a_display_that_is_not_there_is_told(
    name: str, key: str, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISPLAY", name)
    assert missing_display(language) == no_window(language) == text(key, language, name=name)


@linux
def test_wayland_is_a_display_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    assert missing_display() is None


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_other_systems_always_have_one(platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    assert missing_display() is None


def test_a_library_that_is_missing_is_named_with_what_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert missing_libraries() is None, "Qt runs where the tests run"

    def fails(name: str) -> None:
        raise OSError("libxcb-cursor.so.0: cannot open shared object file")

    monkeypatch.setattr(ctypes, "CDLL", fails)
    told = missing_libraries("en") or ""
    assert "libxcb-cursor.so.0" in told
    assert "sudo apt-get install" in told
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert missing_libraries("es") == text("qt_missing", "es")
    monkeypatch.setattr(display, "missing_display", lambda language: None)
    assert no_window("es") == text("qt_missing", "es")


def test_to_look_for_a_display_loads_no_qt() -> None:
    code = "import sys; from affect.live.display import no_window; no_window(); print('PySide6' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=REPOSITORY, check=True)
    assert done.stdout.strip() == "False"
