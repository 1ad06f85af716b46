"""Reader of session folders, also of interrupted recordings, whose last line may be incomplete.

`affect.live.recording` writes the folder; this module only reads.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from affect.arrays import Floats
from affect.cells import of_cell
from affect.emotions import EMOTIONS, UNCERTAIN
from affect.live.frame import Event
from affect.live.texts import TextError

FORMAT: Final = 1
# Label encoding in the arrays of this package: the index in LABELS. "Uncertain" is the last.
LABELS: Final = (*EMOTIONS, UNCERTAIN)
NEEDED: Final = ("state", "started", "duration_s", "source", "model", "settings", "versions")
_PLACES: Final = {name: place for place, name in enumerate(LABELS)}
_FIRST: Final = "p_" + EMOTIONS[0]

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Rows:
    """The rows of emotions.csv in order of time, one for each face and frame.

    times_s: seconds, (n,).   faces: face ids, (n,).   labels: indices in LABELS, (n,).
    probabilities: (n, 8) in the order of EMOTIONS.   damaged: number of unreadable lines.
    """

    times_s: Floats
    faces: Integers
    labels: Integers
    probabilities: Floats
    damaged: int = 0

    def of(self, face: int) -> Rows:
        """Select the rows of one face."""
        mine = self.faces == face
        return Rows(self.times_s[mine], self.faces[mine], self.labels[mine], self.probabilities[mine])


@dataclass(frozen=True)
class Session:
    """A recorded session.

    told:       content of session.json, with at least the keys of NEEDED.
    started:    start of the recording or, for a file, of its analysis, with time zone.   duration_s: its length.
    recorded:   creation time of the analysed file; None if unknown.
    start_s:    start on the source's clock; 0 for a clock that begins with the recording. Times of rows and events
                are relative to it.
    cut_off:    the recording was interrupted (killed, power cut).
    gaps_s:     intervals (start, end) without analysed frames, apart from pauses; empty for older versions.
    """

    folder: Path
    told: dict[str, Any]
    started: datetime
    duration_s: float
    start_s: float
    rows: Rows
    events: tuple[Event, ...]
    cut_off: bool
    recorded: datetime | None = None
    gaps_s: tuple[tuple[float, float], ...] = ()

    @property
    def when(self) -> datetime:
        """When the recorded scene took place: `recorded` if known, else `started`."""
        return self.recorded or self.started

    @property
    def file(self) -> str:
        """Name of the analysed file; "" for other sources."""
        source = self.told["source"]
        return str(source.get("name", "")) if source.get("kind") in ("video", "image") else ""

    def events_of(self, kind: str) -> list[Event]:
        """Events of one kind, in order of time."""
        return [event for event in self.events if event.event == kind]


def session_folders(folder: Path) -> list[Path]:
    """Find session folders: the folder itself, or those directly inside it, sorted by name.

    Raises AffectError if there is none.
    """
    if not folder.is_dir():
        raise TextError("no_folder", folder=folder)
    if (folder / "session.json").is_file():
        return [folder]
    inside = sorted(path.parent for path in folder.glob("*/session.json"))
    if not inside:
        raise TextError("no_session", folder=folder)
    return inside


def read_session(folder: Path) -> Session:
    """Read a session folder, except its pictures.

    Raises AffectError if a file is missing or in another format.
    """
    told = _read_told(folder / "session.json")
    rows = _read_rows(folder / "emotions.csv")
    events = _read_events(folder / "events.csv")
    try:
        started = datetime.fromisoformat(told["started"])
        recorded = datetime.fromisoformat(told["recorded"]) if told.get("recorded") else None
        duration_s = float(told["duration_s"])
        start_s = float(told["start_s"]) if "start_s" in told else None
        gaps_s = [(float(from_s), float(to_s)) for from_s, to_s in told.get("not_analysed", ())]
    except (TypeError, ValueError) as error:
        raise TextError("session_damaged", path=folder / "session.json", reason=error) from error
    times = [*rows.times_s[:1].tolist(), *rows.times_s[-1:].tolist(), *(event.timestamp_s for event in events)]
    if start_s is None:  # an older version: a recording that began in the middle of a video is placed by its last time
        start_s = max(times, default=0.0) - duration_s if told.get("clock") == "source" else 0.0
    start_s = max(0.0, min([start_s, *times]))
    rows = replace(rows, times_s=rows.times_s - start_s)
    events = tuple(replace(event, timestamp_s=event.timestamp_s - start_s) for event in events)
    # for a killed recording, session.json may be up to a second older than the last rows
    duration_s = max(duration_s, max(times, default=0.0) - start_s)
    gaps = tuple((from_s - start_s, to_s - start_s) for from_s, to_s in gaps_s)
    cut_off = told["state"] != "finished"
    return Session(folder, told, started, duration_s, start_s, rows, events, cut_off, recorded, gaps)


def _read_told(path: Path) -> dict[str, Any]:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise TextError("session_file_missing", path=path) from None
    except (OSError, ValueError) as error:
        raise TextError("session_file_unreadable", path=path, reason=error) from error
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise TextError("session_format", path=path, format=FORMAT)
    if missing := [key for key in NEEDED if key not in told]:
        raise TextError("session_lacks", path=path, keys=", ".join(missing))
    return told


def _lines(path: Path) -> Iterator[list[str]]:
    """Read the header and the complete lines of a CSV file; an incomplete last line is dropped."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        raise TextError("session_file_missing", path=path) from None
    except OSError as error:
        raise TextError("session_file_forbidden", path=path, reason=error.strerror) from error
    return csv.reader(io.StringIO(text[: text.rfind("\n") + 1], newline=""))


def _read_rows(path: Path) -> Rows:
    lines = _lines(path)
    header = next(lines, [])
    if not {"timestamp_s", "face_id", "emotion", *(f"p_{name}" for name in EMOTIONS)} <= set(header):
        raise TextError("session_columns", path=path)
    when, who, what = (header.index(name) for name in ("timestamp_s", "face_id", "emotion"))
    start = header.index(_FIRST)
    columns = slice(start, start + len(EMOTIONS))
    times: list[float] = []
    faces: list[int] = []
    labels: list[int] = []
    probabilities: list[list[float]] = []
    damaged = 0
    for line in lines:
        try:
            time_s, face, label = float(line[when]), int(line[who]), _PLACES[line[what]]
            row = [float(cell) for cell in line[columns]]
        except (IndexError, KeyError, ValueError):
            damaged += 1
            continue
        if len(line) != len(header) or not (time_s >= 0 and all(map(math.isfinite, (time_s, *row)))):
            damaged += 1
            continue
        times.append(time_s)
        faces.append(face)
        labels.append(label)
        probabilities.append(row)
    order = np.argsort(np.array(times, float), kind="stable")
    return Rows(
        np.array(times, float)[order],
        np.array(faces, np.int64)[order],
        np.array(labels, np.int64)[order],
        np.array(probabilities, float).reshape(-1, len(EMOTIONS))[order],
        damaged,
    )


def _read_events(path: Path) -> tuple[Event, ...]:
    if not path.exists():  # the recording was killed before its first event
        return ()
    events = []
    for line in _lines(path):
        try:
            event = Event(float(line[0]), line[1], of_cell(line[2]))
        except (IndexError, ValueError):
            continue  # the header, or an incomplete line
        if math.isfinite(event.timestamp_s) and event.timestamp_s >= 0:
            events.append(event)
    return tuple(sorted(events, key=lambda event: event.timestamp_s))
