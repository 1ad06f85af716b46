"""Texts in CSV files that a person may open with a spreadsheet."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affect.cells import FORMULA, as_cell, of_cell

FORMULAS = {
    "=HYPERLINK(A1)": "'=HYPERLINK(A1)", "+1+1": "'+1+1", "-2+3": "'-2+3", "@SUM(A1)": "'@SUM(A1)", "\tx": "'\tx",
    "\r=1": "'\r'=1", "\n=1": "'\n'=1", "  =1": "'  =1", "'=1": "''=1", "''  -1": "'''  -1", "＝1": "'＝1",
    "－1": "'－1", "smiles;=1+1;": "smiles;'=1+1;", 'a,b; "=1"': "a,b;' \"=1\"", "a\t-1\n+2": "a\t'-1\n'+2",
}  # fmt: skip


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_is_a_formula(text: str) -> None:
    assert as_cell(text) == FORMULAS[text]
    assert of_cell(as_cell(text)) == text


@pytest.mark.parametrize("text", FORMULAS)
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_no_cell_of_a_file_begins_as_a_formula_in_any_country(text: str, separator: str) -> None:
    file = io.StringIO()
    csv.writer(file).writerows([["1.000", "marker", as_cell(text)], ["2.000", as_cell(text), "x"]])
    found = [cell for row in csv.reader(file.getvalue().splitlines(), delimiter=separator) for cell in row]
    assert [cell for cell in found if cell.lstrip(' "').startswith(FORMULA)] == []


@pytest.mark.parametrize("text", ["", "smiles at 1-2", "it's fine", "'quoted'", "3", "happy/a=b.png", "'", "ñ", "a; b"])
def test_any_other_text_is_as_it_was(text: str) -> None:
    assert as_cell(text) == text == of_cell(text)


@given(st.text(alphabet="'=+-@; \t\"ab1", max_size=8))
def test_a_cell_is_read_as_what_was_written(text: str) -> None:
    assert of_cell(as_cell(text)) == text
    assert not as_cell(text).lstrip(" ").startswith(("=", "+", "-", "@", "\t"))
