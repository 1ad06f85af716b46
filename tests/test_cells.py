"""Texts in CSV files that a person may open with a spreadsheet."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affect.cells import as_cell, of_cell

FORMULAS = [
    '=HYPERLINK("http://example.org";"x")', "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "'=1", "''  -1",
    "＝1", "－1",
]  # fmt: skip


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_is_a_formula(text: str) -> None:
    assert as_cell(text) == f"'{text}"
    assert of_cell(as_cell(text)) == text


@pytest.mark.parametrize("text", ["", "smiles at 1-2", "it's fine", "'quoted'", "3", "happy/a=b.png", "'", "ñ"])
def test_any_other_text_is_as_it_was(text: str) -> None:
    assert as_cell(text) == text == of_cell(text)


@given(st.text(alphabet="'=+-@ \tab1", max_size=8))
def test_a_cell_is_read_as_what_was_written(text: str) -> None:
    assert of_cell(as_cell(text)) == text
    assert not as_cell(text).lstrip(" ").startswith(("=", "+", "-", "@", "\t"))
