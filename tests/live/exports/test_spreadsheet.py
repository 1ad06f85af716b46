"""A session's spreadsheet: its numbers are numbers in every language, and no text in it is more than a text."""

from __future__ import annotations

import csv
import shutil
import subprocess
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from affect.emotions import EMOTIONS, UNCERTAIN, label_name
from affect.live.exports import write_exports
from affect.live.exports.spreadsheet import write_spreadsheet
from affect.live.report.session_folder import read_session
from affect.live.report.timeline import clock_of, people_of
from tests.live.report.session_folders import QUALITY, one_hot, write_session

PROFILE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema">
<item oor:path="/org.openoffice.Setup/L10N"><prop oor:name="ooSetupSystemLocale" oor:op="fuse"><value>{locale}</value>
</prop></item></oor:items>"""
NOTES = ["=1+1", "+34 600", "@home", '=HYPERLINK("http://x.example","ñ")', "ñandú; 3,5", ""]


def session(folder: Path, **told: Any) -> Path:
    """Thirty seconds: happy, then sad, ten seconds without a face, neutral; six markers, one a pause of two seconds."""
    rows = [
        (i / 10, 1, label, one_hot(label))
        for i in range(300)
        for label in ["happy" if i < 80 else "sad" if i < 100 else "neutral"]
        if not 100 <= i < 200 and not 250 <= i < 270
    ]
    events = [(8.0 + i, "marker", note) for i, note in enumerate(NOTES)]
    return write_session(folder, rows, [*events, (25.0, "pause", ""), (27.0, "resume", "")], **told)


def sheets(path: Path) -> dict[str, list[list[Any]]]:
    return {sheet.title: [[cell.value for cell in row] for row in sheet] for sheet in load_workbook(path)}


@pytest.mark.parametrize("language", ["en", "es"])
def test_each_second_has_a_row_with_real_numbers_and_times(tmp_path: Path, language: str) -> None:
    path, *_ = write_exports(session(tmp_path / "s"), language)
    found = sheets(path)
    assert list(found) == (
        ["summary", "per second", "markers", "notes"]
        if language == "en"
        else ["resumen", "por segundo", "marcas", "notas"]
    )
    head, *seconds = found["per second" if language == "en" else "por segundo"]
    assert head[6:14] == [label_name(name, language) for name in EMOTIONS]
    assert len(seconds) == 30
    first, empty, paused = seconds[0], seconds[12], seconds[25]
    assert first[:2] == [timedelta(0), datetime(2026, 11, 25, 10, 0, 0)] or first[:2] == [time(0, 0), time(10, 0)]
    assert [type(value) for value in first[5:16]] == [float] * 11
    assert first[4] == label_name("happy", language)
    assert first[5] == first[6 + EMOTIONS.index("happy")] == pytest.approx(0.86)
    assert first[14] == pytest.approx(0.84)
    assert first[15] == pytest.approx(QUALITY)
    assert empty[3] == ("no face" if language == "en" else "sin cara")
    assert paused[3] == ("paused" if language == "en" else "en pausa")
    assert empty[4:16] == paused[4:16] == [None] * 12
    assert seconds[12][16] == "ñandú; 3,5"
    assert seconds[13][16] == "6"  # a marker without a note has its number
    assert seconds[9][4] == label_name("sad", language)
    assert seconds[9][14] == pytest.approx(-0.84)


def test_no_text_is_a_formula_or_a_link(tmp_path: Path) -> None:
    path, *_ = write_exports(session(tmp_path / "s"), "en")
    book = load_workbook(path)
    for sheet in book:
        assert not sheet._hyperlinks
        assert all(cell.data_type != "f" for row in sheet for cell in row)
    assert [row[3].value for row in book["markers"].iter_rows(min_row=2)] == [note or None for note in NOTES]


def test_a_marker_has_the_ten_seconds_on_both_sides(tmp_path: Path) -> None:
    path, *_ = write_exports(session(tmp_path / "s"), "en")
    _, first, *_ = sheets(path)["markers"]
    assert first[0] == 1
    assert first[5:8] == ["happy", 1, pytest.approx(0.84)]
    assert first[8:11] == ["sad", 1, pytest.approx(-0.84)]


def test_the_summary_tells_valence_by_its_time_above_and_below_0(tmp_path: Path) -> None:
    path, *_ = write_exports(session(tmp_path / "s"), "en")
    told = {row[0]: row[1] for row in sheets(path)["summary"] if row[0]}
    assert told["mean valence (derived)"] == pytest.approx((80 * 0.84 - 20 * 0.84) / 180, abs=1e-3)
    assert told["time with valence above 0"] == pytest.approx(80 / 180)
    assert told["time with valence below 0"] == pytest.approx(20 / 180)
    assert told["time of low quality"] == 0
    assert told["happy"] == pytest.approx(80 / 180)
    assert told[UNCERTAIN] == 0


def test_several_faces_have_a_row_each_and_none_leaves_the_state(tmp_path: Path) -> None:
    rows = [(i / 10, face, "happy", one_hot("happy")) for i in range(300) for face in (1, 2)]
    settings = {"settings": {"faces": 2}}
    path, *_ = write_exports(write_session(tmp_path / "two", rows, **settings), "en")
    assert [row[2] for row in sheets(path)["per second"][1:5]] == [1, 2, 1, 2]
    path, *_ = write_exports(write_session(tmp_path / "none", [], [(3.0, "marker", "x")], **settings), "en")
    assert {row[3] for row in sheets(path)["per second"][1:]} == {"no face"}
    assert [row[3] for row in sheets(path)["markers"][1:]] == ["x"]


def test_a_file_has_its_own_times_and_only_a_known_time_of_day(tmp_path: Path) -> None:
    source = {"source": {"kind": "video", "name": "a.mp4"}, "clock": "source", "start_s": 60.0}
    rows = [(60 + i / 10, 1, "happy", one_hot("happy")) for i in range(300)]
    for recorded, expected in ((None, None), ("2026-03-01T09:30:00+01:00", "09:31:00")):
        folder = write_session(tmp_path / str(recorded)[:4], rows, [(61.0, "marker", "x")], recorded=recorded, **source)
        path, *_ = write_exports(folder, "en")
        first = sheets(path)["per second"][1]
        assert str(first[0])[-5:] == "01:00"
        assert (first[1] and f"{first[1]:%H:%M:%S}") == expected


def test_older_recordings_without_valence_and_quality_are_read(tmp_path: Path) -> None:
    folder = session(tmp_path / "s")
    with (folder / "emotions.csv").open(encoding="utf-8") as file:
        lines = [line[:-2] for line in csv.reader(file)]
    with (folder / "emotions.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(lines)
    path, *_ = write_exports(folder, "en")
    first = sheets(path)["per second"][1]
    assert first[14] == pytest.approx(0.84)
    assert first[15] is None


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
@pytest.mark.parametrize(("language", "locale", "mark"), [("en", "en-US", "."), ("es", "es-ES", ",")])
def test_libreoffice_reads_the_same_numbers_in_its_own_locale(
    tmp_path: Path, language: str, locale: str, mark: str
) -> None:
    events = session(tmp_path / "s") / "events.csv"
    events.write_text(events.read_text(encoding="utf-8").replace("8.000,marker", "8.888,marker"), encoding="utf-8")
    path, *_ = write_exports(tmp_path / "s", language)
    (tmp_path / "home" / "user").mkdir(parents=True)
    (tmp_path / "home" / "user" / "registrymodifications.xcu").write_text(PROFILE.format(locale=locale))
    filters = "csv:Text - txt - csv (StarCalc):59,34,76,1,,0,false,true,true,false,false,-1"
    home = f"-env:UserInstallation={(tmp_path / 'home').as_uri()}"
    command = ["soffice", home, "--headless", "--convert-to", filters, "--outdir", str(tmp_path), str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    name = "per second" if language == "en" else "por segundo"
    with (tmp_path / f"session-{name}.csv").open(encoding="utf-8") as file:
        _, first, *_ = csv.reader(file, delimiter=";")
    assert first[0] == "0:00:00"
    assert (first[14], first[15], first[5]) == (f"0{mark}84", f"0{mark}90", f"86{mark}0%")
    name = "markers" if language == "en" else "marcas"
    with (tmp_path / f"session-{name}.csv").open(encoding="utf-8") as file:
        _, first, *_ = csv.reader(file, delimiter=";")
    assert first[1:3] == [f"0:00:08{mark}888", f"10:00:08{mark}888"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_a_full_disk_is_an_error_of_the_system_as_for_every_other_file(tmp_path: Path) -> None:
    read = read_session(session(tmp_path / "s"))
    clock = clock_of(read)
    with pytest.raises(OSError, match="No space left"):
        write_spreadsheet(Path("/dev/full"), read, clock, people_of(read, clock), "en")


def test_a_long_session_has_a_row_for_several_seconds_and_loses_no_note(tmp_path: Path) -> None:
    folder = write_session(tmp_path / "s", [], [(45_001.0, "marker", "late")], duration_s=90_000.0)
    path, *_ = write_exports(folder, "en")
    rows = sheets(path)["per second"][1:]
    assert len(rows) == 7_500  # of twelve seconds
    assert [number for number, row in enumerate(rows) if row[16]] == [3_750]
