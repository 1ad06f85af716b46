"""Locale-dependent formatting for the report: numbers, durations, dates, names and sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from affect.emotions import label_name
from affect.live.report.texts import TEXTS
from affect.live.texts import certainty, clock, percent


@dataclass(frozen=True)
class Writer:
    """Formats values and sentences in one language, "en" or "es".   origin_s: clock time at a session's start."""

    language: str
    origin_s: float = 0.0

    def text(self, key: str, **values: object) -> str:
        """Sentence of TEXTS with its {placeholders} filled. Raises KeyError for an unknown key."""
        return TEXTS[key][self.language].format(**values)

    def counted(self, key: str, count: int, **values: object) -> str:
        """Sentence of TEXTS in singular or plural form, with {count} filled."""
        return self.text(f"{key}_{'one' if count == 1 else 'many'}", count=self.number(count), **values)

    def name(self, label: str) -> str:
        """Name of a label: an expression, or "uncertain"."""
        return label_name(label, self.language)

    def names(self, labels: Sequence[str]) -> str:
        """List the names of labels: a, b and c."""
        return self.row([self.name(label) for label in labels])

    def row(self, parts: Sequence[str]) -> str:
        """Join parts to a list: a, b and c."""
        if len(parts) < 2:
            return "".join(parts)
        return self.text("list_and", first=", ".join(parts[:-1]), last=parts[-1])

    def number(self, value: float, digits: int = 0) -> str:
        """Format a number with the language's decimal and thousands separators."""
        plain = f"{value:,.{digits}f}"
        marks = {",": self.text("thousands_mark"), ".": self.text("decimal_mark")}
        return "".join(marks.get(sign, sign) for sign in plain).replace("-", "−")

    def percent(self, share: float) -> str:
        """Format a share, 0…1, in whole per cent (`affect.live.texts.percent`)."""
        return percent(share, self.language)

    def certainty(self, probability: float) -> str:
        """Format a probability, 0…1, in whole per cent (`affect.live.texts.certainty`)."""
        return certainty(probability, self.language)

    def points(self, change: float) -> str:
        """Format a difference of two shares, −1…1, in percentage points with its sign."""
        rounded = round(100 * change)
        sign = "+" if rounded > 0 else "±" if rounded == 0 else ""
        return self.text("points", number=sign + self.number(rounded))

    def clock(self, seconds: float, tenths: bool = False) -> str:
        """Format a time of a session, in seconds from its start (`affect.live.texts.clock`)."""
        return clock(self.origin_s + seconds, self.language, tenths)

    def span(self, seconds: float) -> str:
        """Format a duration: 3.4 s, 27 s, 2 min 5 s, 1 h 2 min."""
        if seconds < 9.95:
            return _joined(self.number(seconds, 1) if seconds else 0, "s")
        minutes, rest = divmod(round(seconds), 60)
        hours, minutes = divmod(minutes, 60)
        if hours:
            return _joined(hours, "h", minutes, "min") if minutes else _joined(hours, "h")
        if minutes:
            return _joined(minutes, "min", rest, "s") if rest else _joined(minutes, "min")
        return _joined(rest, "s")

    def date(self, when: datetime) -> str:
        """Format date and time of day, in the time zone of `when`."""
        month = self.text("months").split()[when.month - 1]
        return self.text("date", day=when.day, month=month, year=when.year, time=f"{when:%H:%M}")


def _joined(*parts: object) -> str:
    """Join numbers and units with no-break spaces."""
    return "\u00a0".join(map(str, parts))
