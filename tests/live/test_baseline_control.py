"""What the key for a baseline does in a session."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from affect.emotions import EMOTIONS
from affect.live.control import Command
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
    assert "happy >99% → " in run.message  # she smiles: at rest, that is what the model sees
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
