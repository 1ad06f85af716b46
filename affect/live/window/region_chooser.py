"""Lets the user draw the watched rectangle on a picture of the desktop that covers each screen."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QEventLoop, QPoint, QRect, Qt
from PySide6.QtGui import (
    QCloseEvent,
    QColor,
    QGuiApplication,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QScreen,
)
from PySide6.QtWidgets import QWidget

from affect.faces.preprocessing import Image
from affect.live.texts import text
from affect.live.window.region import SMALLEST, Desktop, Region
from affect.live.window.theme import ACCENT, application, label, region_of, scale_of

TITLE = "affect: choose"


def choose_region(picture: Image, desktop: Desktop, language: str) -> Region | None:
    """Let the user draw a rectangle, and return it in pixels of the desktop; None if the user cancels.

    picture: the desktop, uint8 BGR (height, width, 3).   Call it in the main thread.
    """
    application()
    screens = QGuiApplication.screens()
    return choose_on([ScreenCover(screen, picture, desktop, language) for screen in screens])


def choose_on(covers: list[ScreenCover]) -> Region | None:
    """Show the covers of all screens until a rectangle is drawn on one of them, or the user cancels."""
    loop = QEventLoop()
    for cover in covers:
        cover.done = loop.quit
        cover.showFullScreen()
    covers[0].activateWindow()
    loop.exec()
    for cover in covers:
        cover.hide()
    return next((cover.chosen for cover in covers if cover.chosen is not None), None)


class ScreenCover(QWidget):
    """Covers one screen with its own dimmed picture, on which a rectangle is drawn: no compositor is needed for that.

    chosen: the accepted rectangle in pixels of the desktop.   done: called when it is accepted, or the user cancels.
    """

    def __init__(self, screen: QScreen, picture: Image, desktop: Desktop, language: str) -> None:
        super().__init__()
        self.setWindowTitle(TITLE)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setWindowFlags(Qt.WindowType.FramelessWindowHint | Qt.WindowType.WindowStaysOnTopHint)
        self.setGeometry(screen.geometry())
        self.chosen: Region | None = None
        self.done: Callable[[], None] = lambda: None
        self._language, self._rect, self._from = language, QRect(), QPoint()
        self._ratio = scale_of(screen)
        self._origin = screen.geometry().topLeft()  # the same in Qt's pixels and in those of the desktop
        left, top = self._origin.x() - desktop.bounds.x, self._origin.y() - desktop.bounds.y
        width, height = round(screen.geometry().width() * self._ratio), round(screen.geometry().height() * self._ratio)
        self._pixels = np.ascontiguousarray(picture[max(0, top) : top + height, max(0, left) : left + width])
        high, wide = self._pixels.shape[:2]
        self._image = QImage(self._pixels.data, wide, high, 3 * wide, QImage.Format.Format_BGR888)
        self._hint = label("hint", align=Qt.AlignmentFlag.AlignCenter)
        self._hint.setParent(self)
        self._tell()

    def region(self) -> Region:
        """The drawn rectangle in pixels of the desktop."""
        x, y, width, height = (round(v * self._ratio) for v in region_of(self._rect))
        return Region(self._origin.x() + x, self._origin.y() + y, width, height)

    def _large_enough(self) -> bool:
        return min(self.region().width, self.region().height) >= SMALLEST

    def _tell(self) -> None:
        key = "draw" if self._rect.isNull() else "accept" if self._large_enough() else "small"
        self._hint.setText(
            text(f"screen_hint_{key}", self._language, **({"smallest": SMALLEST} if key == "small" else {}))
        )
        self._hint.adjustSize()
        away = self.height() - self._hint.height() - 40 if self._rect.top() < self.height() / 4 else 40
        self._hint.move((self.width() - self._hint.width()) // 2, 40 if self._rect.isNull() else away)
        self.setAccessibleName(self._hint.text())
        self.update()

    def _accept(self) -> None:
        if self._large_enough():
            self.chosen = self.region()
            self.done()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a rectangle."""
        self._from = event.position().toPoint()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag the rectangle's other corner."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            to = event.position().toPoint()
            left, right = sorted((self._from.x(), min(max(0, to.x()), self.width())))
            top, bottom = sorted((self._from.y(), min(max(0, to.y()), self.height())))
            self._rect = QRect(left, top, right - left, bottom - top)
            self._tell()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Accept the rectangle."""
        self._accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Accept the rectangle, or cancel."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._accept()
        elif event.key() == Qt.Key.Key_Escape:
            self.done()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Cancel."""
        self.done()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the screen's picture, dimmed outside of the rectangle."""
        painter = QPainter(self)
        painter.drawImage(self.rect(), self._image)
        painter.fillRect(self.rect(), QColor(0, 0, 0, 140))
        if not self._rect.isNull():
            x, y, width, height = (round(v * self._ratio) for v in region_of(self._rect))
            painter.drawImage(self._rect, self._image, QRect(x, y, width, height))
            painter.setPen(QPen(QColor(ACCENT), 2))
            painter.drawRect(self._rect)
