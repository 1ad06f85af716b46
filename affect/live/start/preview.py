"""The picture of a camera, or of a part of the screen, in the start window."""

from __future__ import annotations

import threading

import numpy as np
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QWidget

from affect.faces.preprocessing import Image
from affect.live.sources.captures import open_camera
from affect.live.window.picture import scaled

SHOWN = (384, 216)  # size of a preview, in Qt's pixels


class Preview:
    """Reads a camera in a thread.   newest: its last picture, uint8 BGR; None before the first."""

    def __init__(self, index: int) -> None:
        self.newest: Image | None = None
        self._ended = threading.Event()
        self._reader = threading.Thread(target=self._read, args=(index,), daemon=True)
        self._reader.start()

    def _read(self, index: int) -> None:
        capture = open_camera(index)
        while capture.isOpened() and not self._ended.wait(0.02):
            ok, picture = capture.read()
            self.newest = np.asarray(picture, np.uint8) if ok else self.newest
        capture.release()

    def close(self) -> None:
        """Free the camera; one that does not answer is left to its thread."""
        self._ended.set()
        self._reader.join(2)


def show_picture(where: QWidget, picture: Image) -> None:
    """Show a picture, uint8 BGR, in a label, in its own aspect ratio."""
    ratio = where.devicePixelRatioF()
    scale = min(SHOWN[0] / picture.shape[1], SHOWN[1] / picture.shape[0]) * ratio
    pixels = scaled(picture, max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    image = QImage(pixels.data, pixels.shape[1], pixels.shape[0], pixels.strides[0], QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    where.setPixmap(QPixmap.fromImage(image))  # type: ignore[attr-defined]
