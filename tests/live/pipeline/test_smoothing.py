from __future__ import annotations

import numpy as np
import pytest

from affect.emotions import EMOTIONS
from affect.faces.detection import FaceBox
from affect.live.pipeline.smoothing import BoxSmoother, LabelChooser, Probabilities, ProbabilitySmoother
from affect.live.pipeline.tracking import intersection_over_union

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
    assert LabelChooser().update(1, spread(happy=0.35, surprise=0.3), 0.0) == "uncertain"
    assert LabelChooser().update(1, spread(happy=0.2), 0.0) == "uncertain"
    assert LabelChooser().update(1, spread(happy=0.6), 0.0) == "happy"


def test_a_label_needs_what_its_model_is_sure_from_and_keeps_until_ten_points_less() -> None:
    chooser = LabelChooser(least=0.6)
    assert chooser.update(1, spread(happy=0.59), 0.0) == "uncertain"
    assert chooser.update(1, spread(happy=0.61), 0.1) == "happy"
    assert chooser.update(1, spread(happy=0.51), 0.2) == "happy"
    assert chooser.update(1, spread(happy=0.49), 0.3) == "uncertain"
    assert LabelChooser(least=0.05).keeps == 0


def test_a_label_changes_only_when_another_class_wins_clearly() -> None:
    chooser = LabelChooser()
    assert chooser.update(1, spread(happy=0.6), 0.0) == "happy"
    assert chooser.update(1, spread(happy=0.38, surprise=0.42), 0.0) == "happy"
    assert chooser.update(1, spread(happy=0.3, surprise=0.5), 0.0) == "surprise"
    assert chooser.update(1, spread(happy=0.42, surprise=0.38), 0.0) == "surprise"


def test_a_label_that_falls_far_behind_without_a_clear_winner_becomes_uncertain() -> None:
    chooser = LabelChooser()
    chooser.update(1, spread(happy=0.6), 0.0)
    assert chooser.update(1, spread(happy=0.2, surprise=0.37, fear=0.33), 0.0) == "uncertain"


def test_two_classes_that_take_turns_do_not_flicker() -> None:
    chooser = LabelChooser()
    chooser.update(1, spread(sad=0.5), 0.0)
    turns = enumerate(20 * (0.04, -0.04), 1)
    labels = [chooser.update(1, spread(sad=0.4 + s, neutral=0.4 - s), i / 15) for i, s in turns]
    assert set(labels) == {"sad"}


@pytest.mark.parametrize("fps", [1, 2, 5, 15, 60])
def test_a_label_that_is_no_longer_the_most_probable_gives_way_within_half_a_second(fps: int) -> None:
    chooser = LabelChooser()
    for i in range(fps + 1):
        assert chooser.update(1, spread(happy=0.45, surprise=0.3), i / fps) == "happy"
    labels = [chooser.update(1, spread(happy=0.38, surprise=0.42), 1 + i / fps) for i in range(1, 2 * fps)]
    held = labels.index("uncertain") if "uncertain" in labels else None
    assert held is not None
    assert held / fps <= 0.5  # from the first such frame until the label is gone
    assert held / fps >= 0.3 or fps < 5  # a moment's change does not flicker
    assert set(labels[held:]) == {"uncertain"}


def test_a_label_that_leads_again_in_time_stays_and_may_fall_behind_again() -> None:
    chooser = LabelChooser()
    chooser.update(1, spread(happy=0.6), 0.0)
    ahead, behind = spread(happy=0.42, surprise=0.38), spread(happy=0.38, surprise=0.42)
    for i in range(1, 40):
        assert chooser.update(1, ahead if i % 5 == 0 else behind, i / 10) == "happy"


def test_a_label_from_before_an_absence_counts_only_while_it_is_the_most_probable() -> None:
    for now, label in ((spread(happy=0.42, surprise=0.38), "happy"), (spread(happy=0.38, surprise=0.42), "uncertain")):
        chooser = LabelChooser()
        chooser.update(1, spread(happy=0.6), 0.0)
        assert chooser.update(1, now, 20.0) == label


def test_a_label_whose_class_is_weak_becomes_uncertain() -> None:
    chooser = LabelChooser()
    chooser.update(1, spread(happy=0.6), 0.0)
    assert chooser.update(1, spread(happy=0.21, sad=0.2), 0.1) == "happy"
    assert chooser.update(1, spread(happy=0.19, sad=0.18), 0.2) == "uncertain"


def test_labels_are_of_one_face_and_are_forgotten_with_it() -> None:
    chooser = LabelChooser()
    chooser.update(1, spread(happy=0.6), 0.0)
    assert chooser.update(2, spread(happy=0.4, surprise=0.38), 0.0) == "uncertain"
    chooser.keep_only({2})
    assert chooser.update(1, spread(happy=0.4, surprise=0.38), 0.0) == "uncertain"


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
