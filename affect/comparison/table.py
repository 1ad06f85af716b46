"""A comparison as a table that knows where its numbers come from, and how such a table is set in Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Comparison:
    """A table, where its numbers come from, and what is not there yet (each entry says what and where it would be).

    data, split: what the models were measured on; split is "" where none was measured.
    """

    table: pd.DataFrame
    data: str
    split: str
    missing: tuple[str, ...]

    @property
    def origin(self) -> str:
        """What a figure says about where its numbers come from."""
        counts = sorted({int(n) for n in self.table["n"].dropna()})
        n = " to ".join(f"{c:,}" for c in (counts[:1] + counts[-1:] if len(counts) > 1 else counts))
        return f"{self.data} {self.split}, n = {n}" if counts else f"{self.data}, nothing measured yet"


def cell(row: pd.Series, name: str, sign: str = "", digits: int = 3) -> str:
    """A figure with its interval, or "-" where it was not measured.   sign: "+" for a difference."""
    if pd.isna(row[name]):
        return "-"
    value, low, high = (
        "" if pd.isna(row[f"{name}{bound}"]) else f"{row[f'{name}{bound}']:{sign}.{digits}f}"
        for bound in ("", "_low", "_high")
    )
    return f"{value} [{low}, {high}]" if low else value


def markdown(
    title: str, header: Sequence[str], rows: Sequence[Sequence[str]], notes: Sequence[str], missing: Sequence[str]
) -> str:
    """A page with one table, the notes below it, and what is missing."""
    lines = [f"# {title}", "", "| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    lines += [line for note in notes for line in ("", note)]
    if missing:
        lines += ["", "Not measured yet: " + "; ".join(missing) + "."]
    return "\n".join(lines) + "\n"
