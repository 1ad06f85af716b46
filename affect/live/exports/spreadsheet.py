"""Spreadsheet of a session (.xlsx) with real numbers and times: summary, a row per second, markers, notes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import numpy as np

from affect.emotions import EMOTIONS, label_name
from affect.errors import as_shown
from affect.live.exports.texts import export_text
from affect.live.pipeline.quality import BELIEVED
from affect.live.report.measures import AROUND_S, Side, around, coverage, mean_probabilities, shares, valence
from affect.live.report.session_folder import LABELS, Session
from affect.live.report.timeline import STEP_S, Clock, People, Timeline, seen_by_anyone

SECOND: Final = round(1 / STEP_S)  # steps
MOST_ROWS: Final = 8_000  # over two hours of one face; a longer session has a row per several seconds
LINE: Final = 15  # points: the height of a line
FORMATS: Final = {
    "head": {"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"},
    "text": {"indent": 1},
    "prose": {"text_wrap": True, "valign": "top"},
    "span": {"num_format": "[h]:mm:ss", "align": "right"},
    "clock": {"num_format": "hh:mm:ss", "align": "right"},
    "exact_span": {"num_format": "[h]:mm:ss.000", "align": "right"},  # rounded to seconds, it would be another row's
    "exact_clock": {"num_format": "hh:mm:ss.000", "align": "right"},
    "date": {"num_format": "yyyy-mm-dd hh:mm:ss", "align": "right"},
    "share": {"num_format": "0.0%"},
    "ratio": {"num_format": "0.00"},
    "count": {"num_format": "0"},
}
Cell = tuple[str, Any]  # name of a format, and the value; None leaves the cell empty
Column = tuple[str, float]  # heading, and width in characters


MARKERS: Final = (
    *(("number", 9), ("time", 13), ("clock_time", 13), ("note", 44), ("face", 7)),
    *(("label_before", 16), ("share_before", 14), ("valence_before", 11)),
    *(("label_after", 16), ("share_after", 14), ("valence_after", 11)),
)


def write_spreadsheet(path: Path, session: Session, clock: Clock, people: People, language: str) -> None:
    """Write a session as a workbook of four sheets, in one language. No text in it can become a formula or a link."""
    from xlsxwriter import Workbook

    kept = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    made = BytesIO()  # in memory: a temporary file elsewhere might be read by others
    with Workbook(made, kept) as book:
        sheets = _Sheets(book, language)
        sheets.add("summary", [("", 34), ("", 30), ("", 18)], _summary(session, clock, people, language))
        sheets.add("seconds", _seconds_columns(language), _seconds(session, clock, people, language))
        sheets.add("markers", [(export_text(k, language), w) for k, w in MARKERS], _markers(session, people, language))
        sheets.add("notes", [("", 110)], _notes(language))
    path.write_bytes(made.getvalue())


class _Sheets:
    """The sheets of a workbook, in one language."""

    def __init__(self, book: Any, language: str) -> None:
        self._book = book
        self._language = language
        self._formats = {name: book.add_format(told) for name, told in FORMATS.items()}

    def add(self, key: str, columns: Sequence[Column], rows: Iterable[Sequence[Cell]]) -> None:
        """Add a sheet; headings, if any, stay in view."""
        sheet = self._book.add_worksheet(export_text(key, self._language))
        for place, (_, width) in enumerate(columns):
            sheet.set_column(place, place, width)
        headed = any(head for head, _ in columns)
        if headed:
            sheet.freeze_panes(1, 0)
            sheet.repeat_rows(0)
            for place, (head, _) in enumerate(columns):
                sheet.write_string(0, place, head, self._formats["head"])
            sheet.set_row(0, LINE * max(_lines(*column) for column in columns))
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        for line, row in enumerate(rows, int(headed)):
            for place, (kind, value) in enumerate(row):
                self._write(sheet, line, place, kind, value)
                if kind == "prose":
                    sheet.set_row(line, LINE * _lines(value, columns[place][1]))

    def _write(self, sheet: Any, line: int, place: int, kind: str, value: Any) -> None:
        shown = self._formats[kind]
        if isinstance(value, str):
            sheet.write_string(line, place, as_shown(value)[:32_767], shown)  # the longest that a cell holds
        elif isinstance(value, (datetime, timedelta)):
            sheet.write_datetime(line, place, value, shown)
        elif value is not None and math.isfinite(value):
            sheet.write_number(line, place, float(value), shown)


def _lines(text: str, width: float) -> int:
    """Number of lines that a text takes in a column, roughly: programs do not all fit a row's height themselves."""
    return math.ceil(1.15 * len(text) / width) or 1


def _summary(session: Session, clock: Clock, people: People, language: str) -> Iterable[list[Cell]]:
    def named(key: str, kind: str, value: Any) -> list[Cell]:
        return [("text", export_text(key, language)), (kind, value)]

    yield [("text", export_text("about", language))]
    yield []
    if session.file:
        yield named("file", "text", session.file)
    yield named("date", "date", session.clock_time(0))
    yield named("duration", "span", timedelta(seconds=session.duration_s))
    spent = coverage(seen_by_anyone(session, clock), clock)
    for key, time_s in {"seen": spent.face_s, **spent.gaps_s}.items():
        yield named(key, "span", timedelta(seconds=time_s))
    yield named("model", "text", session.told["model"]["file"])
    for face, timeline in people.timelines.items():
        yield []
        if face:
            yield named("face", "count", face)
        yield named("seen_for", "span", timedelta(seconds=timeline.seen_s))
        found = valence(timeline)
        yield named("mean_valence", "ratio", found and found.mean)
        yield named("pleasant", "share", found and found.above)
        yield named("unpleasant", "share", found and found.below)
        yield named("doubtful", "share", timeline.doubtful.sum() / max(1, timeline.seen.sum()))
        yield [("head", ""), ("head", export_text("share", language)), ("head", export_text("mean", language))]
        parts, means = shares(timeline), mean_probabilities(timeline)
        for label in LABELS:
            yield [("text", label_name(label, language)), ("share", parts[label]), ("share", means.get(label))]


def _seconds_columns(language: str) -> list[Column]:
    first = (("time", 10), ("clock_time", 10), ("face", 7), ("state", 12), ("expression", 12), ("confidence", 11))
    last = (("valence", 11), ("quality", 9), ("marker", 44))
    before, after = ([(export_text(key, language), width) for key, width in part] for part in (first, last))
    return [*before, *((label_name(name, language), 11) for name in EMOTIONS), *after]


def _seconds(session: Session, clock: Clock, people: People, language: str) -> Iterable[list[Cell]]:
    notes: dict[int, list[str]] = {}
    for number, event in enumerate(session.events_of("marker"), 1):
        notes.setdefault(int(event.timestamp_s), []).append(event.text or str(number))
    steps = len(clock.paused)
    shown = people.timelines or {0: Timeline.unseen(steps)}
    gaps = {face: clock.gaps(timeline.seen) for face, timeline in shown.items()}
    lasts_s = math.ceil(steps * len(shown) / SECOND / MOST_ROWS)
    for second in range(0, math.ceil(steps / SECOND), lasts_s):
        part = slice(second * SECOND, (second + lasts_s) * SECOND)
        at: list[Cell] = [("span", timedelta(seconds=session.start_s + second)), ("clock", session.clock_time(second))]
        marked: Cell = (
            "text",
            " · ".join(note for at_s in range(second, second + lasts_s) for note in notes.get(at_s, [])) or None,
        )
        for face, timeline in shown.items():
            state = max(gaps[face], key=lambda name: gaps[face][name][part].sum())
            which = face or 1 if people.timelines else None
            yield [*at, ("count", which), *_second(timeline.part(part), state, language), marked]


def _second(timeline: Timeline, state: str, language: str) -> list[Cell]:
    """State, expression, confidence, eight means, valence and quality of one face in one second.

    state: why there is no reading, if there is none.
    """
    seen = timeline.seen
    if not seen.any():
        return [("text", export_text(state, language)), *[("text", None)] * (len(EMOTIONS) + 4)]
    label = int(np.bincount(timeline.labels[seen], minlength=len(LABELS)).argmax())
    means = timeline.probabilities[seen].mean(axis=0, dtype=float)
    return [
        ("text", export_text("seen", language)),
        ("text", label_name(LABELS[label], language)),
        ("share", means[label] if label < len(EMOTIONS) else means.max()),
        *(("share", mean) for mean in means),
        ("ratio", timeline.valence[seen].mean()),
        ("ratio", timeline.quality[seen].mean()),
    ]


def _markers(session: Session, people: People, language: str) -> Iterable[list[Cell]]:
    reach = round(AROUND_S / STEP_S)
    for number, event in enumerate(session.events_of("marker"), 1):
        time_s = event.timestamp_s
        at: list[Cell] = [
            ("count", number),
            ("exact_span", timedelta(seconds=session.start_s + time_s)),
            ("exact_clock", session.clock_time(time_s)),
            ("text", event.text or None),
        ]
        if not people.timelines:
            yield at
        for face, timeline in people.timelines.items():
            step, told = round(time_s / STEP_S), around(timeline, time_s)
            before = _side(told.before, timeline.part(slice(max(0, step - reach), step)).valence, language)
            after = _side(told.after, timeline.part(slice(step, step + reach)).valence, language)
            yield [*at, ("count", face or 1), *before, *after]


def _side(side: Side | None, felt: Any, language: str) -> list[Cell]:
    if side is None:
        return [("text", None)] * 3
    return [("text", label_name(side.label, language)), ("share", side.share), ("ratio", np.nanmean(felt))]


def _notes(language: str) -> Iterable[list[Cell]]:
    least = f"{BELIEVED:.2f}".replace(".", "," if language == "es" else ".")
    about = ("about", *(f"about_{what}" for what in ("seconds", "uncertain", "valence", "quality", "times")), "private")
    for key in about:
        yield [("prose", export_text(key, language, least=least))]
