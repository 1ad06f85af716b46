"""The words between the window and the session: what a person can ask for, and what the window shows of the state.

The window turns keys into commands and answers; the session (`affect.live.session`) acts on them and tells its status.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal, Protocol


class Command(Enum):
    """What a key asks for. The second press of RECORD ends the recording, of BASELINE undoes it, of PAUSE goes on.

    HELP is the window's own: the controller does not hear of it.
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
    """Something the person must answer before the keys mean commands again.

    text: in the person's language.   kind: "yes-no" (answered "yes" or None), or "text" (a short line, maybe empty).
    proposed: of a text, what stands there before anything is typed.
    """

    text: str
    kind: Literal["yes-no", "text"]
    proposed: str = ""


@dataclass(frozen=True)
class Status:
    """The state of a session at a moment, all that the window needs beside the faces.

    language:    "en" or "es".
    fps:         processed frames per second; None: not known yet.
    recording_s: seconds recorded; None: nothing is recorded.
    paused:      nothing is analysed.
    no_picture:  the source gives none, a black one, or a frozen one: what was read last is not what a face shows now.
    baseline:    share of the baseline that is collected, 0…1 (1: it is measured); None: there is none.
    baseline_acts: the face that was measured is in view, so that a measured baseline changes what is shown.
    message:     a short line that the session wants read for some seconds; "" for none.
    question:    what it asks; None: nothing.
    """

    language: str
    fps: float | None = None
    recording_s: float | None = None
    paused: bool = False
    no_picture: bool = False
    baseline: float | None = None
    baseline_acts: bool = True
    message: str = ""
    question: Question | None = None


class Controller(Protocol):
    """What the window talks to. Called from the window's thread; returns at once."""

    def status(self) -> Status:
        """The state now."""
        ...

    def command(self, command: Command) -> None:
        """The person asks for something."""
        ...

    def draft(self, text: str) -> None:
        """What the person has typed so far of an answer: it is the answer where the run ends before Enter."""
        ...

    def answer(self, text: str | None) -> None:
        """The person's answer to the question: "yes", or a line of text; None where it was declined or left."""
        ...
