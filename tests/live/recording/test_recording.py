"""What a recording leaves on the disk: while it goes on, at its end, after a kill, and when the disk is full."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from affect.errors import AffectError
from affect.live.recording import recording as module
from affect.live.recording.recording import Recording
from affect.live.recording.sinks import CsvSink
from affect.live.report import write_report
from affect.live.sources.files import Frame
from tests.conftest import REPOSITORY
from tests.live.recording.endless_recording import CONSENT, FACE, PICTURE, SETUP

CHILD = [sys.executable, str(Path(__file__).with_name("endless_recording.py"))]
ENVIRONMENT = os.environ | {"PYTHONPATH": str(REPOSITORY)}


class Hand:
    """A clock that is set by hand."""

    def __init__(self, now_s: float = 0.0) -> None:
        self.now_s = now_s

    def __call__(self) -> float:
        return self.now_s


def start(parent: Path, clock: Hand, whose: Any = "recording") -> Recording:
    return Recording(parent, clock.now_s, clock, whose, SETUP, CONSENT)


def told_in(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "session.json").read_text(encoding="utf-8"))


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_session_s_folder_holds_what_the_contract_says(tmp_path: Path) -> None:
    clock = Hand(100.0)
    recording = start(tmp_path / "new", clock)
    for number in range(4):
        clock.now_s = 100 + number / 2
        recording.write(Frame(PICTURE, clock.now_s, number), [FACE] if number else [])
    note = recording.event("marker", 101.0)
    recording.describe(note, "  looked away,\nthen back ")
    clock.now_s = 102.0
    recording.close()
    assert sorted(p.name for p in recording.folder.iterdir()) == ["emotions.csv", "events.csv", "session.json"]
    rows = table(recording.folder / "emotions.csv")
    assert [(r["timestamp_s"], r["frame"]) for r in rows] == [
        *(("0.000", "0"), ("0.500", "1"), ("1.000", "2"), ("1.500", "3"))
    ]
    assert [r["face_id"] for r in rows] == ["", *[str(FACE.face_id)] * 3]
    assert table(recording.folder / "events.csv") == [
        {"timestamp_s": "1.000", "event": "marker", "text": "looked away, then back", "clock_time": at(recording, 1)}
    ]
    told = told_in(recording.folder)
    assert told["source"] == SETUP["source"]
    assert told["consent"] == {"given_at": CONSENT.given_at, "how": "asked"}
    assert (told["format"], told["state"], told["clock"]) == (1, "finished", "recording")
    assert told["complete"] is True
    assert (told["start_s"], told["duration_s"]) == (0.0, 2.0)  # on the clock of the rows
    assert (told["frames"], told["frames_with_face"], told["face_share"]) == (4, 3, 0.75)
    assert told["started"] <= told["ended"]
    assert told["paused_s"] == 0
    assert told["baseline"] is None


def at(recording: Recording, time_s: float) -> str:
    """Time of day of a moment after the start that session.json tells."""
    started = datetime.fromisoformat(told_in(recording.folder)["started"])
    return (started + timedelta(seconds=time_s)).isoformat(timespec="milliseconds")


def test_the_start_is_told_to_the_millisecond_also_where_the_recorder_was_late(tmp_path: Path) -> None:
    clock, before, before_s = Hand(100.0), datetime.now().astimezone(), time.monotonic()
    with Recording(tmp_path, 97.5, clock, "recording", SETUP, CONSENT) as recording:
        recording.event("marker", 98.5)
    told = told_in(recording.folder)
    started, late = datetime.fromisoformat(told["started"]), timedelta(seconds=2.5)
    assert timedelta(0) <= started + late - before + timedelta(milliseconds=1) < timedelta(seconds=20)
    assert started.utcoffset() == before.utcoffset()
    assert told["time_zone"] == before.tzname()
    gone = (started + late - before).total_seconds()  # both clocks tell the same time
    assert told["started_monotonic_s"] + 2.5 - before_s == pytest.approx(gone, abs=0.05)
    assert [row["clock_time"] for row in table(recording.folder / "events.csv")] == [at(recording, 1)]


@pytest.mark.parametrize("recorded", ["2026-03-01T09:30:00.250+01:00", None])
def test_events_of_a_file_have_the_time_of_day_at_which_it_was_recorded(tmp_path: Path, recorded: str | None) -> None:
    setup = SETUP | ({"recorded": recorded} if recorded else {})
    with Recording(tmp_path, 3.0, Hand(5.0), "source", setup, CONSENT) as recording:
        recording.event("marker", 61.5)
    expected = "2026-03-01T09:31:01.750+01:00" if recorded else ""
    assert [row["clock_time"] for row in table(recording.folder / "events.csv")] == [expected]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_only_the_owner_can_enter_the_folder(tmp_path: Path) -> None:
    with start(tmp_path, Hand()) as recording:
        assert recording.folder.stat().st_mode & 0o777 == 0o700


def test_a_file_s_recording_keeps_the_file_s_times(tmp_path: Path) -> None:
    clock = Hand(7.0)
    with start(tmp_path, clock, "source") as recording:
        recording.write(Frame(PICTURE, 7.0, 70), [FACE])
        clock.now_s = 9.5
        recording.event("marker", 8.0)
    assert table(recording.folder / "emotions.csv")[0]["timestamp_s"] == "7.000"
    assert table(recording.folder / "events.csv")[0]["timestamp_s"] == "8.000"
    told = told_in(recording.folder)
    assert (told["start_s"], told["duration_s"]) == (7.0, 2.5)


def test_pauses_are_counted_also_one_that_has_not_ended(tmp_path: Path) -> None:
    clock = Hand()
    recording = start(tmp_path, clock)
    recording.pause(1.0)
    recording.resume(4.0)
    recording.pause(6.0)
    clock.now_s = 8.0
    recording.close()
    assert told_in(recording.folder)["paused_s"] == 5.0
    assert [(e["event"], e["timestamp_s"]) for e in table(recording.folder / "events.csv")] == [
        ("pause", "1.000"),
        ("resume", "4.000"),
        ("pause", "6.000"),
    ]


def frames_at(recording: Recording, *times_s: float) -> None:
    for number, at_s in enumerate(times_s):
        recording.write(Frame(PICTURE, at_s, number), [FACE])


def every(step_s: float, from_s: float, to_s: float) -> list[float]:
    return [from_s + i * step_s for i in range(round((to_s - from_s) / step_s) + 1)]


def gaps_in(recording: Recording) -> list[tuple[float, float]]:
    told = told_in(recording.folder)
    assert told["not_analysed_s"] == pytest.approx(sum(b - a for a, b in told["not_analysed"]), abs=0.01)
    return [(pytest.approx(a, abs=0.002), pytest.approx(b, abs=0.002)) for a, b in told["not_analysed"]]


@pytest.mark.parametrize(
    ("times_s", "gaps"),
    [
        (every(0.03, 0, 3), []),
        (every(0.03, 0, 0.9) + every(0.03, 3.7, 5), [(0.9 + 0.5, 3.7)]),  # one slow analysis
        (every(0.03, 0, 0.9) + every(0.03, 1.35, 5), []),  # a frame stands for half a second
        (every(0.7, 0, 14), [(0.5, 0.7), (1.2, 1.4)]),  # a slow computer is slow all the time, as is soon known
        (every(1.8, 0, 18), [(0.5, 1.8), (2.3, 3.6)]),
        (every(60, 0, 300), [(60 * i + 0.5, 60 * (i + 1)) for i in range(5)]),  # a time lapse
        ([0, 0, 0], []),
    ],
)
def test_a_time_without_a_frame_is_told_as_not_analysed(
    times_s: list[float], gaps: list[tuple[float, float]], tmp_path: Path
) -> None:
    recording = Recording(tmp_path, 0.0, lambda: times_s[-1], "recording", SETUP, CONSENT, 1 / 30)
    frames_at(recording, *times_s)
    recording.close()
    assert gaps_in(recording) == gaps


def test_a_slow_source_s_frames_stand_for_their_time_from_the_first_on(tmp_path: Path) -> None:
    recording = Recording(tmp_path, 0.0, lambda: 9.0, "recording", SETUP, CONSENT, 1.0)
    frames_at(recording, *every(1.5, 0, 9))
    recording.close()
    assert gaps_in(recording) == []


def test_a_recording_that_ends_long_after_its_last_frame_says_so(tmp_path: Path) -> None:
    clock = Hand()
    recording = start(tmp_path, clock)
    frames_at(recording, *every(0.1, 0, 2))
    clock.now_s = 8.0
    recording.close()
    assert gaps_in(recording) == [(2.5, 8.0)]


def test_a_recording_that_is_killed_while_nothing_is_analysed_has_said_so(tmp_path: Path) -> None:
    clock = Hand()
    recording = start(tmp_path, clock)
    frames_at(recording, *every(0.1, 0, 2))
    clock.now_s = 8.0
    deadline = time.monotonic() + 10
    while not (told := told_in(recording.folder))["not_analysed"] and time.monotonic() < deadline:
        time.sleep(0.05)
    assert (told["state"], told["not_analysed"]) == ("recording", [[2.5, 8.0]])
    frames_at(recording, 9.0)
    recording.close()
    assert gaps_in(recording) == [(2.5, 9.0)]


def test_a_time_is_paused_or_without_a_signal_or_not_analysed_and_never_two_of_them(tmp_path: Path) -> None:
    clock = Hand(10.0)  # all is told on the recording's clock
    recording = start(tmp_path, clock)
    frames_at(recording, *every(0.1, 10, 12))
    recording.event("signal_lost", 15.0)  # three seconds of slowness first
    recording.pause(16.0)
    recording.event("signal_back", 19.0)
    recording.resume(20.0)
    frames_at(recording, *every(0.1, 20, 22))
    recording.event("black", 21.0)
    recording.event("black_end", 23.0)
    recording.pause(26.0)
    clock.now_s = 30.0
    recording.close()
    told = told_in(recording.folder)
    assert gaps_in_order(told) == [(2.5, 5.0), (12.5, 16.0)]
    assert told["paused_s"] == 4.0 + 4.0
    assert told["lost_s"] == 1.0 + 2.0  # the rest of the loss was in the pause
    assert told["not_analysed_s"] == 2.5 + 3.0  # half a second of it was black


def gaps_in_order(told: dict[str, Any]) -> list[tuple[float, float]]:
    return [tuple(gap) for gap in told["not_analysed"]]


def test_what_is_paused_or_lost_still_is_counted_as_it_goes_on(tmp_path: Path) -> None:
    clock = Hand()
    recording = start(tmp_path, clock)
    frames_at(recording, 0.0, 0.1)
    recording.event("signal_lost", 0.1)
    clock.now_s = 4.0
    recording.close()
    told = told_in(recording.folder)
    assert (told["lost_s"], told["not_analysed_s"], told["paused_s"]) == (3.9, 0, 0)


def test_a_baseline_and_its_undoing_are_told_with_their_times(tmp_path: Path) -> None:
    clock = Hand(10.0)
    recording = start(tmp_path, clock)
    recording.baseline(2, 5.0, 15.0, 300, {"sad": -1.5})
    recording.baseline_away(16.0)
    recording.baseline_back(16.5)
    recording.baseline_away(17.0)
    clock.now_s = 20.0
    recording.baseline_undone(18.0)
    recording.close()
    assert told_in(recording.folder)["baseline"] == [
        {
            "face_id": 2, "from_s": -5.0, "to_s": 5.0, "frames": 300, "shift": {"sad": -1.5},
            "away": [[6.0, 6.5], [7.0, None]], "undone_at_s": 8.0,
        }
    ]  # fmt: skip
    events = [e["event"] for e in table(recording.folder / "events.csv")]
    assert events == ["baseline", "baseline_away", "baseline_back", "baseline_away", "baseline_undone"]


def test_a_note_is_no_formula_for_a_spreadsheet(tmp_path: Path) -> None:
    recording = start(tmp_path, Hand())
    for text in ('=HYPERLINK("http://example.org")', "-1", "@x", "smiles"):
        recording.event("marker", 1.0, text)
    recording.close()
    texts = [e["text"] for e in table(recording.folder / "events.csv")]
    assert texts == ['\'=HYPERLINK("http://example.org")', "'-1", "'@x", "smiles"]


def test_events_stand_in_the_order_of_their_times(tmp_path: Path) -> None:
    with start(tmp_path, Hand()) as recording:
        recording.event("marker", 5.0)
        recording.event("signal_lost", 2.0)
    assert [e["event"] for e in table(recording.folder / "events.csv")] == ["signal_lost", "marker"]


def test_a_picture_is_stored_only_as_the_snapshot_that_was_asked_for(tmp_path: Path) -> None:
    with start(tmp_path, Hand()) as recording:
        recording.write(Frame(PICTURE, 0.0, 0), [FACE])
        assert recording.snapshot(PICTURE, 0.5) == "snapshot_0001.png"
    assert [p.name for p in recording.folder.glob("*.png")] == ["snapshot_0001.png"]
    stored = cv2.imdecode(np.frombuffer((recording.folder / "snapshot_0001.png").read_bytes(), np.uint8), 1)
    np.testing.assert_array_equal(stored, PICTURE)
    (row,) = table(recording.folder / "events.csv")
    assert (row["timestamp_s"], row["event"], row["text"]) == ("0.500", "snapshot", "snapshot_0001.png")


def test_recordings_of_the_same_moment_never_share_a_folder(tmp_path: Path) -> None:
    made: list[Recording] = []
    threads = [threading.Thread(target=lambda: made.append(start(tmp_path, Hand()))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({r.folder for r in made}) == 8
    for i, recording in enumerate(made):
        recording.write(Frame(PICTURE, 0.0, i), [FACE])
        recording.close()
        assert [r["frame"] for r in table(recording.folder / "emotions.csv")] == [str(i)]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_a_full_disk_is_told_once_and_leaves_what_is_there_whole(tmp_path: Path) -> None:
    done = subprocess.run([*CHILD, str(tmp_path), "9999"], capture_output=True, text=True, env=ENVIRONMENT, timeout=60)
    assert "TextError" in done.stderr
    assert "emotions.csv cannot be written" in done.stderr
    (session,) = tmp_path.iterdir()
    data = (session / "emotions.csv").read_bytes()
    assert 9800 < len(data) < 9999
    assert data.endswith(b"\n")
    rows = table(session / "emotions.csv")
    assert [int(r["frame"]) for r in rows] == list(range(len(rows)))
    assert told_in(session)["state"] == "recording"


def hold(name: str, seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on another program has a file open, and nothing can be put in its place: so it is on Windows."""
    until, replace = time.monotonic() + seconds, Path.replace

    def refused(part: Path, path: Path) -> Path:
        if path.name == name and time.monotonic() < until:
            raise PermissionError(13, "Permission denied")
        return replace(part, path)

    monkeypatch.setattr(Path, "replace", refused)


@pytest.mark.parametrize("name", ["events.csv", "session.json"])
def test_a_file_that_another_program_holds_at_the_end_is_waited_for(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE_S", 60.0)
    recording = start(tmp_path, Hand())
    recording.write(Frame(PICTURE, 0.0, 0), [FACE])
    hold(name, 0.3, monkeypatch)
    recording.event("marker", 0.0, "the last")
    recording.close()
    assert told_in(recording.folder)["state"] == "finished"
    assert [e["text"] for e in table(recording.folder / "events.csv")] == ["the last"]


def test_a_session_is_finished_also_where_its_events_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE_S", 0.2)
    recording = start(tmp_path, Hand())
    recording.write(Frame(PICTURE, 0.0, 0), [FACE])
    hold("events.csv", 3600.0, monkeypatch)
    recording.event("marker", 0.0)
    with pytest.raises(AffectError, match=r"events\.csv cannot be written .*open in another program"):
        recording.close()
    told = told_in(recording.folder)
    assert (told["state"], told["complete"]) == ("finished", False)
    assert table(recording.folder / "events.csv") == []


def test_a_folder_that_cannot_be_made_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(AffectError, match="--record"):
        start(tmp_path / "file", Hand())


def test_a_folder_that_is_taken_away_ends_the_recording_with_a_clear_line(tmp_path: Path) -> None:
    recording = start(tmp_path, Hand())
    recording.folder.rename(tmp_path / "elsewhere")
    (tmp_path / recording.folder.name).write_text("")  # so that it is not made again
    with pytest.raises(AffectError, match="cannot be written"):
        recording.close()
    assert told_in(tmp_path / "elsewhere")["state"] == "recording"


def until_it_fails(recording: Recording) -> str:
    """Write frames until the recording tells why it cannot go on."""
    with pytest.raises(AffectError) as failure:
        for number in range(1, 500):
            recording.write(Frame(PICTURE, number / 100, number), [FACE])
            time.sleep(0.01)
    return str(failure.value)


GONE = "cannot be written any more: it was deleted, moved or changed meanwhile"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps a folder whose files are open")
@pytest.mark.parametrize("way", ["deleted", "moved"])
def test_a_folder_that_is_taken_away_is_told_at_once_and_does_not_come_back(way: str, tmp_path: Path) -> None:
    recording = start(tmp_path / "all", Hand())
    recording.write(Frame(PICTURE, 0.0, 0), [FACE])
    if way == "deleted":
        shutil.rmtree(recording.folder)
    else:
        recording.folder.rename(tmp_path / "elsewhere")
    assert GONE in until_it_fails(recording)
    with pytest.raises(AffectError, match="cannot be written"):
        recording.snapshot(PICTURE, 1.0)
    with pytest.raises(AffectError, match=GONE):
        recording.close()
    with pytest.raises(AffectError, match=r"session\.json"):
        write_report([recording.folder], "en")
    assert list((tmp_path / "all").iterdir()) == []
    if way == "moved":
        assert (tmp_path / "elsewhere").stat().st_mode & 0o777 == 0o700
        assert told_in(tmp_path / "elsewhere")["state"] == "recording"
        assert len(table(tmp_path / "elsewhere" / "emotions.csv")) >= 1


def test_a_folder_that_goes_after_its_rows_were_checked_is_told_in_the_same_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CsvSink, "check", lambda _: None)
    recording = start(tmp_path / "all", Hand())
    recording.folder.rename(tmp_path / "elsewhere")
    recording.event("marker", 0.0)
    assert GONE in until_it_fails(recording)
    with pytest.raises(AffectError, match=GONE):
        recording.close()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps a file that is open")
@pytest.mark.parametrize("way", ["deleted", "replaced", "shortened", "lengthened"])
def test_rows_that_somebody_else_touches_are_told_at_once_and_the_events_are_kept(way: str, tmp_path: Path) -> None:
    recording = start(tmp_path, Hand())
    recording.write(Frame(PICTURE, 0.0, 0), [FACE])
    recording.event("marker", 0.0, "a note")
    rows = recording.folder / "emotions.csv"
    if way == "deleted":
        rows.unlink()
    elif way == "replaced":
        (tmp_path / "other.csv").write_bytes(rows.read_bytes())
        (tmp_path / "other.csv").replace(rows)
    else:
        with rows.open("r+b") as file:
            file.truncate(rows.stat().st_size + (7 if way == "lengthened" else -7))
    assert GONE in until_it_fails(recording)
    with pytest.raises(AffectError, match=GONE):
        recording.close()
    told = told_in(recording.folder)
    assert (told["state"], told["complete"]) == ("recording", False)
    assert [event["text"] for event in table(recording.folder / "events.csv")] == ["a note"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps a file that is open")
def test_rows_that_go_in_the_last_moment_are_no_finished_session(tmp_path: Path) -> None:
    recording = start(tmp_path, Hand())
    (recording.folder / "emotions.csv").unlink()
    with pytest.raises(AffectError, match=GONE):
        recording.close()
    assert told_in(recording.folder)["complete"] is False


def test_a_recording_whose_rows_could_not_be_written_is_not_finished_though_there_is_room_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = start(tmp_path, Hand())
    recording.write(Frame(PICTURE, 0.0, 0), [FACE])
    with monkeypatch.context() as patch:
        patch.setattr(CsvSink, "write", full)
        with pytest.raises(AffectError, match="no room"):
            recording.write(Frame(PICTURE, 0.1, 1), [FACE])
    with pytest.raises(AffectError, match="no room"):
        recording.close()
    told = told_in(recording.folder)
    assert (told["state"], told["complete"], told["frames_with_face"]) == ("recording", False, 1)


def full(*_: object) -> None:
    raise AffectError("no room")
