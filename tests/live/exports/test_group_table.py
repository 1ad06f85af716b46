"""The table of many sessions: a row per session and per marker text, with numbers that other programs read."""

from __future__ import annotations

import csv
import io
import stat
import sys
from pathlib import Path

import pytest

from affect.errors import AffectError
from affect.live.exports.group_table import COLUMNS, write_group_table
from affect.live.report.__main__ import main
from tests.live.report.session_folders import one_hot, write_session

EVENTS = [(10.0, "marker", "=A"), (15.0, "marker", "B"), (20.0, "marker", "=A"), (25.0, "marker", "")]


def session(folder: Path) -> Path:
    """10 s neutral, 5 s happy (A), 5 s sad (B), 5 s of which 3 happy and 2 without a face (A), 5 s neutral."""
    parts = [(0, 10, "neutral"), (10, 15, "happy"), (15, 20, "sad"), (20, 23, "happy"), (25, 30, "neutral")]
    rows = [(i / 10, 1, label, one_hot(label)) for a, b, label in parts for i in range(10 * a, 10 * b)]
    return write_session(folder, rows, EVENTS)


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_session_has_a_row_and_each_marker_text_in_it_another(tmp_path: Path) -> None:
    found = rows_of(write_group_table([session(tmp_path / "a"), session(tmp_path / "b")]))
    assert list(found[0]) == list(COLUMNS)
    assert [(row["session"], row["part"]) for row in found] == [
        (name, part) for name in "ab" for part in ("(whole session)", "'=A", "B")
    ]
    whole, first, second = ({k: row[k] for k in row} for row in found[:3])
    assert (whole["duration_s"], whole["seen_s"], whole["seen_share"]) == ("30.0", "28.0", "0.9333")
    assert (first["duration_s"], first["seen_s"], first["seen_share"]) == ("10.0", "8.0", "0.8000")
    assert (first["share_happy"], first["valence"], first["valence_above_0"]) == ("1.0000", "0.8400", "1.0000")
    assert (second["share_sad"], second["valence"], second["valence_below_0"]) == ("1.0000", "-0.8400", "1.0000")
    assert float(whole["share_happy"]) == pytest.approx(8 / 28, abs=1e-3)
    assert float(first["episodes_per_min_happy"]) == pytest.approx(60 * 2 / 8)
    assert (whole["quality"], whole["low_quality_share"], whole["baseline"]) == ("0.9000", "0.0000", "0")


def test_a_person_s_code_is_the_last_column(tmp_path: Path) -> None:
    (row,) = rows_of(write_group_table([write_session(tmp_path / "a", [], person="=K07")]))
    assert list(row)[-1] == "person"
    assert row["person"] == "'=K07"
    assert rows_of(write_group_table([write_session(tmp_path / "b", [])]))[0]["person"] == ""


def test_what_is_unknown_is_empty(tmp_path: Path) -> None:
    (row,) = rows_of(write_group_table([write_session(tmp_path / "none", [])]))
    assert (row["seen_s"], row["seen_share"], row["valence"], row["share_happy"], row["quality"]) == (
        *("0.0", "0.0000"),
        *("", "", ""),
    )


def test_the_command_writes_the_table_for_its_owner_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    session(tmp_path / "all" / "a")
    assert main([str(tmp_path / "all"), "--table", "--lang", "en"]) == 0
    shown = capsys.readouterr().out
    out = tmp_path / "new" / "study.csv"
    for _ in range(2):  # the second time, it is replaced
        assert main([str(tmp_path / "all"), "--table", "--out", str(out), "--lang", "en"]) == 0
        assert capsys.readouterr().out == f"{out}\n"
    assert out.read_text(encoding="utf-8") == shown
    assert sys.platform == "win32" or stat.S_IMODE(out.stat().st_mode) == 0o600


def test_no_other_file_is_replaced(tmp_path: Path) -> None:
    folder = session(tmp_path / "a")
    before = (folder / "emotions.csv").read_bytes()
    with pytest.raises(AffectError, match=r"emotions\.csv"):
        write_group_table([folder], folder / "emotions.csv")
    assert (folder / "emotions.csv").read_bytes() == before
