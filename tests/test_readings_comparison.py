from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from affect import readings
from affect.comparison import Comparison
from affect.data.sample import write_sample
from affect.notebook import Setup, Step, prepare


def step(before: float, after: float, low: float, high: float, names: tuple[str, str] = ("v3", "v4")) -> Step:
    return Step(f"{names[0]} finetuned", f"{names[1]} finetuned", 1000, before, after, low, high)


def mistakes(difference: float, low: float, high: float) -> Comparison:
    row = {"experiment": "v2", "mistake": "augmentation-lost", "stage": "finetuned", "n": 3553}
    for metric in ("accuracy", "f1_macro"):
        row |= {f"{metric}_corrected": 0.7 + difference, f"{metric}_mistake": 0.7, f"{metric}_difference": difference}
        row |= {f"{metric}_difference_low": low, f"{metric}_difference_high": high}
    return Comparison(pd.DataFrame([row]), "ferplus", "val", ())


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    return prepare(write_sample(tmp_path / "faces", train=2, val=1, size=48), image_size=64, epochs=1)


def test_a_step_is_told_by_its_interval_and_judged_by_nobody() -> None:
    told = readings.step(step(0.60, 0.64, -0.01, 0.06), "v3", "d")
    assert told.startswith(
        "**v3 finetuned → v4 finetuned, on the same 1,000 val pictures: 60.0% → 64.0%, +4.0 points** [-1.0, +6.0], 95 "
        "%."
    )
    assert "v3 is not measured on `d`" in readings.step(None, "v3", "d")


def test_a_reported_step_is_told_by_each_of_its_sources() -> None:
    told = readings.step(step(0.6, 0.64, 0.02, 0.06, ("v2", "v3")), "v2", "d")
    assert (
        "On AffectNet: 0.62 → 0.62 in the first version's README, 0.60 → 0.63 printed by its notebook, "
        "0.6239 → 0.6676 at the best epoch in its log." in told
    )
    assert "same run" not in told


def test_v1_and_v2_were_the_same_run_and_are_called_so() -> None:
    told = readings.step(step(0.6, 0.64, 0.02, 0.06, ("v1", "v2")), "v1", "d")
    assert "0.60 → 0.62 in the first version's README, 0.60 → 0.60 printed by its notebook" in told
    assert "The two logs are the same to the last digit: it was the same run, and this step was never measured." in told


def test_of_ones_own_model_nothing_is_said_to_be_reported() -> None:
    assert "AffectNet" not in readings.step(step(0.6, 0.64, 0.02, 0.06, ("v1", "mylr")), "v1", "d")


def test_the_cost_of_a_mistake_comes_with_both_figures_and_their_intervals(setup: Setup) -> None:
    found = mistakes(-0.02, -0.03, 0.01)
    found.table["f1_macro_difference_high"] = -0.01
    told = readings.mistake(found, setup, "v2", "augmentation-lost")
    assert told == (
        "- v2 finetuned, augmentation-lost, on ferplus val (n = 3,553, one training run each): accuracy in % 68.0 put "
        "right, 70.0 with the mistake, **-2.0** [-3.0, +1.0]; macro F1 0.680 put right, 0.700 with the mistake, "
        "**-0.020** [-0.030, -0.010] (95 % intervals)."
    )


def test_every_mistake_is_told_the_costliest_in_accuracy_first() -> None:
    less, more = mistakes(0.01, 0, 0.02), mistakes(0.03, 0.02, 0.04)
    both = Comparison(pd.concat([less.table, more.table], ignore_index=True), "ferplus", "val", ())
    assert ["**+3.0**" in line for line in readings.costliest(both).splitlines()] == [True, False]
    none = Comparison(less.table.head(0), "ferplus", "val", ())
    assert readings.costliest(none) == "No mistake is measured on `ferplus` yet."


def test_a_mistake_that_is_not_measured_gets_its_command(setup: Setup) -> None:
    text = readings.mistake(mistakes(0, 0, 0), setup, "v1", "drifting-batch-norm")
    assert "python -m affect.training v1 --data '…/faces'" in text
    assert "--mistake drifting-batch-norm" in text


def test_the_best_of_six_is_the_one_with_the_highest_figure() -> None:
    table = pd.DataFrame(
        {
            "model": ["v3 finetuned", "v4 finetuned"],
            "accuracy": [0.8, 0.7],
            "accuracy_low": [0.79, 0.69],
            "accuracy_high": [0.81, 0.71],
            "n": [3553, 3100],
            "accuracy_shared": [0.81, 0.7],
            "n_shared": [3100, 3100],
        }
    )
    text = readings.best_of_six(Comparison(table, "ferplus", "val", ("v1 frozen (…)",)))
    assert text.startswith(
        "**v3 finetuned has the highest accuracy on ferplus val, the 3,100 pictures that all models saw: 81.0%.** "
        "On AffectNet, v4 finetuned was the best by each source: 0.65 in the first version's README, 0.65 printed by "
        "its notebook, 0.6805 at the best epoch in its log; here it has 70.0%."
    )
    assert "Not measured yet: v1 frozen" in text
    flattered = table.assign(accuracy=[0.7, 0.8])  # by the pictures that it leaves out
    assert readings.best_of_six(Comparison(flattered, "ferplus", "val", ())).startswith("**v3 finetuned")
    better = flattered.assign(accuracy_shared=[0.7, 0.8])
    told = readings.best_of_six(Comparison(better, "ferplus", "val", ()))
    assert told.startswith("**v4 finetuned has the highest accuracy on ferplus val, the 3,100 pictures")
    assert told.endswith("0.6805 at the best epoch in its log.")
