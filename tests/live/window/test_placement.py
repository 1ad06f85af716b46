"""A window lies on one monitor and beside what is watched, in the pixels of Qt."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from affect.live.window.placement import in_qt, monitors, rectangle_of, scale_of, settled

LAPTOP, TALL = QRect(0, 0, 1920, 1080), QRect(-1080, -200, 1080, 1920)  # left of the laptop, turned upright
LEAST = QSize(240, 300)


@pytest.mark.parametrize(
    ("monitors", "watched", "frame", "place"),
    [
        ([LAPTOP], QRect(), QRect(100, 100, 300, 500), QRect(100, 100, 300, 500)),
        ([LAPTOP], QRect(), QRect(1800, -40, 300, 500), QRect(1620, 0, 300, 500)),
        ([LAPTOP], QRect(), QRect(0, 0, 4000, 3000), LAPTOP),
        ([LAPTOP], QRect(0, 0, 900, 1080), QRect(100, 100, 300, 500), QRect(900, 100, 300, 500)),
        ([LAPTOP], QRect(900, 0, 1020, 1080), QRect(1000, 0, 300, 500), QRect(600, 0, 300, 500)),
        ([LAPTOP], QRect(0, 0, 1920, 740), QRect(0, 0, 300, 500), QRect(0, 740, 300, 340)),
        ([LAPTOP], QRect(300, 0, 1620, 1080), QRect(500, 0, 400, 500), QRect(0, 0, 300, 500)),
        ([LAPTOP, TALL], LAPTOP, QRect(10, 10, 300, 500), QRect(-300, 10, 300, 500)),
    ],
)
def test_a_window_settles_on_one_monitor_and_beside_what_is_watched_as_near_as_it_can(
    monitors: list[QRect], watched: QRect, frame: QRect, place: QRect
) -> None:
    assert settled(frame, monitors, watched, LEAST) == place


@settings(deadline=None)
@given(
    st.tuples(st.integers(-3000, 5000), st.integers(-3000, 5000), st.integers(240, 4000), st.integers(300, 4000)),
    st.tuples(st.integers(0, 1856), st.integers(0, 1016), st.integers(64, 1920), st.integers(64, 1080)),
)
def test_wherever_a_window_was_it_covers_nothing_watched_and_is_whole_on_a_monitor(
    frame: tuple[int, int, int, int], watched: tuple[int, int, int, int]
) -> None:
    place = settled(QRect(*frame), [LAPTOP, TALL], QRect(*watched), LEAST)
    assert not place.intersects(QRect(*watched))
    assert any(monitor.contains(place) for monitor in (LAPTOP, TALL))
    assert place.width() >= 240
    assert place.height() >= 300


def test_where_the_only_monitor_is_watched_the_window_is_as_small_as_it_gets_in_a_corner() -> None:
    assert settled(QRect(0, 0, 900, 900), [LAPTOP], LAPTOP, LEAST) == QRect(1680, 780, 240, 300)


class Screen:
    """A monitor that counts so many pixels of the desktop for one of Qt's."""

    def __init__(self, place: QRect, scale: float) -> None:
        self.geometry = self.availableGeometry = lambda: place
        self.devicePixelRatio = lambda: scale


@pytest.mark.skipif(sys.platform == "darwin", reason="on a Mac both count points")
@pytest.mark.parametrize(
    ("watched", "place"),
    [
        ((10, 20, 300, 200), QRect(10, 20, 300, 200)),
        ((1920, 0, 640, 480), QRect(1920, 0, 320, 240)),
        ((2020, 101, 641, 480), QRect(1970, 50, 321, 240)),
        ((5759, 2159, 64, 64), QRect(3839, 1079, 32, 32)),
        ((9000, 0, 64, 64), QRect(9000, 0, 64, 64)),
    ],
)
def test_what_is_watched_is_found_on_a_monitor_of_high_resolution_too(
    watched: tuple[int, int, int, int], place: QRect, monkeypatch: pytest.MonkeyPatch
) -> None:
    two = [Screen(LAPTOP, 1.0), Screen(QRect(1920, 0, 1920, 1080), 2.0)]
    monkeypatch.setattr(QGuiApplication, "screens", lambda: two)
    assert in_qt(watched) == place


def test_the_main_monitor_is_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    first, main = Screen(TALL, 1.0), Screen(LAPTOP, 1.0)
    monkeypatch.setattr(QGuiApplication, "screens", lambda: [first, main])
    monkeypatch.setattr(QGuiApplication, "primaryScreen", lambda: main)
    assert monitors() == [LAPTOP, TALL]


def test_a_screen_s_scale_is_that_of_its_pixels(qtbot: QtBot) -> None:
    screen = QGuiApplication.primaryScreen()
    assert scale_of(screen) == 1.0
    assert rectangle_of(screen.geometry())[2:] == screen.size().toTuple()
