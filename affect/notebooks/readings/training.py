"""Sentences on learning curves: best and last epoch, overfitting, and the bias of choosing the epoch."""

from __future__ import annotations

import numpy as np
import pandas as pd

from affect.evaluation.measure import Evaluation
from affect.notebooks.readings.wording import points
from affect.training.experiments import Experiment


def learning(history: pd.DataFrame, experiment: Experiment) -> str:
    """Sentences on each stage's best and last epoch."""
    told = []
    for stage in experiment.stages:
        rows = history[history["stage"] == stage.name].reset_index(drop=True)
        best, last = rows.loc[_best(rows, stage.monitor)], rows.iloc[-1]
        told.append(
            f"- **{stage.name}**: epoch {best['epoch']} of {len(rows)} (at most {stage.epochs}) is the best by "
            f"{stage.monitor.replace('_', ' ')}: {best['val_accuracy']:.1%} of the held-out pictures right, "
            f"{best['train_accuracy']:.1%} of the training ones; in the last, {last['val_accuracy']:.1%} and "
            f"{last['train_accuracy']:.1%}."
        )
    return "\n".join(told)


def _best(rows: pd.DataFrame, monitor: str) -> int:
    """Index of the best epoch.   rows: one stage's history."""
    return int(rows[monitor].idxmin() if monitor.endswith("loss") else rows[monitor].idxmax())


def overfitting(before: pd.DataFrame, after: pd.DataFrame, names: tuple[str, str]) -> str:
    """Sentence on overfitting: gap between training and held-out accuracy of two runs at their most accurate epoch."""
    told = []
    for history, name in zip((before, after), names, strict=True):
        last = history[history["stage"] == history["stage"].iloc[-1]]
        row = last.loc[last["val_accuracy"].idxmax()]
        train, held_out = row["train_accuracy"], row["val_accuracy"]
        told.append(f"{name} {train:.1%} and {held_out:.1%} ({points(train - held_out)})")
    return f"Training and held-out accuracy at the epoch with the highest held-out accuracy: {'; '.join(told)}."


def choosing(history: pd.DataFrame, experiment: Experiment, evaluation: Evaluation, held_out: int) -> str:
    """Sentence on the best epoch's accuracy on the hold-out that chose it and on val (normal approximation)."""
    stage = experiment.stages[-1]
    last = history[history["stage"] == stage.name]
    shares = float(last["val_accuracy"][_best(last, stage.monitor)]), float(evaluation.metrics["accuracy"])
    chosen, honest = (
        f"{share:.1%} (±{points(1.96 * np.sqrt(share * (1 - share) / n), False)}, 95 %) of the {n:,}"
        for share, n in zip(shares, (held_out, len(evaluation.rows)), strict=True)
    )
    return (
        f"The chosen epoch, one of {len(last)}, has {chosen} held-out pictures that chose it right, and {honest} val "
        f"pictures: {points(shares[0] - shares[1])}. How much of it is choosing, one run cannot tell."
    )
