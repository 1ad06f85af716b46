from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from affect import readings
from affect.comparison import Comparison
from affect.data.sample import write_sample
from affect.notebook import Setup, Step, prepare
from affect.reported import reported

V3_MODEL, V4_MODEL = reported("v3", "finetuned"), reported("v4", "finetuned")


def step(before: float, after: float, low: float, high: float) -> Step:
    return Step(V3_MODEL, V4_MODEL, 1000, before, after, low, high)


def mistakes(difference: float, low: float, high: float) -> Comparison:
    row = {"experiment": "v2", "mistake": "augmentation-lost", "stage": "finetuned", "n": 3553}
    for metric in ("accuracy", "f1_macro"):
        row |= {f"{metric}_corrected": 0.7 + difference, f"{metric}_mistake": 0.7, f"{metric}_difference": difference}
        row |= {f"{metric}_difference_low": low, f"{metric}_difference_high": high}
    return Comparison(pd.DataFrame([row]), "ferplus", "val", ())


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    return prepare(write_sample(tmp_path / "faces", train=2, val=1, size=48), image_size=64, epochs=1)


def test_another_story_is_told_where_the_numbers_tell_another() -> None:
    assert "Both tell the same story" in readings.step(step(0.60, 0.64, 0.02, 0.06), "v3", "d")
    assert "story comes out differently" in readings.step(step(0.64, 0.60, -0.06, -0.02), "v3", "d")
    assert "cannot be confirmed" in readings.step(step(0.60, 0.61, -0.01, 0.03), "v3", "d")
    assert "v3 is not measured on `d`" in readings.step(None, "v3", "d")


@pytest.mark.parametrize(
    ("difference", "low", "high", "word"),
    [
        (0.02, 0.01, 0.03, "putting it right helped"),
        (-0.02, -0.03, -0.01, "the mistake did better here"),
        (0.01, -0.01, 0.03, "cannot tell the two apart"),
        (0.0, 0.0, 0.0, "no difference"),
    ],
)
def test_what_a_mistake_cost_is_judged_by_its_interval(
    setup: Setup, difference: float, low: float, high: float, word: str
) -> None:
    assert word in readings.mistake(mistakes(difference, low, high), setup, "v2", "augmentation-lost")


def test_accuracy_and_macro_f1_are_judged_each_by_its_own_interval(setup: Setup) -> None:
    found = mistakes(0.001, -0.01, 0.012)
    found.table[["f1_macro_difference", "f1_macro_difference_low", "f1_macro_difference_high"]] = -0.03, -0.05, -0.01
    told = readings.mistake(found, setup, "v2", "augmentation-lost")
    accuracy, f1 = told.split("Macro F1")
    assert "cannot tell the two apart" in accuracy
    assert "-0.030 [-0.050, -0.010]: **the mistake did better here" in f1
    accuracy, f1 = readings.costliest(found).splitlines()
    assert accuracy == "- For 1 of 1, the interval of accuracy includes zero."
    assert f1.startswith("- Had more macro F1 than the corrected run, beyond the chance of these pictures: v2 ")
    assert f1.endswith("augmentation-lost (-0.030). For 0 of 1, the interval of macro F1 includes zero.")


def test_a_mistake_that_is_not_measured_gets_its_command(setup: Setup) -> None:
    text = readings.mistake(mistakes(0, 0, 0), setup, "v1", "drifting-batch-norm")
    assert "python -m affect.training v1 --data faces" in text
    assert "--mistake drifting-batch-norm" in text


def test_the_best_of_six_is_the_one_with_the_highest_figure() -> None:
    table = pd.DataFrame(
        {
            "model": ["v3 finetuned", "v4 finetuned"],
            "accuracy": [0.8, 0.7],
            "accuracy_low": [0.79, 0.69],
            "accuracy_high": [0.81, 0.71],
            "reported_accuracy": [0.62, 0.65],
            "n": [3553, 3100],
            "accuracy_shared": [0.81, 0.7],
            "n_shared": [3100, 3100],
        }
    )
    text = readings.best_of_six(Comparison(table, "ferplus", "val", ("v1 frozen (…)",)))
    assert text.startswith(
        "**v3 finetuned has the highest accuracy on ferplus val on the 3,100 pictures that all models saw: 81.0%"
    )
    assert "v4 finetuned was the best; here it has 70.0% (the intervals do not overlap)." in text
    assert "Not measured yet: v1 frozen" in text
    flattered = table.assign(accuracy=[0.7, 0.8])  # by the pictures that it leaves out
    assert readings.best_of_six(Comparison(flattered, "ferplus", "val", ())).startswith("**v3 finetuned")
    better = flattered.assign(accuracy_shared=[0.7, 0.8])
    assert "So it was reported" in readings.best_of_six(Comparison(better, "ferplus", "val", ()))
