"""A session folder is read as far as it goes, and what is no session folder is told."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from affect.emotions import EMOTIONS
from affect.errors import AffectError
from affect.live.report.session_folder import LABELS, read_session, session_folders
from tests.live.report.session_folders import drawn_rows, one_hot, write_session

ROWS = [(i / 10, 1, "happy", one_hot("happy")) for i in range(20)]


def test_rows_and_events_come_in_the_order_of_time(tmp_path: Path) -> None:
    folder = write_session(
        tmp_path / "s",
        [(1.0, 2, "sad", one_hot("sad")), (0.5, 1, "uncertain", one_hot("fear", 0.25))],
        [(9.0, "resume", ""), (1.5, "marker", "a, “b”\nand ü")],
    )
    session = read_session(folder)
    assert session.rows.times_s.tolist() == [0.5, 1.0]
    assert session.rows.faces.tolist() == [1, 2]
    assert [LABELS[i] for i in session.rows.labels] == ["uncertain", "sad"]
    assert session.rows.probabilities[1, EMOTIONS.index("sad")] == pytest.approx(0.86)
    assert [(e.timestamp_s, e.event, e.text) for e in session.events] == [
        (1.5, "marker", "a, “b”\nand ü"),
        (9.0, "resume", ""),
    ]
    assert not session.cut_off


def test_a_killed_recording_is_read_without_its_torn_lines(tmp_path: Path) -> None:
    folder = write_session(tmp_path / "s", ROWS, [(0.5, "marker", "whole")], 1.2, state="recording", ended=None)
    for name, torn in (("emotions.csv", "1.95,58,1,40,30,200,200,happy,0.86,0.02"), ("events.csv", "1.9,mar")):
        with (folder / name).open("a", encoding="utf-8") as file:
            file.write(torn)
    session = read_session(folder)
    assert session.cut_off
    assert len(session.rows.times_s) == 20
    assert session.rows.damaged == 0
    assert [event.text for event in session.events] == ["whole"]
    assert session.duration_s == pytest.approx(1.9)  # of the last row: session.json was written before it


def test_a_recording_from_the_middle_of_a_video_starts_where_it_was_started(tmp_path: Path) -> None:
    rows = [(25 + i / 10, 1, "happy", one_hot("happy")) for i in range(151)]  # the face has gone before the end
    told = {"clock": "source", "start_s": 20.0}
    session = read_session(write_session(tmp_path / "s", rows, [(30.0, "marker", "")], 30.0, **told))
    assert (session.start_s, session.duration_s) == (20.0, 30.0)
    assert (session.rows.times_s[0], session.rows.times_s[-1]) == pytest.approx((5.0, 20.0))
    assert session.events[0].timestamp_s == pytest.approx(10.0)


def test_of_an_older_recording_the_start_is_what_its_last_moment_tells(tmp_path: Path) -> None:
    for clock, start_s in (("source", 20.0), ("recording", 0.0)):
        folder = write_session(tmp_path / clock, [(49.9, 1, "sad", one_hot("sad"))], [], 29.9, clock=clock)
        path = folder / "session.json"
        told = json.loads(path.read_text(encoding="utf-8"))
        del told["start_s"]
        path.write_text(json.dumps(told), encoding="utf-8")
        assert read_session(folder).start_s == pytest.approx(start_s)


def test_a_last_number_that_was_cut_short_is_not_taken_for_whole(tmp_path: Path) -> None:
    folder = write_session(tmp_path / "s", ROWS)
    path = folder / "emotions.csv"
    path.write_text(path.read_text(encoding="utf-8")[:-4], encoding="utf-8")
    assert len(read_session(folder).rows.times_s) == 19


def test_lines_that_make_no_sense_are_counted_and_left_out(tmp_path: Path) -> None:
    folder = write_session(tmp_path / "s", ROWS)
    path = folder / "emotions.csv"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    lines[3] = lines[3].replace("happy", "hungry")
    lines[5] = lines[5].replace("0.02", "nan")
    lines[7] = "\x00\x00\n"
    path.write_text("".join(lines), encoding="utf-8")
    rows = read_session(folder).rows
    assert (len(rows.times_s), rows.damaged) == (17, 3)


def test_a_recording_that_was_killed_before_anything_happened_has_no_events(tmp_path: Path) -> None:
    folder = write_session(tmp_path / "s", ROWS)
    (folder / "events.csv").unlink()
    assert read_session(folder).events == ()


@pytest.mark.parametrize("name", ["session.json", "emotions.csv"])
def test_a_missing_file_is_told(tmp_path: Path, name: str) -> None:
    folder = write_session(tmp_path / "s", ROWS)
    (folder / name).unlink()
    with pytest.raises(AffectError, match=f"{name} is missing"):
        read_session(folder)


@pytest.mark.skipif(sys.platform == "win32", reason="devices of Unix")
@pytest.mark.parametrize("name", ["session.json", "emotions.csv", "events.csv"])
def test_what_is_no_file_is_not_waited_for(tmp_path: Path, name: str) -> None:
    for number, make in enumerate((Path.mkdir, lambda path: path.symlink_to("/dev/null"))):
        folder = write_session(tmp_path / str(number), ROWS)
        (folder / name).unlink()
        make(folder / name)
        with pytest.raises(AffectError, match=f"{name} is missing"):
            read_session(folder)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[1]", "not in format 1"),
        ('{"format": 2}', "with the version that recorded it"),
        ('{"format": 1, "state": "finished"}', "lacks started"),
        ('{"format": 1', "cannot be read"),
    ],
)
def test_another_format_is_told(tmp_path: Path, text: str, said: str) -> None:
    folder = write_session(tmp_path / "s", ROWS)
    (folder / "session.json").write_text(text, encoding="utf-8")
    with pytest.raises(AffectError, match=said):
        read_session(folder)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_what_an_editor_saved_in_another_unicode_is_read(tmp_path: Path, encoding: str) -> None:
    folder = write_session(tmp_path / "s", ROWS, source={"kind": "video", "name": "sesión.mp4"})
    path = folder / "session.json"
    path.write_text(path.read_text(encoding="utf-8"), encoding=encoding)
    assert read_session(folder).file == "sesión.mp4"


def test_a_damaged_date_or_time_is_told(tmp_path: Path) -> None:
    for told in ({"started": "yesterday"}, {"start_s": "soon"}, {"recorded": "once"}):
        folder = write_session(tmp_path / "s", ROWS, **told)
        with pytest.raises(AffectError, match="session.json is damaged"):
            read_session(folder)


def test_another_csv_is_told(tmp_path: Path) -> None:
    folder = write_session(tmp_path / "s", ROWS)
    (folder / "emotions.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(AffectError, match="columns of a recorded session"):
        read_session(folder)


def test_a_folder_of_sessions_means_all_of_them(tmp_path: Path) -> None:
    made = [write_session(tmp_path / name, ROWS) for name in ("2026-11-26", "2026-11-25")]
    (tmp_path / "notes").mkdir()
    assert session_folders(tmp_path) == sorted(made)
    assert session_folders(made[0]) == [made[0]]
    with pytest.raises(AffectError, match="has no session.json"):
        session_folders(tmp_path / "notes")
    with pytest.raises(AffectError, match="is not a folder"):
        session_folders(tmp_path / "none")


def test_drawn_rows_are_probabilities(tmp_path: Path) -> None:
    told = json.loads((write_session(tmp_path / "s", drawn_rows(5, 1)) / "session.json").read_text(encoding="utf-8"))
    assert told["model"]["figures"]["n"] > 1000
    assert read_session(tmp_path / "s").rows.probabilities.sum(axis=1) == pytest.approx(1, abs=1e-5)
