"""Live sources that OpenCV captures: cameras and network streams. A lost signal is waited for."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # our own error line says it better

import cv2

from affect.errors import AffectError
from affect.live.frame import Frame
from affect.live.retries import Retries
from affect.live.texts import text

OPEN_TIMEOUT_MS: Final = 10_000
READ_TIMEOUT_MS: Final = 5_000  # a stream that is silent for so long is opened anew
WHOLE: Final = 0.9  # formats only estimate their number of frames; a video of which so many were read has ended

PROBED: Final = 6  # camera indices that are tried where the wanted one does not answer
PROBE_S: Final = 5.0  # and for how long in all: a camera that another program holds can keep one waiting


class _CaptureSource:
    """What a camera and a stream have in common."""

    live = True

    def __init__(self) -> None:
        self._retries = Retries()
        self._capture = self._open()
        self.fps = rate_of(self._capture)

    def _open(self) -> cv2.VideoCapture:
        """A new capture, opened or not."""
        raise NotImplementedError

    def _is_over(self) -> bool:
        """Whether a source that gives nothing has come to its end. Raises AffectError where it broke off for good."""
        return False

    def frames(self) -> Iterator[Frame]:
        """See `Source.frames`."""
        start = time.monotonic()
        number = 0
        while not self._retries.interrupted:
            ok, picture = self._capture.read()
            if ok:
                self._retries.succeeded()
                yield Frame(picture, time.monotonic() - start, number)  # type: ignore[arg-type]
                number += 1
            elif self._is_over():
                return
            else:
                self._capture.release()  # a camera that is plugged in again gets its number only where that is free
                if self._retries.wait():
                    self._capture = self._open()

    def interrupt(self) -> None:
        """See `Interruptible.interrupt`."""
        self._retries.interrupt()

    def close(self) -> None:
        """See `Source.close`."""
        self._capture.release()


class CameraSource(_CaptureSource):
    """A camera of this computer, opened with the backend that starts fastest on its platform."""

    kind = "camera"

    def __init__(self, index: int, language: str = "en") -> None:
        self._index = index
        super().__init__()
        if not self._capture.isOpened():
            raise AffectError(text("camera_missing", language, index=index, others=_others(index, language)))
        if not self._capture.read()[0]:
            self._capture.release()
            raise AffectError(text("camera_silent", language, index=index, others=_others(index, language)))
        self.name = str(index)
        self.description = text("camera", language, index=index)

    def _open(self) -> cv2.VideoCapture:
        capture = quiet_capture(self._index, _camera_backend())
        # uncompressed 720p does not fit through USB 2 at 30 frames a second, MJPEG does
        capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, 1280)
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, 720)
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # the newest frame, not one of a queue
        return capture


class StreamSource(_CaptureSource):
    """A video stream from the network (RTSP or HTTP).

    A video file behind an address ends as a file does. Where it breaks off before, it cannot go on from there.
    """

    kind = "stream"
    name = ""  # its address may hold a password

    def __init__(self, address: str, language: str = "en") -> None:
        self._address = address
        self._language = language
        super().__init__()
        if not self._capture.isOpened():
            raise AffectError(text("stream_missing", language, address=address))
        self.description = text("stream", language)

    def _open(self) -> cv2.VideoCapture:
        timeouts = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, OPEN_TIMEOUT_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, READ_TIMEOUT_MS]
        return quiet_capture(self._address, cv2.CAP_FFMPEG, timeouts)

    def _is_over(self) -> bool:
        count = self._capture.get(cv2.CAP_PROP_FRAME_COUNT)  # below zero where nobody knows, as of a camera
        if count <= 0:
            return False
        seen = self._capture.get(cv2.CAP_PROP_POS_FRAMES)
        if seen < WHOLE * count:
            lengths = {"seconds": seen / self.fps, "whole": count / self.fps}
            raise AffectError(text("stream_cut", self._language, address=self._address, **lengths))
        return True


def quiet_capture(what: int | str, backend: int, settings: list[int] | None = None) -> cv2.VideoCapture:
    """A capture, opened or not, without OpenCV's own warnings on stderr.   settings: property, value, property …"""
    level = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        return cv2.VideoCapture(what, backend, settings or [])
    finally:
        cv2.utils.logging.setLogLevel(level)


def rate_of(capture: cv2.VideoCapture) -> float:
    """A capture's nominal frames per second; 30 where it tells none, or an odd one."""
    rate = capture.get(cv2.CAP_PROP_FPS)
    return float(rate) if 1 <= rate <= 240 else 30.0


def answering_cameras(besides: int) -> list[int]:
    """The indices of cameras that give a picture, of the first PROBED but one; those that do so within PROBE_S."""
    answered: list[int] = []

    def probe() -> None:
        for index in _candidates():
            if index == besides:
                continue
            capture = quiet_capture(index, _camera_backend())
            if capture.isOpened() and capture.read()[0]:
                answered.append(index)
            capture.release()

    prober = threading.Thread(target=probe, name="prober", daemon=True)
    prober.start()
    prober.join(PROBE_S)
    return list(answered)


def _candidates() -> list[int]:
    """Indices at which there may be a camera; on Linux each has a device file, and most cameras have two."""
    if sys.platform == "linux":
        names = (path.name.removeprefix("video") for path in Path("/dev").glob("video*"))
        return sorted(int(name) for name in names if name.isdecimal())[: 2 * PROBED]
    return list(range(PROBED))


def _others(index: int, language: str) -> str:
    """A sentence that says which other cameras answer."""
    found = answering_cameras(index)
    if not found:
        return text("cameras_none", language)
    return text("cameras_answering", language, cameras=", ".join(f"--source {camera}" for camera in found))


def _camera_backend() -> int:
    return {"win32": cv2.CAP_DSHOW, "darwin": cv2.CAP_AVFOUNDATION}.get(sys.platform, cv2.CAP_V4L2)
