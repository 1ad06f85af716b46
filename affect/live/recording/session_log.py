"""Events, baselines, coverage and metadata of a recorded session: the content of events.csv and session.json."""

from __future__ import annotations

import csv
import io
import json
import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from statistics import median
from typing import Any, Final, Literal

from affect.cells import as_cell
from affect.live.frame import Event
from affect.live.sources.clock import HELD_S, longest_step_s
from affect.live.sources.watch import ENDS, stretches

FORMAT: Final = 1
EVENT_COLUMNS: Final = ["timestamp_s", "event", "text", "clock_time"]


class SessionLog:
    """Keeps in memory what a session folder tells beside its rows; thread-safe.

    start_s: start on the source's clock.   now_s: returns the current time on that clock.
    clock:   "recording" counts from `start_s` (a live source); "source" keeps the source's timestamps (a file).
    setup:   source, model, settings, versions and consent for session.json.
    frame_s: usual frame interval of the source, seconds; 0 if unknown.
    """

    def __init__(
        self,
        start_s: float,
        now_s: Callable[[], float],
        clock: Literal["recording", "source"],
        setup: dict[str, Any],
        frame_s: float,
    ) -> None:
        self._now_s, self._clock, self._start_s, self._setup = now_s, clock, start_s, setup
        self._zero_s = start_s if clock == "recording" else 0.0
        late_s = max(0.0, now_s() - start_s) if clock == "recording" else 0.0  # a file may be read faster than played
        self._started = datetime.now().astimezone() - timedelta(seconds=late_s)
        self._started_monotonic_s = time.monotonic() - late_s
        self._frames = self._frames_with_face = 0
        self._events: list[Event] = []
        self._unsaved_events = True
        self._baselines: list[dict[str, Any]] = []
        self._paused = self._lost = False
        self._known_to_s = start_s  # the state is known up to here, from a frame, a pause or a lost signal
        self._steps_s = deque([frame_s] * 2, maxlen=9)  # the last frame intervals
        self._gaps: list[tuple[float, float]] = []  # intervals without an analysed frame, on the recording's clock
        self.on_event: Callable[[Event, float], None] = lambda event, at_s: None  # with its time on the source's clock
        self._lock = threading.RLock()

    @property
    def elapsed_s(self) -> float:
        """Seconds since the start, pauses included."""
        return self._now_s() - self._start_s

    def _noted(self, at_s: float, seen: bool) -> None:
        """Count an analysed frame.   at_s: its time.   seen: whether it has a face."""
        step_s = at_s - self._known_to_s
        self._reach(at_s)
        if step_s > 0:
            self._steps_s.append(step_s)
        self._frames += 1
        self._frames_with_face += seen

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

    def _json(self, end_s: float | None, complete: bool = True, failed: bool = False) -> str:
        """Content of session.json.

        end_s: end of the session; None while it goes on.   complete: all that was recorded could be saved so far.
        failed: it cannot go on.
        """
        now_s = self._now_s() if end_s is None else end_s
        told = {
            "format": FORMAT,
            "state": "recording" if end_s is None or failed else "finished",
            "complete": complete and not failed,
            "started": self._started.isoformat(timespec="milliseconds"),
            "started_monotonic_s": round(self._started_monotonic_s, 3),  # `started` on the computer's monotonic clock
            "time_zone": self._started.tzname(),
            "ended": None if end_s is None else datetime.now().astimezone().isoformat(timespec="milliseconds"),
            "start_s": round(self._start_s - self._zero_s, 3),  # on the same clock as rows and events
            "duration_s": round(now_s - self._start_s, 3),
            "clock": self._clock,
            **self._setup,
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


def _length(spans: list[tuple[float, float]]) -> float:
    return sum(to_s - from_s for from_s, to_s in spans)


def _shared(spans: list[tuple[float, float]], others: list[tuple[float, float]]) -> float:
    """Total overlap of two lists of intervals, in seconds.   spans, others: (start, end), disjoint within each list."""
    return sum(max(0.0, min(b, d) - max(a, c)) for a, b in spans for c, d in others)
