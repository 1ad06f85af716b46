"""Comparison tables with their data source, and their formatting as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from affect.data.tables import markdown_table


@dataclass(frozen=True)
class Comparison:
    """A comparison table with its data source and a list of missing results.

    data, split: data set and split of the evaluations; split is "" if there are none.
    missing: one text for each missing result, with the path where it is expected.
    """

    table: pd.DataFrame
    data: str
    split: str
    missing: tuple[str, ...]

    @property
    def origin(self) -> str:
        """The subtitle of a figure: data set, split and n."""
        counts = sorted({int(n) for n in self.table["n"].dropna()})
        n = " to ".join(f"{c:,}" for c in (counts[:1] + counts[-1:] if len(counts) > 1 else counts))
        return f"{self.data} {self.split}, n = {n}" if counts else f"{self.data}, nothing measured yet"


def cell(row: pd.Series, name: str, sign: str = "", digits: int = 3) -> str:
    """Table cell of a metric with its interval; "-" if it was not measured.   sign: "+" for a difference."""
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
    """A Markdown page with one table, notes below it, and the missing results."""
    absent = ["Not measured yet: " + "; ".join(missing) + "."] if missing else []
    return "\n\n".join([f"# {title}", markdown_table(header, rows), *notes, *absent]) + "\n"
