"""How good one model is: confusion, ROC, calibration, F1 of each class."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.metrics import auc, confusion_matrix, roc_curve

from affect.emotions import COLORS, EMOTIONS
from affect.metrics import expected_calibration_error, occurring
from affect.plots.style import (
    MAIN,
    MUTED,
    OUTLINE,
    PLATE,
    Floats,
    Ints,
    class_heatmap,
    class_ticks,
    headline,
    in_percent,
    largest_off_diagonal,
    legend_below,
    new_figure,
    share_of_rows,
    tidy,
)


def confusion(labels: Ints, predicted: Ints, origin: str) -> Figure:
    """The confusion matrix twice: how many, and which share of the true class.

    labels, predicted: int (n,), 0…7.
    """
    counts = confusion_matrix(labels, predicted, labels=np.arange(len(EMOTIONS)))
    shares = share_of_rows(counts)
    percent = np.where(counts.sum(1, keepdims=True) > 0, np.vectorize(lambda s: f"{s:.0%}")(shares), "")
    figure = new_figure(14, 6.6)
    left, right = figure.subplots(1, 2)
    class_heatmap(left, counts, np.vectorize(lambda c: f"{c:,}")(counts), "pictures (shade: square root)", even=False)
    class_heatmap(right, shares, percent, "share of the true class", even=True)
    left.set(xlabel="predicted", ylabel="true", title="Pictures")
    right.set(
        xlabel="predicted",
        ylabel="true",
        title="Share of the true class (an empty row: does not occur)"
        if (counts.sum(1) == 0).any()
        else "Share of the true class",
    )
    true, taken = largest_off_diagonal(shares)
    finding = f"{np.mean(labels == predicted):.1%} are right"
    if shares[true, taken] > 0:
        finding += f"; the largest mix-up: {shares[true, taken]:.0%} of {EMOTIONS[true]} is taken for {EMOTIONS[taken]}"
    headline(figure, finding, origin)
    return figure


def roc(probabilities: Floats, labels: Ints, origin: str) -> Figure:
    """ROC curves, each class against the rest, and their mean.

    probabilities: float (n, 8).   labels: int (n,), 0…7.   The mean curve averages the true-positive rates at each
    false-positive rate; classes that do not occur are left out. Raises ValueError where fewer than two classes occur.
    """
    present = [c for c in range(len(EMOTIONS)) if (labels == c).any()]
    if len(present) < 2:
        raise ValueError("A ROC curve needs pictures of at least two classes.")
    grid, heights, areas = np.linspace(0, 1, 1001), [], {}
    figure = new_figure(7.6, 6.6)
    axes = figure.subplots()
    for c in present:
        false_rate, true_rate, _ = roc_curve(labels == c, probabilities[:, c])
        areas[EMOTIONS[c]] = auc(false_rate, true_rate)
        heights.append(np.interp(grid, false_rate, true_rate))
        label = f"{EMOTIONS[c]}: {areas[EMOTIONS[c]]:.3f} (n = {(labels == c).sum():,})"
        axes.plot(false_rate, true_rate, color=COLORS[EMOTIONS[c]], linewidth=2, path_effects=OUTLINE, label=label)
    mean = float(np.mean(list(areas.values())))
    axes.plot(grid, np.mean(heights, axis=0), color="black", linewidth=2.5, linestyle="--", label=f"mean: {mean:.3f}")
    axes.plot([0, 1], [0, 1], color=MUTED, linestyle=":", label="chance: 0.5")
    axes.set(
        xlabel="false-positive rate (share of the other classes)", ylabel="true-positive rate (share of the class)",
        xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), aspect="equal",
    )  # fmt: skip
    tidy(axes, "both")
    axes.legend(title="area under the curve", frameon=False, loc="lower right", fontsize=9)
    weakest = min(areas, key=areas.__getitem__)
    headline(figure, f"Mean AUC {mean:.3f}; hardest to tell from the rest: {weakest} ({areas[weakest]:.3f})", origin)
    return figure


def reliability(
    probabilities: Floats, labels: Ints, origin: str, bins: int = 15, *, uncalibrated: Floats | None = None
) -> Figure:
    """Accuracy within equal-width bins of confidence, and how many pictures lie in each.

    probabilities: float (n, 8), calibrated.   labels: int (n,), 0…7.
    uncalibrated: the same at temperature 1, to be shown beside.   Guo et al. 2017 (arXiv:1706.04599).
    """
    shown = {"temperature 1": uncalibrated} if uncalibrated is not None else {}
    parts: dict[str, Floats] = {**shown, "calibrated": probabilities}
    errors = [expected_calibration_error(p, labels, bins) for p in parts.values()]
    figure = new_figure(5.6 * len(parts), 6.2)
    columns = figure.subplots(2, len(parts), sharex=True, sharey="row", height_ratios=(3, 1), squeeze=False)
    for (name, values), error, (upper, lower) in zip(parts.items(), errors, columns.T, strict=True):
        _reliability_column(upper, lower, values, labels, bins)
        upper.set_title(f"{name}: ECE {100 * error:.1f} points", fontsize=10)
    columns[0, 0].set(ylabel="accuracy in the bin")
    columns[1, 0].set(ylabel="pictures")
    columns[0, 0].legend(frameon=False, loc="upper left")
    before = f", before {100 * errors[0]:.1f}" if len(errors) > 1 else ""
    headline(figure, f"Confidence is {100 * errors[-1]:.1f} points off on average (ECE){before}", origin)
    return figure


def _reliability_column(upper: Axes, lower: Axes, probabilities: Floats, labels: Ints, bins: int) -> None:
    confidence, correct = probabilities.max(1), probabilities.argmax(1) == labels
    edges = np.linspace(0, 1, bins + 1)
    which = np.minimum((confidence * bins).astype(int), bins - 1)
    count = np.bincount(which, minlength=bins)
    accuracy = np.bincount(which, weights=correct, minlength=bins) / np.maximum(count, 1)
    upper.bar(edges[:-1], accuracy, 1 / bins, align="edge", color=MAIN, edgecolor="white")
    upper.plot([0, 1], [0, 1], color="0.3", linestyle="--", label="perfect calibration")
    upper.set(ylim=(0, 1))
    in_percent(upper.yaxis, lower.xaxis)
    lower.bar(edges[:-1], count, 1 / bins, align="edge", color=MUTED, edgecolor="white")
    lower.set(xlabel="confidence (highest probability)", xlim=(0, 1))
    tidy(upper)
    tidy(lower)


def f1_bars(metrics: dict[str, Any], origin: str) -> Figure:
    """F1 of each class that occurs, with its 95 % interval.

    metrics: as `metrics.json` holds it; bare bars without `intervals`.
    """
    present = occurring(metrics)
    f1 = {name: float(metrics["per_class"][name]["f1"]) for name in present}
    intervals = metrics.get("intervals", {})
    figure = new_figure(9, 4.8)
    axes = figure.subplots()
    for i, name in enumerate(EMOTIONS):
        if name not in f1:
            axes.text(i, 0.015, "does not\noccur", ha="center", va="bottom", fontsize=8, color="0.4")
            continue
        top = f1[name]
        axes.bar(i, f1[name], color=COLORS[name], edgecolor="0.35", linewidth=0.8)
        if (interval := intervals.get(f"f1_{name}")) is not None:
            axes.vlines(i, *interval, color="0.15", linewidth=2)
            top = max(interval[1], top)
        axes.text(i, top + 0.015, f"{f1[name]:.2f}", ha="center", va="bottom", fontsize=9, bbox=PLATE)
    which = "the classes" if len(present) == len(EMOTIONS) else f"{len(present)} classes"
    axes.axhline(metrics["f1_macro"], color="0.3", linestyle="--", label=f"mean of {which}: {metrics['f1_macro']:.2f}")
    class_ticks(axes, [f"n = {metrics['per_class'][name]['support']:,}" for name in EMOTIONS])
    axes.set(ylabel="F1 (line: 95 % bootstrap interval)" if intervals else "F1", ylim=(0, 1.1))
    tidy(axes)
    legend_below(axes)
    low, high = min(present, key=f1.__getitem__), max(present, key=f1.__getitem__)
    headline(figure, f"F1 from {f1[low]:.2f} ({low}) to {f1[high]:.2f} ({high})", origin)
    return figure
