"""Output sinks for results: CSV file and annotated video."""

from __future__ import annotations

import csv
import errno
import io
import os
import stat
import threading
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from affect.cells import as_cell
from affect.emotions import EMOTIONS
from affect.errors import AffectError, as_shown
from affect.faces.preprocessing import Image
from affect.files import is_still_at
from affect.live.frame import FaceResult
from affect.live.sources.files import Frame
from affect.live.texts import TextError

if TYPE_CHECKING:
    from affect.live.recording.encoding import VideoFile


class Outputs:
    """Context manager for the CSV file and the video of one run.

    csv, video: files to write, or None.   fps: nominal frames per second of the source.
    sound: file whose audio is added to the video; None: no audio.
    Raises AffectError if a file cannot be written.
    """

    def __init__(
        self, language: str, fps: float, csv: Path | None, video: Path | None, sound: Path | None = None
    ) -> None:
        with ExitStack() as stack:
            self._csv = stack.enter_context(CsvSink(csv)) if csv else None
            self._video = stack.enter_context(VideoSink(video, fps, sound)) if video else None
            self._open = stack.pop_all()
        if self._video is not None:
            from affect.live.recording.overlay import Overlay  # loads fonts, which only drawing needs

            self._overlay = Overlay(language)

    def write(self, frame: Frame, results: list[FaceResult], fps: float | None) -> None:
        """Write one frame; frames come in order.   fps: drawn into the video; None: not known yet."""
        if self._csv is not None:
            self._csv.write(frame, results)
        if self._video is not None:
            self._video.write(frame, self._overlay.draw(frame.picture, results, fps))

    def __enter__(self) -> Outputs:
        return self

    def __exit__(self, kind: Any, error: BaseException | None, at: Any) -> None:
        self._open.__exit__(kind, error, at)


COLUMNS = [
    *("timestamp_s", "frame", "face_id", "x", "y", "width", "height", "emotion", "confidence"),
    *(f"p_{emotion}" for emotion in EMOTIONS),
    *("valence", "quality"),
]


class CsvSink:
    """CSV writer with one row per face and frame; a frame without a face has one row with empty face columns.

    Each frame's rows are one unbuffered write, so a kill tears no row.

    An existing file is replaced.   failure: key of the error message.   paths: with a column for the file of each row.
    Raises AffectError if the file cannot be written; rows written before stay intact.
    """

    def __init__(self, path: Path, failure: str = "csv_unwritable", paths: bool = False) -> None:
        self._path = path
        self._failure = failure
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("wb", buffering=0)
        except OSError as error:
            raise self._failed(error) from error
        self._size = 0
        self._lock = threading.Lock()  # `sync` runs in a thread of its own, and must not see half of a write
        self._is_file = stat.S_ISREG(os.fstat(self._file.fileno()).st_mode)  # not a pipe
        self._append([[*COLUMNS, "path"] if paths else COLUMNS])

    def write(self, frame: Frame | None, results: list[FaceResult], path: Path | None = None) -> None:
        """Append the rows of one frame.   frame: None: a file that could not be read.   path: of its file."""
        file = [] if path is None else [as_cell(as_shown(str(path)))]
        self._append([[*_row(frame, result), *file] for result in results or (None,)])

    def sync(self) -> None:
        """Flush everything written to the disk (fsync), so that it survives a power cut; then `check`."""
        try:
            os.fsync(self._file.fileno())
        except OSError as error:
            raise self._failed(error) from error
        self.check()

    def check(self) -> None:
        """Raise AffectError if the file is not what was written: somebody else has deleted, moved or changed it."""
        with self._lock:
            self._check_size()
        if self._is_file and not is_still_at(self._path, self._file.fileno()):
            raise TextError("output_gone", path=self._path)

    def _check_size(self) -> None:
        if self._is_file and os.fstat(self._file.fileno()).st_size != self._size:
            raise TextError("output_gone", path=self._path)

    def close(self) -> None:
        """Close the file as it is."""
        self._file.close()

    def _append(self, rows: Sequence[Sequence[object]]) -> None:
        """Append all of the rows or, after an error, none of them."""
        lines = io.StringIO()
        csv.writer(lines, lineterminator="\n").writerows(rows)
        data = lines.getvalue().encode()
        with self._lock:
            self._check_size()  # a row behind what somebody else took away or added would be torn
            try:
                if self._file.write(data) != len(data):  # a partial write: the disk is full
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

    def __exit__(self, kind: object, error: BaseException | None, at: object) -> None:
        try:
            if not isinstance(error, AffectError):  # of which the first is reported
                self.check()
        finally:
            self.close()


def _row(frame: Frame | None, result: FaceResult | None) -> list[object]:
    at = ["", ""] if frame is None else [f"{frame.timestamp_s:.3f}", frame.number]
    if result is None:
        return [*at, *[""] * (len(COLUMNS) - len(at))]
    return [
        *at,
        result.face_id,
        *result.box,
        result.emotion,
        f"{result.confidence:.6f}",
        *(f"{p:.6f}" for p in result.probabilities),
        f"{result.valence:.6f}",
        f"{result.quality:.3f}",
    ]


class _VideoBytes(io.FileIO):
    """Binary file that keeps its write error and treats a partial write as an error."""

    failure: OSError | None = None

    def write(self, data: Any) -> int:
        try:
            if super().write(data) != len(data):  # a partial write: the disk is full
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            self.failure = error
            raise
        return len(data)


class VideoSink:
    """Video writer with the source's timestamps and, for a file, its audio: H.264 or VP9 in .mp4, MJPEG in .avi.

    After a kill, both can be played up to about the last second.   fps: nominal frames per second.
    sound: file whose audio is added; None: no audio.
    Raises AffectError for another file extension, or if the file cannot be written.
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
        """Write one annotated frame; other sizes are scaled to the first frame's."""
        from affect.live.recording.encoding import ERRORS, VideoFile  # only runs that write a video need FFmpeg

        try:
            if self._video is None:
                size = (picture.shape[1], picture.shape[0])
                self._video = VideoFile(cast(IO[bytes], self._file), self._kind, self._fps, size, self._sound)
            self._video.write(picture, frame.timestamp_s)
        except ERRORS as error:
            raise self._failed(self._file.failure or error) from error  # FFmpeg may not pass on the file's error

    def _failed(self, error: Exception) -> AffectError:
        reason = getattr(error, "strerror", None) or error
        return TextError("video_unwritable", path=self._path, reason=reason)

    def __enter__(self) -> VideoSink:
        return self

    def __exit__(self, kind: object, error: BaseException | None, at: object) -> None:
        video, self._video = self._video, None
        try:
            if video is not None:
                video.close()
            if not is_still_at(self._path, self._file.fileno()):
                raise TextError("output_gone", path=self._path)
        except Exception as failure:
            if not isinstance(error, AffectError):  # of which the first is reported
                gone = isinstance(failure, AffectError)
                raise failure if gone else self._failed(self._file.failure or failure) from failure
        finally:
            self._file.close()
