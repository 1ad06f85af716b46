"""Starts and ends a session's recordings, one at a time; slow work runs in a background thread."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Literal

from affect.errors import AffectError
from affect.files import home_folder, try_folder
from affect.live.frame import Event, FaceResult
from affect.live.recording.recording import Consent, Recording
from affect.live.sources.clock import SourceClock
from affect.live.sources.files import Frame
from affect.live.texts import TextError, text, told

SESSIONS = "affect-sessions"  # name of the default folder for recordings


def default_folder() -> Path:
    """Default folder for recordings: `affect-sessions` in the home folder or, without one, in the current folder."""
    return (home_folder() or Path.cwd()) / SESSIONS


class Recorder:
    """Writes frames into the current recording, and makes the report when it ends.

    folder:   parent of the session folders; it can be changed between two recordings.
    clock:    the source's.   counts: "recording" or "source", see `clock` of `Recording`.
    setup:    returns source, model, settings and versions for session.json; called when a recording starts.
    language: returns the language of reports.
    say:      takes a key of TEXTS and values: a message that the window shows for a moment.
    tell:     takes a line for the terminal.   report: the last report that was made; None: none yet.
    """

    def __init__(
        self,
        folder: Path,
        clock: SourceClock,
        counts: Literal["recording", "source"],
        setup: Callable[[], dict[str, Any]],
        language: Callable[[], str],
        say: Callable[..., None],
        tell: Callable[[str], None],
    ) -> None:
        self.current: Recording | None = None
        self.failure: AffectError | None = None  # the last write error
        self.on_event: Callable[[Event, float], None] = lambda event, at_s: None  # of each recording
        self.folder = folder
        self.report: Path | None = None
        self._clock = clock
        self._counts = counts
        self._setup = setup
        self._language = language
        self._say = say
        self._tell = tell
        self._errands = ThreadPoolExecutor(1, thread_name_prefix="errands")
        self._sent: list[Future[None]] = []

    def obstacle(self) -> str | None:
        """Reason why no session can be recorded in `folder`; None if it is writable."""
        try:
            try_folder(self.folder)
        except (OSError, ValueError) as error:  # ValueError: the path contains a forbidden character
            return str(getattr(error, "strerror", None) or error)
        return None

    def start(self, consent: Consent, at_s: float) -> None:
        """Start a recording.   at_s: on the source's clock."""
        try:
            self.current = Recording(
                self.folder, at_s, self._clock.now_s, self._counts, self._setup(), consent, self._clock.frame_s
            )
        except AffectError as error:
            self._failed("recording_failed", error)
            return
        self.current.on_event = self.on_event
        self._tell(text("recording_started", self._language(), folder=self.current.folder))

    def write(self, frame: Frame, results: list[FaceResult]) -> None:
        """Write a frame into the current recording, if any; after a write error, the recording ends with a message."""
        if self.current is None:
            return
        with suppress(AffectError):  # which it keeps
            self.current.write(frame, results)
        self.check()

    def check(self) -> None:
        """End the current recording with a message if it cannot go on, also while no frame is written."""
        if self.current is not None and self.current.failure is not None:
            self._failed("recording_failed", self.current.failure)
            recording, self.current = self.current, None
            self._send(self._finish, recording, self._clock.now_s())

    def end(self) -> None:
        """End the current recording; its last save and its report follow in the background."""
        recording, self.current = self.current, None
        if recording is not None:
            self._say("recording_ended")
            self._send(self._finish, recording, self._clock.now_s())

    def snapshot(self, frame: Frame) -> None:
        """Save a frame's picture in the recording's folder; the caller has obtained consent."""
        if self.current is not None:
            self._send(self._store, self.current, frame)

    def close(self) -> None:
        """End the recording, and wait until all background work is done."""
        self.end()
        try:
            self._errands.shutdown(wait=True)
        except KeyboardInterrupt:
            self.failure = self.failure or TextError("ending_broken_off", folder=self.folder)
            raise
        for errand in self._sent:
            errand.result()  # raises unexpected errors of the background thread

    def _send(self, errand: Callable[..., None], *values: object) -> None:
        self._sent.append(self._errands.submit(errand, *values))

    def _finish(self, recording: Recording, end_s: float) -> None:
        try:
            recording.close(end_s)
        except AffectError as error:
            self._failed("recording_failed", error)
        from affect.live.exports import write_exports  # imported only in runs that record
        from affect.live.report import write_report

        try:
            path = write_report([recording.folder], self._language())
            write_exports(recording.folder, self._language())
        except (AffectError, OSError) as error:
            if recording.failure is None:  # otherwise the recording is not whole, and that is what must be told
                self._failed("report_failed", error, folder=recording.folder)
            return
        self.report = path
        self._tell(text("report_made", self._language(), path=path))
        if recording.failure is None:  # otherwise the error message stays visible
            self._say("report_made", path=path)

    def _store(self, recording: Recording, frame: Frame) -> None:
        try:
            name = recording.snapshot(frame.picture, frame.timestamp_s)
        except AffectError as error:
            self._failed("recording_failed", error)
            return
        self._say("snapshot_stored", name=name)

    def _failed(self, key: str, error: Exception, **values: object) -> None:
        values["reason"] = partial(told, error)
        self.failure = TextError(key, **values)
        self._say(key, **values)
