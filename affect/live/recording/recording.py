"""Writer of a session folder: probabilities, events and metadata. The recorder writes it, the report reads it.

    2026-11-25_10-00-00/emotions.csv   a row per face and frame
                        events.csv     timestamp_s,event,text,clock_time
                        session.json   model, source, settings, versions, consent, coverage

Pictures are saved only as requested snapshots. After a kill or a power cut, at most the last second is missing, and
every file is intact: rows are appended in one write and synced, the other two files are replaced atomically.
"""

from __future__ import annotations

import csv
import io
import json
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from types import TracebackType
from typing import Any, Literal

from affect.cells import as_cell
from affect.errors import AffectError
from affect.faces.preprocessing import Image
from affect.files import atomic_path, sync_folder
from affect.live.frame import Event, FaceResult
from affect.live.recording.sinks import CsvSink
from affect.live.sources.clock import HELD_S, longest_step_s
from affect.live.sources.files import Frame
from affect.live.sources.watch import ENDS, stretches
from affect.live.texts import TextError

FORMAT = 1
SAVE_EVERY_S = 0.5  # a save itself takes far less than the other half second
PATIENCE_S = 4.0  # time limit, for each file, of retries at the end if another program holds it open
EVENT_COLUMNS = ["timestamp_s", "event", "text", "clock_time"]


@dataclass(frozen=True)
class Consent:
    """Consent of the recorded person.   given_at: ISO 8601.   how: asked by the program, or by command-line option."""

    given_at: str
    how: Literal["asked", "--consent"]

    @classmethod
    def now(cls, how: Literal["asked", "--consent"]) -> Consent:
        """Create a consent given at this moment."""
        return cls(datetime.now().astimezone().isoformat(timespec="seconds"), how)


class Recording:
    """Writes one session folder until it is closed; thread-safe, with a background thread that saves twice a second.

    parent:  folder in which the session folder is created.
    start_s: start on the source's clock.   now_s: returns the current time on that clock.
    clock:   "recording" counts from `start_s` (a live source); "source" keeps the source's timestamps (a file).
    setup:   source, model, settings and versions for session.json.
    frame_s: usual frame interval of the source, seconds; 0 if unknown.
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
        self._now_s = now_s
        self._clock = clock
        self._start_s = start_s
        self._zero_s = start_s if clock == "recording" else 0.0
        self._setup = setup
        self._consent = consent
        late_s = max(0.0, now_s() - start_s) if clock == "recording" else 0.0  # a file may be read faster than played
        self._started = datetime.now().astimezone() - timedelta(seconds=late_s)
        self._started_monotonic_s = time.monotonic() - late_s
        self._frames = self._frames_with_face = self._snapshots = 0
        self._events: list[Event] = []
        self._unsaved_events = True
        self._baselines: list[dict[str, Any]] = []
        self._paused = self._lost = False
        self._known_to_s = start_s  # the state is known up to here, from a frame, a pause or a lost signal
        self._steps_s = deque([frame_s] * 2, maxlen=9)  # the last frame intervals
        self._gaps: list[tuple[float, float]] = []  # intervals without an analysed frame, on the recording's clock
        self.failure: AffectError | None = None  # why it cannot go on; `close` raises it
        self.on_event: Callable[[Event, float], None] = lambda event, at_s: None  # with its time on the source's clock
        self._lock = threading.RLock()
        self._ended = threading.Event()
        self.folder = _new_folder(parent, self._started)
        self._csv = CsvSink(self.folder / "emotions.csv", "recording_unwritable")
        try:
            self._begin_files()
        except OSError as error:
            raise TextError("recording_unwritable", path=self.folder, reason=error.strerror) from error
        self._saver = threading.Thread(target=self._keep_saving, name="saver", daemon=True)
        self._saver.start()

    @property
    def elapsed_s(self) -> float:
        """Seconds since the start, pauses included."""
        return self._now_s() - self._start_s

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
            step_s = frame.timestamp_s - self._known_to_s
            self._reach(frame.timestamp_s)
            if step_s > 0:
                self._steps_s.append(step_s)
            self._frames += 1
            self._frames_with_face += bool(results)

    def event(self, event: str, at_s: float, text: str = "", received: bool = False) -> Event:
        """Add an event and return it.   event: its kind.   at_s: on the source's clock.   text: put on one line.

        received: from another program, so that it is not sent to others again.
        """
        with self._lock:
            if event in ("signal_lost", "signal_back"):
                self._reach(at_s)
                self._lost = event == "signal_lost"
            noted = Event(round(at_s - self._zero_s, 3), event, " ".join(text.split()))
            self._events.append(noted)
            self._unsaved_events = True
            if not received:
                self.on_event(noted, at_s)
            return noted

    def describe(self, event: Event, text: str) -> None:
        """Set the text of an event after it was added, such as a marker's note."""
        with self._lock:
            event.text = " ".join(text.split())
            self._unsaved_events = True

    def pause(self, at_s: float) -> None:
        """Record the start of a pause, in which nothing is analysed.   at_s: on the source's clock."""
        with self._lock:
            if not self._paused:
                self._reach(at_s)
                self._paused = True
                self.event("pause", at_s)

    def resume(self, at_s: float) -> None:
        """Record the end of a pause.   at_s: on the source's clock."""
        with self._lock:
            if self._paused:
                self._reach(at_s)
                self._paused = False
                self.event("resume", at_s)

    def baseline(
        self,
        face_id: int,
        from_s: float,
        to_s: float,
        frames: int,
        shift: dict[str, float],
        measured: str = "",
        kept: bool = False,
    ) -> None:
        """Record a baseline that is now applied.

        from_s, to_s: its measurement, maybe before this recording.
        measured: when an earlier session measured it, ISO 8601, which from_s and to_s then do not tell; "": it is new.
        kept: it is the one that is kept for the person's next sessions.
        """
        with self._lock:
            times = {"from_s": round(from_s - self._zero_s, 3), "to_s": round(to_s - self._zero_s, 3)}
            self._baselines.append(
                {"face_id": face_id, **times, "frames": frames, "shift": shift, "away": [], "undone_at_s": None}
                | ({"measured": measured} if measured else {})
                | ({"kept": True} if kept else {})
            )
            if to_s >= self._start_s:
                self.event("baseline", to_s)

    def baseline_away(self, at_s: float) -> None:
        """Record that the last baseline's face has left the view, so that the baseline has no effect."""
        with self._lock:
            at_s = max(at_s, self._start_s)
            self._baselines[-1]["away"].append([round(at_s - self._zero_s, 3), None])
            self.event("baseline_away", at_s)

    def baseline_back(self, at_s: float) -> None:
        """Record that the last baseline's face is in view again."""
        with self._lock:
            self._baselines[-1]["away"][-1][1] = round(at_s - self._zero_s, 3)
            self.event("baseline_back", at_s)

    def baseline_undone(self, at_s: float) -> None:
        """Record that the last baseline was removed."""
        with self._lock:
            self._baselines[-1]["undone_at_s"] = round(at_s - self._zero_s, 3)
            self.event("baseline_undone", at_s)

    def turned(self, degrees: int) -> None:
        """Record the clockwise rotation of the source's pictures: 90, 180 or 270 degrees."""
        with self._lock:
            self._setup = {**self._setup, "source": {**self._setup.get("source", {}), "turned_degrees": degrees}}

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

    def _reach(self, at_s: float) -> None:
        """Extend the known time to `at_s`, and add a gap if no frame was analysed for long before.

        A slow or sleeping computer makes gaps, and a file may contain one. A gap is not time without a face.
        """
        self._gaps += self._gap_until(at_s)
        self._known_to_s = max(self._known_to_s, at_s)

    def _gap_until(self, at_s: float) -> list[tuple[float, float]]:
        step_s = at_s - self._known_to_s
        if self._paused or self._lost or step_s <= longest_step_s(median(self._steps_s)):
            return []
        return [(round(self._known_to_s + HELD_S - self._zero_s, 3), round(at_s - self._zero_s, 3))]

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
            content = self._json(end_s, complete)
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

    def _json(self, end_s: float | None, complete: bool = True) -> str:
        """Content of session.json.   end_s: end of the session; None while it goes on.   complete: see below."""
        now_s = self._now_s() if end_s is None else end_s
        told = {
            "format": FORMAT,
            "state": "recording" if end_s is None or self.failure is not None else "finished",
            "complete": complete and self.failure is None,  # whether all that was recorded could be saved so far
            "started": self._started.isoformat(timespec="milliseconds"),
            "started_monotonic_s": round(self._started_monotonic_s, 3),  # `started` on the computer's monotonic clock
            "time_zone": self._started.tzname(),
            "ended": None if end_s is None else datetime.now().astimezone().isoformat(timespec="milliseconds"),
            "start_s": round(self._start_s - self._zero_s, 3),  # on the same clock as rows and events
            "duration_s": round(now_s - self._start_s, 3),
            "clock": self._clock,
            **self._setup,
            "consent": asdict(self._consent),
            "frames": self._frames,
            "frames_with_face": self._frames_with_face,
            "face_share": round(self._frames_with_face / self._frames, 4) if self._frames else 0.0,
            **self._unseen(now_s),
            "baseline": self._baselines or None,
        }
        return json.dumps(told, ensure_ascii=False, indent=1)

    def _csv_of_events(self) -> str:
        """Content of events.csv, in order of time."""
        lines = io.StringIO()
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow(EVENT_COLUMNS)
        for event in sorted(self._events, key=lambda event: event.timestamp_s):
            text, when = as_cell(event.text), self._clock_time(event.timestamp_s)
            writer.writerow([f"{event.timestamp_s:.3f}", event.event, text, when])
        return lines.getvalue()

    def _clock_time(self, time_s: float) -> str:
        """Date and time of day of a moment on the recording's clock, ISO 8601; "" for a file of unknown time."""
        zero = self._started if self._clock == "recording" else self._setup.get("recorded")
        if zero is None:
            return ""
        zero = datetime.fromisoformat(zero) if isinstance(zero, str) else zero
        return (zero + timedelta(seconds=time_s)).isoformat(timespec="milliseconds")

    def _unseen(self, now_s: float) -> dict[str, Any]:
        """Time in which no face could be seen, for each reason; the reasons do not overlap."""
        events, end_s = sorted((e.timestamp_s, e.event) for e in self._events), now_s - self._zero_s
        paused = stretches(events, "pause", "resume", end_s)
        lost = [span for opening, closing in ENDS.items() for span in stretches(events, opening, closing, end_s)]
        gaps = self._gaps + self._gap_until(now_s)
        return {
            "paused_s": round(_length(paused), 3),
            "lost_s": round(_length(lost) - _shared(lost, paused), 3),
            "not_analysed_s": round(_length(gaps) - _shared(gaps, lost), 3),
            "not_analysed": gaps,
        }

    def __enter__(self) -> Recording:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def _length(spans: list[tuple[float, float]]) -> float:
    return sum(to_s - from_s for from_s, to_s in spans)


def _shared(spans: list[tuple[float, float]], others: list[tuple[float, float]]) -> float:
    """Total overlap of two lists of intervals, in seconds.   spans, others: (start, end), disjoint within each list."""
    return sum(max(0.0, min(b, d) - max(a, c)) for a, b in spans for c, d in others)


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
