"""Texts from outside in CSV files: a spreadsheet must show them, and never compute them as formulas (CWE-1236)."""

from __future__ import annotations

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # what begins one, also in full width


def as_cell(text: str) -> str:
    """A text as it is written into a cell: with a ' before it if a spreadsheet could take it for a formula."""
    return f"'{text}" if text.lstrip("' ").startswith(FORMULA) else text


def of_cell(cell: str) -> str:
    """The text of a cell that `as_cell` made; another cell is returned as it is."""
    return cell[1:] if cell.startswith("'") and as_cell(cell[1:]) == cell else cell
