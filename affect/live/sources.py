"""Where frames come from: camera, video file, image file, network stream, the screen, or the built-in demo clip."""

from __future__ import annotations

import itertools
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple, Protocol

os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # our own error line says it better

import cv2
import numpy as np

from affect.errors import AffectError
from affect.live.texts import text
from affect.preprocessing import Image

IMAGE_ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff")
STREAM_SCHEMES = ("rtsp://", "rtsps://", "http://", "https://", "rtmp://", "udp://")


class Frame(NamedTuple):
    """One picture of a source.

    picture:     uint8 BGR (height, width, 3).
    timestamp_s: seconds since the source's start: the file's own clock, or the wall clock of a live source.
    number:      0, 1, 2 …
    """

    picture: Image
    timestamp_s: float
    number: int


class Source(Protocol):
    """Anything that gives frames.

    kind:        "camera", "video", "image", "stream", "screen" or "demo".
    description: for the person, in a few words.   live: frames come at their own pace and cannot be repeated.
    fps:         nominal frames per second.
    """

    kind: str
    description: str
    live: bool
    fps: float

    def frames(self) -> Iterator[Frame]:
        """The frames in order, until the source ends. Raises AffectError where a live source breaks off."""
        ...

    def close(self) -> None:
        """Give the device or file back."""
        ...


def _on_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def open_source(spec: str, language: str = "en", tell: Callable[[str], None] = _on_stderr) -> Source:
    """The source that the command line names: a camera index, a file, a stream's address, "screen…", or "demo".

    language: of messages and descriptions, "en" or "es".   tell: takes a line for the person.
    "screen" may open a window in which the person draws a rectangle: call this in the main thread.
    Raises AffectError where it cannot be opened.
    """
    if spec == "demo":
        return DemoSource(language)
    if spec.isdecimal():
        return CameraSource(int(spec), language)
    if spec.lower().startswith(STREAM_SCHEMES):
        return StreamSource(spec, language)
    if spec.lower() == "screen" or spec.lower().startswith("screen:"):
        from affect.live.screen_source import open_screen  # mss is for this source alone

        return open_screen(spec[len("screen:") :].strip().lower(), language, tell)
    path = Path(spec)
    if not path.is_file():
        raise AffectError(text("source_unknown", language, spec=spec))
    image = path.suffix.lower() in IMAGE_ENDINGS
    return ImageSource(path, language) if image else VideoSource(path, language)


class CameraSource:
    """A camera of this computer, opened with the backend that starts fastest on its platform."""

    kind = "camera"
    live = True

    def __init__(self, index: int, language: str = "en") -> None:
        backend = {"win32": cv2.CAP_DSHOW, "darwin": cv2.CAP_AVFOUNDATION}.get(sys.platform, cv2.CAP_V4L2)
        self._capture = _quiet_capture(index, backend)
        # uncompressed 720p does not fit through USB 2 at 30 frames a second, MJPEG does
        self._capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
        self._capture.set(cv2.CAP_PROP_FRAME_WIDTH, 1280)
        self._capture.set(cv2.CAP_PROP_FRAME_HEIGHT, 720)
        self._capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # the newest frame, not one of a queue
        if not self._capture.isOpened():
            raise AffectError(text("camera_missing", language, index=index))
        if not self._capture.read()[0]:
            self._capture.release()
            raise AffectError(text("camera_silent", language, index=index))
        self.description = text("camera", language, index=index)
        self._language = language
        self.fps = _rate(self._capture)

    def frames(self) -> Iterator[Frame]:
        """See `Source.frames`."""
        yield from _live_frames(self._capture, self.description, self._language)

    def close(self) -> None:
        """See `Source.close`."""
        self._capture.release()


class StreamSource:
    """A video stream from the network (RTSP or HTTP)."""

    kind = "stream"
    live = True

    def __init__(self, address: str, language: str = "en") -> None:
        self._capture = _quiet_capture(address, cv2.CAP_FFMPEG)
        if not self._capture.isOpened():
            raise AffectError(text("stream_missing", language, address=address))
        self.description = text("stream", language)
        self._language = language
        self.fps = _rate(self._capture)

    def frames(self) -> Iterator[Frame]:
        """See `Source.frames`."""
        yield from _live_frames(self._capture, self.description, self._language)

    def close(self) -> None:
        """See `Source.close`."""
        self._capture.release()


class VideoSource:
    """A video file: every frame, in order, on the file's own clock; in recorded calls its rate varies."""

    kind = "video"
    live = False

    def __init__(self, path: Path, language: str = "en") -> None:
        self._capture = _quiet_capture(str(path), cv2.CAP_ANY)
        ok, first = self._capture.read() if self._capture.isOpened() else (False, None)
        if not ok or first is None:
            raise AffectError(text("video_unreadable", language, path=path))
        self._first = np.asarray(first, np.uint8)
        self._start_s = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        self.description = text("video", language, name=path.name)
        self.fps = _rate(self._capture)

    def frames(self) -> Iterator[Frame]:
        """See `Source.frames`."""
        picture: Image | None = self._first
        time_s, index = 0.0, 0
        while picture is not None:
            yield Frame(picture, time_s, index)
            ok, read = self._capture.read()
            picture = np.asarray(read, np.uint8) if ok else None
            index += 1
            told_s = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000 - self._start_s
            time_s = told_s if told_s > time_s else time_s + 1 / self.fps  # some formats tell no times, or odd ones

    def close(self) -> None:
        """See `Source.close`."""
        self._capture.release()


class ImageSource:
    """An image file: one frame."""

    kind = "image"
    live = False
    fps = 1.0

    def __init__(self, path: Path, language: str = "en") -> None:
        # read as bytes: cv2.imread cannot open paths with accents on Windows
        data = np.frombuffer(path.read_bytes(), np.uint8)
        picture = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
        if picture is None:
            raise AffectError(text("image_unreadable", language, path=path))
        self._picture = np.asarray(picture, np.uint8)
        self.description = text("image", language, name=path.name)

    def frames(self) -> Iterator[Frame]:
        """See `Source.frames`."""
        yield Frame(self._picture, 0.0, 0)

    def close(self) -> None:
        """See `Source.close`."""


class DemoSource:
    """A clip made on the fly from NASA's public-domain portrait of Eileen Collins, as scikit-image ships it.

    1280×720, 30 frames a second, 20 seconds: slow zoom and pan, and the light goes down and up.
    endless: it goes round until the person leaves.
    """

    kind = "demo"
    live = False
    fps = 30.0
    SECONDS = 20
    SIZE = (1280, 720)
    FACE = (222.0, 118.0)  # the middle of the face in the 512×512 portrait
    endless = False

    def __init__(self, language: str = "en") -> None:
        from skimage.data import astronaut

        self._portrait = np.ascontiguousarray(astronaut()[:, :, ::-1])
        self.description = text("demo", language)

    def frames(self) -> Iterator[Frame]:
        """See `Source.frames`."""
        for index in itertools.count():
            if index == round(self.SECONDS * self.fps) and not self.endless:
                return
            yield Frame(self.picture(index / self.fps), index / self.fps, index)

    def picture(self, time_s: float) -> Image:
        """The clip's picture at a time, uint8 BGR (720, 1280, 3)."""
        width, height = self.SIZE
        turn = 2 * np.pi * time_s / self.SECONDS
        zoom = 2.9 - 0.2 * np.cos(3 * turn)
        x = width * (0.43 + 0.03 * np.sin(2 * turn))
        y = height * (0.40 + 0.02 * np.sin(3 * turn))
        matrix = np.array([[zoom, 0, x - zoom * self.FACE[0]], [0, zoom, y - zoom * self.FACE[1]]])
        moved = cv2.warpAffine(
            self._portrait,
            matrix,
            self.SIZE,
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        light = 0.85 + 0.25 * np.sin(4 * turn)
        return np.asarray(cv2.convertScaleAbs(moved, alpha=light), np.uint8)

    def close(self) -> None:
        """See `Source.close`."""


def _quiet_capture(what: int | str, backend: int) -> cv2.VideoCapture:
    """A capture, opened or not, without OpenCV's own warnings on stderr."""
    level = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        return cv2.VideoCapture(what, backend)
    finally:
        cv2.utils.logging.setLogLevel(level)


def _rate(capture: cv2.VideoCapture) -> float:
    rate = capture.get(cv2.CAP_PROP_FPS)
    return float(rate) if 1 <= rate <= 240 else 30.0


def _live_frames(capture: cv2.VideoCapture, description: str, language: str) -> Iterator[Frame]:
    start = time.monotonic()
    index = 0
    while True:
        ok, picture = capture.read()
        if not ok:
            seconds = time.monotonic() - start
            raise AffectError(text("source_lost", language, description=description, seconds=seconds))
        yield Frame(np.asarray(picture, np.uint8), time.monotonic() - start, index)
        index += 1
