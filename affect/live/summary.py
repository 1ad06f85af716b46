"""What a run saw: a line a second while it goes on, a few lines at its end, and the frame rate."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field

from affect.emotions import EMOTIONS, UNCERTAIN, label_name
from affect.live.results import FaceResult
from affect.live.sources import Frame
from affect.live.texts import certainty, percent, text
from affect.live.views import too_dark

TOO_DARK_SHARE = 0.05  # of the frames: a film may begin in the dark


@dataclass
class Summary:
    """Counts frames, faces and labels. `language`: "en" or "es"."""

    language: str
    source: str = ""
    model: str = ""
    frames: int = 0
    with_face: int = 0
    too_dark: int = 0
    emotions: Counter[str] = field(default_factory=Counter)
    fps: float | None = None
    timestamp_s: float = 0.0
    _started: float = 0.0
    _last: float = 0.0
    _printed: float = -1.0

    def start(self, source: str, model: str) -> None:
        """The clock starts here."""
        self.source, self.model = source, model
        self._started = self._last = time.monotonic()

    @property
    def elapsed_s(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._started

    def add(self, frame: Frame, results: list[FaceResult]) -> None:
        """One frame and its faces."""
        now = time.monotonic()
        rate = 1 / max(1e-6, now - self._last)
        if self.frames > 0:  # the first interval holds the start-up
            self.fps = rate if self.fps is None else 0.9 * self.fps + 0.1 * rate
        self._last = now
        self.timestamp_s = frame.timestamp_s
        self.frames += 1
        self.with_face += bool(results)
        self.too_dark += not results and too_dark(frame.picture)
        self.emotions.update(result.emotion for result in results)

    def print_line(self, results: list[FaceResult]) -> None:
        """At most once a second: where the source stands, and what the faces show."""
        if self._printed >= 0 and time.monotonic() - self._printed < 1:
            return
        self._printed = time.monotonic()
        faces = ", ".join(self._told(r) for r in results) or self._text("no_face")
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
        """The whole run in a few lines; nothing where no frame was processed."""
        if not self.frames:
            return
        took = max(1e-6, self._last - self._started)
        counts = {"frames": self.frames, "source": self.source, "took": took, "rate": self.frames / took}
        print("\n" + self._text("summary_frames", **counts))
        print(self._text("summary_model", model=self.model))
        print(self._text("summary_share", share=percent(self.with_face / self.frames, self.language)))
        if self.too_dark >= TOO_DARK_SHARE * self.frames:
            print(self._text("too_dark", share=percent(self.too_dark / self.frames, self.language)))
        total = sum(self.emotions.values())
        for emotion in sorted((*EMOTIONS, UNCERTAIN), key=lambda e: -self.emotions[e]):
            if self.emotions[emotion]:
                share = percent(self.emotions[emotion] / total, self.language)
                print(f"  {label_name(emotion, self.language):<10} {share:>5}")
        print(self._text("summary_worth"), flush=True)
