"""Numbers, times, dates, names and sentences as a reader of one language writes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from affect.emotions import label_name
from affect.live.report.texts import TEXTS
from affect.live.texts import certainty, clock, percent


@dataclass(frozen=True)
class Writer:
    """Writes in one language, "en" or "es".   origin_s: what a clock shows at the start of a session."""

    language: str
    origin_s: float = 0.0

    def text(self, key: str, **values: object) -> str:
        """A sentence of TEXTS with its {placeholders} filled. Raises KeyError for an unknown one."""
        return TEXTS[key][self.language].format(**values)

    def counted(self, key: str, count: int, **values: object) -> str:
        """The sentence for 1 or for another number of things."""
        return self.text(f"{key}_{'one' if count == 1 else 'many'}", count=self.number(count), **values)

    def name(self, label: str) -> str:
        """An expression, or "uncertain"."""
        return label_name(label, self.language)

    def names(self, labels: Sequence[str]) -> str:
        """Expressions in a row: a, b and c."""
        return self.row([self.name(label) for label in labels])

    def row(self, parts: Sequence[str]) -> str:
        """Parts in a row: a, b and c."""
        if len(parts) < 2:
            return "".join(parts)
        return self.text("list_and", first=", ".join(parts[:-1]), last=parts[-1])

    def number(self, value: float, digits: int = 0) -> str:
        """A number with the language's marks."""
        plain = f"{value:,.{digits}f}"
        marks = {",": self.text("thousands_mark"), ".": self.text("decimal_mark")}
        return "".join(marks.get(sign, sign) for sign in plain).replace("-", "−")

    def percent(self, share: float) -> str:
        """A share, 0…1, in whole per cent (`affect.live.texts.percent`)."""
        return percent(share, self.language)

    def certainty(self, probability: float) -> str:
        """A probability, 0…1, in whole per cent (`affect.live.texts.certainty`)."""
        return certainty(probability, self.language)

    def points(self, change: float) -> str:
        """A difference of two shares, −1…1, in percentage points with its sign."""
        rounded = round(100 * change)
        sign = "+" if rounded > 0 else "±" if rounded == 0 else ""
        return self.text("points", number=sign + self.number(rounded))

    def clock(self, seconds: float, tenths: bool = False) -> str:
        """A moment of a session, seconds from its start (`affect.live.texts.clock`)."""
        return clock(self.origin_s + seconds, self.language, tenths)

    def span(self, seconds: float) -> str:
        """A length of time: 3.4 s, 27 s, 2 min 5 s, 1 h 2 min."""
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
        """Day and time of day, in the time zone of `when`."""
        month = self.text("months").split()[when.month - 1]
        return self.text("date", day=when.day, month=month, year=when.year, time=f"{when:%H:%M}")


def _joined(*parts: object) -> str:
    """Numbers and units that stay on one line."""
    return "\u00a0".join(map(str, parts))
