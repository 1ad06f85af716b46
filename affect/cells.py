"""Texts from outside in CSV files: a spreadsheet must show them, and never compute them as formulas (CWE-1236)."""

from __future__ import annotations

import re

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # what begins one, also in full width
# A spreadsheet of a language with decimal commas also ends a cell at a semicolon, whatever the quotation marks.
PARTS = re.compile(r"(?<=[;\t\r\n])")


def as_cell(text: str) -> str:
    """A text as it is written into a cell: with a ' before each part that a spreadsheet could take for a formula."""
    return "".join(map(_shown, PARTS.split(text)))


def of_cell(cell: str) -> str:
    """The text of a cell that `as_cell` made; another cell is returned as it is."""
    return "".join(p[1:] if p.startswith("'") and _shown(p[1:]) == p else p for p in PARTS.split(cell))


def _shown(part: str) -> str:
    return f"'{part}" if part.lstrip("'\" ").startswith(FORMULA) else part
