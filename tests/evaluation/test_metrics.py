from __future__ import annotations

import json
import time

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.metrics import balanced_accuracy_score, f1_score, roc_auc_score

from affect.emotions import EMOTIONS
from affect.evaluation.metrics import (
    INTERVAL_METRICS,
    bootstrap,
    expected_calibration_error,
    fit_temperature,
    intervals_of,
    metrics_of,
    occurring,
    percentile_interval,
)


def drawn(n: int = 8000, temperature: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Logits and labels drawn from them: calibrated at this temperature."""
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (n, 8))
    labels = np.array([rng.choice(8, p=p) for p in softmax(logits / temperature, axis=1)])
    return logits, labels


def test_a_calibrated_model_has_almost_no_error_and_an_overconfident_one_has() -> None:
    logits, labels = drawn()
    assert expected_calibration_error(softmax(logits, axis=1), labels) < 0.04
    assert expected_calibration_error(softmax(4 * logits, axis=1), labels) > 0.15


def test_calibration_error_of_a_case_that_can_be_done_by_hand() -> None:
    probabilities = np.array([[0.9, 0.1], [0.9, 0.1], [0.4, 0.6], [0.4, 0.6]])
    labels = np.array([0, 1, 1, 1])
    assert expected_calibration_error(probabilities, labels) == pytest.approx(0.5 * 0.4 + 0.5 * 0.4)
    with pytest.raises(ValueError, match="labels"):
        expected_calibration_error(probabilities, labels[:2])


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_temperature_is_found_again(temperature: float) -> None:
    logits, labels = drawn(temperature=temperature)
    assert fit_temperature(logits, labels) == pytest.approx(temperature, rel=0.1)


def test_the_metrics_agree_with_scikit_learn_and_count_every_class() -> None:
    logits, labels = drawn()
    probabilities = softmax(logits, axis=1)
    metrics = metrics_of(probabilities, labels)
    assert metrics["auc_macro"] == pytest.approx(roc_auc_score(labels, probabilities, multi_class="ovr"))
    assert metrics["n"] == 8000
    assert list(metrics["per_class"]) == list(EMOTIONS)
    assert sum(c["support"] for c in metrics["per_class"].values()) == 8000
    json.dumps(metrics)


def test_a_class_that_never_occurs_does_not_break_the_table() -> None:
    metrics = metrics_of(np.eye(8)[[4, 4, 5]], np.array([4, 5, 5]))
    assert metrics["accuracy"] == pytest.approx(2 / 3)
    assert metrics["per_class"]["fear"] == {"precision": None, "recall": None, "f1": None, "support": 0}
    assert occurring(metrics) == ["happy", "neutral"]
    json.dumps(metrics)


@pytest.mark.parametrize("present", [[0, 2, 3, 4, 5, 6, 7], [1, 4, 5, 6], [3]])
def test_averages_count_the_classes_that_occur(present: list[int]) -> None:
    labels = np.repeat(present, 50)
    perfect = metrics_of(np.eye(8)[labels], labels)
    assert perfect["f1_macro"] == perfect["f1_weighted"] == perfect["balanced_accuracy"] == perfect["accuracy"] == 1
    intervals = intervals_of(np.eye(8)[labels], labels, 50)
    assert intervals["f1_macro"] == intervals["balanced_accuracy"] == [1, 1]
    assert {name for name in intervals if name in [f"f1_{e}" for e in EMOTIONS]} == {
        f"f1_{EMOTIONS[c]}" for c in present
    }


def test_a_class_that_is_answered_but_does_not_occur_is_no_class_with_f1_zero() -> None:
    labels = np.repeat([0, 4], 50)
    answers = labels.copy()
    answers[0] = 1  # contempt, which no picture shows: one wrong picture of anger
    metrics = metrics_of(np.eye(8)[answers], labels)
    anger = 2 * 49 / (49 + 50)
    assert metrics["per_class"]["anger"]["f1"] == pytest.approx(anger)
    assert metrics["f1_macro"] == pytest.approx((anger + 1) / 2)
    assert metrics["f1_macro"] == pytest.approx(f1_score(labels, answers, labels=[0, 4], average="macro"))


def test_a_rare_class_that_a_sample_lacks_does_not_lower_its_figure() -> None:
    labels = np.append(np.repeat([0, 2, 3], 50), [1, 1])
    samples = bootstrap(np.eye(8)[labels], labels, 200)
    assert np.isnan(samples["f1_contempt"]).any()
    assert (samples["f1_macro"] == 1).all()
    assert (samples["f1_weighted"] == 1).all()


@pytest.mark.parametrize("decimals", [1, 8])  # with one decimal almost every score is tied with others
def test_every_sample_has_the_figures_that_scikit_learn_gives_for_its_pictures(decimals: int) -> None:
    logits, labels = drawn(300)
    probabilities = softmax(logits, axis=1).round(decimals)
    samples = bootstrap(probabilities, labels, resamples=5, seed=3)
    rng = np.random.default_rng(3)
    for i, chosen in enumerate(rng.integers(0, 300, (5, 300))):
        p, y = probabilities[chosen], labels[chosen]
        areas = [roc_auc_score(y == c, p[:, c]) for c in range(8)]
        assert samples["accuracy"][i] == pytest.approx((p.argmax(1) == y).mean())
        assert samples["f1_macro"][i] == pytest.approx(f1_score(y, p.argmax(1), average="macro"))
        assert samples["f1_weighted"][i] == pytest.approx(f1_score(y, p.argmax(1), average="weighted"))
        assert samples["balanced_accuracy"][i] == pytest.approx(balanced_accuracy_score(y, p.argmax(1)))
        assert samples["auc_macro"][i] == pytest.approx(np.mean(areas))
        assert samples["f1_happy"][i] == pytest.approx(f1_score(y == 4, p.argmax(1) == 4))


def test_the_interval_of_an_accuracy_covers_the_truth_in_about_95_of_100_cases() -> None:
    rng, truth, covered = np.random.default_rng(0), 0.8, 0
    for repeat in range(200):
        right = rng.random(200) < truth
        labels = rng.integers(0, 8, 200)
        probabilities = np.eye(8)[np.where(right, labels, (labels + 1) % 8)]
        interval = percentile_interval(bootstrap(probabilities, labels, 400, seed=repeat)["accuracy"])
        assert interval is not None
        covered += interval[0] <= truth <= interval[1]
    assert 0.91 <= covered / 200 <= 0.99


def test_the_same_seed_gives_the_same_interval_and_the_figure_lies_in_it() -> None:
    logits, labels = drawn(500)
    probabilities = softmax(logits, axis=1)
    intervals, metrics = intervals_of(probabilities, labels), metrics_of(probabilities, labels)
    assert intervals == intervals_of(probabilities, labels)
    assert intervals != intervals_of(probabilities, labels, seed=1)
    for name in INTERVAL_METRICS:
        low, high = intervals[name]
        assert low < metrics[name] < high
    assert set(intervals) == {*INTERVAL_METRICS, *(f"f1_{name}" for name in EMOTIONS)}


def test_what_cannot_be_drawn_has_no_interval() -> None:
    intervals = intervals_of(np.eye(8)[[4, 4, 5]], np.array([4, 4, 4]))
    assert "auc_macro" not in intervals  # one class only: nothing to tell it from
    assert "f1_fear" not in intervals
    with pytest.raises(ValueError, match="need as many"):
        bootstrap(np.eye(8), np.arange(3))


def test_four_thousand_pictures_take_less_than_three_seconds() -> None:
    logits, labels = drawn(4000)
    probabilities = softmax(logits, axis=1)
    start = time.process_time()
    bootstrap(probabilities, labels, resamples=1000)
    assert time.process_time() - start < 3
