from __future__ import annotations

import numpy as np
import pytest

from affect.emotions import EMOTIONS
from affect.errors import AffectError
from affect.live.baseline_control import told_baseline
from affect.live.pipeline.baseline import LARGEST_SHIFT, SECONDS, Baseline, Shift, shift_of, shifted
from affect.live.texts import text

NEUTRAL, SAD, HAPPY = (EMOTIONS.index(n) for n in ("neutral", "sad", "happy"))


def face(**shares: float) -> np.ndarray:
    """Probabilities with the given ones; the other classes share the rest."""
    rest = (1 - sum(shares.values())) / (len(EMOTIONS) - len(shares))
    return np.array([shares.get(name, rest) for name in EMOTIONS], np.float32)


def measured(baseline: Baseline, resting: np.ndarray, fps: float = 15, face_id: int = 1) -> Shift | None:
    """Ten seconds of a resting face."""
    baseline.begin(face_id, 100.0)
    shift = None
    for i in range(round(SECONDS * fps) + 1):
        baseline.update(face_id, resting)
        shift = baseline.settle(100 + i / fps) or shift
    return shift


@pytest.mark.parametrize("resting", [face(sad=0.6, neutral=0.3), face(sad=0.85, neutral=0.1), face(anger=0.5)])
def test_a_resting_face_that_seems_something_else_is_neutral_afterwards(resting: np.ndarray) -> None:
    baseline = Baseline()
    measured(baseline, resting)
    assert baseline.update(1, resting).argmax() == NEUTRAL


def test_a_face_that_is_neutral_already_is_left_as_it_is() -> None:
    resting = face(neutral=0.8)
    assert shift_of(np.log(resting)) == pytest.approx(np.zeros(8))


def test_no_expression_is_ever_lifted_and_no_shift_is_larger_than_its_bound() -> None:
    draw = np.random.default_rng(3)
    for _ in range(200):
        values = shift_of(np.log(draw.dirichlet(np.full(8, 0.3)) + 1e-9))
        assert 0 <= values[NEUTRAL] <= LARGEST_SHIFT
        assert (np.delete(values, NEUTRAL) <= 0).all()
        assert values.min() >= -LARGEST_SHIFT


def test_a_strong_expression_still_leads_after_the_largest_shift() -> None:
    values = np.zeros(8, np.float32)
    values[SAD], values[NEUTRAL] = -LARGEST_SHIFT, LARGEST_SHIFT
    assert shifted(face(sad=0.95, neutral=0.04), values).argmax() == SAD


def test_a_shift_adds_to_the_logarithms_and_the_sum_stays_one() -> None:
    before, values = face(happy=0.5), np.linspace(-1, 1, 8).astype(np.float32)
    after = shifted(before, values)
    assert after.sum() == pytest.approx(1)
    moved = np.log(after) - np.log(before)
    np.testing.assert_allclose(moved - moved[0], values - values[0], atol=1e-5)


def test_it_takes_ten_seconds_and_tells_what_was_measured() -> None:
    baseline, resting = Baseline(), face(sad=0.6, neutral=0.3)
    assert baseline.share is None
    baseline.begin(4, 50.0)
    for i in range(100):
        assert baseline.update(4, resting) is resting
        assert baseline.settle(50 + i / 10) is None
        assert baseline.share == pytest.approx(i / 100)
    baseline.update(4, resting)
    shift = baseline.settle(60.0)
    assert shift is baseline.applied
    assert baseline.share == 1
    assert (shift.face_id, shift.from_s, shift.to_s, shift.frames) == (4, 50.0, 60.0, 101)
    np.testing.assert_allclose(shift.before, resting, atol=1e-5)
    np.testing.assert_allclose(shift.after, baseline.update(4, resting), atol=1e-5)


def test_only_the_measured_face_is_shifted() -> None:
    baseline, resting = Baseline(), face(sad=0.6, neutral=0.3)
    measured(baseline, resting, face_id=2)
    assert baseline.update(1, resting) is resting
    assert baseline.update(2, resting)[SAD] < resting[SAD]


def test_undoing_restores_exactly() -> None:
    baseline, resting = Baseline(), face(sad=0.6, neutral=0.3)
    measured(baseline, resting)
    baseline.undo()
    assert baseline.share is None
    assert baseline.update(1, resting) is resting


def test_a_face_that_is_mostly_away_gives_no_baseline() -> None:
    baseline = Baseline()
    baseline.begin(1, 0.0)
    with pytest.raises(AffectError, match=r"not in view for long enough \(4 of 10 s\)"):
        for i in range(101):
            if i < 40:
                baseline.update(1, face(sad=0.6))
            baseline.settle(i / 10)
    assert baseline.share is None
    assert baseline.settle(20.0) is None


def seen_at(times_s: list[float], resting: np.ndarray, begun_s: float = 0.0) -> tuple[Baseline, Shift | None]:
    """A face that shows the same in frames at these times."""
    baseline, shift = Baseline(), None
    baseline.begin(1, begun_s)
    for now_s in times_s:
        baseline.update(1, resting)
        shift = shift or baseline.settle(now_s)
    return baseline, shift


@pytest.mark.parametrize("stall_s", [9.4, 11.3, 600.0])
def test_a_camera_that_stalls_for_most_of_the_ten_seconds_gives_no_baseline(stall_s: float) -> None:
    times_s = [i / 30 for i in range(22)]
    with pytest.raises(AffectError, match=r"too few pictures \(1 of \d+ s measured\)"):
        seen_at([*times_s, times_s[-1] + stall_s], face(sad=0.6))


def test_a_short_stall_is_made_up_for() -> None:
    times_s = [i / 30 for i in range(90)] + [6 + i / 30 for i in range(400)]
    _, shift = seen_at(times_s, face(sad=0.6))
    assert shift is not None
    assert shift.to_s == pytest.approx(
        10 + 3 + 1 / 30 - 0.5, abs=0.05
    )  # three seconds are missing; a frame holds 0.5 s
    assert shift.frames == pytest.approx(9.5 * 30, abs=2)


@pytest.mark.parametrize(("rate", "took_s"), [(60, 10), (15, 10), (2, 10), (1.25, 16)])
def test_a_steady_source_of_any_rate_gives_one(rate: float, took_s: float) -> None:
    _, shift = seen_at([i / rate for i in range(round(30 * rate))], face(sad=0.6))
    assert shift is not None
    assert shift.to_s == pytest.approx(took_s, abs=1 / rate)
    assert shift.frames == round(took_s * rate) + 1


def test_ten_seconds_are_ten_seconds_at_any_moment_of_the_clock() -> None:
    for begun_s in (2.2, 5.2, 17.3, 1000.1):
        _, shift = seen_at([begun_s + i / 5 for i in range(60)], face(sad=0.6), begun_s)
        assert shift is not None
        assert shift.frames == 51, begun_s
    times_s = [3 + i / 5 for i in range(11, 71)]
    assert seen_at(times_s, face(sad=0.6), times_s[0])[1].frames == 51


def test_a_source_of_a_picture_now_and_then_gives_none_and_says_why() -> None:
    with pytest.raises(AffectError, match="too few pictures"):
        seen_at([2.0 * i for i in range(30)], face(sad=0.6))


def test_what_the_face_showed_counts_for_as_long_as_it_showed_it() -> None:
    baseline = Baseline()
    baseline.begin(1, 0.0)
    times_s = [i / 50 for i in range(51)] + [1 + i / 3 for i in range(1, 40)]  # a second of many frames, and the rest
    for now_s in times_s:
        baseline.update(1, face(sad=0.8) if now_s <= 1 else face(neutral=0.8))
        if (shift := baseline.settle(now_s)) is not None:
            break
    logs = 0.1 * np.log(face(sad=0.8)) + 0.9 * np.log(face(neutral=0.8))
    expected = shifted(np.exp(logs).astype(np.float32), np.zeros(8, np.float32))
    np.testing.assert_allclose(shift.before, expected, atol=2e-3)


def test_its_share_is_of_the_seconds_seen_and_not_of_those_that_passed() -> None:
    baseline, _ = seen_at([i / 10 for i in range(21)], face(sad=0.6))
    assert baseline.share == pytest.approx(0.2)
    for i in range(21, 41):  # the face is away
        baseline.settle(i / 10)
    assert baseline.share == pytest.approx(0.2)


def test_a_probability_of_zero_in_a_frame_does_not_decide() -> None:
    baseline, certain = Baseline(), np.eye(8, dtype=np.float32)[HAPPY]
    measured(baseline, certain)
    assert np.isfinite(baseline.applied.values).all()


@pytest.mark.parametrize(
    ("resting", "told"),
    [
        (face(sad=0.6, neutral=0.3), "At rest now sad 60% → "),
        (face(neutral=0.9), "was read as neutral already"),
        (face(happy=0.97, neutral=0.02), "did not look neutral: happy 97% → "),
        (face(happy=0.99999), "did not look neutral: happy >99% → >99%. "),  # nothing that is seen to move
    ],
)
def test_what_a_baseline_does_is_told(resting: np.ndarray, told: str) -> None:
    shift = measured(Baseline(), resting)
    key, changes = told_baseline(shift)
    assert told in text(key, "en", changes=changes("en"), kept="")


def test_an_earlier_baseline_acts_on_the_next_face_only_and_is_told_once_with_its_time() -> None:
    earlier, baseline, resting = Baseline(), Baseline(), face(sad=0.6, neutral=0.3)
    shift = measured(earlier, resting)
    assert shift is not None
    baseline.apply_to_next(shift)
    assert baseline.share is None
    assert baseline.settle(4.0) is None
    np.testing.assert_allclose(baseline.update(7, resting), shifted(resting, shift.values))
    np.testing.assert_array_equal(baseline.update(8, resting), resting)
    told = baseline.settle(5.0)
    assert told is not None
    assert (told.face_id, told.from_s, told.to_s) == (7, 5.0, 5.0)
    assert baseline.settle(6.0) is None
    assert baseline.share == 1


def test_an_earlier_baseline_that_is_undone_before_a_face_is_seen_does_not_act() -> None:
    baseline, resting = Baseline(), face(sad=0.6, neutral=0.3)
    shift = measured(baseline, resting)
    assert shift is not None
    baseline.apply_to_next(shift)
    baseline.undo()
    np.testing.assert_array_equal(baseline.update(7, resting), resting)
    assert baseline.settle(5.0) is None
