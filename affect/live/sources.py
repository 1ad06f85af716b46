"""Where frames come from: camera, video file, image file, network stream, the screen, or the built-in demo clip."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np

from affect.errors import AffectError
from affect.live.captures import CameraSource, StreamSource, quiet_capture, rate_of
from affect.live.frame import Frame, Source
from affect.live.texts import text
from affect.preprocessing import Image

STREAM_SCHEMES = ("rtsp://", "rtsps://", "http://", "https://", "rtmp://", "udp://")


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
    from affect.pictures import is_picture  # Pillow's readers are for files alone

    return ImageSource(path, language) if is_picture(path) else VideoSource(path, language)


class VideoSource:
    """A video file: every frame, in order, on the file's own clock; in recorded calls its rate varies."""

    kind = "video"
    live = False

    def __init__(self, path: Path, language: str = "en") -> None:
        self._capture = quiet_capture(str(path), cv2.CAP_ANY)
        ok, first = self._capture.read() if self._capture.isOpened() else (False, None)
        if not ok or first is None:
            raise AffectError(text("video_unreadable", language, path=path))
        self._first = first
        self._start_s = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        self.name = path.name
        self.description = text("video", language, name=path.name)
        self.fps = rate_of(self._capture)

    def frames(self) -> Iterator[Frame]:
        """See `Source.frames`."""
        picture, told_s = self._first, 0.0
        for index in itertools.count():
            yield Frame(picture, told_s, index)  # type: ignore[arg-type]
            ok, picture = self._capture.read()
            if not ok:
                return
            told_s = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000 - self._start_s

    def close(self) -> None:
        """See `Source.close`."""
        self._capture.release()


class ImageSource:
    """An image file: one frame."""

    kind = "image"
    live = False
    fps = 1.0

    def __init__(self, path: Path, language: str = "en") -> None:
        from affect.pictures import read_picture

        picture = read_picture(path)
        if picture is None:
            raise AffectError(text("image_unreadable", language, path=path))
        self._picture = picture
        self.name = path.name
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
    name = ""
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
