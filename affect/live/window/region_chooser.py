"""Lets the user draw the watched rectangle on a picture of the desktop that covers each screen."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QEventLoop, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QCloseEvent, QGuiApplication, QImage, QKeyEvent, QMouseEvent, QPixmap, QRegion, QScreen
from PySide6.QtWidgets import QFrame, QLabel, QWidget

from affect.faces.preprocessing import Image
from affect.live.texts import text
from affect.live.window.placement import Rectangle, rectangle_of, scale_of
from affect.live.window.theme import application, label

TITLE = "affect: choose"


def choose_region(picture: Image, origin: tuple[int, int], smallest: int, language: str) -> Rectangle | None:
    """Let the user draw a rectangle, and return it in pixels of the desktop; None if the user cancels.

    picture: the desktop, uint8 BGR (height, width, 3).   origin: left and top of it.   smallest: least side, pixels.
    Call it in the main thread.
    """
    application()
    at = QPoint(*origin)
    return choose_on([ScreenCover(s, picture, at, smallest, language) for s in QGuiApplication.screens()])


def choose_on(covers: list[ScreenCover]) -> Rectangle | None:
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


class ScreenCover(QLabel):
    """Covers one screen with its own dimmed picture, on which a rectangle is drawn: no compositor is needed for that.

    chosen: the accepted rectangle in pixels of the desktop.   done: called when it is accepted, or the user cancels.
    """

    def __init__(self, screen: QScreen, picture: Image, origin: QPoint, smallest: int, language: str) -> None:
        super().__init__()
        self.setWindowTitle(TITLE)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setWindowFlags(Qt.WindowType.FramelessWindowHint | Qt.WindowType.WindowStaysOnTopHint)
        self.setGeometry(screen.geometry())
        self.chosen: Rectangle | None = None
        self.done: Callable[[], None] = lambda: None
        self._language, self._smallest, self._from = language, smallest, QPoint()
        self._ratio = scale_of(screen)
        self._origin = screen.geometry().topLeft()  # the same in Qt's pixels and in those of the desktop
        at, size = self._origin - origin, screen.geometry().size() * self._ratio
        rows, columns = slice(max(0, at.y()), at.y() + size.height()), slice(max(0, at.x()), at.x() + size.width())
        pixels = np.ascontiguousarray(picture[rows, columns])
        image = QImage(pixels.data, pixels.shape[1], pixels.shape[0], pixels.strides[0], QImage.Format.Format_BGR888)
        image.setDevicePixelRatio(self._ratio)
        self.setPixmap(QPixmap.fromImage(image))
        self._shade, self._drawn = QWidget(self), QFrame(self)
        self._drawn.setObjectName("drawn")  # a QRubberBand would tint what is in it
        self._shade.setStyleSheet("background: rgba(0, 0, 0, 140)")
        self._shade.resize(self.size())
        self._hint = label("hint", align=Qt.AlignmentFlag.AlignCenter)
        self._hint.setParent(self)
        self._draw(QRect())

    def region(self) -> Rectangle:
        """The drawn rectangle in pixels of the desktop."""
        x, y, width, height = (round(value * self._ratio) for value in rectangle_of(self._drawn.geometry()))
        return self._origin.x() + x, self._origin.y() + y, width, height

    def _large_enough(self) -> bool:
        return min(self.region()[2:]) >= self._smallest

    def _draw(self, drawn: QRect) -> None:
        """Show a rectangle, bright and framed, and say what to do."""
        self._drawn.setGeometry(drawn)
        self._drawn.setVisible(not drawn.isEmpty())
        self._shade.setMask(QRegion(self.rect()) - QRegion(drawn))
        key = "draw" if drawn.isEmpty() else "accept" if self._large_enough() else "small"
        self._hint.setText(text(f"screen_hint_{key}", self._language, smallest=self._smallest))
        self._hint.adjustSize()
        at = self._hint.rect()
        at.moveCenter(self.rect().center())
        at.moveTop(40)
        if at.intersects(drawn):
            at.moveBottom(self.height() - 40)
        self._hint.setGeometry(at)
        self.setAccessibleName(self._hint.text())

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
            far = event.position().toPoint() - self._from
            self._draw(QRect(self._from, QSize(far.x(), far.y())).normalized() & self.rect())

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
