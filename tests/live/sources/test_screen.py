"""The screen as a source, on a virtual screen with a real window that shows the portrait."""

from __future__ import annotations

import csv
import ctypes
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from mss.exception import ScreenShotError
from Xlib.error import XError
from Xlib.xobject.drawable import Window

from affect.errors import AffectError
from affect.faces.detection import FaceBox
from affect.faces.preprocessing import Image
from affect.live.sources import region as region_module
from affect.live.sources import screen as module
from affect.live.sources.feed import FrameFeed
from affect.live.sources.files import open_source
from affect.live.sources.region import Region
from affect.live.sources.retries import RETRY_S
from affect.live.sources.screen import ScreenSource, open_screen
from tests.conftest import REPOSITORY
from tests.tools.virtual_call import drag, window_showing
from tests.tools.virtual_screen import VirtualScreen, virtual_screen

LEFT, TOP = 700, 250  # where the portrait's window is on the screen of 1600×900
AROUND = Region(600, 200, 800, 650)
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[VirtualScreen]:
    """An empty screen, the display of this process and its children; nothing is remembered yet."""
    xvfb = shutil.which("Xvfb")
    if xvfb is None:
        pytest.skip("Xvfb is not installed")
    for name in ("WAYLAND_DISPLAY", "XDG_SESSION_TYPE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    with virtual_screen(xvfb) as made:
        monkeypatch.setenv("DISPLAY", made.name)
        yield made


@pytest.fixture
def call(screen: VirtualScreen, portrait: Image) -> Iterator[VirtualScreen]:
    """A screen with a window that shows the portrait."""
    with window_showing(screen, portrait, LEFT, TOP):
        yield screen


def told_by(given: str, language: str = "en") -> tuple[ScreenSource, list[str]]:
    lines: list[str] = []
    return open_screen(given, language, lines.append), lines


def test_frames_are_what_the_window_shows_in_bgr(call: VirtualScreen, portrait: Image) -> None:
    source = open_source(f"screen:{LEFT},{TOP},512,512")
    frames = list(islice(source.frames(), 3))
    for frame in frames:
        np.testing.assert_array_equal(frame.picture, portrait)
        assert frame.picture.dtype == np.uint8
    assert [f.number for f in frames] == [0, 1, 2]
    assert (source.kind, source.name, source.live) == ("screen", "700,250,512,512", True)
    assert source.description == "screen 700,250,512,512"


@pytest.mark.parametrize("rate_hz", [None, 15.0])
def test_frames_come_fifteen_times_a_second_or_thirty_for_a_video_by_the_wall_clock(
    rate_hz: float | None, call: VirtualScreen
) -> None:
    began = time.monotonic()
    source = open_source(f"screen:{AROUND}")
    if rate_hz is None:
        source.pace.rate_hz = None  # type: ignore[attr-defined]
    times = [f.timestamp_s for f in islice(source.frames(), 12)]
    assert min(np.diff(times)) > 1 / (rate_hz or 30) - 0.002
    assert rate_hz or min(np.diff(times)) < 1 / 16
    assert times[-1] == pytest.approx(time.monotonic() - began, abs=0.1)


def test_a_slow_screen_is_read_half_of_the_time(call: VirtualScreen, monkeypatch: pytest.MonkeyPatch) -> None:
    source = open_source(f"screen:{AROUND}")
    quick = module._grab
    monkeypatch.setattr(module, "_grab", lambda *arguments: (time.sleep(0.1), quick(*arguments))[1])
    times = [f.timestamp_s for f in islice(source.frames(), 4)]
    assert min(np.diff(times)) > 0.19


def test_the_feed_reads_the_screen_in_its_own_thread(call: VirtualScreen, portrait: Image) -> None:
    with closing(FrameFeed(open_source(f"screen:{LEFT},{TOP},512,512"))) as feed:
        for frame in islice(feed.frames(), 5):
            np.testing.assert_array_equal(frame.picture, portrait)
    assert not [t for t in threading.enumerate() if t.name == "reader" and t.is_alive()]


def test_a_rectangle_beyond_the_screen_is_told_with_the_desktops_size(screen: VirtualScreen) -> None:
    with pytest.raises(AffectError, match=r"1500,100,640,480 is not wholly.*1600×900.*0,0,1600,900.*screen:new"):
        open_source("screen:1500,100,640,480")
    with pytest.raises(AffectError, match=r"no está entero.*1600×900"):
        open_source("screen:-10,100,640,480", "es")


def test_without_a_display_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    if sys.platform in ("win32", "darwin"):
        pytest.skip("there is always a display")
    with pytest.raises(AffectError, match="Start it from the desktop"):
        open_source("screen:0,0,640,480")


def test_a_single_colour_is_told_but_no_failure_since_the_call_may_not_have_begun(call: VirtualScreen) -> None:
    _, empty = told_by("0,0,200,200")
    assert any("single colour" in line for line in empty)
    _, full = told_by(str(AROUND))
    assert full == []


def test_wayland_is_told_where_it_shows_nothing_and_is_no_matter_where_it_does(
    screen: VirtualScreen, portrait: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_SESSION_TYPE", "wayland")
    with pytest.raises(AffectError, match=r"Wayland.*Xorg.*OBS"):
        open_source(f"screen:{AROUND}")
    with window_showing(screen, portrait, LEFT, TOP):
        assert open_source(f"screen:{AROUND}").kind == "screen"


def test_a_mac_that_forbids_it_says_where_to_allow_it(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    class Graphics:
        """macOS's answers, as a program without the permission gets them."""

        def __init__(self, path: str) -> None:
            self.CGPreflightScreenCaptureAccess = self._no("preflight")
            self.CGRequestScreenCaptureAccess = self._no("request")

        def _no(self, name: str) -> Callable[[], bool]:
            def answer() -> bool:
                asked.append(name)
                return False

            return answer

    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(ctypes, "CDLL", Graphics)
    with pytest.raises(AffectError, match=r"Privacy & Security > Screen"):
        open_source("screen:0,0,640,480")
    assert asked == ["preflight", "request"]


def test_missing_libraries_are_told_with_the_command_that_installs_them(
    screen: VirtualScreen, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> None:
        raise ScreenShotError("Library libxcb-render.so not found")

    monkeypatch.setattr(module, "MSS", missing)
    with pytest.raises(AffectError, match=r"libxcb-render.so not found. Install.*libxcb-render0"):
        open_source("screen:0,0,640,480")


@pytest.mark.parametrize(
    ("reason", "english", "spanish"),
    [
        (
            "Only screens of color depth 24 or 32 are supported, not 16",
            "24 or 32 bits a pixel",
            "24 o 32 bits",
        ),
        ("[XImage] bits per pixel value not (yet?) implemented: 16.", "24 or 32 bits a pixel", "24 o 32 bits"),
        ("Only visuals with BGRx ordering are supported", "24 or 32 bits a pixel", "24 o 32 bits"),
        ("No monitor found.", "Connect one and switch it on", "Conecte uno y enciéndalo"),
        ("No RandR outputs available", "Connect one and switch it on", "Conecte uno y enciéndalo"),
        ("Monitor 1 does not exist.", "Connect one and switch it on", "Conecte uno y enciéndalo"),
        ("Cannot connect to display: connection lost", "Start it from the desktop", "Inícielo desde el escritorio"),
        ("$DISPLAY not set.", "Start it from the desktop", "Inícielo desde el escritorio"),
        ("Library libxcb-shm.so not found", "sudo apt-get install", "sudo apt-get install"),
        ("The ScreenCast portal gave no answer", "Xorg session", "sesión Xorg"),
        ("CoreGraphics.CGWindowListCreateImage() failed.", "Privacy & Security", "Privacidad y seguridad"),
        ("Windows graphics function failed: BitBlt: Access is denied", "Unlock it", "Desbloquéela"),
        ("Display configuration changed while detecting monitors.", "Start again", "Vuelva a empezar"),
        ("Server does not have XFixes, or the version is too old.", "Start again", "Vuelva a empezar"),
        ("", "Start again", "Vuelva a empezar"),
    ],
)
def test_the_remedy_fits_the_reason_why_a_screen_cannot_be_read(
    reason: str, english: str, spanish: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing() -> None:
        raise ScreenShotError(f"{reason}\nmore of it")

    for name in ("WAYLAND_DISPLAY", "XDG_SESSION_TYPE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(module, "_check_access", lambda language: None)
    monkeypatch.setattr(module, "MSS", failing)
    for language, remedy in (("en", english), ("es", spanish)):
        with pytest.raises(AffectError) as told:
            open_source("screen:0,0,640,480", language)
        assert remedy in str(told.value)
        assert ("Unlock it" in str(told.value)) == (english == "Unlock it" and language == "en")


def test_a_reason_without_words_is_no_failure_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing() -> None:
        raise ScreenShotError("")

    monkeypatch.setattr(module, "_check_access", lambda language: None)
    monkeypatch.setattr(module, "_on_wayland", lambda: False)
    monkeypatch.setattr(module, "MSS", failing)
    with pytest.raises(AffectError, match=r"cannot be read \(ScreenShotError\)"):
        open_source("screen:0,0,640,480")


@pytest.mark.skipif(shutil.which("Xvfb") is None, reason="Xvfb is not installed")
def test_a_real_screen_of_few_colours_is_told_as_that(monkeypatch: pytest.MonkeyPatch) -> None:
    with virtual_screen(str(shutil.which("Xvfb")), depth=16) as few:
        monkeypatch.setenv("DISPLAY", few.name)
        for name in ("WAYLAND_DISPLAY", "XDG_SESSION_TYPE"):
            monkeypatch.delenv(name, raising=False)
        with pytest.raises(AffectError, match="24 or 32 bits a pixel"):
            open_source("screen:0,0,640,480")


def test_a_screen_that_cannot_be_read_for_a_moment_goes_on(
    call: VirtualScreen, portrait: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames = open_source(f"screen:{LEFT},{TOP},512,512").frames()
    first = next(frames)
    works, failures = module._grab, iter(["locked", "locked"])

    def sometimes(*arguments: object) -> Image:
        for reason in failures:
            raise ScreenShotError(reason)
        return works(*arguments)

    monkeypatch.setattr(module, "_grab", sometimes)
    second = next(frames)
    np.testing.assert_array_equal(second.picture, portrait)
    assert second.number == first.number + 1
    assert second.timestamp_s - first.timestamp_s > RETRY_S[0] + RETRY_S[1]


def test_a_screen_that_is_gone_is_waited_for_until_the_person_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    xvfb = shutil.which("Xvfb")
    if xvfb is None:
        pytest.skip("Xvfb is not installed")
    with virtual_screen(xvfb) as gone:
        monkeypatch.setenv("DISPLAY", gone.name)
        source = ScreenSource(AROUND)
        frames = source.frames()
        next(frames)
    threading.Timer(2.0, source.interrupt).start()
    began = time.monotonic()
    assert list(frames) == []
    assert time.monotonic() - began > 1.9


def test_the_program_finds_the_face_where_the_window_is(
    call: VirtualScreen, script: Run, portrait_box: FaceBox, tmp_path: Path
) -> None:
    out = tmp_path / "out.csv"
    done = script(
        "--source", f"screen:{AROUND}", "--headless", "--csv", out, "--max-frames", 30, env=dict(os.environ)
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    with out.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 30
    x, y = (portrait_box.x + LEFT - AROUND.x, portrait_box.y + TOP - AROUND.y)
    for row in rows:
        found = Region(*(int(row[name]) for name in ("x", "y", "width", "height")))
        expected = Region(x, y, portrait_box.width, portrait_box.height)
        common = found.common(expected)
        assert common.width * common.height > 0.7 * found.width * found.height
        assert common.width * common.height > 0.7 * expected.width * expected.height
    assert {row["emotion"] for row in rows[15:]} == {"happy"}
    assert float(rows[-1]["timestamp_s"]) > 0.9


def test_the_live_window_stays_beside_what_is_read(call: VirtualScreen) -> None:
    """Over it, the program would see itself instead of the patient."""
    with start("--source", f"screen:{AROUND}", "--lang", "en") as program:
        try:
            deadline, place = time.monotonic() + 60, None
            while time.monotonic() < deadline and (place is None or place.common(AROUND).width):
                time.sleep(0.5)
                with suppress(LookupError, XError):
                    place = Region(*call.place(call.window("affect")))
        finally:
            program.kill()
    assert place is not None
    assert place.common(AROUND).width == 0
    assert place.width >= 240


def start(*arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, str(REPOSITORY / "affectnet_webcam_detector.py"), *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def chooser(screen: VirtualScreen) -> Window:
    """The window in which the rectangle is drawn, once it shows the desktop."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            window = screen.window("affect: choose")
            if screen.screenshot(window).any():
                return window
        except (LookupError, XError):  # not there yet, or another window went away between two questions
            time.sleep(0.1)
    raise AssertionError("no window in which to draw")


def test_the_rectangle_is_drawn_once_with_the_mouse_and_remembered(call: VirtualScreen, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    arguments = ("--source", "screen", "--headless", "--csv", out, "--max-frames", 3)
    with start(*arguments) as first:
        window = chooser(call)
        drag(call, (AROUND.x, AROUND.y), (AROUND.right, AROUND.bottom))
        time.sleep(0.3)
        call.press(window, "Return")
        _, told = first.communicate(timeout=120)
    assert first.returncode == 0, told
    assert f"Chosen: {AROUND}" in told
    assert out.read_text().count("\n") == 4
    kept = region_module.region_file()
    assert kept.is_relative_to(tmp_path)
    assert kept.stat().st_mode & 0o777 == 0o600

    with start(*arguments) as second:
        _, told = second.communicate(timeout=120)
    assert second.returncode == 0, told
    assert f"was chosen last time is used: {AROUND}. To choose anew: --source screen:new" in told
    assert f"Source: screen {AROUND}" in told

    with start("--source", "screen:new", "--headless", "--max-frames", 3) as third:
        call.press(chooser(call), "Escape")
        _, told = third.communicate(timeout=120)
    assert third.returncode == 2
    assert told.splitlines()[-1].startswith("error: No part of the screen was chosen")
    assert "Traceback" not in told


def test_closing_the_window_is_cancelling(call: VirtualScreen) -> None:
    with start("--source", "screen", "--headless") as process:
        call.close(chooser(call))
        _, told = process.communicate(timeout=120)
    assert process.returncode == 2
    assert "No part of the screen was chosen" in told
