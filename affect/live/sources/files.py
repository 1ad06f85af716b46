"""Sources for video files, image files and the demo clip; `open_source` opens any source by its command-line name."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np

from affect.errors import AffectError, as_shown, without_login
from affect.faces.pictures import is_picture, read_picture
from affect.faces.preprocessing import Image
from affect.files import is_file, is_folder
from affect.live.bundled import MEDIA
from affect.live.darkness import is_black, sampled
from affect.live.frame import Frame, Source
from affect.live.sources.captures import CameraSource, StreamSource
from affect.live.sources.portrait import Portrait
from affect.live.texts import text

STREAM_SCHEMES = ("rtsp://", "rtsps://", "http://", "https://", "rtmp://", "udp://")


def _on_stderr(line: str) -> None:
    print(as_shown(line), file=sys.stderr, flush=True)


def remarks(source: Source, skipped: int, language: str) -> Iterator[str]:
    """Yield warnings about a source's pictures after all were read.   skipped: frames that `FrameFeed` left out."""
    left_out = skipped + getattr(source, "unusable", 0)
    if left_out:
        yield text("pictures_unusable", language, count=left_out)
    if getattr(source, "black", False):
        yield text("video_black", language, source=source.name)


def open_source(spec: str, language: str = "en", tell: Callable[[str], None] = _on_stderr) -> Source:
    """Open the source named on the command line: a camera index, a file, a stream's address, "screen…", or "demo".

    language: of messages and descriptions, "en" or "es".   tell: takes a line for the user.
    Call it in the main thread, as "screen" may open a window in which the user draws a rectangle.
    Raises AffectError if the source cannot be opened.
    """
    if spec == "demo":
        return DemoSource(language)
    if spec.isdecimal():
        return CameraSource(int(spec), language)
    if spec.lower().startswith(STREAM_SCHEMES):
        return StreamSource(spec, language)
    path = Path(spec)
    if spec.lower() == "screen" or (spec.lower().startswith("screen:") and not is_file(path)):
        from affect.live.sources.screen import open_screen  # only this source needs mss

        return open_screen(spec[len("screen:") :].strip().lower(), language, tell)
    if not is_file(path):
        unknown = "source_folder" if is_folder(path) else "source_unknown"
        raise AffectError(text(unknown, language, spec=without_login(spec)))
    return ImageSource(path, language) if is_picture(path) else VideoSource(path, language)


class VideoSource:
    """Source that reads every frame of a video file with the file's timestamps; its frame rate may vary.

    path:        the file.   duration_s: of its video track; None if unknown.
    recorded_at: creation time in the file's metadata; None if there is none.
    black:       all pictures so far were black.   unusable: number of frames that could not be decoded so far.
    """

    kind = "video"
    live = False

    def __init__(self, path: Path, language: str = "en") -> None:
        from affect.live.sources.decoding import (  # only files and streams need FFmpeg
            FILE_PROTOCOLS,
            PictureTrack,
            Undecodable,
        )

        self.path = path
        self.name = as_shown(path.name)
        self._language = language
        try:
            self._track = PictureTrack(str(path.absolute()), {"protocol_whitelist": FILE_PROTOCOLS})
            self._pictures = self._track.pictures()
            self._first = next(self._pictures)
        except (Undecodable, StopIteration):
            raise AffectError(text("video_unreadable", language, path=path)) from None
        self.description = text("video", language, name=self.name)
        self.fps = self._track.fps
        self.duration_s = self._track.duration_s
        self.recorded_at = self._track.recorded_at
        self.black = True

    @property
    def unusable(self) -> int:
        """Number of frames that could not be decoded or converted so far."""
        return self._track.unusable

    def frames(self) -> Iterator[Frame]:
        """See `Source.frames`. Raises AffectError after the last frame of a truncated file."""
        for number, (picture, time_s) in enumerate(itertools.chain([self._first], self._pictures)):
            self.black = self.black and is_black(sampled(picture))
            yield Frame(picture, time_s, number)
        cut = self._track.cut
        if cut is not None:
            key = "cut_somewhere" if cut.whole_s is None else "cut_short"
            raise AffectError(text(key, self._language, source=self.name, **cut._asdict()))

    def close(self) -> None:
        """See `Source.close`."""
        self._track.close()


class ImageSource:
    """Source that gives an image file as one frame."""

    kind = "image"
    live = False
    fps = 1.0

    def __init__(self, path: Path, language: str = "en") -> None:
        picture = read_picture(path)
        if picture is None:
            raise AffectError(text("image_unreadable", language, path=path))
        self._picture = picture
        self.name = as_shown(path.name)
        self.description = text("image", language, name=self.name)

    def frames(self) -> Iterator[Frame]:
        """See `Source.frames`."""
        yield Frame(self._picture, 0.0, 0)

    def close(self) -> None:
        """See `Source.close`."""


class DemoSource:
    """Source that renders a demo clip from NASA's public-domain portrait of Eileen Collins.

    1280×720, 30 frames per second, 34 seconds: six expressions, slow zoom and pan, and changing light.
    endless: repeat the clip until the user leaves.
    """

    kind = "demo"
    name = ""
    live = False
    fps = 30.0
    SECONDS = Portrait.SECONDS
    SIZE = (1280, 720)
    FACE = (222.0, 118.0)  # centre of the face in the portrait, pixels
    endless = False

    def __init__(self, language: str = "en") -> None:
        picture = read_picture(MEDIA / "portrait.png")
        if picture is None:
            raise AffectError(text("image_unreadable", language, path=MEDIA / "portrait.png"))
        self.portrait = Portrait(picture)
        self.description = text("demo", language)

    def frames(self) -> Iterator[Frame]:
        """See `Source.frames`."""
        for index in itertools.count():
            if index == round(self.SECONDS * self.fps) and not self.endless:
                return
            yield Frame(self.picture(index / self.fps), index / self.fps, index)

    def picture(self, time_s: float) -> Image:
        """Render the clip's picture at a time, uint8 BGR (720, 1280, 3)."""
        width, height = self.SIZE
        turn = 2 * np.pi * time_s / self.SECONDS
        zoom = 3.5 - 0.2 * np.cos(4 * turn)
        x = width * (0.43 + 0.03 * np.sin(3 * turn))
        y = height * (0.45 + 0.02 * np.sin(4 * turn))
        matrix = np.array([[zoom, 0, x - zoom * self.FACE[0]], [0, zoom, y - zoom * self.FACE[1]]])
        moved = cv2.warpAffine(
            self.portrait.at(time_s),
            matrix,
            self.SIZE,
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        light = 0.85 + 0.25 * np.sin(6 * turn)
        return np.asarray(cv2.convertScaleAbs(moved, alpha=light), np.uint8)

    def close(self) -> None:
        """See `Source.close`."""
