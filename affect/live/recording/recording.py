"""Writer of a session folder: probabilities, events and metadata. The recorder writes it, the report reads it.

    2026-11-25_10-00-00/emotions.csv   a row per face and frame
                        events.csv     timestamp_s,event,text,clock_time
                        session.json   model, source, settings, versions, consent, coverage

Pictures are saved only as requested snapshots. After a kill or a power cut, at most the last second is missing, and
every file is intact: rows are appended in one write and synced, the other two files are replaced atomically.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from affect.errors import AffectError
from affect.faces.preprocessing import Image
from affect.files import atomic_path, sync_folder
from affect.live.frame import FaceResult
from affect.live.recording.session_log import SessionLog
from affect.live.recording.sinks import CsvSink
from affect.live.sources.files import Frame
from affect.live.texts import TextError

SAVE_EVERY_S = 0.5  # a save itself takes far less than the other half second
PATIENCE_S = 4.0  # time limit, for each file, of retries at the end if another program holds it open


@dataclass(frozen=True)
class Consent:
    """Consent of the recorded person.   given_at: ISO 8601.   how: asked by the program, or by command-line option."""

    given_at: str
    how: Literal["asked", "--consent"]

    @classmethod
    def now(cls, how: Literal["asked", "--consent"]) -> Consent:
        """Create a consent given at this moment."""
        return cls(datetime.now().astimezone().isoformat(timespec="seconds"), how)


class Recording(SessionLog):
    """Writes one session folder until it is closed; thread-safe, with a background thread that saves twice a second.

    parent: folder in which the session folder is created.   The rest as for `SessionLog`.
    Raises AffectError if a file cannot be written.
    """

    def __init__(
        self,
        parent: Path,
        start_s: float,
        now_s: Callable[[], float],
        clock: Literal["recording", "source"],
        setup: dict[str, Any],
        consent: Consent,
        frame_s: float = 0.0,
    ) -> None:
        super().__init__(start_s, now_s, clock, {**setup, "consent": asdict(consent)}, frame_s)
        self.failure: AffectError | None = None  # why it cannot go on; `close` raises it
        self._snapshots = 0
        self._ended = threading.Event()
        self.folder = _new_folder(parent, self._started)
        self._csv = CsvSink(self.folder / "emotions.csv", "recording_unwritable")
        try:
            self._begin_files()
        except OSError as error:
            raise TextError("recording_unwritable", path=self.folder, reason=error.strerror) from error
        self._saver = threading.Thread(target=self._keep_saving, name="saver", daemon=True)
        self._saver.start()

    def write(self, frame: Frame, results: list[FaceResult]) -> None:
        """Append the faces of an analysed frame. Raises AffectError if that, or the background save, has failed."""
        if self.failure is not None:
            raise self.failure
        with self._lock:
            try:
                self._csv.write(frame._replace(timestamp_s=frame.timestamp_s - self._zero_s), results)
            except AffectError as error:
                self.failure = error
                raise
            self._noted(frame.timestamp_s, bool(results))

    def snapshot(self, picture: Image, at_s: float) -> str:
        """Save a picture and an event at `at_s`, and return the file's name; the caller has obtained consent."""
        import cv2

        with self._lock:
            self._snapshots += 1
            name = f"snapshot_{self._snapshots:04d}.png"
        try:
            with atomic_path(self.folder / name, make_folder=False) as part:
                part.write_bytes(cv2.imencode(".png", picture)[1].tobytes())
        except OSError as error:
            raise TextError("recording_unwritable", path=self.folder / name, reason=error.strerror) from error
        self.event("snapshot", at_s, name)
        return name

    def close(self, at_s: float | None = None) -> None:
        """Save everything and mark the session as finished.   at_s: its end on the source's clock; None: now."""
        if self._ended.is_set():
            return
        end_s = self._now_s() if at_s is None else at_s
        self._ended.set()
        self._saver.join()
        self._reach(end_s)
        try:
            self._save(end_s)
        except AffectError as error:
            self.failure = self.failure or error
        finally:
            self._csv.close()
        if self.failure is not None:
            raise self.failure

    def _begin_files(self) -> None:
        """Write initial, complete files; without syncing to disk, as frames wait meanwhile."""
        for name, content in (("events.csv", self._csv_of_events()), ("session.json", self._json(None))):
            part = self.folder / f".{name}.part"
            part.write_text(content, encoding="utf-8", newline="")
            part.replace(self.folder / name)

    def _keep_saving(self) -> None:
        try:
            self._save()
            sync_folder(self.folder)
            sync_folder(self.folder.parent)
            while not self._ended.wait(SAVE_EVERY_S):
                self._save()
        except AffectError as error:
            self.failure = error

    def _save(self, end_s: float | None = None) -> None:
        """Save all files to disk; a failure of one does not prevent the others.

        end_s: end of the session; None while it goes on.   Raises AffectError for the first file that failed.
        """
        failures: list[AffectError] = []
        for save in (self._csv.sync, lambda: self._save_events(end_s), lambda: self._save_told(end_s, not failures)):
            try:
                save()
            except AffectError as error:
                held = isinstance(error.__cause__, PermissionError) and end_s is None and self._frames
                if not held:  # Windows blocks a file while another program reads it; the next save follows soon
                    failures.append(error)
        if failures:
            raise failures[0]

    def _save_events(self, end_s: float | None) -> None:
        with self._lock:
            if not self._unsaved_events:
                return
            content, self._unsaved_events = self._csv_of_events(), False
        try:
            self._replace("events.csv", content, end_s)
        except AffectError:
            self._unsaved_events = True
            raise

    def _save_told(self, end_s: float | None, complete: bool) -> None:
        with self._lock:
            content = self._json(end_s, complete, failed=self.failure is not None)
        self._replace("session.json", content, end_s)

    def _replace(self, name: str, content: str, end_s: float | None) -> None:
        """Replace a file. The folder is not made again if it is gone: others could open it, and rows would lack."""
        path, patience_s = self.folder / name, 0.0 if end_s is None else PATIENCE_S
        try:
            with atomic_path(path, patience_s=patience_s, make_folder=False) as part:
                part.write_text(content, encoding="utf-8", newline="")
        except FileNotFoundError as error:  # the folder went after the rows were checked
            raise TextError("output_gone", path=path) from error
        except OSError as error:
            raise TextError("recording_unwritable", path=path, reason=error.strerror) from error

    def __enter__(self) -> Recording:
        return self

    def __exit__(self, kind: object, error: BaseException | None, at: object) -> None:
        self.close()


def _new_folder(parent: Path, started: datetime) -> Path:
    """Create a new folder named after the start time, accessible only to its owner.

    A number is appended to a name that exists. Raises AffectError if the folder cannot be created.
    """
    name = started.strftime("%Y-%m-%d_%H-%M-%S")
    number = 1
    try:
        parent.mkdir(parents=True, exist_ok=True)
        while True:
            folder = parent / (name if number == 1 else f"{name}-{number}")
            try:
                folder.mkdir(mode=0o700)
            except FileExistsError:
                number += 1
            else:
                return folder
    except OSError as error:
        raise TextError("folder_unwritable", folder=parent, reason=error.strerror) from error
