"""What the key for a baseline does in a session."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from affect.emotions import EMOTIONS
from affect.live.control import Command
from affect.live.pipeline.baseline import shifted
from tests.live.session_run import EMPTY, Run, only_folder, table, told_in
from tests.tools.reports import Reports


@pytest.fixture
def run(bundled_model: Path, tmp_path: Path, reports: Reports) -> Run:
    return Run(bundled_model, tmp_path / "sessions")


def test_a_baseline_takes_ten_seconds_is_told_and_recorded_and_undone(run: Run, tmp_path: Path) -> None:
    run.record()
    before = run.frames(10)[-1][0].probabilities
    assert run.session.status().baseline is None
    run.press(Command.BASELINE)
    run.frames(26)
    assert run.session.status().baseline == pytest.approx(0.5)
    run.frames(25)
    assert run.session.status().baseline == 1
    assert "99% → " in run.message  # she smiles: at rest, that is what the model sees
    assert "did not look neutral" in run.message
    after = run.frames(20)[-1][0].probabilities
    happy, neutral = EMOTIONS.index("happy"), EMOTIONS.index("neutral")
    assert after[happy] < before[happy]
    assert after[neutral] > before[neutral]
    run.press(Command.BASELINE)
    undone = run.frames(40)[-1][0].probabilities
    assert run.session.status().baseline is None
    np.testing.assert_allclose(undone, before, atol=1e-3)
    run.session.close()
    (told,) = told_in(only_folder(tmp_path))["baseline"]
    assert (told["face_id"], told["frames"]) == (1, 51)
    assert (told["from_s"], told["to_s"]) == (pytest.approx(2.2), pytest.approx(12.2))
    assert told["undone_at_s"] == pytest.approx(16.4)
    assert list(told["shift"]) == list(EMOTIONS)
    assert told["shift"]["happy"] == -1.5
    events = table(only_folder(tmp_path) / "events.csv")
    assert [(e["event"], e["timestamp_s"]) for e in events] == [("baseline", "12.200"), ("baseline_undone", "16.400")]


def test_a_baseline_from_before_the_recording_is_in_it(run: Run, tmp_path: Path) -> None:
    run.frames(1)
    run.press(Command.BASELINE)
    run.frames(51)
    run.record()
    run.session.close()
    (told,) = told_in(only_folder(tmp_path))["baseline"]
    assert told["to_s"] == pytest.approx(-0.2)
    assert told["undone_at_s"] is None
    assert table(only_folder(tmp_path) / "events.csv") == []


def test_a_baseline_needs_a_face_and_needs_it_long_enough(run: Run) -> None:
    run.frames(1, EMPTY)
    run.press(Command.BASELINE)
    run.frames(1, EMPTY)
    assert "No face" in run.message
    run.frames(1)
    run.press(Command.BASELINE)
    run.frames(10)
    run.frames(45, EMPTY)
    assert "not in view" in run.message
    assert run.session.status().baseline is None


@pytest.mark.parametrize(
    ("language", "reason"), [("en", "too few pictures (1 of 12"), ("es", "muy pocas imágenes (1 de 12")]
)
def test_a_baseline_during_which_the_source_stalled_is_told_as_not_measured_and_why(
    language: str, reason: str, run: Run, tmp_path: Path
) -> None:
    run.summary.language = language
    run.record()
    run.press(Command.BASELINE)
    run.frames(4)
    run.number += 55
    run.frames(1)
    assert reason in run.message
    assert run.session.status().baseline is None
    run.session.close()
    assert told_in(only_folder(tmp_path))["baseline"] is None


def test_a_baseline_ends_when_its_face_has_gone_for_good(run: Run, tmp_path: Path) -> None:
    run.record()
    run.press(Command.BASELINE)
    run.frames(52)
    assert run.session.status().baseline == 1
    run.frames(160, EMPTY)
    assert run.session.status().baseline is None
    run.session.close()
    events = [e["event"] for e in table(only_folder(tmp_path) / "events.csv")]
    assert events == ["baseline", "baseline_away", "baseline_undone"]


def aside(picture: np.ndarray, by: int) -> np.ndarray:
    """The picture moved to the right by so many pixels."""
    return cv2.warpAffine(picture, np.array([[1.0, 0, by], [0, 1, 0]]), (1280, 720), borderMode=cv2.BORDER_REPLICATE)


def test_a_baseline_that_does_not_act_is_told_shown_and_recorded_until_its_face_is_back(
    run: Run, tmp_path: Path
) -> None:
    run.record()
    run.press(Command.BASELINE)
    run.frames(52)
    assert run.session.status().baseline_acts
    there = run.source.picture(0.0)
    run.frames(1)
    assert run.frames(1, aside(there, 150))[0][0].face_id == 1  # a quick move: it acts on
    assert run.session.status().baseline_acts
    run.frames(1)
    for shown in run.frames(5, aside(there, 420)):  # farther than a face's width in a fifth of a second
        assert shown[0].face_id == 2
        assert not run.session.status().baseline_acts
        assert run.session.status().baseline == 1
    assert "no effect until it is back" in run.message
    run.press(Command.MARK)
    run.session.answer("")
    run.frames(1, aside(there, 420))
    assert "Marker" in run.message  # told once
    assert run.frames(5)[0][0].face_id == 1
    assert run.session.status().baseline_acts
    run.session.close()
    events = [(e["event"], e["timestamp_s"]) for e in table(only_folder(tmp_path) / "events.csv")]
    told_of = [event for event in events if event[0] != "marker"]
    assert told_of == [("baseline", "10.200"), ("baseline_away", "11.000"), ("baseline_back", "12.400")]
    (told,) = told_in(only_folder(tmp_path))["baseline"]
    assert told["away"] == [[11.0, 12.4]]


def test_a_face_that_is_missed_for_a_moment_does_not_make_the_baseline_flicker(run: Run, tmp_path: Path) -> None:
    run.record()
    run.press(Command.BASELINE)
    run.frames(52)
    for _ in range(4):
        run.frames(2, EMPTY)
        assert run.session.status().baseline_acts
        run.frames(1)
    run.frames(4, EMPTY)
    assert not run.session.status().baseline_acts
    assert "no effect" not in run.message  # nobody else is there
    run.session.close()
    events = [e["event"] for e in table(only_folder(tmp_path) / "events.csv")]
    assert events == ["baseline", "baseline_away"]


def test_a_recording_that_begins_while_the_baseline_does_not_act_says_so(run: Run, tmp_path: Path) -> None:
    run.frames(1)
    run.press(Command.BASELINE)
    run.frames(52)
    away = aside(run.source.picture(0.0), 420)
    run.frames(3, away)
    run.press(Command.RECORD)
    run.session.answer("yes")
    run.frames(2, away)
    run.frames(1)
    run.session.close()
    (told,) = told_in(only_folder(tmp_path))["baseline"]
    assert told["away"] == [[0.0, pytest.approx(0.4)]]
    events = [e["event"] for e in table(only_folder(tmp_path) / "events.csv")]
    assert events == ["baseline_away", "baseline_back"]


@pytest.mark.parametrize("measured", [10, 52])
def test_a_cut_undoes_a_baseline_until_it_is_chosen_again_and_is_told_once(
    run: Run, tmp_path: Path, measured: int
) -> None:
    run.record()
    run.press(Command.BASELINE)
    run.frames(measured)
    mirrored = np.ascontiguousarray(run.source.picture(0.0)[:, ::-1])
    assert run.frames(1, mirrored)[0][0].face_id == 2
    assert run.session.status().baseline is None
    assert "The picture has changed to another: the baseline is undone." in run.message
    run.press(Command.MARK)
    run.session.answer("")
    run.frames(3, mirrored)
    assert "Marker" in run.message
    back = run.frames(3)
    assert [faces[0].face_id for faces in back] == [3, 3, 3]
    assert run.session.status().baseline is None
    assert "Marker" in run.message  # not told again
    run.press(Command.BASELINE)
    run.frames(52)
    assert run.session.status().baseline == 1
    run.session.close()
    events = [e["event"] for e in table(only_folder(tmp_path) / "events.csv")]
    undone = ["baseline", "cut", "baseline_undone"] if measured > 50 else ["cut"]
    assert [e for e in events if e != "marker"] == [*undone, "cut", "baseline"]


def sessions(tmp_path: Path) -> list[Path]:
    return sorted(path for path in (tmp_path / "sessions").iterdir() if path.is_dir())


def kept(tmp_path: Path) -> dict[str, Any]:
    return json.loads((tmp_path / "sessions" / "baseline_K07.json").read_text())


def measured(model: Path, tmp_path: Path, at_s: float = 10.0) -> Run:
    """A session of K07, recorded, with a baseline of the portrait's face at a time of the clip; its frames go on."""
    run = Run(model, tmp_path / "sessions", person="K07")
    face = run.source.picture(at_s)
    run.frames(1, face)
    run.record()
    run.frames(3, face)
    run.press(Command.BASELINE)
    run.frames(52, face)
    assert run.session.status().baseline == 1
    return run


def test_a_code_brings_the_baseline_of_the_last_session_to_the_first_frame_of_the_next(
    bundled_model: Path, tmp_path: Path, reports: Reports
) -> None:
    first = measured(bundled_model, tmp_path)
    assert "No baseline of K07 is kept" in first.told[0]
    assert first.message.endswith("It is kept for K07.")
    assert first.session.status().baseline_date == ""
    first.session.close()
    today = datetime.now().strftime("%Y-%m-%d")
    second = Run(bundled_model, tmp_path / "sessions", person="K07")
    assert f"of K07 of {today} is in use" in second.told[0]
    assert second.session.status().baseline is None
    second.frames(2, EMPTY)
    assert second.session.status().baseline is None, "there is no face yet"
    second.press(Command.RECORD)
    second.session.answer("yes")
    ((face,),) = second.frames(1, second.source.picture(10.0))
    plain = Run(bundled_model, tmp_path / "others")
    plain.frames(2, EMPTY)
    ((bare,),) = plain.frames(1, plain.source.picture(10.0))
    values = np.array([kept(tmp_path)["shift"][name] for name in EMOTIONS], np.float32)
    assert np.abs(values).max() > 0.1
    np.testing.assert_allclose(face.probabilities, shifted(bare.probabilities, values), atol=1e-4)
    status = second.session.status()
    assert (status.baseline, status.baseline_acts, status.baseline_date) == (1, True, today)
    assert f"of K07 of {today} is in use" in status.message
    second.frames(10, second.source.picture(10.0))
    second.session.close()
    one, two = (told_in(folder) for folder in sessions(tmp_path))
    assert (one["person"], two["person"]) == ("K07", "K07")
    assert "measured" not in one["baseline"][0]
    (acting,) = two["baseline"]
    assert acting["measured"] == kept(tmp_path)["measured"]
    assert acting["shift"] == pytest.approx(one["baseline"][0]["shift"], abs=1e-4)
    assert (acting["from_s"], acting["to_s"]) == (0, 0)
    assert [e["event"] for e in table(sessions(tmp_path)[1] / "events.csv")] == ["baseline"]


def test_without_a_code_nothing_is_kept_nor_applied(bundled_model: Path, tmp_path: Path, reports: Reports) -> None:
    measured(bundled_model, tmp_path).session.close()
    before = kept(tmp_path)
    plain = Run(bundled_model, tmp_path / "sessions")
    plain.record()
    plain.press(Command.BASELINE)
    plain.frames(55, plain.source.picture(10.0))
    assert plain.session.status().baseline_date == ""
    plain.session.close()
    assert kept(tmp_path) == before
    assert "person" not in told_in(sessions(tmp_path)[-1])


def test_without_a_recording_nothing_is_kept_until_one_begins(bundled_model: Path, tmp_path: Path) -> None:
    run = Run(bundled_model, tmp_path / "sessions", person="K07")
    face = run.source.picture(10.0)
    run.frames(3, face)
    run.press(Command.BASELINE)
    run.frames(52, face)
    assert run.session.status().baseline == 1
    assert not (tmp_path / "sessions").exists()
    run.record()
    run.session.close()  # session.json is saved twice a second
    assert kept(tmp_path)["frames"] == told_in(sessions(tmp_path)[0])["baseline"][0]["frames"]


def test_a_new_baseline_replaces_the_kept_one_and_says_so(
    bundled_model: Path, tmp_path: Path, reports: Reports
) -> None:
    measured(bundled_model, tmp_path, at_s=10.0).session.close()
    path = tmp_path / "sessions" / "baseline_K07.json"
    path.write_text(json.dumps(kept(tmp_path) | {"measured": "2026-11-03T10:00:00+01:00", "frames": 7}))
    run = Run(bundled_model, tmp_path / "sessions", person="K07")
    face = run.source.picture(10.0)
    run.frames(1, face)
    run.record()
    run.frames(2, face)
    assert run.session.status().baseline_date == "2026-11-03"
    run.press(Command.BASELINE)
    run.frames(1, face)
    assert run.session.status().baseline is None
    assert kept(tmp_path)["frames"] == 7, "undone for now, and kept"
    run.press(Command.BASELINE)
    run.frames(52, face)
    assert "in place of that of 2026-11-03" in run.message
    assert kept(tmp_path)["frames"] == 51
    assert not kept(tmp_path)["measured"].startswith("2026-11-03")
    assert run.session.status().baseline_date == ""
    run.session.close()


def test_a_face_that_was_not_neutral_is_not_kept_for_the_next_sessions(
    bundled_model: Path, tmp_path: Path, reports: Reports
) -> None:
    run = measured(bundled_model, tmp_path, at_s=0.0)  # she smiles
    assert "did not look neutral" in run.message
    assert not (tmp_path / "sessions" / "baseline_K07.json").exists()
    run.session.close()


def test_a_kept_baseline_comes_back_with_the_person_and_not_after_a_cut(
    bundled_model: Path, tmp_path: Path, reports: Reports
) -> None:
    measured(bundled_model, tmp_path).session.close()
    run = Run(bundled_model, tmp_path / "sessions", person="K07")
    face = run.source.picture(10.0)
    run.frames(1, face)
    run.record()
    run.frames(160, EMPTY)  # until the tracker forgets
    assert run.session.status().baseline is None
    run.frames(2, face)
    assert run.session.status().baseline == 1
    run.pipeline.on_cut(run.number / 5)
    run.frames(2, face)
    assert run.session.status().baseline is None
    run.session.close()
    one, two = told_in(sessions(tmp_path)[-1])["baseline"]
    assert one["face_id"] != two["face_id"]
    assert two["undone_at_s"] is not None


def test_a_baseline_of_this_session_comes_back_with_the_person_too_and_is_kept_once(
    bundled_model: Path, tmp_path: Path, reports: Reports
) -> None:
    run = measured(bundled_model, tmp_path)
    before = kept(tmp_path)
    run.frames(160, EMPTY)
    run.frames(2, run.source.picture(10.0))
    assert run.session.status().baseline == 1
    assert kept(tmp_path) == before
    run.session.close()
    assert told_in(sessions(tmp_path)[0])["baseline"][1]["measured"] == before["measured"]


def test_a_damaged_or_foreign_file_is_told_and_the_session_goes_on_without_it(
    bundled_model: Path, tmp_path: Path
) -> None:
    (tmp_path / "sessions").mkdir()
    path = tmp_path / "sessions" / "baseline_K07.json"
    path.write_text("{")
    run = Run(bundled_model, tmp_path / "sessions", person="K07")
    run.frames(3)
    assert "cannot be used" in run.told[0]
    assert run.session.status().baseline is None
    run.session.close()


def test_a_baseline_that_cannot_be_kept_still_acts_and_that_is_told(
    bundled_model: Path, tmp_path: Path, reports: Reports
) -> None:
    (tmp_path / "sessions" / "baseline_K07.json").mkdir(parents=True)
    run = measured(bundled_model, tmp_path)
    assert "It could not be kept" in run.message
    assert run.session.failure is None
    run.session.close()
    assert len(told_in(sessions(tmp_path)[0])["baseline"]) == 1
