from __future__ import annotations

from dataclasses import replace

import pandas as pd
from evaluations import evaluation_of

from affect import readings
from affect.experiments import V1, V3


def history(**columns: list[float]) -> pd.DataFrame:
    epochs = len(columns["val_accuracy"])
    table = pd.DataFrame({"stage": "finetuned", "epoch": range(1, epochs + 1), "train_loss": 1.0, "val_loss": 1.0})
    return table.assign(val_f1_macro=0.5, **columns)


def test_the_chosen_epoch_stands_beside_the_last() -> None:
    rows = history(val_accuracy=[0.6, 0.62, 0.61], train_accuracy=[0.6, 0.65, 0.9])
    assert readings.learning(rows, V3) == (
        "- **finetuned**: epoch 2 of 3 (at most 20) is the best by val accuracy: 62.0% of the held-out pictures right, "
        "65.0% of the training ones; in the last, 61.0% and 90.0%."
    )


def test_the_gap_to_training_accuracy_is_told_of_both_runs() -> None:
    before = history(val_accuracy=[0.6, 0.5], train_accuracy=[0.7, 0.9])
    after = history(val_accuracy=[0.6, 0.65], train_accuracy=[0.7, 0.7])
    assert readings.overfitting(before, after, ("v2", "v3")) == (
        "Training and held-out accuracy at the epoch with the highest held-out accuracy: v2 70.0% and 60.0% (+10.0 "
        "points); v3 70.0% and 65.0% (+5.0 points)."
    )


def test_every_stage_gets_its_own_line() -> None:
    both = pd.concat(
        [history(val_accuracy=[0.5], train_accuracy=[0.5]).assign(stage=s) for s in ("frozen", "finetuned")]
    )
    assert [line.split("**")[1] for line in readings.learning(both, V1).splitlines()] == ["frozen", "finetuned"]


def test_what_the_chosen_epoch_had_is_set_beside_val_with_both_intervals() -> None:
    measured = evaluation_of(["sad"] * 100, ["sad"] * 70 + ["happy"] * 30)
    rows = history(val_accuracy=[0.72, 0.6], train_accuracy=[0.6, 0.7]).assign(val_loss=[2.0, 1.0])
    told = readings.choosing(rows, V3, measured, held_out=400)
    assert (
        "one of 2, has 72.0% (±4.4 points, 95 %) of the 400 held-out pictures that chose it right, and 70.0% (±9.0 "
        "points, 95 %) of the 100 val pictures: +2.0 points." in told
    )
    by_loss = replace(V3, stages=(replace(V3.stages[0], monitor="val_loss"),))
    assert "has 60.0% (±4.8 points, 95 %) of the 400 held-out" in readings.choosing(
        rows, by_loss, measured, held_out=400
    )
