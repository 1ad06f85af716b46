"""The frame with a mark around each face, scaled to the widget; a mark's colour is that of the label."""

from __future__ import annotations

import cv2
import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from affect.emotions import UNCERTAIN, color_hex, label_name
from affect.faces.preprocessing import Image
from affect.live.frame import FaceResult
from affect.live.window.faces import in_order
from affect.live.window.theme import GROUND, INK, UNSURE


class Picture(QWidget):
    """Shows the newest frame in its own aspect ratio.   language: of the labels of several faces."""

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumSize(120, 80)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.language = "en"
        self._frame: Image | None = None
        self._faces: list[FaceResult] = []

    def show_frame(self, picture: Image, faces: list[FaceResult]) -> None:
        """Show a frame, uint8 BGR (height, width, 3), and its faces."""
        self._frame, self._faces = picture, in_order(faces)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the frame and the marks."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(GROUND))
        if self._frame is None or self.width() < 2 or self.height() < 2:
            return
        high, wide = self._frame.shape[:2]
        scale = min(self.width() / wide, self.height() / high)
        left, top = (self.width() - wide * scale) / 2, (self.height() - high * scale) / 2
        ratio = self.devicePixelRatioF()
        pixels = scaled(self._frame, max(1, round(wide * scale * ratio)), max(1, round(high * scale * ratio)))
        image = QImage(pixels.data, pixels.shape[1], pixels.shape[0], pixels.strides[0], QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(ratio)
        painter.drawImage(round(left), round(top), image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for number, face in enumerate(self._faces, 1):
            x, y, width, height = face.box
            box = QRectF(left + x * scale, top + y * scale, width * scale, height * scale)
            color = QColor(UNSURE if face.emotion == UNCERTAIN else color_hex(face.emotion))
            for pen in (QPen(QColor(GROUND), 4), QPen(color, 2)):  # the dark rim shows it on a background of its colour
                painter.setPen(pen)
                painter.drawRoundedRect(box, 8, 8)
            if len(self._faces) > 1:
                self._tag(painter, box, f"{number}  {label_name(face.emotion, self.language)}", color)

    def _tag(self, painter: QPainter, box: QRectF, words: str, color: QColor) -> None:
        """Draw a label above a face or, at the upper edge, below it."""
        metrics = painter.fontMetrics()
        width, height = metrics.horizontalAdvance(words) + 12, metrics.height() + 4
        x = min(max(0.0, box.left()), self.width() - width)
        y = box.top() - height - 4
        tag = QRectF(x, y if y >= 0 else box.bottom() + 4, width, height)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        painter.drawRoundedRect(tag, 4, 4)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QColor(GROUND if color.lightnessF() > 0.45 else INK))
        painter.drawText(tag, Qt.AlignmentFlag.AlignCenter, words)


def scaled(picture: Image, width: int, height: int) -> Image:
    """Scale a picture, uint8 BGR, to uint8 BGRA (height, width, 4), linearly: averaging takes ten times as long."""
    sized = cv2.resize(picture, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.ascontiguousarray(cv2.cvtColor(sized, cv2.COLOR_BGR2BGRA), np.uint8)
