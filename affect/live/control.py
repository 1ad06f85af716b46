"""Interface between the window and the session: commands, questions and status.

The window turns keys into commands and answers; the session (`affect.live.session`) executes them and gives its status.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Literal, Protocol

from affect.model.calibration import Sensitivity


class Command(Enum):
    """Commands of the keyboard. RECORD, BASELINE and PAUSE are toggles: a second press ends what the first began.

    The window handles HELP itself; it is not passed to the controller.   value: name of its text, `key_…`.
    """

    LEAVE = "leave"
    RECORD = "record"
    MARK = "mark"
    PAUSE = "pause"
    BASELINE = "baseline"
    SNAPSHOT = "snapshot"
    LANGUAGE = "language"
    HELP = "help"


@dataclass(frozen=True)
class Question:
    """A question to the user; while it is open, keys are input for its answer and not commands.

    text: in the user's language.   kind: "yes-no" (answered "yes" or None), or "text" (a short line, maybe empty).
    proposed: initial content of a text answer.
    """

    text: str
    kind: Literal["yes-no", "text"]
    proposed: str = ""


@dataclass(frozen=True)
class Status:
    """Snapshot of a session's state: all that the window shows beside the faces.

    language:    "en" or "es".
    fps:         analysed frames per second; None: not known yet.
    recording_s: seconds recorded; None: no recording.
    paused:      analysis is paused.
    no_picture:  the source gives no picture, a black one or a frozen one, so the last results are outdated.
    baseline:    progress of the baseline, 0…1 (1: applied); None: no baseline.
    baseline_acts: the measured face is in view, so an applied baseline has an effect.
    baseline_date: when an earlier session measured it, ISO 8601; "": this one did.
    message:     a short line shown for some seconds; "" for none.
    question:    the open question; None: none.   report: file of the last report; None: none was made.
    """

    language: str
    fps: float | None = None
    recording_s: float | None = None
    paused: bool = False
    no_picture: bool = False
    baseline: float | None = None
    baseline_acts: bool = True
    baseline_date: str = ""
    message: str = ""
    question: Question | None = None
    report: Path | None = None


class Adjustable(Protocol):
    """Interface of the classifier for the window: how readily rare expressions are named, `--sensitivity`."""

    sensitivity: Sensitivity

    @property
    def adjustable(self) -> bool:
        """Whether the model lets its sensitivity be changed."""
        ...

    def set_sensitivity(self, sensitivity: Sensitivity) -> None:
        """Change it from the next frame on. Thread-safe."""
        ...


class Controller(Protocol):
    """Interface of the session for the window. Its methods are called from the window's thread and must not block."""

    def status(self) -> Status:
        """Return the current status."""
        ...

    def command(self, command: Command) -> None:
        """Execute a command of the user."""
        ...

    def draft(self, text: str) -> None:
        """Receive the answer as typed so far; it counts as the answer if the run ends before Enter."""
        ...

    def answer(self, text: str | None) -> None:
        """Receive the answer to the open question: "yes" or a line of text; None if declined or cancelled."""
        ...
