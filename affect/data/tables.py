"""Tables as CSV files, with names from outside (see `affect.cells`), and as Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from affect.cells import as_cell, of_cell
from affect.files import atomic_path


def write_table(table: pd.DataFrame, path: Path, **settings: Any) -> None:
    """Write a table to a CSV file, atomically, with texts and column names that are no formulas.

    settings: of `DataFrame.to_csv`; without them, the index is left out.
    """
    with atomic_path(path) as part:
        _texts(table, as_cell).to_csv(part, **{"index": False, "lineterminator": "\n", "encoding": "utf-8"} | settings)


def read_table(path: Path, **settings: Any) -> pd.DataFrame:
    """Read a table that `write_table` wrote.   settings: of `pandas.read_csv`, whose errors are raised."""
    return _texts(pd.read_csv(path, **settings), of_cell)


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table, without a line end after its last row."""
    lines = ["|" + "|".join(f" {cell} " if cell else " " for cell in map(str, row)) + "|" for row in (header, *rows)]
    return "\n".join([lines[0], "|" + "---|" * len(header), *lines[1:]])


def _texts(table: pd.DataFrame, change: Callable[[str], str]) -> pd.DataFrame:
    """A table with its column names and texts changed."""
    changed = table.rename(columns=lambda name: change(name) if isinstance(name, str) else name)
    for column in changed.columns[[not pd.api.types.is_numeric_dtype(kind) for kind in changed.dtypes]]:
        changed[column] = changed[column].map(lambda value: change(value) if isinstance(value, str) else value)
    return changed
