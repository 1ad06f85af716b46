"""Classification metrics, calibration, and bootstrap confidence intervals.

Called by training after every epoch, and by evaluation and comparison.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from sklearn.metrics import accuracy_score, precision_recall_fscore_support, roc_auc_score

from affect.arrays import Floats, Ints
from affect.emotions import EMOTIONS

CLASSES = len(EMOTIONS)
# Metrics with a confidence interval: their names in metrics.json, and in tables and figures.
METRIC_NAMES = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "f1_weighted": "weighted F1",
    "f1_macro": "macro F1",
    "auc_macro": "mean AUC",
}
INTERVAL_METRICS = tuple(METRIC_NAMES)
RESAMPLES = 2000
LEVEL = 0.95


def expected_calibration_error(probabilities: Floats, labels: Ints, bins: int = 15) -> float:
    """Expected calibration error: the mean gap between confidence and accuracy over confidence bins.

    probabilities: float (n, classes), rows sum to 1.   labels: int (n,), 0 … classes-1.
    Returns 0…1; 0 is perfectly calibrated. Empty bins are ignored. Raises ValueError if the two lengths differ.
    Guo et al. 2017 (arXiv:1706.04599), equal-width bins.
    """
    if len(probabilities) != len(labels):
        raise ValueError(f"{len(probabilities)} probabilities but {len(labels)} labels.")
    confidence = probabilities.max(1)
    correct = probabilities.argmax(1) == labels
    which = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [
        (which == b).mean() * abs(correct[which == b].mean() - confidence[which == b].mean())
        for b in range(bins)
        if (which == b).any()
    ]
    return float(sum(gaps))


def fit_temperature(logits: Floats, labels: Ints, offset: Floats | float = 0.0) -> float:
    """Fit the calibration temperature by maximum likelihood, 0.05…20.

    logits: float (n, classes).   labels: int (n,).   offset: float (classes,), added to the scaled logits, as
    `Calibration.offset`.   Guo et al. 2017 (arXiv:1706.04599).
    """

    def negative_log_likelihood(temperature: float) -> float:
        scaled = log_softmax(logits / temperature + offset, axis=1)
        return float(-scaled[np.arange(len(labels)), labels].mean())

    return best_temperature(negative_log_likelihood)


def best_temperature(loss: Callable[[float], float]) -> float:
    """The temperature with the lowest loss, 0.05…20."""
    best = minimize_scalar(lambda log: loss(np.exp(log)), bounds=(np.log(0.05), np.log(20)), method="bounded")
    return float(np.exp(best.x))


def metrics_of(probabilities: Floats, labels: Ints) -> dict[str, Any]:
    """Classification metrics as plain values, named as in scikit-learn.

    probabilities: float (n, 8).   labels: int (n,), 0…7.
    Averages are over the classes that occur in `labels`: `f1_macro` is scikit-learn's `f1_score(labels, predicted,
    labels=np.unique(labels), average="macro", zero_division=0)`, `balanced_accuracy` its `balanced_accuracy_score`, and
    `auc_macro` the mean one-vs-rest AUC, None if only one class occurs. With scikit-learn's default `labels`, a class
    that is predicted but does not occur would count with F1 0; here, such predictions only lower the recall of the
    pictures' true class.
    `per_class` has all eight; precision, recall and f1 of a class that does not occur are None, and its support 0.
    """
    predicted = probabilities.argmax(1)
    present = np.unique(labels)
    scores = precision_recall_fscore_support(labels, predicted, labels=present, zero_division=0)
    areas = [roc_auc_score(labels == c, probabilities[:, c]) for c in present if (labels == c).sum() < len(labels)]
    per_class: dict[str, dict[str, Any]] = {
        name: {"precision": None, "recall": None, "f1": None, "support": 0} for name in EMOTIONS
    }
    for c, precision, recall, f1, support in zip(present, *scores, strict=True):
        per_class[EMOTIONS[c]] = {
            "precision": float(precision), "recall": float(recall), "f1": float(f1), "support": int(support),
        }  # fmt: skip
    return {
        "accuracy": float(accuracy_score(labels, predicted)),
        "f1_weighted": float(np.average(scores[2], weights=scores[3])),
        "f1_macro": float(np.mean(scores[2])),
        "balanced_accuracy": float(np.mean(scores[1])),
        "auc_macro": float(np.mean(areas)) if areas else None,
        "ece": expected_calibration_error(probabilities, labels),
        "n": len(labels),
        "per_class": per_class,
    }


def occurring(metrics: dict[str, Any]) -> list[str]:
    """The classes that occur in the evaluated pictures, in the order of EMOTIONS.   metrics: from `metrics_of`."""
    return [name for name in EMOTIONS if metrics["per_class"][name]["support"]]


def bootstrap(probabilities: Floats, labels: Ints, resamples: int = RESAMPLES, seed: int = 0) -> dict[str, Floats]:
    """Bootstrap distribution of each metric: its values on `resamples` samples of the pictures with replacement.

    probabilities: float (n, 8).   labels: int (n,), 0…7.
    Returns float64 (resamples,) under each name of INTERVAL_METRICS and `f1_<class>`, defined as in `metrics_of` over
    the classes in the sample. `auc_macro` is NaN in a sample of one class only, `f1_<class>` in one without the class.
    For n pictures and a seed the samples are always the same, so the difference of two models is paired.
    Raises ValueError if the lengths differ or n is 0.
    Efron and Tibshirani 1993, An Introduction to the Bootstrap. The distribution reflects the choice of the pictures,
    not the variation between training seeds.
    """
    if len(probabilities) != len(labels) or len(labels) == 0:
        raise ValueError(f"{len(probabilities)} probabilities and {len(labels)} labels: need as many, and some.")
    parts = [
        _figures_of_samples(probabilities, labels, counts) for counts in _sample_counts(len(labels), resamples, seed)
    ]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def percentile_interval(samples: Floats, level: float = LEVEL) -> list[float] | None:
    """Percentile confidence interval [low, high] of bootstrap samples, ignoring NaN; None if all are NaN."""
    known = samples[~np.isnan(samples)]
    if known.size == 0:
        return None
    tail = 50 * (1 - level)
    return [float(v) for v in np.percentile(known, [tail, 100 - tail])]


def intervals_of(
    probabilities: Floats, labels: Ints, resamples: int = RESAMPLES, seed: int = 0
) -> dict[str, list[float]]:
    """95 % bootstrap confidence intervals [low, high] of INTERVAL_METRICS and each occurring class's F1 (`f1_<class>`).

    probabilities: float (n, 8), rows sum to 1.   labels: int (n,), 0…7.   resamples, seed: of `bootstrap`.
    Returns two floats, 0…1, under each name; a metric that is NaN in all samples is left out. Raises ValueError if the
    lengths differ or n is 0.
    """
    samples = bootstrap(probabilities, labels, resamples, seed)
    found = {name: percentile_interval(values) for name, values in samples.items()}
    return {name: interval for name, interval in found.items() if interval is not None}


def _sample_counts(n: int, resamples: int, seed: int) -> Iterator[npt.NDArray[np.float32]]:
    """Iterate over blocks of bootstrap samples as counts of each picture, float32 (n, samples), about 16 MB each."""
    rng = np.random.default_rng(seed)
    block = max(1, min(resamples, 4_000_000 // n))
    for start in range(0, resamples, block):
        size = min(block, resamples - start)
        drawn = rng.integers(0, n, (size, n)) * size + np.arange(size)[:, None]
        yield np.bincount(drawn.ravel(), minlength=n * size).reshape(n, size).astype(np.float32)


def _figures_of_samples(probabilities: Floats, labels: Ints, counts: npt.NDArray[np.float32]) -> dict[str, Floats]:
    """The metrics of each bootstrap sample, from `counts` of each picture in it: float32 (n, samples)."""
    cell = np.asarray(labels) * CLASSES + probabilities.argmax(1)
    one_hot = np.zeros((CLASSES * CLASSES, len(labels)), np.float32)
    one_hot[cell, np.arange(len(labels))] = 1
    confusion = (one_hot @ counts).astype(np.float64).reshape(CLASSES, CLASSES, -1)  # true, predicted, sample
    hits, support, claimed = np.einsum("iis->is", confusion), confusion.sum(1), confusion.sum(0)
    occurs = support > 0
    f1 = np.where(occurs, 2 * hits / np.maximum(support + claimed, 1), np.nan)
    recall = np.where(occurs, hits / np.maximum(support, 1), np.nan)
    figures = {
        "accuracy": hits.sum(0) / len(labels),
        "balanced_accuracy": np.nanmean(recall, axis=0),
        "f1_weighted": np.nansum(support * f1, axis=0) / len(labels),
        "f1_macro": np.nanmean(f1, axis=0),
        "auc_macro": _mean_areas(probabilities, labels, counts),
    }
    return figures | {f"f1_{name}": f1[i] for i, name in enumerate(EMOTIONS)}


def _mean_areas(probabilities: Floats, labels: Ints, counts: npt.NDArray[np.float32]) -> Floats:
    """The macro one-vs-rest ROC AUC of each bootstrap sample; NaN if only one class occurs.

    The AUC is the share of (positive, negative) pairs in which the positive scores higher, ties counting half (Mann and
    Whitney 1947); with weights it is one cumulative sum over the sorted scores.
    """
    n, samples = counts.shape
    total, known = np.zeros(samples), np.zeros(samples)
    for c in range(CLASSES):
        positive = labels == c
        if not 0 < positive.sum() < n:
            continue
        order = np.argsort(probabilities[:, c], kind="stable")
        scores, is_positive = probabilities[order, c], positive[order]
        tied = np.cumsum(np.diff(scores, prepend=scores[0]) > 0)  # index of the group of equal scores
        ordered = counts[order]
        positives, negatives = ordered[is_positive], np.where(is_positive[:, None], 0, ordered)
        until = np.concatenate([np.zeros((1, samples), np.float32), np.cumsum(negatives, axis=0)])
        first = np.searchsorted(tied, np.arange(tied[-1] + 2))  # start of each group, and the end
        group = tied[is_positive]
        below_or_half_tied = (until[first[group]] + until[first[group + 1]]) / 2
        pairs = positives.sum(0, dtype=np.float64) * until[-1]
        wins = np.einsum("is,is->s", positives, below_or_half_tied, dtype=np.float64)
        both = pairs > 0
        total[both] += wins[both] / pairs[both]
        known += both
    return np.where(known > 0, total / np.maximum(known, 1), np.nan)
