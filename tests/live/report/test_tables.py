"""The tables of a session as spreadsheets save them: read where that is safe, and refused where it is not."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from affect.emotions import EMOTIONS, LANGUAGES
from affect.errors import AffectError
from affect.live.report import write_report
from affect.live.report.__main__ import main
from affect.live.report.session_folder import Session, read_session
from affect.live.report.tables import number
from tests.live.report.session_folders import drawn_rows, write_session

EVENTS = [(9.25, "marker", "one, two; three"), (12.0, "pause", ""), (14.5, "resume", "")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_session(tmp_path / "s", drawn_rows(30, 1, 3), EVENTS)


def table_of(path: Path) -> list[list[str]]:
    return [line.split(",") for line in path.read_text(encoding="utf-8").splitlines()]


def save(path: Path, table: list[list[str]], separator: str = ",", end: str = "\n", encoding: str = "utf-8") -> None:
    path.write_bytes("".join(separator.join(cells) + end for cells in table).encode(encoding))


def comma(cell: str) -> str:
    return cell.replace(".", ",")


def short(cell: str) -> str:
    """A number without the zeros at its end, as spreadsheets write it."""
    return f"{float(cell):g}" if cell.replace(".", "").isdigit() else cell


def same(one: Session, other: Session) -> bool:
    pairs = [(getattr(one.rows, n), getattr(other.rows, n)) for n in ("times_s", "faces", "labels", "probabilities")]
    return all(np.allclose(a, b, atol=1e-6) for a, b in pairs) and one.events == other.events


@pytest.mark.parametrize(
    ("convert", "separator", "end", "encoding"),
    [
        (comma, ";", "\r\n", "utf-8"),  # a spreadsheet in Spanish
        (lambda cell: comma(short(cell)), ";", "\r\n", "utf-8-sig"),
        (short, ",", "\r\n", "utf-8"),  # in English
        (short, ",", "\n", "utf-8"),
        (lambda cell: f'"{comma(cell)}"', ",", "\n", "utf-8"),
        (str, ",", "\n", "utf-8-sig"),
        (str, ",", "\r\n", "utf-8"),
        (comma, "\t", "\r\n", "utf-16"),  # "Unicode text"
    ],
)
def test_a_table_that_a_spreadsheet_saved_whole_is_read_and_told(
    convert: Callable[[str], str], separator: str, end: str, encoding: str, folder: Path
) -> None:
    whole = read_session(folder)
    assert not whole.rows.changed
    header, *rows = table_of(folder / "emotions.csv")
    save(folder / "emotions.csv", [header, *([convert(c) for c in cells] for cells in rows)], separator, end, encoding)
    session = read_session(folder)
    assert same(session, whole)
    assert (session.rows.changed, session.rows.damaged) == (True, 0)
    for language, words in (("en", "saved by another program"), ("es", "la ha guardado otro programa")):
        assert words in write_report([folder], language).read_text(encoding="utf-8")


def test_events_that_a_spreadsheet_saved_are_read_and_told(folder: Path) -> None:
    whole = read_session(folder)
    lines = ["timestamp_s;event;text", '9,25;marker;"one, two; three"', "12;pause;", "14,5;resume;"]
    (folder / "events.csv").write_text("\r\n".join(lines) + "\r\n", encoding="utf-8")
    session = read_session(folder)
    assert same(session, whole)
    assert session.rows.changed


@pytest.mark.parametrize("name", ["emotions.csv", "events.csv"])
@pytest.mark.parametrize("seconds", [5, 60])
def test_times_that_lost_their_decimal_point_are_refused_with_the_line(
    name: str, seconds: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_session(tmp_path / "s", drawn_rows(seconds, 1), EVENTS, seconds)
    header, *rows = table_of(folder / name)
    save(folder / name, [header, *([cells[0].replace(".", ""), *cells[1:]] for cells in rows)], ";")
    for language in LANGUAGES:
        assert main([str(folder), "--lang", language]) == 2
        told = capsys.readouterr().err
        assert told.count("\n") == 1
        assert f"{name} " in told
        assert ": timestamp_s = '" in told


@pytest.mark.parametrize("start_s", [None, 0.0, 40.0])
def test_lost_points_are_found_wherever_a_recording_began(start_s: float | None, tmp_path: Path) -> None:
    rows = [(t + (start_s or 40.0), *row) for t, *row in drawn_rows(30, 1)]
    folder = write_session(tmp_path / "s", rows, [], 30.0, clock="source", start_s=start_s or 0.0)
    path = folder / "session.json"
    if start_s is None:
        path.write_text(path.read_text(encoding="utf-8").replace('"start_s": 0.0,', ""), encoding="utf-8")
    assert len(read_session(folder).rows.times_s) == len(rows)
    header, *table = table_of(folder / "emotions.csv")
    save(folder / "emotions.csv", [header, *([cells[0].replace(".", ""), *cells[1:]] for cells in table)])
    with pytest.raises(AffectError, match="spreadsheet"):
        read_session(folder)


def test_columns_are_found_by_their_names(folder: Path) -> None:
    whole = read_session(folder)
    table = table_of(folder / "emotions.csv")
    order = np.random.default_rng(1).permutation(len(table[0]))
    save(folder / "emotions.csv", [[*(cells[i] for i in order), "more"] for cells in table])
    session = read_session(folder)
    assert same(session, whole)
    assert session.rows.changed
    swapped = {"p_happy": "p_contempt", "p_contempt": "p_happy"}
    save(folder / "emotions.csv", [[swapped.get(name, name) for name in table[0]], *table[1:]])
    found = read_session(folder).rows.probabilities
    happy, contempt = EMOTIONS.index("happy"), EMOTIONS.index("contempt")
    assert np.array_equal(found[:, contempt], whole.rows.probabilities[:, happy])


@pytest.mark.parametrize("part", ["p_happy", "timestamp_s"])
def test_a_column_that_is_there_twice_or_not_is_refused(part: str, folder: Path) -> None:
    header, *rows = table_of(folder / "emotions.csv")
    for names in ([part, *header[1:]], [name for name in header if name != part]):
        save(folder / "emotions.csv", [[*names, part, part] if part not in names else [*names, part], *rows])
        with pytest.raises(AffectError, match="columns of a recorded session"):
            read_session(folder)


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("face_id", "9" * 20), ("face_id", "1.5"), ("face_id", "-1"), ("timestamp_s", "900"), ("timestamp_s", "1e999"),
        ("timestamp_s", "-1"), ("p_sad", "y" * 131_073), ("p_sad", "1.01"), ("p_sad", "-0.1"), ("p_sad", "nan"),
        ("p_sad", "0,1,2"), ("emotion", "alegre"), ("x", '"open'),
    ],
)  # fmt: skip
def test_a_line_that_cannot_be_is_left_out_and_counted(column: str, cell: str, folder: Path) -> None:
    header, *rows = table_of(folder / "emotions.csv")
    rows[7][header.index(column)] = cell
    save(folder / "emotions.csv", [header, *rows])
    session = read_session(folder)
    assert (len(session.rows.times_s), session.rows.damaged) == (len(rows) - 1, 1)
    rows[7:] = [[*cells[:-1], "?"] for cells in rows[7:]]
    save(folder / "emotions.csv", [header, *rows])
    with pytest.raises(AffectError, match=r"emotions\.csv was damaged, or changed .* \(line 9: "):
        read_session(folder)


def test_events_that_cannot_be_are_left_out_and_counted(folder: Path) -> None:
    with (folder / "events.csv").open("a", encoding="utf-8") as file:
        file.write(f"9999,marker,late\n1.000,marker,{'y' * 131_073}\n20.000,marker,last\n")
    session = read_session(folder)
    assert [event.text for event in session.events_of("marker")] == ["one, two; three", "last"]
    assert session.rows.damaged == 2


def test_a_number_has_a_point_or_a_comma_and_lies_in_its_range() -> None:
    convert = number(0, 100)
    assert [convert(cell) for cell in ("0", "12.345", "12,345", "1e2")] == [0, 12.345, 12.345, 100]
    for cell in ("", "x", "-0.001", "100.1", "nan", "1.234,5", "1,2,3"):
        with pytest.raises(ValueError, match=f"^{re.escape(cell)}$|convert"):
            convert(cell)
