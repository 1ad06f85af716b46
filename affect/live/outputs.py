"""The files that a run writes: CSV and annotated video."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from affect.live.results import FaceResult
from affect.live.sinks import CsvSink, VideoSink
from affect.live.sources import Frame


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
            from affect.live.overlay import Overlay  # a run that draws nothing does not load fonts

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
