"""What a person can ask of a session, with the real pipeline on the portrait."""

from __future__ import annotations

import random
import shutil
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from affect.errors import AffectError
from affect.files import settle_home
from affect.live import session as module
from affect.live.control import Command, Question
from affect.live.frame import Event, FaceResult, Frame
from affect.live.recording.recorder import default_folder
from affect.live.recording.recording import Consent
from affect.live.session import failing_if_incomplete as ended
from affect.live.sources import watch
from affect.model.checkpoint import load_checkpoint
from tests.live.session_run import GIVEN, Run, only_folder, table, told_in
from tests.tools.repeats import repeats
from tests.tools.reports import Reports


@pytest.fixture
def run(bundled_model: Path, tmp_path: Path, reports: Reports) -> Run:
    return Run(bundled_model, tmp_path / "sessions")


def test_nothing_is_recorded_until_the_person_says_that_consent_was_given(run: Run, tmp_path: Path) -> None:
    run.frames(1)
    run.press(Command.RECORD)
    assert run.session.status().question.kind == "yes-no"
    run.frames(1)
    run.session.answer(None)
    run.frames(1)
    assert run.session.status().question is None
    assert run.session.status().recording_s is None
    assert run.message == "Nothing is recorded."
    run.session.close()
    assert not (tmp_path / "sessions").exists()


def test_a_recording_starts_with_the_next_frame_and_ends_with_a_report(
    run: Run, tmp_path: Path, reports: Reports, bundled_model: Path
) -> None:
    run.frames(2)
    run.record()
    assert run.session.status().recording_s == pytest.approx(0, abs=0.2)
    run.frames(2)
    run.press(Command.RECORD)
    assert run.session.status().recording_s is None
    run.frames(2)
    run.session.close()
    folder = only_folder(tmp_path)
    told = told_in(folder)
    assert (told["state"], told["clock"], told["consent"]["how"]) == ("finished", "recording", "asked")
    assert told["frames"] == told["frames_with_face"] == 3
    assert told["source"] == {"kind": "demo", "description": "demo clip (NASA portrait)"}
    assert told["model"]["file"] == "starter_faces.pt"
    assert told["model"]["temperature"] == pytest.approx(load_checkpoint(bundled_model).temperature, abs=0.001)
    assert told["settings"] == {
        "faces": 1, "language": "en", "detector": "haar", "backend": "onnx", "sensitivity": "normal",
        "smoothing_s": 0.4, "label_lead": 0.1, "label_least": 0.58, "label_keeps": 0.48, "label_hold_s": 0.5,
    }  # fmt: skip
    assert set(told["versions"]) == {"affect", "python", "onnxruntime", "opencv"}
    assert [r["timestamp_s"] for r in table(folder / "emotions.csv")] == ["0.000", "0.200", "0.400"]
    assert reports.asked == [([folder], "en")]
    assert run.told[-1] == f"Report: {folder / 'report.html'}"
    assert run.session.failure is None


def test_consent_from_the_command_line_is_not_asked_again(
    bundled_model: Path, tmp_path: Path, reports: Reports
) -> None:
    run = Run(bundled_model, tmp_path / "sessions", GIVEN)
    run.press(Command.RECORD)
    assert run.session.status().question is None
    run.frames(1)
    run.session.close()
    assert told_in(only_folder(tmp_path))["consent"] == {"given_at": GIVEN.given_at, "how": "--consent"}


def test_two_recordings_of_a_run_have_a_folder_and_a_report_each(run: Run, tmp_path: Path, reports: Reports) -> None:
    for _ in range(2):
        run.record()
        run.press(Command.RECORD)
    run.session.close()
    assert len(list((tmp_path / "sessions").iterdir())) == len(reports.asked) == 2


def test_a_marker_has_the_time_of_its_key_and_gets_its_note_later(run: Run, tmp_path: Path) -> None:
    run.record()
    run.frames(5)  # one second
    run.press(Command.MARK)
    assert run.session.status().question.kind == "text"
    run.press(Command.MARK, Command.RECORD)  # typed letters are no commands
    run.frames(10)
    run.session.answer("looked away")
    assert run.message == "Marker at 0:01"
    run.press(Command.MARK)
    run.session.answer(None)
    run.session.close()
    markers = table(only_folder(tmp_path) / "events.csv")
    assert [(m["event"], m["text"]) for m in markers] == [("marker", "looked away"), ("marker", "")]
    assert [float(m["timestamp_s"]) for m in markers] == pytest.approx([1, 3], abs=0.5)


def test_a_note_that_is_being_typed_when_the_run_ends_is_the_marker_s(run: Run, tmp_path: Path) -> None:
    run.record()
    run.press(Command.MARK)
    run.session.draft("looked aw")
    run.session.close()
    run.session.draft("looked away")  # too late: the window may not know yet
    assert [m["text"] for m in table(only_folder(tmp_path) / "events.csv")] == ["looked aw"]


def test_a_note_that_is_skipped_leaves_nothing_of_what_was_typed(run: Run, tmp_path: Path) -> None:
    run.record()
    run.press(Command.MARK)
    run.session.draft("a name")
    run.session.answer(None)
    run.session.draft("typed after it")  # belongs to no marker
    run.session.close()
    assert [m["text"] for m in table(only_folder(tmp_path) / "events.csv")] == [""]


def test_a_marker_without_a_recording_says_what_to_do(run: Run) -> None:
    run.frames(1)
    run.press(Command.MARK)
    assert run.message == "Nothing is being recorded. Press r to start."
    assert run.session.status().question is None


def test_nothing_is_analysed_during_a_pause_and_the_gap_is_in_the_record(run: Run, tmp_path: Path) -> None:
    run.record()
    run.press(Command.PAUSE)
    assert run.session.status().paused
    assert run.frames(10) == [None] * 10
    run.press(Command.BASELINE)
    assert "pause" in run.message
    run.press(Command.PAUSE)
    assert not run.session.status().paused
    (results,) = run.frames(1)
    assert len(results) == 1
    run.session.close()
    told = told_in(only_folder(tmp_path))
    assert told["frames"] == 2
    assert told["paused_s"] == pytest.approx(2, abs=0.6)
    assert [e["event"] for e in table(only_folder(tmp_path) / "events.csv")] == ["pause", "resume"]


def test_a_recording_that_starts_during_a_pause_says_so(run: Run, tmp_path: Path) -> None:
    run.frames(1)
    run.press(Command.PAUSE)
    run.record()
    run.frames(5)
    run.session.close()
    first = table(only_folder(tmp_path) / "events.csv")[0]
    assert (first["timestamp_s"], first["event"], first["text"]) == ("0.000", "pause", "")
    assert told_in(only_folder(tmp_path))["frames"] == 0


def test_a_second_r_before_a_frame_has_come_records_nothing(run: Run, tmp_path: Path) -> None:
    run.press(Command.RECORD)
    run.session.answer("yes")
    run.press(Command.RECORD)
    run.frames(2)
    run.session.close()
    assert not (tmp_path / "sessions").exists()


def test_a_snapshot_is_asked_for_once_in_a_recording(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run.frames(1)
    run.press(Command.SNAPSHOT)
    assert "Press r" in run.message
    run.record()
    run.press(Command.SNAPSHOT)
    assert run.session.status().question.kind == "yes-no"
    run.session.answer("yes")  # in Spanish, the same key: one that is held down agrees to nothing
    assert run.session.status().question is not None
    monkeypatch.setattr(module, "READ_S", 0.0)
    run.session.answer("yes")
    run.press(Command.SNAPSHOT)
    assert run.session.status().question is None
    run.session.close()
    folder = only_folder(tmp_path)
    assert sorted(p.name for p in folder.glob("*.png")) == ["snapshot_0001.png", "snapshot_0002.png"]
    assert [e["text"] for e in table(folder / "events.csv")] == ["snapshot_0001.png", "snapshot_0002.png"]


def test_a_declined_snapshot_stores_no_picture(run: Run, tmp_path: Path) -> None:
    run.record()
    run.press(Command.SNAPSHOT)
    run.session.answer(None)
    run.session.close()
    assert list(only_folder(tmp_path).glob("*.png")) == []


def test_the_language_changes_messages_questions_and_the_report(run: Run, reports: Reports) -> None:
    run.frames(1)
    run.press(Command.LANGUAGE, Command.RECORD)
    assert run.session.status().language == "es"
    assert "registre" in run.session.status().question.text
    run.session.answer("yes")
    run.frames(1)
    run.session.close()
    assert reports.asked[0][1] == "es"
    assert run.told[-1].startswith("Informe: ")


def test_a_gap_of_the_source_is_told_and_in_the_record(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run.record()
    run.number += 20  # four seconds without a frame
    run.frames(1)
    monkeypatch.setattr(watch, "SIGNAL_GAP_S", 0.05)
    time.sleep(0.1)
    assert run.message == "The source gives no picture."
    run.session.close()
    events = table(only_folder(tmp_path) / "events.csv")
    assert [(e["event"], float(e["timestamp_s"])) for e in events] == [
        ("signal_lost", 0.0), ("signal_back", pytest.approx(4.2)), ("signal_lost", pytest.approx(4.2)),
    ]  # fmt: skip


def test_the_window_is_told_when_there_is_no_usable_picture_and_no_rate_is_shown_then(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "SIGNAL_GAP_S", 0.3)
    run.frames(3)
    assert (run.session.status().no_picture, run.session.status().fps is None) == (False, False)
    time.sleep(0.4)
    assert (run.session.status().no_picture, run.session.status().fps) == (True, None)
    run.frames(2)
    assert not run.session.status().no_picture
    run.press(Command.PAUSE)
    assert run.session.status().fps is None


def test_pauses_and_losses_are_in_the_summary_also_those_that_go_on_to_the_end(run: Run) -> None:
    run.frames(5)
    run.press(Command.PAUSE)
    run.frames(10)
    run.press(Command.PAUSE)
    assert run.summary.paused_s == pytest.approx(2, abs=0.6)
    run.number += 20
    run.frames(1)
    assert run.summary.lost_s == pytest.approx(4.2)
    run.press(Command.PAUSE)
    run.frames(5)
    run.session.close()
    assert run.summary.paused_s == pytest.approx(3, abs=0.6)
    assert run.summary.frames == 6


def test_a_recording_that_cannot_go_on_is_told_for_good_and_the_analysis_goes_on(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MESSAGE_S", 0.1)
    run.press(Command.RECORD)
    (tmp_path / "sessions").write_text("a file where the folder should be")
    run.session.answer("yes")
    run.frames(1)
    time.sleep(0.15)
    assert "The recording has stopped." in run.message
    assert run.session.status().recording_s is None
    assert len(run.frames(1)[0]) == 1
    (tmp_path / "sessions").unlink()
    run.record()
    time.sleep(0.15)
    assert run.message == ""
    run.session.close()
    assert "--record" in str(run.session.failure)


def test_a_report_that_fails_is_told_with_where_the_recording_is(run: Run, tmp_path: Path, reports: Reports) -> None:
    reports.fails = True
    run.record()
    run.session.close()
    assert str(only_folder(tmp_path)) in str(run.session.failure)
    assert "no room" in run.message


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps a folder whose files are open")
@pytest.mark.parametrize("error", [None, KeyboardInterrupt])
def test_a_recording_whose_folder_is_deleted_is_never_called_whole(
    error: type[BaseException] | None, run: Run, tmp_path: Path
) -> None:
    with pytest.raises(AffectError, match="The recording has stopped.*cannot be written") as told, ended(run.session):
        run.record()
        shutil.rmtree(only_folder(tmp_path))
        if error is not None:
            raise error
    assert (type(told.value.__cause__) is KeyboardInterrupt) == (error is not None)
    assert list((tmp_path / "sessions").iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps a folder whose files are open")
def test_a_recording_that_fails_during_a_pause_is_told_then(run: Run, tmp_path: Path) -> None:
    run.record()
    run.press(Command.PAUSE)
    shutil.rmtree(only_folder(tmp_path))
    deadline = time.monotonic() + 30
    while run.session.status().recording_s is not None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert "The recording has stopped." in run.message
    run.session.close()


def test_a_source_s_error_is_raised_and_the_recording_s_is_told_beside_it(run: Run, reports: Reports) -> None:
    reports.fails = True
    with pytest.raises(AffectError, match="the source"), ended(run.session):
        run.record()
        raise AffectError("the source")
    assert [line for line in run.told if line.startswith("error: The report could not be made (no room)")]


def test_a_second_interruption_at_the_end_is_not_called_written(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with (
        monkeypatch.context() as patch,
        pytest.raises(AffectError, match="interrupted while it was being finished"),
        ended(run.session),
    ):
        run.record()
        patch.setattr(ThreadPoolExecutor, "shutdown", interrupted)
        raise KeyboardInterrupt
    run.session._recorder.close()


def test_a_message_vanishes(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MESSAGE_S", 0.1)
    run.press(Command.MARK)
    assert run.message
    time.sleep(0.15)
    assert run.message == ""


def test_leaving_is_possible_also_while_a_question_is_open(run: Run) -> None:
    run.press(Command.RECORD, Command.LEAVE)
    assert run.left.is_set()


def test_after_the_end_of_the_source_the_keys_say_so(run: Run) -> None:
    run.session.close()
    run.press(Command.RECORD)
    assert "has ended" in run.message
    assert run.session.status().question is None


@repeats(100, 400)
def test_keys_from_another_thread_leave_a_sound_record(run: Run, tmp_path: Path, repeats: int) -> None:
    ended = threading.Event()

    def person() -> None:
        draw = random.Random(1)  # noqa: S311
        while not ended.is_set():
            run.press(draw.choice([c for c in Command if c is not Command.LEAVE]))
            run.session.answer(draw.choice(["yes", None]))
            run.session.status()
            time.sleep(0.002)

    thread = threading.Thread(target=person)
    thread.start()
    for _ in range(repeats):
        run.frames(1)
        time.sleep(0.003)
    ended.set()
    thread.join()
    run.session.close()
    folders = list((tmp_path / "sessions").iterdir())
    assert folders
    for folder in folders:
        told = told_in(folder)
        assert told["state"] == "finished"
        assert 0 <= told["paused_s"] <= told["duration_s"] + 0.01
        assert len(table(folder / "emotions.csv")) == told["frames_with_face"]


def with_folder(model: Path, folder: Path, consent: Consent | None = None) -> Run:
    made = Run(model, folder, consent)
    made.frames(1)
    made.press(Command.RECORD)
    return made


def test_where_the_folder_cannot_be_used_another_is_asked_for_before_consent(
    bundled_model: Path, tmp_path: Path, reports: Reports
) -> None:
    (tmp_path / "file").touch()
    run = with_folder(bundled_model, tmp_path / "file" / "sessions")
    question = run.session.status().question
    assert question == Question(
        f"No session can be recorded in {tmp_path / 'file' / 'sessions'} (Not a directory). Another folder:",
        "text",
        str(default_folder()),
    )
    run.press(Command.MARK)  # only an answer counts
    assert run.session.status().question == question
    run.session.answer(str(tmp_path / "file"))
    assert f"{tmp_path / 'file'} (" in run.session.status().question.text
    run.session.answer(str(tmp_path / "sessions"))
    assert run.session.status().question.kind == "yes-no"
    run.session.answer("yes")
    run.frames(1)
    assert run.session.status().recording_s is not None
    run.session.close()
    assert told_in(only_folder(tmp_path))["consent"]["how"] == "asked"
    assert run.session.failure is None


def test_known_consent_needs_only_the_folder_and_a_tilde_is_the_home_folder(
    bundled_model: Path, tmp_path: Path, reports: Reports, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))
    (tmp_path / "file").touch()
    run = with_folder(bundled_model, tmp_path / "file", GIVEN)
    run.session.answer("~/sessions")
    run.frames(1)
    run.session.close()
    assert told_in(only_folder(tmp_path))["state"] == "finished"


@pytest.mark.parametrize("answer", [None, ""])
def test_who_names_no_other_folder_records_nothing_and_can_press_again(
    answer: str | None, bundled_model: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    run = with_folder(bundled_model, tmp_path / "file")
    run.session.answer(answer)
    assert run.session.status().question is None
    assert run.message == "Nothing is recorded."
    assert run.session.failure is None
    (tmp_path / "file").unlink()
    run.press(Command.RECORD)
    assert run.session.status().question.kind == "yes-no"
    run.session.close()


@pytest.mark.parametrize("typed", ["a\0b", "~nobody-of-that-name/x", "x" * 300])
def test_a_path_that_cannot_be_is_asked_again(typed: str, bundled_model: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    run = with_folder(bundled_model, tmp_path / "file")
    run.session.answer(typed)
    assert run.session.status().question.kind == "text"
    run.session.close()


def test_where_nobody_answers_the_run_fails_with_the_folder(bundled_model: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    run = with_folder(bundled_model, tmp_path / "file", GIVEN)
    run.frames(1)
    assert run.session.status().recording_s is None
    run.session.close()
    assert str(run.session.failure).startswith(f"No session can be recorded in {tmp_path / 'file'} (")
    assert "--record" in str(run.session.failure)


def test_who_has_no_home_folder_records_where_they_are(
    homeless: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert default_folder() == tmp_path / "affect-sessions"
    settle_home()
    assert default_folder() == tmp_path / "affect-sessions"


def test_the_record_tells_when_a_file_was_recorded_and_a_name_that_any_file_can_hold(
    bundled_model: Path, tmp_path: Path, reports: Reports
) -> None:
    for name, recorded_at, told in (
        ("a\x1b\udcff.mp4", datetime(2026, 3, 1, 9, 30, 5, 999, tzinfo=timezone.utc), "a\\x1b\\xff.mp4"),
        ("b.mp4", None, "b.mp4"),
    ):
        run = Run(bundled_model, tmp_path / name[0], GIVEN, live=False)
        run.source.name, run.source.recorded_at = name, recorded_at
        run.press(Command.RECORD)
        run.frames(1)
        run.session.close()
        (folder,) = (tmp_path / name[0]).iterdir()
        kept = told_in(folder)
        assert kept["source"]["name"] == told
        if recorded_at is None:
            assert "recorded" not in kept
        else:
            assert datetime.fromisoformat(kept["recorded"]) == recorded_at.replace(
                microsecond=recorded_at.microsecond // 1000 * 1000
            )
            assert list(kept).index("recorded") < list(kept).index("source")


class Streams:
    """Stands in for Lab Streaming Layer: notes what is sent."""

    described: dict[str, Any] = {"streams": ["affect"], "clock_offset_s": 1.5}  # noqa: RUF012

    def __init__(self) -> None:
        self.rows: list[tuple[float, int]] = []
        self.events: list[tuple[str, str, float]] = []

    def send(self, at_s: float, results: list[FaceResult]) -> None:
        self.rows.append((at_s, len(results)))

    def send_event(self, event: Event, at_s: float) -> None:
        self.events.append((event.event, event.text, at_s))


def test_streams_get_each_analysed_frame_and_each_event_with_its_note(run: Run, tmp_path: Path) -> None:
    streams = Streams()
    run.session.connect(streams)  # type: ignore[arg-type]
    run.record()
    run.press(Command.MARK)
    run.session.draft("smi")
    run.session.answer("smiles")
    run.press(Command.PAUSE)
    run.frames(2)
    run.press(Command.PAUSE)
    run.frames(1)
    assert [count for _, count in streams.rows] == [1, 1]
    assert [event[:2] for event in streams.events] == [
        ("marker", ""),
        ("marker", "smiles"),
        ("pause", ""),
        ("resume", ""),
    ]
    assert streams.events[0][2] == streams.events[1][2]


def test_a_received_marker_is_recorded_shown_and_not_sent_on(run: Run, tmp_path: Path) -> None:
    streams = Streams()
    run.session.connect(streams)  # type: ignore[arg-type]
    run.session.receive("before the recording", run.session.now_s())
    run.record()
    run.session.receive("stimulus\n7", 0.0)  # sent before the recording began: it stands at its beginning
    assert "stimulus" in run.message
    run.session.close()
    (row,) = table(only_folder(tmp_path) / "events.csv")
    assert (row["event"], row["text"], row["timestamp_s"]) == ("marker", "stimulus 7", "0.000")
    assert streams.events == []
    run.session.receive("after the end", run.session.now_s())


def test_what_nobody_sees_or_keeps_is_analysed_once_a_second(
    bundled_model: Path, tmp_path: Path, reports: Reports, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run(bundled_model, tmp_path / "sessions", GIVEN)
    analysed: list[float] = []
    process = run.pipeline.process

    def counted(frame: Frame) -> list[FaceResult]:
        analysed.append(frame.timestamp_s)
        return process(frame)

    monkeypatch.setattr(run.pipeline, "process", counted)
    run.frames(5)  # five a second
    hidden = True
    run.session.unseen = lambda: hidden
    results = run.frames(15)
    assert len(analysed) == 5 + 3
    assert all(len(faces) == 1 for faces in results)
    run.press(Command.RECORD)
    run.frames(5)
    assert len(analysed) == 8 + 5
    run.press(Command.RECORD, Command.BASELINE)
    run.frames(5)
    assert len(analysed) == 13 + 5
    run.press(Command.BASELINE)
    run.frames(5)
    assert len(analysed) <= 18 + 2
    hidden = False
    analysed.clear()
    run.frames(5)
    assert len(analysed) == 5
    run.session.close()
