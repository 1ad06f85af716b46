"""Figure of the learning curves of a training."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from affect.figure_style import MAIN, MUTED, OTHER, THIRD, headline, in_percent, legend_below, new_figure, tidy


def learning_curves(history: pd.DataFrame, origin: str, best_by: str | Mapping[str, str] = "val_accuracy") -> Figure:
    """Learning curves: loss and accuracy by epoch over all stages, with each stage's best epoch marked.

    history: one row per epoch, as `affect.training` writes history.csv: `stage, epoch, train_loss, val_loss,
             val_accuracy, val_f1_macro`, and `train_accuracy` if it was measured. The val_… columns are of the pictures
             that choose the epoch, which the figure calls held-out whatever their split.
    best_by: the column that chose the epoch, or one for each stage's name: the minimum of a loss, else the maximum.
    Raises ValueError for a history without epochs.
    """
    if history.empty:
        raise ValueError("The history has no epochs.")
    history = history.reset_index(drop=True)
    stages = _stages(history, best_by)
    figure = new_figure(11, 5)
    left, right = figure.subplots(1, 2)
    epochs = np.arange(1, len(history) + 1)
    left.plot(epochs, history["train_loss"], "o-", color=MUTED, label="train (augmented)")
    left.plot(epochs, history["val_loss"], "s-", color=OTHER, label="held-out")
    left.set(ylabel="cross-entropy (nats)")
    if "train_accuracy" in history and history["train_accuracy"].notna().any():
        right.plot(epochs, history["train_accuracy"], "o-", color=MUTED, label="train accuracy (augmented)")
    right.plot(epochs, history["val_accuracy"], "s-", color=MAIN, label="held-out accuracy")
    right.plot(epochs, history["val_f1_macro"], "^-", color=THIRD, label="held-out macro F1")
    right.set(ylabel="share of the pictures, or F1")
    in_percent(right.yaxis)
    for axes in (left, right):
        _mark_stages(axes, stages)
        axes.set(xlabel="epoch (counted through all stages)", xlim=(0.5, len(history) + 0.5))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=12, min_n_ticks=1))
        tidy(axes)
        legend_below(axes)
    headline(figure, _finding(history, stages), origin)
    return figure


# name, first, last and best epoch, and the column that chose it; epochs are numbered from 1 over all stages
Span = tuple[str, int, int, int, str]


def _better(values: pd.Series, best_by: str) -> int:
    return int(values.idxmin() if best_by.endswith("loss") else values.idxmax())


def _stages(history: pd.DataFrame, best_by: str | Mapping[str, str]) -> list[Span]:
    run = (history["stage"] != history["stage"].shift()).cumsum()
    spans = []
    for _, part in history.groupby(run):
        name = str(part["stage"].iloc[0])
        chosen_by = best_by if isinstance(best_by, str) else best_by[name]
        best = _better(part[chosen_by], chosen_by)
        spans.append((name, int(part.index[0]) + 1, int(part.index[-1]) + 1, best + 1, chosen_by))
    return spans


def _mark_stages(axes: Axes, stages: list[Span]) -> None:
    """Shade every other stage, write the stages' names above, and draw a dotted line at each best epoch."""
    for i, (name, first, last, best, _) in enumerate(stages):
        if i % 2:
            axes.axvspan(first - 0.5, last + 0.5, color="0.95", zorder=0)
        axes.axvline(best, color="0.35", linestyle=":", label="best epoch of the stage" if i == 0 else None)
        axes.text(
            (first + last) / 2, 1.01, name, transform=axes.get_xaxis_transform(), ha="center", va="bottom", fontsize=9
        )


def _finding(history: pd.DataFrame, stages: list[Span]) -> str:
    """The figure's title: the best epoch of all stages that have the last stage's monitor."""
    chosen_by = stages[-1][4]
    bests = [best - 1 for *_, best, by in stages if by == chosen_by]
    row = history.loc[_better(history.loc[bests, chosen_by], chosen_by)]
    where = f"epoch {row['epoch']} of stage {row['stage']!r}" if len(stages) > 1 else f"epoch {row['epoch']}"
    right = f"{row['val_accuracy']:.1%} of the held-out pictures right"
    if chosen_by == "epoch":
        return f"Last epoch, {row['epoch']}: {right}, macro F1 {row['val_f1_macro']:.2f}"
    if chosen_by.endswith("loss"):
        return f"Lowest held-out loss {row[chosen_by]:.3f} at {where}: {right}"
    return f"Best at {where}: {right}, macro F1 {row['val_f1_macro']:.2f}"
