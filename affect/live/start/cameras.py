"""The start window's page of cameras, and its pictures."""

from __future__ import annotations

import threading

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from affect.faces.preprocessing import Image
from affect.live.sources.captures import answering_cameras, camera_name, open_camera
from affect.live.texts import text
from affect.live.window.picture import scaled
from affect.live.window.theme import label, laid

SHOWN = (384, 216)  # size of a preview, in Qt's pixels


class CameraPage(QWidget):
    """Chooses one of the cameras that answer, and shows its picture while it is watched.

    remembered: index of the camera of the last start.   found: indices of those that answer; None: they are looked for.
    """

    def __init__(self, remembered: int) -> None:
        super().__init__()
        self.found: list[int] | None = None
        self._remembered, self._language, self._watched = remembered, "en", False
        self._preview: Preview | None = None
        self.camera, self.again = QComboBox(), QPushButton(autoDefault=False)
        self.shown = label("card", align=Qt.AlignmentFlag.AlignCenter, wraps=True)
        self.shown.setFixedSize(*SHOWN)
        self.camera.currentIndexChanged.connect(lambda: self.watch(self._watched))
        self.again.clicked.connect(self.look)
        laid(QVBoxLayout(self), laid(QHBoxLayout(), self.camera, self.again, grows=0), self.shown, 1)

    def look(self) -> None:
        """Look for cameras in a thread, as one that another program uses can take seconds to answer."""
        self._stop()
        self.found = None
        self.fill(self._language)
        threading.Thread(target=self._find, daemon=True).start()

    def _find(self) -> None:
        self.found = answering_cameras(besides=-1)

    def fill(self, language: str) -> None:
        """List the cameras, in a language."""
        self._language, chosen = language, self.camera.currentData()
        self.camera.blockSignals(True)
        self.camera.clear()
        for index in self.found or ():
            self.camera.addItem(camera_name(index) or text("camera", language, index=index), index)
        self.camera.setCurrentIndex(max(0, self.camera.findData(self._remembered if chosen is None else chosen)))
        self.camera.blockSignals(False)
        self.camera.setVisible(bool(self.found))
        self.again.setEnabled(self.found is not None)
        if not self.found:
            self.shown.setText(text("start_looking" if self.found is None else "start_no_camera", language))

    def watch(self, watched: bool) -> None:
        """Show the chosen camera's picture from now on, or free the camera."""
        self._stop()
        self._watched = watched
        if watched and self.found:
            self._preview = Preview(self.camera.currentData())

    def tick(self) -> bool:
        """Show the newest picture. Returns whether the search for cameras has just ended."""
        ended = self.found is not None and not self.again.isEnabled()
        if ended:
            self.fill(self._language)
            self.watch(self._watched)
        if self._preview is not None and (picture := self._preview.newest) is not None:
            show_picture(self.shown, picture)
        return ended

    def _stop(self) -> None:
        if self._preview is not None:
            self._preview.close()
            self._preview = None


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
