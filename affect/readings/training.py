"""What learning curves say: the chosen epoch beside the last, the gap to training accuracy, what chose the epoch."""

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
    row, last = rows.loc[_best(rows, monitor)], rows.iloc[-1]
    after = int(last["epoch"] - row["epoch"])
    text = (
        f"**{name}**: epoch {row['epoch']} of {len(rows)} is the best (by {monitor.replace('_', ' ')}): "
        f"{row['val_accuracy']:.1%} of the held-out pictures right, {row['train_accuracy']:.1%} of the training ones. "
    )
    if len(rows) < planned:
        text += f"It stopped {counted(planned - len(rows), 'epoch')} early, after none was better. "
    if not after:
        return text + "No epoch came after it."
    return text + (
        f"{counted(after, 'epoch')} later, at the end, {last['val_accuracy']:.1%} and {last['train_accuracy']:.1%}."
    )


def _best(rows: pd.DataFrame, monitor: str) -> int:
    """The index of the epoch that was chosen.   rows: of one stage's history."""
    return int(rows[monitor].idxmin() if monitor.endswith("loss") else rows[monitor].idxmax())


def overfitting(before: pd.DataFrame, after: pd.DataFrame, names: tuple[str, str]) -> str:
    """The gap between training and held-out accuracy of two runs, each at its last stage's most accurate epoch."""
    told = []
    for history, name in zip((before, after), names, strict=True):
        last = history[history["stage"] == history["stage"].iloc[-1]]
        row = last.loc[last["val_accuracy"].idxmax()]
        gap = points(float(row["train_accuracy"] - row["val_accuracy"]))
        told.append(f"{name} has {row['train_accuracy']:.1%} of the training pictures right, {gap} from the held-out")
    return f"At the epoch with the highest held-out accuracy, {told[0]} ones; {told[1]} ones."


def choosing(history: pd.DataFrame, experiment: Experiment, evaluation: Evaluation, held_out: int) -> str:
    """The chosen epoch's accuracy on what chose it and on val, which nothing was chosen on."""
    stage = experiment.stages[-1]
    last = history[history["stage"] == stage.name]
    chosen, honest = float(last["val_accuracy"][_best(last, stage.monitor)]), float(evaluation.metrics["accuracy"])
    n = len(evaluation.rows)
    return (
        f"The chosen epoch, one of {len(last)}, has {chosen:.1%} on the {held_out:,} held-out pictures that chose it "
        f"(±{points(_sure(chosen, held_out), False)}, 95 %) and {honest:.1%} on the {n:,} val pictures "
        f"(±{points(_sure(honest, n), False)}): {points(chosen - honest)}. The two are of other pictures; how much of "
        "it is choosing, one run cannot tell."
    )


def _sure(share: float, n: int) -> float:
    """Half a 95 % interval of a share of n pictures (normal approximation)."""
    return float(1.96 * np.sqrt(share * (1 - share) / n))
