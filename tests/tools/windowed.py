"""A program with the real window over a still frame; prints what a session would be told: `windowed.py LANGUAGE`.

The session asks for consent at `r`, and for a text at `m`; it shows in the window what it was told.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace

import numpy as np
from affect.live.window.loop import WindowLoop
from skimage.data import astronaut

from affect.faces.detection import HaarDetector
from affect.live.frame import FaceResult
from affect.live.window.control import Command, Question, Status

QUESTIONS = {
    Command.RECORD: {"en": Question("Has she agreed?", "yes-no"), "es": Question("¿Está de acuerdo?", "yes-no")},
    Command.MARK: {"en": Question("A few words:", "text"), "es": Question("Unas palabras:", "text")},
}


class Session:
    """Acts as the real one does, as far as the window can see."""

    def __init__(self, language: str) -> None:
        self._now = Status(language, fps=30.0)
        self._started: float | None = None

    def status(self) -> Status:
        recorded = None if self._started is None else time.monotonic() - self._started
        return replace(self._now, recording_s=recorded)

    def command(self, command: Command) -> None:
        print(command.value, flush=True)
        if command in QUESTIONS:
            self._now = replace(self._now, question=QUESTIONS[command][self._now.language])
        elif command is Command.PAUSE:
            self._now = replace(self._now, paused=not self._now.paused)
        elif command is Command.LANGUAGE:
            self._now = replace(self._now, language="en" if self._now.language == "es" else "es")

    def draft(self, text: str) -> None:
        """Only the answer is told."""

    def answer(self, text: str | None) -> None:
        print(f"answer {text!r}", flush=True)
        if self._now.question is not None and self._now.question.kind == "yes-no" and text == "yes":
            self._started = time.monotonic()
        self._now = replace(self._now, question=None)


def main() -> None:
    picture = np.zeros((480, 640, 3), np.uint8)
    picture[:, 80:560] = astronaut()[:480, 16:496, ::-1]
    box = HaarDetector().detect(picture)[0]
    probabilities = np.array([0.01, 0.02, 0.01, 0.01, 0.84, 0.06, 0.02, 0.03], np.float32)
    screen = WindowLoop(Session(sys.argv[1]))
    screen.run(lambda: screen.offer(picture, [FaceResult(1, box, probabilities, "happy")]), lambda: None, stays=True)
    print("left", flush=True)


if __name__ == "__main__":
    main()
