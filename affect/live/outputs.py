"""Everything a frame's results go to: CSV, annotated video, window."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from affect.live.overlay import FaceResult, Overlay
from affect.live.sinks import CsvSink, VideoSink
from affect.live.sources import Frame, ImageSource, Source
from affect.live.summary import Summary
from affect.live.window import Window
from affect.preprocessing import Image


class Outputs:
    """The outputs of one run, opened together and closed together.

    windowed: show a window.   csv, video: files to write, or None.   Raises AffectError where one cannot be written.
    """

    def __init__(self, source: Source, language: str, windowed: bool, csv: Path | None, video: Path | None) -> None:
        self._source = source
        self._windowed = windowed
        self._overlay = Overlay(language)
        self._shown: Image | None = None
        self._window: Window | None = None
        with ExitStack() as stack:
            self._csv = stack.enter_context(CsvSink(csv)) if csv else None
            self._video = stack.enter_context(VideoSink(video, source.fps)) if video else None
            self._open = stack.pop_all()

    def emit(self, frame: Frame, results: list[FaceResult], summary: Summary) -> bool:
        """Write and show one frame. Returns False once the person wants to leave."""
        if self._csv is not None:
            self._csv.write(frame, results)
        if self._video is None and not self._windowed:
            return True
        self._shown = self._overlay.draw(frame.picture, results, summary.fps)
        if self._video is not None:
            self._video.write(frame, self._shown)
        if not self._windowed:
            return True
        if self._window is None:
            self._window = self._open.enter_context(Window("affect", frame.picture.shape[1], frame.picture.shape[0]))
        ahead_s = 0.0 if self._source.live else frame.timestamp_s - summary.elapsed_s  # a file plays at its own speed
        return self._window.show(self._shown, round(1000 * ahead_s))

    def wait_after_image(self) -> None:
        """An image file stays on the screen until the person leaves."""
        if isinstance(self._source, ImageSource) and self._window is not None and self._shown is not None:
            while self._window.show(self._shown, 50):
                pass

    def __enter__(self) -> Outputs:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._open.close()
