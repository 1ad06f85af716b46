"""What the windows' tests share: a session and a classifier that note what they are told, and made-up faces."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from affect.emotions import EMOTIONS
from affect.faces.detection import FaceBox
from affect.live.control import Command, Question, Status
from affect.live.frame import FaceResult
from affect.model.calibration import Sensitivity

CONSENT = {"en": Question("Has she agreed?", "yes-no"), "es": Question("¿Está de acuerdo?", "yes-no")}
NOTE = {"en": Question("A few words:", "text"), "es": Question("Unas palabras:", "text")}


class FakeSession:
    """Asks for consent at `record` and for a text at `mark`, as the real one; `told`: what it was told, in order."""

    def __init__(self, language: str = "en") -> None:
        self.now = Status(language, fps=30.0)
        self.told: list[str] = []

    def status(self) -> Status:
        question = self.now.question
        for asked in (CONSENT, NOTE):
            if question in asked.values():
                return replace(self.now, question=asked[self.now.language])
        return self.now

    def command(self, command: Command) -> None:
        self.told.append(command.value)
        language = self.now.language
        if command is Command.LANGUAGE:
            self.now = replace(self.now, language="en" if language == "es" else "es")
        elif command is Command.RECORD:
            recording = self.now.recording_s is not None
            self.now = replace(self.now, recording_s=None, question=None if recording else CONSENT[language])
        elif command is Command.MARK:
            self.now = replace(self.now, question=NOTE[language])
        elif command is Command.PAUSE:
            self.now = replace(self.now, paused=not self.now.paused)

    def draft(self, text: str) -> None:
        self.told.append(f"draft {text}")

    def answer(self, text: str | None) -> None:
        self.told.append(f"answer {text}")
        if text == "yes":
            self.now = replace(self.now, recording_s=1.0)
        self.now = replace(self.now, question=None)


class FakeClassifier:
    """Its sensitivity can be changed, unless `adjustable` is False."""

    adjustable = True
    sensitivity: Sensitivity = "normal"

    def set_sensitivity(self, sensitivity: Sensitivity) -> None:
        self.sensitivity = sensitivity


def face(emotion: str, x: int = 100, face_id: int = 1, share: float = 0.8, label: str | None = None) -> FaceResult:
    """A face at a place, read as one expression with this share.   label: another one than the expression."""
    probabilities = np.full(8, (1 - share) / 7, np.float32)
    probabilities[EMOTIONS.index(emotion)] = share
    return FaceResult(face_id, FaceBox(x, 60, 120, 120), probabilities, label or emotion, 0.9)


def colours(widget: QWidget) -> set[str]:
    """The colours, #RRGGBB, of all pixels of a widget as it is now."""
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(image.constBits(), np.uint32)
    return {f"#{value & 0xFFFFFF:06X}" for value in np.unique(pixels).tolist()}
