"""A person's baseline, kept from session to session: a file for each code, beside that person's session folders.

baseline_K07.json    deleted with the folder that it lies in
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np

from affect.emotions import EMOTIONS
from affect.files import is_file, remove_leftovers, write_text
from affect.live.pipeline.baseline import LARGEST_SHIFT, Shift, Values, shifted
from affect.live.report.schema import SHARE, TEXT, FieldError, MissingFieldError, fields, kind, moment, number
from affect.live.texts import TextError

FORMAT: Final = 1
LARGEST: Final = 1 << 14  # bytes of a file that is read
LEFTOVER_S: Final = 60.0  # after which a temporary file is a killed process's, not another one's that writes
ROUNDING: Final = 1e-3  # of a sum of probabilities in the file

_FIELDS: Final = fields(
    {
        "person": TEXT,
        "measured": moment,
        "model_sha256": TEXT,
        "sensitivity": TEXT,
        "frames": number(1, 10**6, whole=True),
        "at_rest": fields(dict.fromkeys(EMOTIONS, SHARE), {}),
        "shift": fields(
            {name: number(0, LARGEST_SHIFT) if name == "neutral" else number(-LARGEST_SHIFT, 0) for name in EMOTIONS},
            {},
        ),
    },
    {},
)


@dataclass(frozen=True)
class Person:
    """The person that a session is of, for whom a baseline is kept.

    code:          see `affect.command_line.person_code`.
    measured_with: returns "model_sha256" and "sensitivity", with which a baseline has to be measured to fit.
    """

    code: str
    measured_with: Callable[[], dict[str, str]]


def baseline_file(folder: Path, code: str) -> Path:
    """Path of a person's baseline.   folder: parent of the session folders."""
    return folder / f"baseline_{code}.json"


def read_baseline(folder: Path, person: Person) -> Shift | None:
    """Read a person's baseline, whose face and times are still unknown; None if there is none.

    Raises TextError if the file is damaged, or was measured with another model or sensitivity.
    """
    path = baseline_file(folder, person.code)
    try:
        if not path.exists():
            return None
        told = _told(path)
        _FIELDS(told, "")
        if told["person"] != person.code:
            raise FieldError(f"person = {told['person']!r}"[:60])
        before = _values(told["at_rest"])
        if not math.isclose(float(before.sum()), 1, abs_tol=ROUNDING):
            raise FieldError("at_rest")
    except MissingFieldError as missing:
        raise TextError("baseline_file_unusable", path=path, reason=missing) from None
    except (OSError, ValueError, RecursionError) as error:
        raise TextError("baseline_file_unusable", path=path, reason=str(error)[:120]) from error
    if any(told[name] != value for name, value in person.measured_with().items()):
        raise TextError("baseline_of_other_model", date=told["measured"][:10])
    values = _values(told["shift"])
    return Shift(0, 0.0, 0.0, told["frames"], values, before, shifted(before, values), told["measured"])


def write_baseline(folder: Path, person: Person, shift: Shift, measured: str) -> None:
    """Write a person's baseline, in place of an earlier one; only its owner can read it.

    measured: date and time of its measurement, ISO 8601.   Raises TextError if it cannot be written.
    """
    told = {
        "format": FORMAT,
        "person": person.code,
        "measured": measured,
        **person.measured_with(),
        "frames": shift.frames,
        "at_rest": _named(shift.before),
        "shift": _named(shift.values),
    }
    path = baseline_file(folder, person.code)
    remove_leftovers(path, older_than_s=LEFTOVER_S)
    try:
        write_text(path, json.dumps(told, indent=1), mode=0o600, make_folder=False)
    except OSError as error:
        raise TextError("baseline_not_kept", path=path, reason=error.strerror) from error


def now() -> str:
    """Date and time, ISO 8601 with the time zone, in seconds."""
    return datetime.now().astimezone().isoformat(timespec="seconds")


def _told(path: Path) -> dict[str, Any]:
    if not is_file(path):  # a pipe would be waited for
        raise FieldError(path.name)
    with path.open("rb") as file:
        raw = file.read(LARGEST + 1)
    if len(raw) > LARGEST:
        raise ValueError(f"> {LARGEST} bytes")
    told = json.loads(raw)
    kind(dict)(told, "JSON")
    if told.get("format") != FORMAT:
        raise FieldError(f"format = {told.get('format')!r}"[:60])
    return dict(told)


def _values(told: dict[str, float]) -> Values:
    return np.array([told[name] for name in EMOTIONS], np.float32)


def _named(values: Values) -> dict[str, float]:
    return {name: round(float(value), 6) for name, value in zip(EMOTIONS, values, strict=True)}
