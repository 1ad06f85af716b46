"""Sessions of one person on one scale: what the comparison shows of sessions with different baselines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from affect.emotions import EMOTIONS, UNCERTAIN
from affect.live.pipeline.baseline import shifted
from affect.live.pipeline.smoothing import LabelChooser, ProbabilitySmoother
from affect.live.report import write_report
from affect.live.report.scale import common_scale, on_scale
from affect.live.report.session_folder import LABELS, Session, read_session
from tests.live.report.session_folders import Row, drawn_rows, one_hot, write_session
from tests.live.report.test_page import Outline

STERN = dict.fromkeys(EMOTIONS, -0.1) | {"anger": -1.2, "sad": -0.8, "neutral": 0.7}
MILD = dict.fromkeys(EMOTIONS, 0.0) | {"sad": -0.6, "neutral": 0.2}
NOBODY = dict.fromkeys(EMOTIONS, 0.0)


def seen(raw: list[Row], shift: dict[str, float], from_s: float = 0.0, to_s: float = 1e9) -> list[Row]:
    """What the pipeline would record of raw probabilities with a baseline that acts in a part of the time."""
    smoother, chooser, rows = ProbabilitySmoother(), LabelChooser(), []
    for time_s, face, _, p in raw:
        own = np.asarray(p, np.float32)
        if from_s <= time_s < to_s:
            own = shifted(own, np.array([shift[name] for name in EMOTIONS], np.float32))
        smooth = smoother.update(face, own, time_s)
        rows.append((time_s, face, chooser.update(face, smooth, time_s), smooth.tolist()))
    return rows


def entry(shift: dict[str, float], **told: Any) -> dict[str, Any]:
    whole = {"face_id": 1, "from_s": 0.0, "to_s": 0.0, "frames": 98, "shift": shift, "kept": True, "undone_at_s": None}
    return whole | {"measured": "2026-11-03T10:00:00+01:00"} | told


def session(folder: Path, rows: list[Row], day: int, *baselines: dict[str, Any], **told: Any) -> Path:
    seconds = max(row[0] for row in rows) + 0.1
    started = f"2026-11-{day:02d}T10:00:00+01:00"
    return write_session(
        folder, rows, [], seconds, **{"person": "K07", "baseline": list(baselines) or None, "started": started, **told}
    )


def apart(one: Session, other: Session) -> tuple[float, float]:
    """Mean absolute difference of the probabilities, and share of rows with another label."""
    return float(np.abs(one.rows.probabilities - other.rows.probabilities).mean()), float(
        (one.rows.labels != other.rows.labels).mean()
    )


def test_a_session_becomes_what_it_would_have_been_with_the_other_baseline(tmp_path: Path) -> None:
    raw = drawn_rows(120, 7)
    mild = read_session(session(tmp_path / "mild", seen(raw, MILD), 1, entry(MILD)))
    bare = read_session(session(tmp_path / "bare", seen(raw, NOBODY), 2))
    stern = read_session(
        session(tmp_path / "stern", seen(raw, STERN), 3, entry(STERN, measured="2026-11-04T10:00:00+01:00"))
    )
    scale = common_scale([mild, bare, stern])
    assert scale is not None
    for other in (mild, bare):
        assert apart(other, stern)[0] > 0.02
        values, labels = apart(on_scale(other, scale), stern)
        assert values < 0.004
        assert labels < 0.02
    assert on_scale(stern, scale) is stern


def test_a_baseline_moves_only_the_rows_in_which_it_acted(tmp_path: Path) -> None:
    raw = [(i / 10, 1 if i < 200 else 2, "sad", one_hot("sad", 0.6)) for i in range(300)]
    half = session(tmp_path / "half", seen(raw, MILD, 5, 15), 1, entry(MILD, to_s=5.0, undone_at_s=15.0))
    whole = read_session(session(tmp_path / "whole", seen(raw, STERN), 2, entry(STERN)))
    scale = common_scale([whole])
    assert scale is not None
    moved = on_scale(read_session(half), scale)
    far = np.abs(moved.rows.probabilities - whole.rows.probabilities).max(axis=1)
    assert far[:50].max() < 1e-4
    assert far[70:150].max() < 1e-3  # after the smoothing
    assert far[170:].max() < 1e-3


def test_a_baseline_moves_no_other_face_than_its_own(tmp_path: Path) -> None:
    raw = [(i / 10, 1 if i < 200 else 2, "sad", one_hot("sad", 0.6)) for i in range(300)]
    half = session(tmp_path / "half", seen(raw, MILD, 0, 20), 1, entry(MILD))
    whole = read_session(session(tmp_path / "whole", seen(raw, STERN), 2, entry(STERN)))
    scale = common_scale([whole])
    assert scale is not None
    moved = on_scale(read_session(half), scale)
    far = np.abs(moved.rows.probabilities - whole.rows.probabilities).max(axis=1)
    assert far.max() < 1e-3


def test_a_covered_mouth_stays_uncertain(tmp_path: Path) -> None:
    rows = [(i / 10, 1, UNCERTAIN if 20 <= i < 40 else "happy", one_hot("happy", 0.9)) for i in range(60)]
    covered = read_session(session(tmp_path / "covered", rows, 1))
    stern = read_session(session(tmp_path / "stern", seen(drawn_rows(5, 1), STERN), 2, entry(STERN)))
    scale = common_scale([covered, stern])
    assert scale is not None
    labels = on_scale(covered, scale).rows.labels
    assert (labels == LABELS.index(UNCERTAIN)).nonzero()[0].tolist() == list(range(20, 40))


def test_the_latest_kept_baseline_is_the_scale(tmp_path: Path) -> None:
    raw = drawn_rows(20, 7)
    first = session(tmp_path / "1", seen(raw, MILD), 3, entry(MILD))
    new = entry(STERN, from_s=2.0, to_s=12.0)
    del new["measured"]
    second = session(tmp_path / "2", seen(raw, MILD, 0, 1), 10, entry(MILD), new)
    third = session(
        tmp_path / "3", seen(raw, NOBODY), 20, entry(NOBODY, measured="2026-11-19T10:00:00+01:00", kept=False)
    )
    scale = common_scale([read_session(path) for path in (third, second, first)])
    assert scale is not None
    assert scale.shift[EMOTIONS.index("anger")] == -1.2
    assert f"{scale.measured:%Y-%m-%d %H:%M:%S}" == "2026-11-10 10:00:12"
    words = Outline(write_report([first, second, third], "en").read_text(encoding="utf-8")).words
    assert "All are relative to the baseline of K07 of 10 November 2026, 10:00" in words
    assert "A baseline was used in session" not in words
    assert "baseline of 3 November 2026, 10:00, 10 November 2026, 10:00" in words
    words = Outline(write_report([second], "en").read_text(encoding="utf-8")).words
    assert "Code K07" in words
    assert "The one of this code that was measured on 3 November 2026, 10:00 (98 frames), in use from 0:00" in words
    assert "Measured from 0:02 to 0:12 (98 frames)" in words
    assert words.count("It is kept for the next sessions of K07") == 1


@pytest.mark.parametrize(
    "other",
    [
        {"person": "K08"}, {"person": None}, {"model": {"file": "x.pt", "sha256": "cd" * 32}},
        {"settings": {"faces": 1, "sensitivity": "high"}}, {"settings": {"faces": 2, "sensitivity": "low"}},
    ],
)  # fmt: skip
def test_another_person_model_or_sensitivity_is_not_brought_onto_the_scale(
    tmp_path: Path, other: dict[str, Any]
) -> None:
    raw = drawn_rows(5, 7)
    told = {key: value for key, value in other.items() if value is not None}
    one = session(tmp_path / "1", seen(raw, STERN), 1, entry(STERN))
    two = session(tmp_path / "2", seen(raw, NOBODY), 2, **told)
    if "person" in other and other["person"] is None:
        two = write_session(tmp_path / "2", seen(raw, NOBODY), [], 5.0)
    assert common_scale([read_session(one), read_session(two)]) is None
    words = Outline(write_report([one, two], "en").read_text(encoding="utf-8")).words
    assert "All are relative" not in words
    assert "A baseline was used in session" in words
    assert ("different codes, K07 and K08" in words) == (other.get("person") == "K08")


def test_without_a_code_or_a_baseline_there_is_no_scale(tmp_path: Path) -> None:
    raw = drawn_rows(5, 7)
    bare = read_session(session(tmp_path / "1", seen(raw, NOBODY), 1))
    assert common_scale([bare, bare]) is None
    nobody = read_session(write_session(tmp_path / "2", seen(raw, STERN), [], 5.0, baseline=[entry(STERN)]))
    assert common_scale([nobody, nobody]) is None


def test_dates_and_shifts_that_nobody_writes_are_no_failure(tmp_path: Path) -> None:
    odd = entry(dict.fromkeys(EMOTIONS, -100.0) | {"neutral": 100.0}, to_s=1e9)
    del odd["measured"]
    rows = [(i / 10, 1, "sad", [0.0] * 8) for i in range(20)]
    folder = session(tmp_path / "1", rows, 1, odd, started="9999-12-30T10:00:00+00:00")
    other = session(tmp_path / "2", rows, 2, entry({"sad": -1.0}))
    assert write_report([folder, other], "es").is_file()
    scale = common_scale([read_session(other)])
    assert scale is not None
    assert np.isfinite(on_scale(read_session(folder), scale).rows.probabilities).all()
