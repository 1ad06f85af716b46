"""What learning curves say: when it learned, when it learned by heart, and what choosing the best epoch flatters."""

from __future__ import annotations

import numpy as np
import pandas as pd

from affect.evaluation import Evaluation
from affect.experiments import Experiment
from affect.readings.wording import counted, points


def learning(history: pd.DataFrame, experiment: Experiment) -> str:
    """What each stage's curves say."""
    return "\n".join(
        "- " + _stage(history[history["stage"] == s.name].reset_index(drop=True), s.name, s.epochs, s.monitor)
        for s in experiment.stages
    )


def _stage(rows: pd.DataFrame, name: str, planned: int, monitor: str) -> str:
    best = int(rows[monitor].idxmin() if monitor.endswith("loss") else rows[monitor].idxmax())
    row, last = rows.loc[best], rows.iloc[-1]
    text = (
        f"**{name}**: epoch {best + 1} of {len(rows)} is the best (by {monitor.replace('_', ' ')}): "
        f"{row['val_accuracy']:.1%} of the held-out pictures right, {row['train_accuracy']:.1%} of the training ones. "
    )
    if len(rows) < planned:
        text += f"It stopped {counted(planned - len(rows), 'epoch')} early, after none was better. "
    after = len(rows) - 1 - best
    if after == 0:
        return text + "The last epoch is the best one, so more epochs might have helped."
    gap = [float(r["train_accuracy"] - r["val_accuracy"]) for r in (row, last)]
    since = f"In the {counted(after, 'epoch')} after it, "
    if gap[1] > max(gap[0], 0) + 0.02 and last["train_accuracy"] > row["train_accuracy"]:
        return text + (
            f"{since}training accuracy ran ahead, to {points(gap[1], False)} above held-out accuracy "
            f"({points(gap[0])} at the best epoch): what it learned then, it learned by heart."
        )
    if last["val_accuracy"] < row["val_accuracy"] - 0.01:
        return text + f"{since}it fell to {last['val_accuracy']:.1%} without learning the training pictures any better."
    return text + f"{since}little changed."


def overfitting(before: pd.DataFrame, after: pd.DataFrame, names: tuple[str, str]) -> str:
    """Whether the gap between training and held-out accuracy at the best epoch of the last stage grew or shrank."""
    gaps, accuracies = [], []
    for history in (before, after):
        last = history[history["stage"] == history["stage"].iloc[-1]]
        row = last.loc[last["val_accuracy"].idxmax()]
        gaps.append(float(row["train_accuracy"] - row["val_accuracy"]))
        accuracies.append(float(row["train_accuracy"]))
    text = (
        f"At the epoch with the highest held-out accuracy, {names[0]} has {accuracies[0]:.1%} of the training pictures "
        f"right and a gap of {points(gaps[0])} to the held-out ones; {names[1]} has {accuracies[1]:.1%} and "
        f"{points(gaps[1])}. "
    )
    if gaps[1] < gaps[0] - 0.02:
        return text + f"{names[1]} learns less by heart."
    if gaps[1] > gaps[0] + 0.02:
        return text + f"{names[1]} learns more by heart."
    return text + "Neither learns more by heart than the other."


def choosing(history: pd.DataFrame, evaluation: Evaluation, held_out: int) -> str:
    """The chosen epoch's accuracy on what chose it and on val, which nothing was chosen on."""
    last = history[history["stage"] == history["stage"].iloc[-1]]
    chosen, honest = float(last["val_accuracy"].max()), float(evaluation.metrics["accuracy"])
    sure = 1.96 * np.sqrt(chosen * (1 - chosen) / held_out)
    text = (
        f"The best epoch has {chosen:.1%} on the {held_out:,} held-out pictures that chose it and {honest:.1%} on the "
        f"{len(evaluation.rows):,} val pictures: {points(chosen - honest)}. "
    )
    if abs(chosen - honest) < sure:
        return text + (
            f"With {held_out:,} pictures chance alone makes ±{points(sure, False)}: one choice among {len(last)} "
            "epochs flatters too little to be seen here. It is held apart all the same: it costs nothing to be sure."
        )
    return text + f"That is more than the ±{points(sure, False)} that chance makes of so few pictures."
