"""Where results go beside the screen: a CSV file, an annotated video."""

from __future__ import annotations

import csv
import errno
import io
import os
import shutil
from contextlib import suppress
from pathlib import Path
from types import TracebackType

import cv2

from affect.emotions import EMOTIONS
from affect.errors import AffectError
from affect.live.results import FaceResult
from affect.live.sources import Frame
from affect.live.texts import TextError
from affect.preprocessing import Image

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


class VideoSink:
    """An annotated video on the source's clock: MJPEG in .avi (whole even after a kill), MPEG-4 in .mp4.

    A camera that is slower than `fps` gets its frames repeated, so that the video plays at the true speed; the gap that
    a lost signal leaves is shortened to LONGEST_STILL_S.
    Raises AffectError for another ending, or where the file cannot be written; of a full disk OpenCV says nothing, so
    the room is looked at once in a second of video.
    """

    CODECS = {".avi": "MJPG", ".mp4": "mp4v"}  # noqa: RUF012
    LONGEST_STILL_S = 2.0
    LEAST_ROOM = 1 << 20  # bytes; .mp4 writes its table of contents last, and is unreadable without it

    def __init__(self, path: Path, fps: float) -> None:
        code = self.CODECS.get(path.suffix.lower())
        if code is None:
            raise TextError("video_ending", path=path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise TextError("video_unwritable", path=path, reason=error.strerror) from error
        self._path = path
        self._fps = fps
        self._code = cv2.VideoWriter.fourcc(*code)
        self._writer: cv2.VideoWriter | None = None
        self._size = (0, 0)
        self._written = 0
        self._left_out = 0  # frames of gaps

    def write(self, frame: Frame, picture: Image) -> None:
        """One annotated frame; a later change of size is scaled to the first frame's."""
        if self._writer is None:
            self._size = (picture.shape[1], picture.shape[0])
            self._writer = cv2.VideoWriter(str(self._path), self._code, self._fps, self._size)
            if not self._writer.isOpened():
                raise TextError("video_unwritable", path=self._path, reason="OpenCV")
        if (picture.shape[1], picture.shape[0]) != self._size:
            picture = cv2.resize(picture, self._size)  # type: ignore[assignment]
        due = round(frame.timestamp_s * self._fps) + 1 - self._left_out
        gap = max(0, due - self._written - round(self.LONGEST_STILL_S * self._fps))
        self._left_out += gap
        due -= gap
        if due // self._fps > self._written // self._fps:
            self._look_for_room()
        while self._written < due:
            self._writer.write(picture)
            self._written += 1

    def _look_for_room(self) -> None:
        if shutil.disk_usage(self._path.parent).free < self.LEAST_ROOM:
            raise TextError("video_unwritable", path=self._path, reason=os.strerror(errno.ENOSPC))

    def __enter__(self) -> VideoSink:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if self._writer is not None:
            self._writer.release()
