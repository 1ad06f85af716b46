"""Statistics of a run: frame rate, status lines without a window, and a summary at the end."""

from __future__ import annotations

import sys
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Final

from affect.command_line import takes_output
from affect.emotions import EMOTIONS, UNCERTAIN, label_name
from affect.live.darkness import too_dark
from affect.live.frame import FaceResult
from affect.live.sources.files import Frame
from affect.live.texts import certainty, percent, text

RATE_S: Final = 2.0
TOO_DARK_SHARE: Final = 0.05  # share of dark frames from which it is reported: a film may begin in the dark


@dataclass
class Summary:
    """Counts frames, faces and labels, except those of a picture known to be black or frozen.

    language: "en" or "es".
    usable: number of frames whose picture was neither black nor frozen.
    fps:    frames per second over the last RATE_S or, for a slow source, the last two frames; None before the second.
    paused_s, lost_s: total time of pauses, and of lost, black or frozen pictures, in seconds.
    """

    language: str
    source: str = ""
    model: str = ""
    frames: int = 0
    usable: int = 0
    with_face: int = 0
    too_dark: int = 0
    emotions: Counter[str] = field(default_factory=Counter)
    fps: float | None = None
    paused_s: float = 0.0
    lost_s: float = 0.0
    timestamp_s: float = 0.0
    _times: deque[float] = field(default_factory=deque)  # of the frames within RATE_S, and of the one before
    _readable: bool = True  # whether the last frame was usable
    _started: float = 0.0
    _last: float = 0.0
    _printed: float = -1.0

    def start(self, source: str, model: str) -> None:
        """Start the clock, and set the names of source and model."""
        self.source, self.model = source, model
        self._started = self._last = time.monotonic()

    @property
    def elapsed_s(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._started

    def add(self, frame: Frame, results: list[FaceResult], usable: bool = True) -> None:
        """Count one frame and its faces.   usable: the picture is neither black nor frozen."""
        self._last = time.monotonic()
        self._times.append(self._last)
        while len(self._times) > 1 and self._times[1] <= self._last - RATE_S:
            self._times.popleft()
        passed_s = self._last - self._times[0]
        self.fps = (len(self._times) - 1) / passed_s if passed_s > 0 else None
        self.timestamp_s = frame.timestamp_s
        self.frames += 1
        self._readable = usable
        if not usable:
            return
        self.usable += 1
        self.with_face += bool(results)
        self.too_dark += not results and too_dark(frame.picture)
        self.emotions.update(result.emotion for result in results)

    def interrupted(self, paused_s: float = 0.0, lost_s: float = 0.0) -> None:
        """Add the duration of a pause or a signal problem, and restart the measurement of the frame rate."""
        self.paused_s += paused_s
        self.lost_s += lost_s
        self._times.clear()

    def print_line(self, results: list[FaceResult]) -> None:
        """Print time, frame rate and labels, at most once per second; not if stdout would make the analysis wait."""
        if (self._printed >= 0 and time.monotonic() - self._printed < 1) or not takes_output(sys.stdout):
            return
        self._printed = time.monotonic()
        faces = ", ".join(self._told(r) for r in results) or self._text("no_face")
        faces = faces if self._readable else self._text("no_picture")
        rate = "" if self.fps is None else self._text("summary_rate", fps=self.fps)
        line = {"time": self.timestamp_s, "frame": self.frames - 1, "rate": rate, "faces": faces}
        print(self._text("summary_line", **line), flush=True)

    def _told(self, result: FaceResult) -> str:
        name = label_name(result.emotion, self.language)
        label = name if result.emotion == UNCERTAIN else f"{name} {certainty(result.confidence, self.language)}"
        return self._text("summary_face", id=result.face_id, label=label)

    def _text(self, key: str, **values: object) -> str:
        return text(key, self.language, **values)

    def print(self) -> None:
        """Print a summary of the whole run; nothing if no frame was analysed."""
        if not self.frames:
            return
        took = max(1e-6, self._last - self._started)
        counts = {"count": self.frames, "source": self.source, "took": took, "rate": self.frames / took}
        lines = ["", self._text("summary_frames", **counts), self._text("summary_model", model=self.model)]
        for key, seconds in (("summary_paused", self.paused_s), ("summary_lost", self.lost_s)):
            if seconds:
                lines.append(self._text(key, seconds=seconds))
        if self.usable:
            lines.append(self._text("summary_share", share=percent(self.with_face / self.usable, self.language)))
            if self.too_dark >= TOO_DARK_SHARE * self.usable:
                share = percent(self.too_dark / self.usable, self.language)
                lines.append(self._text("too_dark", share=share))
        total = sum(self.emotions.values())
        if total:
            lines.append(self._text("summary_labels"))
        for emotion in sorted((*EMOTIONS, UNCERTAIN), key=lambda e: -self.emotions[e]):
            if self.emotions[emotion]:
                share = percent(self.emotions[emotion] / total, self.language)
                lines.append(f"  {label_name(emotion, self.language):<10} {share:>5}")
        print(*lines, self._text("summary_worth"), sep="\n", flush=True)
