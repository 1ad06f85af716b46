"""Schema of session.json: the kind and range of every field that the report uses, checked when the file is read."""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from affect.emotions import EMOTIONS

Check = Callable[[Any, str], None]  # takes a value and its place, such as "model.figures.n"
LONGEST_S: Final = (
    3 * 24 * 3600.0
)  # of a session, as one left running over days off; with two rows a second, a longer one takes over 300 MB


class FieldError(ValueError):
    """A field of the wrong kind or out of its range; the message is its place and value."""


class MissingFieldError(ValueError):
    """A field that must be there; the message is its place, or several."""


def check_session(told: dict[str, Any]) -> None:
    """Check the content of session.json. Raises FieldError or MissingFieldError for the first fault."""
    SESSION(told, "")


def number(low: float, high: float, whole: bool = False) -> Check:
    """A number from `low` to `high`; NaN is none."""

    def check(value: Any, place: str) -> None:
        right = isinstance(value, int) or (isinstance(value, float) and not whole)
        if isinstance(value, bool) or not (right and low <= value <= high):
            raise FieldError(f"{place} = {reprlib.repr(value)}")

    return check


def kind(*types: type) -> Check:
    """A value of one of these types."""

    def check(value: Any, place: str) -> None:
        if not isinstance(value, types):
            raise FieldError(f"{place} = {reprlib.repr(value)}")

    return check


def moment(value: Any, place: str) -> None:
    """A date and time in ISO 8601 that a calendar has."""
    try:
        datetime.fromisoformat(value).timestamp()
    except (TypeError, ValueError, OverflowError, OSError):
        raise FieldError(f"{place} = {reprlib.repr(value)}") from None


def maybe(check: Check) -> Check:
    """Another check's value, or null."""
    return lambda value, place: None if value is None else check(value, place)


def each(check: Check, count: int | None = None) -> Check:
    """A list whose values pass a check.   count: its length; None: any."""

    def check_all(value: Any, place: str) -> None:
        if not isinstance(value, list) or count not in (None, len(value)):
            raise FieldError(f"{place} = {reprlib.repr(value)}")
        for index, item in enumerate(value):
            check(item, f"{place}[{index}]")

    return check_all


def fields(needed: Mapping[str, Check], others: Mapping[str, Check], rest: Check | None = None) -> Check:
    """An object with the fields of `needed`, and maybe those of `others`.   rest: check of all other fields."""

    def check(value: Any, place: str) -> None:
        kind(dict)(value, place)
        start = f"{place}." if place else ""
        if missing := [f"{start}{name}" for name in needed if name not in value]:
            raise MissingFieldError(", ".join(missing))
        for name, item in value.items():
            if (known := needed.get(name) or others.get(name) or rest) is not None:
                known(item, f"{start}{name}")

    return check


TEXT: Final = kind(str)
PLAIN: Final = kind(str, int, float, type(None))
SHARE: Final = number(0, 1)
COUNT: Final = number(0, 10**12, whole=True)
FACE: Final = number(0, 2**31, whole=True)
TIME: Final = number(-1e9, 1e9)  # on a source's clock, seconds

PER_CLASS: Final = fields({"precision": SHARE, "recall": SHARE, "f1": SHARE, "support": COUNT}, {})
FIGURES: Final = fields(
    {
        "data": TEXT,
        "split": TEXT,
        "n": COUNT,
        "accuracy": SHARE,
        "f1_macro": SHARE,
        "ece": SHARE,
        "per_class": fields({}, dict.fromkeys(EMOTIONS, PER_CLASS)),
    },
    {},
)
BASELINE: Final = fields(
    {
        "face_id": FACE,
        "from_s": TIME,
        "to_s": TIME,
        "frames": COUNT,
        "shift": fields({}, dict.fromkeys(EMOTIONS, number(-100, 100))),
    },
    {"undone_at_s": maybe(TIME), "measured": moment, "kept": kind(bool)},
)
SETTINGS: Final = fields(
    {},
    {
        "faces": maybe(number(1, 10**6, whole=True)),
        "detector": PLAIN,
        "backend": PLAIN,
        "smoothing_s": number(0, 3600),
        **dict.fromkeys(("label_lead", "label_least", "label_keeps"), SHARE),
        "label_hold_s": number(0, 3600),
    },
)
SESSION: Final = fields(
    {
        "state": TEXT,
        "started": moment,
        "duration_s": number(-60, LONGEST_S),
        "source": fields({}, dict.fromkeys(("kind", "name", "description"), PLAIN)),
        "model": fields(
            {"file": TEXT, "sha256": TEXT}, {"temperature": maybe(number(0, 1e6)), "figures": maybe(FIGURES)}
        ),
        "settings": SETTINGS,
        "versions": fields({}, {}, rest=PLAIN),
    },
    {
        "recorded": maybe(moment),
        "person": TEXT,
        "time_zone": PLAIN,
        "lsl": fields({}, {}),
        "started_monotonic_s": maybe(TIME),
        "start_s": TIME,
        "clock": PLAIN,
        "complete": PLAIN,
        "consent": maybe(fields({"given_at": moment, "how": TEXT}, {})),
        "frames": maybe(COUNT),
        "frames_with_face": maybe(COUNT),
        "not_analysed": each(each(TIME, 2)),
        "baseline": maybe(each(BASELINE)),
    },
)
