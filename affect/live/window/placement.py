"""Where a window may be: on one of the monitors, and off the rectangle of the desktop that is watched."""

from __future__ import annotations

import math
import sys

from PySide6.QtCore import QPoint, QRect, QSize
from PySide6.QtGui import QGuiApplication, QScreen

Rectangle = tuple[int, int, int, int]  # left, top, width, height in pixels of the desktop


def settled(frame: QRect, monitors: list[QRect], watched: QRect, least: QSize) -> QRect:
    """Move and shrink a window's frame so that it lies on one monitor and off the watched rectangle.

    monitors: their free parts.   watched: empty if no part of the screen is watched.   least: smallest size.
    Of all places, the one with the least movement, and where possible without shrinking. Where there is none, as on a
    single monitor that is watched as a whole, the frame comes to the monitor's bottom right corner in its least size.
    """
    rooms = [room for monitor in monitors for room in _around(monitor, watched)]
    rooms = [room for room in rooms if room.size().expandedTo(least) == room.size()]
    if not rooms:
        corner = QRect(QPoint(), least)
        corner.moveBottomRight(monitors[0].bottomRight())
        return corner

    def cost(place: QRect) -> tuple[int, int]:
        lost = frame.width() * frame.height() - place.width() * place.height()
        return lost, (place.topLeft() - frame.topLeft()).manhattanLength()

    return min((_within(frame, room) for room in rooms), key=cost)


def _within(frame: QRect, room: QRect) -> QRect:
    place = QRect(frame.topLeft(), frame.size().boundedTo(room.size()))
    place.moveRight(min(place.right(), room.right()))
    place.moveBottom(min(place.bottom(), room.bottom()))
    place.moveLeft(max(place.left(), room.left()))
    place.moveTop(max(place.top(), room.top()))
    return place


def _around(monitor: QRect, watched: QRect) -> list[QRect]:
    """Parts of a monitor left of, right of, above and below a rectangle; all of it if they do not overlap."""
    hole = monitor & watched
    if hole.isEmpty():
        return [monitor]
    left, right, above, below = (QRect(monitor) for _ in range(4))
    left.setRight(hole.left() - 1)
    right.setLeft(hole.right() + 1)
    above.setBottom(hole.top() - 1)
    below.setTop(hole.bottom() + 1)
    return [left, right, above, below]


def monitors() -> list[QRect]:
    """Parts of the monitors that are free for windows, without task bars, in Qt's pixels; the main one first."""
    main = QGuiApplication.primaryScreen()
    return [s.availableGeometry() for s in sorted(QGuiApplication.screens(), key=lambda screen: screen != main)]


def in_qt(rectangle: Rectangle) -> QRect:
    """Convert a rectangle of the desktop to Qt's pixels, which are larger on screens of high resolution."""
    left, top, width, height = rectangle
    for screen in QGuiApplication.screens():
        at, scale = screen.geometry(), scale_of(screen)
        if 0 <= left - at.x() < at.width() * scale and 0 <= top - at.y() < at.height() * scale:
            x, y = at.x() + (left - at.x()) / scale, at.y() + (top - at.y()) / scale
            return QRect(int(x), int(y), math.ceil(width / scale), math.ceil(height / scale))
    return QRect(*rectangle)


def rectangle_of(rect: QRect) -> Rectangle:
    """Left, top, width and height of Qt's rectangle."""
    return rect.x(), rect.y(), rect.width(), rect.height()


def scale_of(screen: QScreen) -> float:
    """Pixels of the desktop, as screen sources count them, for one of Qt's: on a Mac both count points."""
    return 1.0 if sys.platform == "darwin" else screen.devicePixelRatio()
