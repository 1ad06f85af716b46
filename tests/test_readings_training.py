from __future__ import annotations

import pandas as pd
from evaluations import evaluation_of

from affect import readings
from affect.experiments import V1, V3


def history(**columns: list[float]) -> pd.DataFrame:
    epochs = len(columns["val_accuracy"])
    table = pd.DataFrame({"stage": "finetuned", "epoch": range(1, epochs + 1), "train_loss": 1.0, "val_loss": 1.0})
    return table.assign(val_f1_macro=0.5, **columns)


def test_learning_by_heart_is_told_from_more_epochs_needed() -> None:
    heart = history(val_accuracy=[0.6, 0.62, 0.61], train_accuracy=[0.6, 0.65, 0.9])
    assert "learned by heart" in readings.learning(heart, V3)
    assert "stopped 17 epochs early" in readings.learning(heart, V3)
    rising = history(val_accuracy=[0.5, 0.6], train_accuracy=[0.5, 0.6])
    assert "more epochs might have helped" in readings.learning(rising, V3)
    falling = history(val_accuracy=[0.6, 0.55], train_accuracy=[0.5, 0.5])
    assert "without learning the training pictures any better" in readings.learning(falling, V3)


def test_every_stage_gets_its_own_line() -> None:
    both = pd.concat(
        [history(val_accuracy=[0.5], train_accuracy=[0.5]).assign(stage=s) for s in ("frozen", "finetuned")]
    )
    assert [line.split("**")[1] for line in readings.learning(both, V1).splitlines()] == ["frozen", "finetuned"]


def test_a_difference_between_choosing_and_reporting_is_set_against_chance() -> None:
    measured = evaluation_of(["sad"] * 100, ["sad"] * 70 + ["happy"] * 30)
    rows = history(val_accuracy=[0.6, 0.72], train_accuracy=[0.6, 0.7])
    assert "too little to be seen here" in readings.choosing(rows, measured, held_out=100)
    far = history(val_accuracy=[0.6, 0.95], train_accuracy=[0.6, 0.7])
    assert "more than" in readings.choosing(far, measured, held_out=1000)
