"""What must hold for any input, of the parts that others rest on: smoothing, tracking, crop, metrics."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.special import softmax
from sklearn.metrics import f1_score, precision_score, recall_score, roc_auc_score

from affect.emotions import EMOTIONS
from affect.evaluation.metrics import (
    bootstrap,
    expected_calibration_error,
    fit_temperature,
    metrics_of,
    percentile_interval,
)
from affect.faces.detection import FaceBox, crop_face, crop_square
from affect.faces.preprocessing import Preprocessing
from affect.live.pipeline.smoothing import BoxSmoother, LabelChooser, ProbabilitySmoother
from affect.live.pipeline.tracking import FaceTracker

many = settings(deadline=None, derandomize=True, max_examples=200, database=None)
some = settings(deadline=None, derandomize=True, max_examples=25, database=None)

seeds = st.integers(0, 2**32 - 1)
distributions = (
    st.lists(st.floats(0, 1, width=32), min_size=8, max_size=8)
    .filter(lambda values: sum(values) > 1e-3)
    .map(lambda values: (np.array(values) / np.sum(values)).astype(np.float32))
)


# smoothing


@many
@given(
    st.lists(st.tuples(st.floats(-2, 5), distributions), min_size=1, max_size=40),
    st.sampled_from([0.0, 0.05, 0.4, 3.0]),
)
def test_smoothed_probabilities_stay_a_distribution_between_what_was_seen(
    steps: list[tuple[float, np.ndarray]], time_constant_s: float
) -> None:
    smoother, now_s = ProbabilitySmoother(time_constant_s), 0.0
    seen: list[np.ndarray] = []
    for passed_s, probabilities in steps:
        now_s += passed_s  # a clock that goes back is among them
        seen.append(probabilities)
        smoothed = smoother.update(1, probabilities, now_s)
        assert smoothed.dtype == np.float32
        assert smoothed.sum() == pytest.approx(1, abs=1e-5)
        assert (smoothed >= np.min(seen, axis=0) - 1e-6).all()
        assert (smoothed <= np.max(seen, axis=0) + 1e-6).all()


@many
@given(
    st.lists(distributions, min_size=2, max_size=5),
    st.sampled_from([(10, 60), (5, 30), (15, 120), (24, 48)]),
    st.floats(0.05, 2),
)
def test_what_is_shown_does_not_depend_on_the_frame_rate(
    levels: list[np.ndarray], rates: tuple[int, int], time_constant_s: float
) -> None:
    """An expression that changes each second is smoothed to the same values at either rate."""
    shown = []
    for fps in rates:
        smoother = ProbabilitySmoother(time_constant_s)
        smoother.update(1, levels[0], 0.0)
        frames = range(1, fps * (len(levels) - 1) + 1)
        values = [smoother.update(1, levels[(i - 1) // fps + 1], i / fps) for i in frames]
        shown.append(values[fps - 1 :: fps])
    np.testing.assert_allclose(*shown, atol=2e-5)


contested = (  # by three classes
    st.tuples(*3 * [st.floats(0.25, 1, width=32)]).map(lambda v: np.array([*v, 0, 0, 0, 0, 0], np.float32) / np.sum(v))
)


@many
@given(
    st.lists(
        st.tuples(contested | distributions, st.sampled_from([0.0, 1 / 60, 0.1, 0.2, 0.25]) | st.floats(1e-3, 3)),
        min_size=1, max_size=40,
    )
)  # fmt: skip
def test_the_label_follows_the_rule_that_is_told_in_every_frame(steps: list[tuple[np.ndarray, float]]) -> None:
    chooser, now_s, before = LabelChooser(), 0.0, "uncertain"
    largest_s = dict.fromkeys(EMOTIONS, -np.inf)  # when each was last the most probable
    for row, passed_s in steps:
        now_s += passed_s
        label = chooser.update(1, row, now_s)
        share = {name: float(p) for name, p in zip(EMOTIONS, row, strict=True)}
        largest_s |= {name: now_s for name in EMOTIONS if share[name] == max(share.values())}
        first, second = sorted(share.values(), reverse=True)[:2]
        clear = first >= 0.3 and first - second >= 0.1
        if label == before != "uncertain":
            assert now_s - largest_s[label] <= 0.5
            assert share[label] >= 0.2
            assert first - share[label] < 0.1
        elif label != "uncertain":
            assert clear
            assert share[label] == first
        else:
            assert not clear
            stays = before != "uncertain" and now_s - largest_s[before] <= 0.5
            assert not (stays and share[before] >= 0.2 and first - share[before] < 0.1)
        before = label


@many
@given(
    st.lists(
        st.tuples(st.just(0.0) | st.floats(1e-6, 3), st.integers(-50, 50), st.integers(-50, 50)),
        min_size=1, max_size=30,
    ),
    st.integers(20, 400),
)  # fmt: skip
def test_a_steadied_box_keeps_its_size_and_stays_where_the_boxes_were(
    steps: list[tuple[float, int, int]], side: int
) -> None:
    smoother, now_s, seen = BoxSmoother(), 0.0, []
    for passed_s, x, y in steps:
        now_s += passed_s
        seen.append((x, y))
        box = smoother.update(1, FaceBox(x, y, side, side), now_s)
        assert box.width == box.height == side
        for place, values in zip((box.x, box.y), zip(*seen, strict=True), strict=True):
            assert min(values) - 1 <= place <= max(values) + 1


# tracking


class Moment(NamedTuple):
    """A frame: how long after the last one, and for each face how far it is from its place, or None: not seen."""

    passed_s: float
    places: list[tuple[float, float, float] | None]


def moments(reach: float, grows: float, longest_s: float) -> st.SearchStrategy[list[Moment]]:
    """Frames of four faces.   reach: how far a face may go from its place, in its sides.   grows: and by how much."""
    place = st.tuples(st.floats(-reach, reach), st.floats(-reach, reach), st.floats(1 / grows, grows))
    faces = st.lists(st.none() | place, min_size=4, max_size=4)
    return st.lists(st.builds(Moment, st.floats(0.01, longest_s), faces), min_size=2, max_size=25)


def boxes_of(moment: Moment, side: int, order: np.random.Generator) -> tuple[list[FaceBox], dict[FaceBox, int]]:
    """The boxes in any order, and whose they are. Faces live four sides apart."""
    whose: dict[FaceBox, int] = {}
    for face, place in enumerate(moment.places):
        if place is not None:
            across, down, size = place
            now = round(side * size)
            left, top = side * (4 * (face % 2) + across), side * (4 * (face // 2) + down)
            whose[FaceBox(round(left), round(top), now, now)] = face
    boxes = list(whose)
    order.shuffle(boxes)
    return boxes, whose


@many
@given(moments(reach=0.9, grows=1.4, longest_s=40), st.integers(24, 300), seeds)
def test_an_id_is_never_given_to_another_face_that_stays_apart(frames: list[Moment], side: int, seed: int) -> None:
    tracker, now_s, order = FaceTracker(max_faces=4), 0.0, np.random.default_rng(seed)
    owner: dict[int, int] = {}
    for moment in frames:
        now_s += moment.passed_s
        boxes, whose = boxes_of(moment, side, order)
        faces = tracker.update(boxes, now_s)
        assert {f.box for f in faces} == set(boxes)
        assert len({f.face_id for f in faces}) == len(faces)
        for face in faces:
            assert owner.setdefault(face.face_id, whose[face.box]) == whose[face.box]


@many
@given(moments(reach=0.1, grows=1.05, longest_s=12), st.integers(24, 300), seeds)
def test_a_face_that_hardly_moves_keeps_its_id_through_gaps_of_half_a_minute(
    frames: list[Moment], side: int, seed: int
) -> None:
    tracker, now_s, order = FaceTracker(max_faces=4), 0.0, np.random.default_rng(seed)
    last: dict[int, tuple[int, float]] = {}
    for moment in frames:
        now_s += moment.passed_s
        boxes, whose = boxes_of(moment, side, order)
        for face in tracker.update(boxes, now_s):
            face_id, seen_s = last.get(whose[face.box], (face.face_id, now_s))
            assert face.face_id == face_id or now_s - seen_s > 30
            last[whose[face.box]] = face.face_id, now_s


# crop

sides = st.integers(1, 60)
preprocessings = st.builds(Preprocessing, crop_margin=st.floats(0, 0.6), crop_shift=st.floats(-0.3, 0.3))


@many
@given(sides, sides, st.integers(-80, 80), st.integers(-80, 80), sides, sides, preprocessings, seeds, st.booleans())
def test_a_crop_is_square_and_made_of_the_picture_s_own_pixels(
    height: int, width: int, x: int, y: int, box_width: int, box_height: int,
    preprocessing: Preprocessing, seed: int, grey: bool,
) -> None:  # fmt: skip
    shape = (height, width) if grey else (height, width, 3)
    picture = np.random.default_rng(seed).integers(0, 256, shape, np.uint8)
    box = FaceBox(x, y, box_width, box_height)
    left, top, side, also = crop_square(box, preprocessing)
    assert side == also
    if left >= width or top >= height or left + side <= 0 or top + side <= 0:
        with pytest.raises(ValueError, match="outside"):
            crop_face(picture, box, preprocessing)
        return
    rows, columns = (np.clip(np.arange(a, a + side), 0, n - 1) for a, n in ((top, height), (left, width)))
    np.testing.assert_array_equal(crop_face(picture, box, preprocessing), picture[rows[:, None], columns])


@many
@given(st.integers(4, 40), st.integers(4, 40), st.integers(-9, 30), st.integers(-9, 30), st.integers(2, 20), seeds)
def test_the_crop_of_an_enlarged_picture_is_the_enlarged_crop(
    height: int, width: int, x: int, y: int, half: int, seed: int
) -> None:
    assume(x < width and y < height and x + 2 * half > 0 and y + 2 * half > 0)
    picture = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    box, twice = FaceBox(x, y, 2 * half, 2 * half), Preprocessing(crop_margin=0.5)  # no rounding on the way
    for times in (2, 3):
        enlarged = picture.repeat(times, 0).repeat(times, 1)
        larger = crop_face(enlarged, FaceBox(*(times * v for v in box)), twice)
        np.testing.assert_array_equal(larger, crop_face(picture, box, twice).repeat(times, 0).repeat(times, 1))


@many
@given(st.integers(-500, 500), st.integers(-500, 500), st.integers(2, 300), st.integers(2, 5), preprocessings)
def test_the_square_around_a_face_grows_with_it(
    x: int, y: int, side: int, times: int, preprocessing: Preprocessing
) -> None:
    small = crop_square(FaceBox(x, y, side, side), preprocessing)
    large = crop_square(FaceBox(times * x, times * y, times * side, times * side), preprocessing)
    assert np.abs(np.array(large) - times * np.array(small)).max() <= times + 1  # rounding to pixels


# metrics


def evaluated(n: int, classes: int, sharpness: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities float64 (n, 8) and labels (n,) that they have something to do with, of so many classes."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, n)
    logits = rng.normal(0, 1, (n, 8)) * sharpness
    logits[np.arange(n), labels] += rng.exponential(sharpness, n)
    return softmax(logits, axis=1), labels


evaluations = st.builds(evaluated, st.integers(1, 80), st.integers(1, 8), st.floats(0.1, 6), seeds)


@pytest.mark.filterwarnings("ignore:A single label:UserWarning", "ignore:y_pred contains:UserWarning")
@some
@given(evaluations)
def test_the_figures_are_scikit_learn_s(evaluation: tuple[np.ndarray, np.ndarray]) -> None:
    probabilities, labels = evaluation
    predicted, present = probabilities.argmax(1), np.unique(labels)
    found = metrics_of(probabilities, labels)
    assert found["accuracy"] == pytest.approx((predicted == labels).mean())
    assert found["f1_weighted"] == pytest.approx(f1_score(labels, predicted, average="weighted", zero_division=0))
    assert found["f1_macro"] == pytest.approx(
        f1_score(labels, predicted, average="macro", labels=present, zero_division=0)
    )
    assert found["balanced_accuracy"] == pytest.approx(
        np.mean([recall_score(labels == c, predicted == c) for c in np.unique(labels)])
    )
    several = [c for c in np.unique(labels) if (labels != c).any()]
    areas = [roc_auc_score(labels == c, probabilities[:, c]) for c in several]
    assert found["auc_macro"] == (pytest.approx(np.mean(areas)) if several else None)
    for c, name in enumerate(EMOTIONS):
        of_class = found["per_class"][name]
        assert of_class["support"] == (labels == c).sum()
        for key, score in (("precision", precision_score), ("recall", recall_score), ("f1", f1_score)):
            wanted = pytest.approx(score(labels == c, predicted == c, zero_division=0)) if c in present else None
            assert of_class[key] == wanted


@many
@given(evaluations, st.integers(1, 30))
def test_the_calibration_error_is_what_its_definition_says(
    evaluation: tuple[np.ndarray, np.ndarray], bins: int
) -> None:
    """Guo et al. 2017, equation 3: Σ over bins of |B|/n · |acc(B) - conf(B)|, picture by picture."""
    probabilities, labels = evaluation
    inside: dict[int, list[tuple[bool, float]]] = {}
    for row, label in zip(probabilities, labels, strict=True):
        bin_of_row = next(b for b in range(bins) if row.max() < (b + 1) / bins or b == bins - 1)
        inside.setdefault(bin_of_row, []).append((row.argmax() == label, row.max()))
    expected = sum(abs(sum(right for right, _ in b) - sum(c for _, c in b)) for b in inside.values()) / len(labels)
    found = expected_calibration_error(probabilities, labels, bins)
    assert found == pytest.approx(expected, abs=1e-12)
    assert 0 <= found <= 1


@some
@given(evaluations.filter(lambda e: len(e[1]) > 1), seeds)
def test_a_bootstrap_stays_within_its_limits_and_around_the_figure(
    evaluation: tuple[np.ndarray, np.ndarray], seed: int
) -> None:
    probabilities, labels = evaluation
    samples = bootstrap(probabilities, labels, resamples=400, seed=seed)
    for values in samples.values():
        known = values[~np.isnan(values)]
        assert ((known >= 0) & (known <= 1 + 1e-12)).all()
    low, high = percentile_interval(samples["accuracy"]) or (1.0, 0.0)
    assert low <= metrics_of(probabilities, labels)["accuracy"] <= high
    alike = bootstrap(probabilities[[0] * 9], labels[[0] * 9], resamples=20, seed=seed)
    assert np.ptp(alike["accuracy"]) == np.ptp(alike["f1_weighted"]) == 0


@some
@given(evaluations.filter(lambda e: len(e[1]) > 30), st.floats(0.5, 2))
def test_sharper_logits_need_a_temperature_that_is_higher_by_as_much(
    evaluation: tuple[np.ndarray, np.ndarray], factor: float
) -> None:
    logits, labels = np.log(evaluation[0]), evaluation[1]
    plain = fit_temperature(logits, labels)
    assume(0.2 < plain < 5)
    assert fit_temperature(factor * logits, labels) == pytest.approx(factor * plain, rel=0.01)
