"""Where results go beside the screen: a CSV file, an annotated video."""

from __future__ import annotations

import csv
import errno
import io
import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, cast

from affect.emotions import EMOTIONS
from affect.errors import AffectError
from affect.faces.preprocessing import Image
from affect.live.frame import FaceResult
from affect.live.sources.files import Frame
from affect.live.texts import TextError

if TYPE_CHECKING:
    from affect.live.recording.encoding import VideoFile
from contextlib import ExitStack


class Outputs:
    """The files of one run, opened together and closed together.

    csv, video: files to write, or None.   fps: nominal, of the source.   sound: the file whose sound the video takes.
    Raises AffectError where one cannot be written.
    """

    def __init__(
        self, language: str, fps: float, csv: Path | None, video: Path | None, sound: Path | None = None
    ) -> None:
        with ExitStack() as stack:
            self._csv = stack.enter_context(CsvSink(csv)) if csv else None
            self._video = stack.enter_context(VideoSink(video, fps, sound)) if video else None
            self._open = stack.pop_all()
        if self._video is not None:
            from affect.live.window.overlay import Overlay  # a run that draws nothing does not load fonts

            self._overlay = Overlay(language)

    def write(self, frame: Frame, results: list[FaceResult], fps: float | None) -> None:
        """One frame, in order.   fps: shown in the video; None: not known yet."""
        if self._csv is not None:
            self._csv.write(frame, results)
        if self._video is not None:
            self._video.write(frame, self._overlay.draw(frame.picture, results, fps))

    def __enter__(self) -> Outputs:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._open.close()


COLUMNS: list[object] = [
    *("timestamp_s", "frame", "face_id", "x", "y", "width", "height", "emotion", "confidence"),
    *(f"p_{emotion}" for emotion in EMOTIONS),
]


class CsvSink:
    """A row per face and frame. Every frame's rows are handed to the system at once, so a kill tears no row.

    An existing file is replaced.   failure: the key of the sentence that tells a person it cannot be written.
    Raises AffectError where it cannot be written; what was written before stays whole.
    """

    def __init__(self, path: Path, failure: str = "csv_unwritable") -> None:
        self._path = path
        self._failure = failure
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("wb", buffering=0)
        except OSError as error:
            raise self._failed(error) from error
        self._size = 0
        self._append([COLUMNS])

    def write(self, frame: Frame, results: list[FaceResult]) -> None:
        """The faces of one frame."""
        if results:
            self._append([_row(frame, result) for result in results])

    def sync(self) -> None:
        """Wait until everything written is on the disk itself, so that a power cut does not take it."""
        try:
            os.fsync(self._file.fileno())
        except OSError as error:
            raise self._failed(error) from error

    def _append(self, rows: list[list[object]]) -> None:
        """All of the rows, or none of them."""
        lines = io.StringIO()
        csv.writer(lines, lineterminator="\n").writerows(rows)
        data = lines.getvalue().encode()
        try:
            if self._file.write(data) != len(data):  # what a full disk does with the last bit of room
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            with suppress(OSError):
                self._file.truncate(self._size)
            raise self._failed(error) from error
        self._size += len(data)

    def _failed(self, error: OSError) -> AffectError:
        return TextError(self._failure, path=self._path, reason=error.strerror)

    def __enter__(self) -> CsvSink:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._file.close()


def _row(frame: Frame, result: FaceResult) -> list[object]:
    return [
        f"{frame.timestamp_s:.3f}",
        frame.number,
        result.face_id,
        *result.box,
        result.emotion,
        f"{result.confidence:.6f}",
        *(f"{p:.6f}" for p in result.probabilities),
    ]


class _VideoBytes(io.FileIO):
    """A file that remembers why it could not be written, and never writes a part only."""

    failure: OSError | None = None

    def write(self, data: Any) -> int:
        try:
            if super().write(data) != len(data):  # what a full disk does with the last bit of room
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            self.failure = error
            raise
        return len(data)


class VideoSink:
    """An annotated video with the source's times, and its sound where it is a file: H.264 in .mp4, JPEG in .avi.

    Both can be played up to about the last second after a kill.   fps: nominal frames per second.
    sound: the file whose sound is taken along; None: none.
    Raises AffectError for another ending, or where the file cannot be written.
    """

    KINDS = {".avi": "avi", ".mp4": "mp4"}  # noqa: RUF012

    def __init__(self, path: Path, fps: float, sound: Path | None = None) -> None:
        kind = self.KINDS.get(path.suffix.lower())
        if kind is None:
            raise TextError("video_ending", path=path)
        self._path, self._kind, self._fps, self._sound = path, kind, fps, sound
        self._video: VideoFile | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = _VideoBytes(path, "wb")
        except OSError as error:
            raise self._failed(error) from error

    def write(self, frame: Frame, picture: Image) -> None:
        """One annotated frame; a later change of size is scaled to the first frame's."""
        from affect.live.recording.encoding import ERRORS, VideoFile  # FFmpeg is for runs that write a video alone

        try:
            if self._video is None:
                size = (picture.shape[1], picture.shape[0])
                self._video = VideoFile(cast(IO[bytes], self._file), self._kind, self._fps, size, self._sound)
            self._video.write(picture, frame.timestamp_s)
        except ERRORS as error:
            raise self._failed(self._file.failure or error) from error  # FFmpeg does not always pass it on

    def _failed(self, error: Exception) -> AffectError:
        reason = getattr(error, "strerror", None) or error
        return TextError("video_unwritable", path=self._path, reason=reason)

    def __enter__(self) -> VideoSink:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        video, self._video = self._video, None
        try:
            if video is not None:
                video.close()
        except Exception as failure:
            if kind is None:  # else what went wrong first is told
                raise self._failed(self._file.failure or failure) from failure
        finally:
            self._file.close()
