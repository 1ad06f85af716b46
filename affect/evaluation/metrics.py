"""The figures of a classifier: metrics, calibration, and their intervals. Arrays in, plain values out.

Training calls it after every epoch, evaluation and the comparison for what they report.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from sklearn.metrics import accuracy_score, precision_recall_fscore_support, roc_auc_score

from affect.arrays import Floats, Ints
from affect.emotions import EMOTIONS

CLASSES = len(EMOTIONS)
# The figures that get an interval, as metrics.json calls them, and how tables and figures do.
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
    """How far confidence is from accuracy, averaged over confidence bins.

    probabilities: float (n, classes), rows sum to 1.   labels: int (n,), 0 … classes-1.
    Returns 0…1; 0 is perfectly calibrated. Empty bins count nothing. Raises ValueError if the two lengths differ.
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


def fit_temperature(logits: Floats, labels: Ints) -> float:
    """The temperature that gives the labels the highest likelihood: 0.05…20.

    logits: float (n, classes).   labels: int (n,).   Guo et al. 2017 (arXiv:1706.04599).
    """

    def negative_log_likelihood(log_temperature: float) -> float:
        scaled = log_softmax(logits / np.exp(log_temperature), axis=1)
        return float(-scaled[np.arange(len(labels)), labels].mean())

    best = minimize_scalar(negative_log_likelihood, bounds=(np.log(0.05), np.log(20)), method="bounded")
    return float(np.exp(best.x))


def metrics_of(probabilities: Floats, labels: Ints) -> dict[str, Any]:
    """The figures of one evaluation, as plain values, named as scikit-learn names them.

    probabilities: float (n, 8).   labels: int (n,), 0…7.
    Averages are over the classes that occur in `labels`: `f1_macro` is scikit-learn's `f1_score(labels, predicted,
    labels=np.unique(labels), average="macro", zero_division=0)`, `balanced_accuracy` its `balanced_accuracy_score`, and
    `auc_macro` the mean one-vs-rest area over those that occur beside others, None where there is no other. So a class
    that is only answered does not count as one with F1 0, as it would with scikit-learn's default `labels`; the answer
    is wrong all the same, and costs the recall of the class that the picture is of.
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
    """The classes that occur among the pictures that were measured, in EMOTIONS' order.   metrics: `metrics_of`'s."""
    return [name for name in EMOTIONS if metrics["per_class"][name]["support"]]


def bootstrap(probabilities: Floats, labels: Ints, resamples: int = RESAMPLES, seed: int = 0) -> dict[str, Floats]:
    """Each figure on `resamples` samples of the pictures, drawn with replacement, each as large as the original.

    probabilities: float (n, 8).   labels: int (n,), 0…7.
    Returns float64 (resamples,) under each name of INTERVAL_METRICS and `f1_<class>`; the definitions are
    `metrics_of`'s, over the classes that occur in the sample. `auc_macro` is NaN in a sample that holds one class only,
    `f1_<class>` in one without the class. Two models on the same n pictures in the same order get the same samples from
    the same seed, so their difference is paired.
    Raises ValueError where the lengths differ or there is nothing to draw from.
    Efron and Tibshirani 1993, An Introduction to the Bootstrap. It is the chance of *these pictures* that it shows:
    what another training seed would change is not in it.
    """
    if len(probabilities) != len(labels) or len(labels) == 0:
        raise ValueError(f"{len(probabilities)} probabilities and {len(labels)} labels: need as many, and some.")
    parts = [
        _figures_of_samples(probabilities, labels, counts) for counts in _sample_counts(len(labels), resamples, seed)
    ]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def percentile_interval(samples: Floats, level: float = LEVEL) -> list[float] | None:
    """The percentile interval [low, high] of bootstrap samples, NaNs left out; None where all are NaN."""
    known = samples[~np.isnan(samples)]
    if known.size == 0:
        return None
    tail = 50 * (1 - level)
    return [float(v) for v in np.percentile(known, [tail, 100 - tail])]


def intervals_of(
    probabilities: Floats, labels: Ints, resamples: int = RESAMPLES, seed: int = 0
) -> dict[str, list[float]]:
    """The 95 % percentile intervals [low, high] of INTERVAL_METRICS and of each occurring class's F1 (`f1_<class>`).

    probabilities: float (n, 8), rows sum to 1.   labels: int (n,), 0…7.   resamples, seed: of `bootstrap`.
    Returns two floats, 0…1, under each name; a figure that no sample has is left out. Raises ValueError where the
    lengths differ or n is 0.
    """
    samples = bootstrap(probabilities, labels, resamples, seed)
    found = {name: percentile_interval(values) for name, values in samples.items()}
    return {name: interval for name, interval in found.items() if interval is not None}


def _sample_counts(n: int, resamples: int, seed: int) -> Iterator[npt.NDArray[np.float32]]:
    """How often each picture is in each sample, float32 (n, some), in blocks of about 16 MB."""
    rng = np.random.default_rng(seed)
    block = max(1, min(resamples, 4_000_000 // n))
    for start in range(0, resamples, block):
        size = min(block, resamples - start)
        drawn = rng.integers(0, n, (size, n)) * size + np.arange(size)[:, None]
        yield np.bincount(drawn.ravel(), minlength=n * size).reshape(n, size).astype(np.float32)


def _figures_of_samples(probabilities: Floats, labels: Ints, counts: npt.NDArray[np.float32]) -> dict[str, Floats]:
    """The figures in each sample from how often it holds each picture, `counts`: float32 (n, samples)."""
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
    """The mean one-vs-rest area under the ROC curve in each sample; NaN where no class occurs beside others.

    The area is the share of (positive, negative) pairs in which the positive scores higher, a tie counting half
    (Mann and Whitney 1947); with weights it is one cumulative sum over the sorted scores.
    """
    n, samples = counts.shape
    total, known = np.zeros(samples), np.zeros(samples)
    for c in range(CLASSES):
        positive = labels == c
        if not 0 < positive.sum() < n:
            continue
        order = np.argsort(probabilities[:, c], kind="stable")
        scores, is_positive = probabilities[order, c], positive[order]
        tied = np.cumsum(np.diff(scores, prepend=scores[0]) > 0)  # the number of the group of equal scores
        ordered = counts[order]
        positives, negatives = ordered[is_positive], np.where(is_positive[:, None], 0, ordered)
        until = np.concatenate([np.zeros((1, samples), np.float32), np.cumsum(negatives, axis=0)])
        first = np.searchsorted(tied, np.arange(tied[-1] + 2))  # where each group begins, and the end
        group = tied[is_positive]
        below_or_half_tied = (until[first[group]] + until[first[group + 1]]) / 2
        pairs = positives.sum(0, dtype=np.float64) * until[-1]
        wins = np.einsum("is,is->s", positives, below_or_half_tied, dtype=np.float64)
        both = pairs > 0
        total[both] += wins[both] / pairs[both]
        known += both
    return np.where(known > 0, total / np.maximum(known, 1), np.nan)
