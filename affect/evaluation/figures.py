"""Figures of one model: confusion matrix, ROC, reliability, F1 by class, robustness, Grad-CAM, mistakes."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.metrics import auc, confusion_matrix, roc_curve

from affect.emotions import COLORS, EMOTIONS
from affect.evaluation.metrics import expected_calibration_error, occurring
from affect.figure_style import (
    MAIN,
    MUTED,
    OTHER,
    OUTLINE,
    THIRD,
    Floats,
    Ints,
    class_bars,
    class_heatmap,
    class_means,
    class_ticks,
    headline,
    in_percent,
    largest_off_diagonal,
    legend_below,
    new_figure,
    share_of_rows,
    show_mean,
    stretched,
    tidy,
)


def gradcam_maps(maps: npt.NDArray[np.float32], pictures: npt.NDArray[np.uint8], labels: Ints, origin: str) -> Figure:
    """Figure of each class's mean Grad-CAM map over its mean face, all on one scale.

    maps:     float32 (8, side, side), 0…1, NaN for a class without pictures: `affect.evaluation.attention.mean_maps`.
    pictures: uint8 (n, side, side, channels).   labels: int (n,), 0…7.
    A class with fewer than 20 pictures shows "too few" instead. The title names the classes whose map has the highest
    and the lowest centre of mass in the picture.
    """
    means = stretched(class_means(pictures, labels))
    shown = [c for c, mean in enumerate(means) if mean is not None and np.isfinite(maps[c]).all()]
    figure = new_figure(10, 5.6)
    grid = figure.subplots(2, 4)
    top = max((float(maps[c].max()) for c in shown), default=1.0) or 1.0
    image = None
    for c, axes in enumerate(grid.ravel()):
        show_mean(axes, means[c] if c in shown else None, f"{EMOTIONS[c]}, n = {(labels == c).sum():,}")
        if c in shown:
            image = axes.imshow(maps[c], cmap="cividis", vmin=0, vmax=top, alpha=0.2 + 0.5 * maps[c] / top)
    if image is not None:
        figure.colorbar(image, ax=grid, shrink=0.8, label="mean Grad-CAM weight (each map's largest is 1)")
    headline(figure, _where(maps, shown), origin)
    return figure


def _where(maps: Floats, shown: list[int]) -> str:
    side = maps.shape[1]
    heights = {EMOTIONS[c]: _center(maps[c]) / side for c in shown if maps[c].sum() > 0}
    if len(heights) < 2:
        return "Where the model looks"
    high, low = min(heights, key=heights.__getitem__), max(heights, key=heights.__getitem__)
    return (
        f"The model looks highest for {high} ({heights[high]:.0%} from the top), lowest for {low} ({heights[low]:.0%})"
    )


def _center(values: Floats) -> float:
    """Vertical centre of mass of a map, in pixels from the top edge."""
    rows = values.sum(1)
    return float((rows * (np.arange(len(rows)) + 0.5)).sum() / rows.sum())


def faces(pictures: npt.NDArray[np.uint8], mistakes: pd.DataFrame, origin: str) -> Figure:
    """Figure of single pictures with true and predicted labels. Shows faces: with SHOW_FACES only, never published.

    pictures: uint8 (n, side, side, channels), selected by the caller: `all_pictures[mistakes.index]`.
    mistakes: n rows with `label, predicted, confidence`: `affect.evaluation.measure.most_confident_mistakes`.
    Raises ValueError if the lengths differ or there is nothing to show.
    """
    if len(pictures) != len(mistakes) or mistakes.empty:
        raise ValueError(f"{len(pictures)} pictures for {len(mistakes)} rows: need as many, and some.")
    columns = min(5, len(mistakes))
    lines = -(-len(mistakes) // columns)
    figure = new_figure(2.1 * columns, 2.5 * lines + 0.6)
    grid = figure.subplots(lines, columns, squeeze=False).ravel()
    for axes in grid:
        axes.set_axis_off()
    for axes, picture, row in zip(grid, pictures, mistakes.itertuples(), strict=False):
        axes.imshow(picture.squeeze(), cmap="gray", vmin=0, vmax=255)
        axes.set_title(f"{row.label},\nseen as {row.predicted} {row.confidence:.0%}", fontsize=8)
    surest = mistakes["confidence"].max()
    headline(figure, f"The surest of these is {surest:.0%} sure", origin)
    return figure


MARKERS = (("o", MAIN), ("D", OTHER), ("s", THIRD), ("^", MUTED))
MOST = len(MARKERS)  # maximum number of models in one figure
IN_A_ROW = 6


def robustness(table: pd.DataFrame, origin: str) -> Figure:
    """Line plots of accuracy by corruption strength for up to four models, a panel per corruption; 0 is clean.

    table: `affect.evaluation.robustness.measure(…)`.   Raises ValueError for more than four models.
    """
    models = [c for c in table.columns if c not in ("corruption", "measure", "strength", "setting", "n")]
    if len(models) > MOST:
        raise ValueError(f"{len(models)} models in one figure; at most {MOST} can be told apart.")
    clean = table[table["corruption"] == "clean"].iloc[0]
    changed = table[table["corruption"] != "clean"]
    names = list(dict.fromkeys(changed["corruption"]))
    lines = -(-len(names) // IN_A_ROW)
    figure = new_figure(15, 2.7 * lines + 0.9)
    panels = np.atleast_1d(figure.subplots(lines, IN_A_ROW, sharey=True)).ravel()
    for axes, name in zip(panels, names, strict=False):
        rows = changed[changed["corruption"] == name]
        for model, (marker, color) in zip(models, MARKERS, strict=False):
            axes.plot([0, 1, 2, 3], [clean[model], *rows[model]], marker, color=color, linestyle="-", label=model)
        axes.set_title(name, fontsize=11)
        axes.set_xticks([0, 1, 2, 3], ["none", *rows["setting"]], fontsize=9)
        axes.set_xlabel(rows["measure"].iloc[0], fontsize=9)
        tidy(axes)
    for axes in panels[len(names) :]:
        axes.set_axis_off()
    for axes in panels[::IN_A_ROW]:
        axes.set_ylabel("accuracy")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=len(models), frameon=False)
    headline(figure, _finding(changed, clean, models[0]), origin)
    return figure


def _finding(changed: pd.DataFrame, clean: pd.Series, model: str) -> str:
    worst = changed.loc[changed[model].idxmin()]
    points = 100 * (clean[model] - worst[model])
    return f"{model}: {worst['corruption']} ({worst['setting']}) costs the most, {points:.1f} points"


def confusion(labels: Ints, predicted: Ints, origin: str) -> Figure:
    """The confusion matrix as counts and as shares of the true class.

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
    """One-vs-rest ROC curves of each class, and their macro average.

    probabilities: float (n, 8).   labels: int (n,), 0…7.   The mean curve averages the true-positive rates at each
    false-positive rate; classes that do not occur are left out. Raises ValueError if fewer than two classes occur.
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
    """Reliability diagram: accuracy in equal-width bins of confidence, with the number of pictures in each.

    probabilities: float (n, 8), calibrated.   labels: int (n,), 0…7.
    uncalibrated: probabilities at temperature 1, for a second diagram.   Guo et al. 2017 (arXiv:1706.04599).
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
    """Bar chart of each occurring class's F1 with its 95 % confidence interval.

    metrics: the content of `metrics.json`; without `intervals`, bars only.
    """
    present = occurring(metrics)
    f1 = {name: float(metrics["per_class"][name]["f1"]) for name in present}
    intervals = metrics.get("intervals", {})
    figure = new_figure(9, 4.8)
    axes = figure.subplots()
    lines = {c: intervals[f"f1_{name}"] for c, name in enumerate(EMOTIONS) if f"f1_{name}" in intervals}
    class_bars(axes, np.array([f1.get(name, np.nan) for name in EMOTIONS]), "{:.2f}", lines)
    for c, name in enumerate(EMOTIONS):
        if name not in f1:
            axes.text(c, 0.015, "does not\noccur", ha="center", va="bottom", fontsize=8, color="0.4")
    which = "the classes" if len(present) == len(EMOTIONS) else f"{len(present)} classes"
    axes.axhline(metrics["f1_macro"], color="0.3", linestyle="--", label=f"mean of {which}: {metrics['f1_macro']:.2f}")
    class_ticks(axes, [f"n = {metrics['per_class'][name]['support']:,}" for name in EMOTIONS])
    axes.set(ylabel="F1 (line: 95 % bootstrap interval)" if intervals else "F1", ylim=(0, 1.1))
    tidy(axes)
    legend_below(axes)
    low, high = min(present, key=f1.__getitem__), max(present, key=f1.__getitem__)
    headline(figure, f"F1 from {f1[low]:.2f} ({low}) to {f1[high]:.2f} ({high})", origin)
    return figure
