"""The rectangle is drawn with the mouse on the covered screens, and accepted or cancelled by key."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QMouseEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from affect.live.texts import text
from affect.live.window.region_chooser import ScreenCover, choose_on


@pytest.fixture
def cover(qtbot: QtBot) -> ScreenCover:
    screen = QGuiApplication.primaryScreen()
    bounds = screen.geometry()
    picture = np.full((bounds.height(), bounds.width(), 3), 200, np.uint8)
    made = ScreenCover(screen, picture, bounds.topLeft(), 64, "en")
    qtbot.addWidget(made)
    return made


def drag(qtbot: QtBot, cover: ScreenCover, start: tuple[int, int], end: tuple[int, int]) -> None:
    qtbot.mousePress(cover, Qt.MouseButton.LeftButton, pos=QPoint(*start))
    for share in (0.5, 1.0):
        at = [round(a + (b - a) * share) for a, b in zip(start, end, strict=True)]
        left = Qt.MouseButton.LeftButton
        event = QMouseEvent(
            QMouseEvent.Type.MouseMove,
            QPointF(*at),
            cover.mapToGlobal(QPointF(*at)),
            left,
            left,
            Qt.KeyboardModifier(0),
        )
        cover.mouseMoveEvent(event)
    qtbot.mouseRelease(cover, Qt.MouseButton.LeftButton, pos=QPoint(*end))


@pytest.mark.parametrize(("start", "end"), [((50, 60), (350, 260)), ((350, 260), (50, 60)), ((50, 260), (350, 60))])
@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space])
def test_a_rectangle_may_be_drawn_from_any_corner_and_is_accepted_by_key(
    start: tuple[int, int], end: tuple[int, int], key: Qt.Key, cover: ScreenCover, qtbot: QtBot
) -> None:
    def act() -> None:
        drag(qtbot, cover, start, end)
        assert cover._hint.text() == text("screen_hint_accept", "en")
        qtbot.keyClick(cover, key)

    QTimer.singleShot(50, act)
    assert choose_on([cover]) == (50, 60, 300, 200)
    assert not cover.isVisible()


def test_a_double_click_accepts_what_was_drawn(cover: ScreenCover, qtbot: QtBot) -> None:
    def act() -> None:
        drag(qtbot, cover, (50, 60), (350, 260))
        qtbot.mouseClick(cover, Qt.MouseButton.LeftButton, pos=QPoint(100, 100))
        qtbot.mouseDClick(cover, Qt.MouseButton.LeftButton, pos=QPoint(100, 100))

    QTimer.singleShot(50, act)
    assert choose_on([cover]) == (50, 60, 300, 200)


@pytest.mark.parametrize(
    "cancel", [lambda cover, qtbot: qtbot.keyClick(cover, Qt.Key.Key_Escape), lambda cover, qtbot: cover.close()]
)
def test_escape_and_closing_cancel(
    cancel: Callable[[ScreenCover, QtBot], object], cover: ScreenCover, qtbot: QtBot
) -> None:
    def act() -> None:
        drag(qtbot, cover, (50, 60), (350, 260))
        cancel(cover, qtbot)

    QTimer.singleShot(50, act)
    assert choose_on([cover]) is None


def test_one_that_is_too_small_is_told_and_not_accepted(cover: ScreenCover, qtbot: QtBot) -> None:
    drag(qtbot, cover, (50, 60), (90, 400))
    assert "too small" in cover._hint.text()
    qtbot.keyClick(cover, Qt.Key.Key_Return)
    assert cover.chosen is None
    drag(qtbot, cover, (50, 60), (5000, 400))
    left, _, width, _ = cover.region()
    assert left + width == cover.width(), "it ends at the screen's edge"


def test_each_screen_shows_its_own_part_of_the_desktop(qtbot: QtBot) -> None:
    """Here the desktop begins 100 pixels left of and 50 above the screen: on other monitors."""
    screen = QGuiApplication.primaryScreen()
    bounds = screen.geometry()
    desktop = np.zeros((bounds.height() + 50, bounds.width() + 100, 3), np.uint8)
    desktop[50:, 100:] = 200
    cover = ScreenCover(screen, desktop, bounds.topLeft() - QPoint(100, 50), 64, "en")
    qtbot.addWidget(cover)
    cover.show()
    drag(qtbot, cover, (10, 10), (300, 200))
    assert colour(cover, 30, 30) == 200


def test_another_may_be_drawn_inside_of_the_first(cover: ScreenCover, qtbot: QtBot) -> None:
    """Where the pointer is over what was drawn, over the shade, or over the hint."""
    cover.show()
    drag(qtbot, cover, (50, 150), (450, 550))
    for start, end in (((100, 200), (300, 400)), ((500, 200), (700, 300)), ((400, 45), (600, 300))):
        under = cover.childAt(QPoint(*start))
        assert under is not None
        at = [QPointF(*point) for point in (start, end)]
        left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier(0)
        for kind, point in ((QMouseEvent.Type.MouseButtonPress, at[0]), (QMouseEvent.Type.MouseMove, at[1])):
            QApplication.sendEvent(
                under, QMouseEvent(kind, under.mapFrom(cover, point), cover.mapToGlobal(point), left, left, none)
            )
        assert cover.region() == (*start, end[0] - start[0], end[1] - start[1])


def colour(cover: ScreenCover, x: int, y: int) -> int:
    return cover.grab().toImage().pixelColor(x, y).red()


def test_what_is_drawn_is_bright_and_the_rest_dimmed_and_the_hint_does_not_lie_on_it(
    cover: ScreenCover, qtbot: QtBot
) -> None:
    cover.show()
    middle = cover.width() // 2
    assert colour(cover, middle, cover.height() // 2) < 120
    drag(qtbot, cover, (20, 150), (middle, cover.height() - 20))
    assert colour(cover, 120, 300) == 200
    assert colour(cover, cover.width() - 20, 300) < 120
    drag(qtbot, cover, (20, 20), (cover.width() - 20, cover.height() - 150))
    assert not cover._hint.geometry().intersects(cover._drawn.geometry())
    assert cover.rect().contains(cover._hint.geometry())


def test_on_a_screen_of_high_resolution_the_rectangle_is_in_pixels_of_the_desktop(
    cover: ScreenCover, qtbot: QtBot
) -> None:
    cover._ratio, cover._origin = 2.0, QPoint(-3840, 100)
    drag(qtbot, cover, (50, 60), (350, 260))
    assert cover.region() == (-3840 + 100, 100 + 120, 600, 400)
