"""Figures of a calibration on several data sets: strength of the assumed class shares, and what is answered."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from affect.evaluation.figures import MARKERS, MOST
from affect.figure_style import headline, in_percent, legend_below, new_figure, tidy
from affect.model.calibration import Calibration

STRENGTH_PANELS = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "neutral_recall": "recall of neutral",
    "contempt_precision": "precision of contempt",
    "disgust_precision": "precision of disgust",
}


def prior_strength(curve: pd.DataFrame, chosen: Calibration, neutral_recall: float, model: str) -> Figure:
    """Line plots of each data set's figures by the strength of the assumed class shares, with the chosen one marked.

    curve: `affect.evaluation.calibrate.strength_curve(…)`, of at most four sets.
    neutral_recall: the recall of neutral that was asked for, 0…1.
    """
    figure = new_figure(15, 4.1)
    panels = figure.subplots(1, len(STRENGTH_PANELS), sharey=True)
    for axes, (column, name) in zip(panels, STRENGTH_PANELS.items(), strict=True):
        for (label, rows), (marker, color) in zip(curve.groupby("set", sort=False), MARKERS, strict=False):
            axes.plot(rows["strength"], rows[column], marker, color=color, linestyle="-", markersize=4, label=label)
        axes.axvline(chosen.prior_strength, color="0.3", linestyle="--", label="chosen")
        axes.set(title=name, xlim=(-0.03, 1.03), ylim=(0, 1.02))
        in_percent(axes.yaxis)
        tidy(axes)
    panels[2].axhline(neutral_recall, color="0.3", linestyle=":", label=f"neutral: at least {neutral_recall:.0%}")
    panels[2].set_xlabel("strength of the assumed class shares (0: all alike, 1: in full)")
    figure.legend(*panels[2].get_legend_handles_labels(), loc="outside lower center", ncols=MOST + 2, frameon=False)
    means = curve.groupby("strength")["balanced_accuracy"].mean()
    finding = (
        f"Assuming the shares at strength {chosen.prior_strength:g}, balanced accuracy is "
        f"{means[chosen.prior_strength]:.1%} on average ({means.iloc[0]:.1%} at 0, {means.iloc[-1]:.1%} at 1)"
    )
    headline(figure, finding, _of_sets(curve, model))
    return figure


def risk_coverage(table: pd.DataFrame, chosen: Calibration, right: float, model: str) -> Figure:
    """Accuracy of the answered pictures by their share, as only more confident answers count; a line per data set.

    table: `affect.evaluation.calibrate.risk_coverage(…)`, of at most four sets.   right: the accuracy that was asked
    for, 0…1. A ring marks the chosen confidence; shares of fewer than 10 pictures are not drawn.
    """
    figure = new_figure(8.6, 5.6)
    axes = figure.subplots()
    answered = []
    for (label, rows), (marker, color) in zip(table.groupby("set", sort=False), MARKERS, strict=False):
        drawn = rows[rows["answered"] * rows["n"] >= 10]
        axes.plot(drawn["answered"], drawn["accuracy"], color=color, linewidth=2, label=label)
        at = rows[rows["confidence"] == chosen.sure_from]
        answered += [f"{float(share):.0%} of {label}" for share in at["answered"]]
        axes.plot(at["answered"], at["accuracy"], marker, color=color, markersize=9, markerfacecolor="white",
                  markeredgewidth=2)  # fmt: skip
    axes.axhline(right, color="0.3", linestyle="--", label=f"{right:.0%} right")
    axes.set(xlabel="share of the pictures that is answered", ylabel="accuracy of the answers", xlim=(0, 1.02))
    axes.set_ylim(top=1.01)
    in_percent(axes.xaxis, axes.yaxis)
    tidy(axes, "both")
    legend_below(axes, columns=MOST + 1)
    finding = f"No confidence makes {right:.0%} of the answers right on every data set"
    if chosen.sure_from is not None:
        finding = f"From a confidence of {chosen.sure_from:.2f} on (marks), answered: {', '.join(answered)}"
    headline(figure, finding, _of_sets(table, model))
    return figure


def _of_sets(table: pd.DataFrame, model: str) -> str:
    """The subtitle of a figure about several data sets: model, sets and n."""
    counts = table.groupby("set", sort=False)["n"].first()
    return f"{model} on " + ", ".join(f"{name} (n = {n:,})" for name, n in counts.items())
