from __future__ import annotations

import numpy as np
import pytest

from affect.emotions import EMOTIONS
from affect.faces import FaceBox
from affect.live.smoothing import BoxSmoother, LabelChooser, Probabilities, ProbabilitySmoother
from affect.live.tracking import intersection_over_union

HAPPY = np.eye(8, dtype=np.float32)[4]
SAD = np.eye(8, dtype=np.float32)[6]


@pytest.mark.parametrize("fps", [10, 30, 60])
def test_the_time_constant_is_in_seconds_whatever_the_frame_rate(fps: int) -> None:
    smoother = ProbabilitySmoother(time_constant_s=0.5)
    smoother.update(1, HAPPY, 0.0)
    for i in range(1, fps // 2 + 1):
        smoothed = smoother.update(1, SAD, i / fps)
    assert smoothed[6] == pytest.approx(1 - np.exp(-1), abs=1e-4)
    assert smoothed.sum() == pytest.approx(1, abs=1e-5)


def test_the_first_frame_is_shown_as_it_is() -> None:
    np.testing.assert_array_equal(ProbabilitySmoother().update(1, HAPPY, 5.0), HAPPY)


def test_faces_are_not_mixed() -> None:
    smoother = ProbabilitySmoother()
    smoother.update(1, HAPPY, 0.0)
    np.testing.assert_array_equal(smoother.update(2, SAD, 0.1), SAD)
    np.testing.assert_array_equal(smoother.update(1, HAPPY, 0.2), HAPPY)


def test_a_forgotten_face_starts_anew() -> None:
    smoother = ProbabilitySmoother()
    smoother.update(1, HAPPY, 0.0)
    smoother.keep_only({2})
    np.testing.assert_array_equal(smoother.update(1, SAD, 0.1), SAD)


def test_a_clock_that_goes_back_does_no_harm() -> None:
    smoother = ProbabilitySmoother()
    smoother.update(1, HAPPY, 10.0)
    np.testing.assert_array_equal(smoother.update(1, SAD, 3.0), HAPPY)


def spread(**shares: float) -> Probabilities:
    """Probabilities with the given classes' shares; the rest is divided evenly."""
    row = np.full(8, (1 - sum(shares.values())) / (8 - len(shares)), np.float32)
    for emotion, share in shares.items():
        row[EMOTIONS.index(emotion)] = share
    return row


def test_nothing_that_wins_clearly_is_uncertain() -> None:
    assert LabelChooser().update(1, spread(happy=0.35, surprise=0.3)) == "uncertain"
    assert LabelChooser().update(1, spread(happy=0.2)) == "uncertain"
    assert LabelChooser().update(1, spread(happy=0.6)) == "happy"


def test_a_label_changes_only_when_another_class_wins_clearly() -> None:
    chooser = LabelChooser()
    assert chooser.update(1, spread(happy=0.6)) == "happy"
    assert chooser.update(1, spread(happy=0.38, surprise=0.42)) == "happy"
    assert chooser.update(1, spread(happy=0.3, surprise=0.5)) == "surprise"
    assert chooser.update(1, spread(happy=0.42, surprise=0.38)) == "surprise"


def test_a_label_that_falls_far_behind_without_a_clear_winner_becomes_uncertain() -> None:
    chooser = LabelChooser()
    chooser.update(1, spread(happy=0.6))
    assert chooser.update(1, spread(happy=0.2, surprise=0.37, fear=0.33)) == "uncertain"


def test_two_classes_that_take_turns_do_not_flicker() -> None:
    chooser = LabelChooser()
    chooser.update(1, spread(sad=0.5))
    labels = [chooser.update(1, spread(sad=0.4 + s, neutral=0.4 - s)) for s in 20 * (0.04, -0.04)]
    assert set(labels) == {"sad"}


def test_labels_are_of_one_face_and_are_forgotten_with_it() -> None:
    chooser = LabelChooser()
    chooser.update(1, spread(happy=0.6))
    assert chooser.update(2, spread(happy=0.4, surprise=0.38)) == "uncertain"
    chooser.keep_only({2})
    assert chooser.update(1, spread(happy=0.4, surprise=0.38)) == "uncertain"


@pytest.mark.parametrize("fps", [10, 60])
def test_a_resting_box_stops_trembling(fps: int) -> None:
    rng = np.random.default_rng(0)
    smoother = BoxSmoother()
    boxes = []
    for i in range(5 * fps):
        x, y = rng.normal(100, 2, 2)
        boxes.append(smoother.update(1, FaceBox(round(x), round(y), 200, 200), i / fps))
    assert np.std([b.x for b in boxes[fps:]]) < (1.0 if fps == 60 else 1.8)


@pytest.mark.parametrize("fps", [10, 30, 60])
def test_a_moving_box_follows_without_a_lag_that_is_seen(fps: int) -> None:
    smoother = BoxSmoother()
    for i in range(2 * fps):
        true = FaceBox(round(400 * i / fps), 50, 200, 200)  # two box sides a second
        shown = smoother.update(1, true, i / fps)
    assert intersection_over_union(true, shown) > 0.9


def test_a_box_at_a_standing_clock_stays() -> None:
    smoother = BoxSmoother()
    first = smoother.update(1, FaceBox(10, 20, 100, 100), 1.0)
    assert first == FaceBox(10, 20, 100, 100)
    assert smoother.update(1, FaceBox(30, 20, 100, 100), 1.0) == first
