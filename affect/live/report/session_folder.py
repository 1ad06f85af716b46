"""Reader of session folders, also of interrupted recordings, whose last line may be incomplete.

`affect.live.recording` writes the folder; this module only reads.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from affect.arrays import Floats
from affect.cells import of_cell
from affect.emotions import EMOTIONS, UNCERTAIN
from affect.live.frame import Event
from affect.live.report.schema import FieldError, MissingFieldError, check_session
from affect.live.report.tables import MARK, Table, number, opened, time
from affect.live.texts import TextError

FORMAT: Final = 1
# Label encoding in the arrays of this package: the index in LABELS. "Uncertain" is the last.
LABELS: Final = (*EMOTIONS, UNCERTAIN)
ROW_COLUMNS: Final = ("timestamp_s", "face_id", "emotion", *(f"p_{name}" for name in EMOTIONS))
EVENT_COLUMNS: Final = ("timestamp_s", "event", "text")
SLACK_S: Final = 60.0  # rows may be so much later than session.json tells, as that is saved after them
LATEST_S: Final = 1e9  # a time of any source's clock
ROUNDING: Final = 1e-6  # of a probability in the table
LARGEST_TOLD: Final = 1 << 26  # characters of session.json that are read: hours of gaps need a thousandth
LONGEST_COMMENT: Final = 1 << 16  # characters
_PLACES: Final = {name: place for place, name in enumerate(LABELS)}

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Rows:
    """The rows of emotions.csv in order of time, one for each face and frame.

    times_s: seconds, (n,).   faces: face ids, (n,).   labels: indices in LABELS, int8 (n,).
    probabilities: float32 (n, 8) in the order of EMOTIONS.   quality: float32 (n,), 0…1; NaN in older recordings.
    damaged: number of unreadable lines, in events.csv as well.
    changed: another program, such as a spreadsheet, has saved it, or events.csv.
    """

    times_s: Floats
    faces: Integers
    labels: npt.NDArray[np.integer[Any]]
    probabilities: Floats
    quality: Floats
    damaged: int = 0
    changed: bool = False

    def of(self, face: int) -> Rows:
        """Select the rows of one face."""
        return self.at(self.faces == face)

    def at(self, chosen: npt.NDArray[Any]) -> Rows:
        """The rows of a mask, or of indices in another order."""
        columns = ("times_s", "faces", "labels", "probabilities", "quality")
        return replace(self, **{name: getattr(self, name)[chosen] for name in columns})


class Excluded(NamedTuple):
    """A stretch that somebody has excluded from the sums.   start_s, end_s: on the session's clock."""

    start_s: float
    end_s: float
    reason: str


@dataclass(frozen=True)
class Session:
    """A recorded session.

    told:       content of session.json, checked by `schema`.
    started:    start of the recording or, for a file, of its analysis, with time zone.   duration_s: its length.
    recorded:   creation time of the analysed file; None if unknown.
    start_s:    start on the source's clock; 0 for a clock that begins with the recording. Times of rows and events
                are relative to it.
    cut_off:    the recording was interrupted (killed, power cut), or not all of it could be saved.
    gaps_s:     intervals (start, end) without analysed frames, apart from pauses; empty for older versions.
    excluded:   what somebody has excluded afterwards, in `exclude.csv`.   comment: theirs, in `comment.txt`.
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
    excluded: tuple[Excluded, ...] = ()
    comment: str = ""

    @property
    def when(self) -> datetime:
        """When the recorded scene took place: `recorded` if known, else `started`."""
        return self.recorded or self.started

    def clock_time(self, time_s: float) -> datetime | None:
        """Local date and time of a moment, without time zone; None for a file whose recording time is unknown.

        time_s: seconds from the session's start.
        """
        of_source = self.told.get("clock") == "source"
        zero = self.recorded if of_source else self.started  # a file's metadata tell the time of its beginning
        passed_s = time_s + self.start_s if of_source else time_s
        return None if zero is None else zero.replace(tzinfo=None) + timedelta(seconds=passed_s)

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

    Raises AffectError if a file is missing or in another format, or holds what no recording writes: the message names
    the file and the field, or the line and its column. A few lines of that kind are left out and counted.
    """
    told = _read_told(folder / "session.json")
    started = datetime.fromisoformat(told["started"])
    recorded = datetime.fromisoformat(told["recorded"]) if told.get("recorded") else None
    duration_s, start_s = float(told["duration_s"]), told.get("start_s")
    # an older version: a recording that began in the middle of a video is placed by its last time
    placed_by_last = start_s is None and told.get("clock") == "source"
    first_s, last_s = (0.0, LATEST_S) if placed_by_last else (float(start_s or 0), float(start_s or 0) + duration_s)
    time_s = number(max(0.0, first_s - SLACK_S), last_s + SLACK_S)
    rows = _read_rows(folder / "emotions.csv", time_s)
    events, lost, changed = _read_events(folder / "events.csv", time_s)
    times = [*rows.times_s[:1].tolist(), *rows.times_s[-1:].tolist(), *(event.timestamp_s for event in events)]
    if placed_by_last:
        start_s = max(times, default=0.0) - duration_s
    start_s = max(0.0, min([float(start_s or 0), *times]))
    if max(times, default=0.0) - start_s > duration_s + 2 * SLACK_S:
        cell = f"timestamp_s = {min(times):g} … {max(times):g}"
        raise TextError("session_changed", path=folder / "emotions.csv", line="2 …", cell=cell)
    rows = replace(rows, times_s=rows.times_s - start_s, damaged=rows.damaged + lost, changed=rows.changed or changed)
    events = tuple(replace(event, timestamp_s=event.timestamp_s - start_s) for event in events)
    # for a killed recording, session.json may be up to a second older than the last rows
    duration_s = max(duration_s, max(times, default=0.0) - start_s)
    gaps = tuple((from_s - start_s, to_s - start_s) for from_s, to_s in told.get("not_analysed", ()))
    cut_off = told["state"] != "finished" or told.get("complete") is False
    excluded = tuple(
        Excluded(from_s - start_s, to_s - start_s, reason) for from_s, to_s, reason in _read_excluded(folder)
    )
    comment = _read_comment(folder)
    return Session(folder, told, started, duration_s, start_s, rows, events, cut_off, recorded, gaps, excluded, comment)


def _read_told(path: Path) -> dict[str, Any]:
    try:
        with opened(path) as file:
            told = json.loads(file.read(LARGEST_TOLD).removeprefix(MARK))
    except (ValueError, RecursionError) as error:
        raise TextError("session_file_unreadable", path=path, reason=error) from error
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise TextError("session_format", path=path, format=FORMAT)
    try:
        check_session(told)
    except MissingFieldError as missing:
        raise TextError("session_lacks", path=path, keys=missing) from None
    except FieldError as error:
        raise TextError("session_damaged", path=path, reason=error) from None
    return told


def _read_rows(path: Path, time_s: Callable[[str], float]) -> Rows:
    """Read emotions.csv.   time_s: converts a time, and raises ValueError for one outside the session."""
    times, faces, labels, flat, quality = array("d"), array("q"), array("b"), array("f"), array("f")
    with opened(path) as file:
        table = Table(path, file, ROW_COLUMNS, ("quality",), whole_row="face_id")
        if table.empty:
            raise TextError("session_columns", path=path)
        share = number(-ROUNDING, 1 + ROUNDING)
        converters = [time_s, _face, _PLACES.__getitem__, *[share] * (len(EMOTIONS) + 1)]
        for at_s, face, label, *row in table.rows(converters):
            times.append(at_s)
            faces.append(face)
            labels.append(label)
            flat.extend(row[: len(EMOTIONS)])
            quality.append(row[-1] if len(row) > len(EMOTIONS) else np.nan)
    probabilities = _no_copy(flat).reshape(-1, len(EMOTIONS))
    columns = (_no_copy(times), _no_copy(faces), _no_copy(labels), probabilities, _no_copy(quality))
    read = Rows(*columns, table.damaged, table.changed)
    if (np.diff(read.times_s) >= 0).all():  # as the program writes them
        return read
    return read.at(np.argsort(read.times_s, kind="stable"))


def _no_copy(values: array[Any]) -> npt.NDArray[Any]:
    """The array over the same memory: the rows of a long session are large."""
    return np.frombuffer(values, values.typecode) if values else np.empty(0, values.typecode)


def _face(cell: str) -> int:
    """A face id of the table. Raises ValueError for what is none."""
    face = number(0, 2**31)(cell)
    if face % 1:
        raise ValueError(cell)
    return int(face)


def _read_events(path: Path, time_s: Callable[[str], float]) -> tuple[tuple[Event, ...], int, bool]:
    """Read events.csv: the events in order of time, the number of lines left out, and whether it was changed."""
    if not path.exists():  # the recording was killed before its first event
        return (), 0, False
    with opened(path) as file:
        table = Table(path, file, EVENT_COLUMNS)
        events = [Event(*values) for values in table.rows([time_s, str, of_cell], multiline=True)]
    return tuple(sorted(events, key=lambda event: event.timestamp_s)), table.damaged, table.changed


def _read_excluded(folder: Path) -> list[Excluded]:
    """Read exclude.csv, which people make: its columns are `start` and `end`, as a report shows times, and `reason`.

    Raises AffectError for a line that cannot be read, as nobody may believe that something is left out that is not.
    """
    path = folder / "exclude.csv"
    if not path.exists():
        return []
    with opened(path) as file:
        table = Table(path, file, ("start", "end"), ("reason",))
        rows = [
            Excluded(start, end, rest[0] if rest else "") for start, end, *rest in table.rows([time, time, of_cell])
        ]
    if table.damaged or any(row.start_s >= row.end_s for row in rows):
        raise TextError("exclude_unreadable", path=path)
    return rows


def _read_comment(folder: Path) -> str:
    path = folder / "comment.txt"
    if not path.exists():
        return ""
    with opened(path) as file:
        return file.read(LONGEST_COMMENT).removeprefix(MARK).strip()
