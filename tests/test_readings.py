from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from affect import readings
from affect.comparison import Comparison
from affect.data.framing import Framing
from affect.data.sample import write_sample
from affect.emotions import EMOTIONS
from affect.evaluation import Evaluation, evaluate_logits
from affect.experiments import V1, V3
from affect.notebook import Setup, Step, prepare
from affect.reported import reported

V3_MODEL, V4_MODEL = reported("v3", "finetuned"), reported("v4", "finetuned")


def evaluation_of(labels: list[str], predicted: list[str], sureness: float = 5.0) -> Evaluation:
    rows = pd.DataFrame({"pth": [f"{i}.png" for i in range(len(labels))], "label": labels})
    logits = sureness * np.eye(8, dtype=np.float32)[[EMOTIONS.index(p) for p in predicted]]
    return evaluate_logits(logits, rows, temperature=1.0, model="m.pt", data="d", split="val", resamples=50)


def history(**columns: list[float]) -> pd.DataFrame:
    epochs = len(columns["val_accuracy"])
    table = pd.DataFrame({"stage": "finetuned", "epoch": range(1, epochs + 1), "train_loss": 1.0, "val_loss": 1.0})
    return table.assign(val_f1_macro=0.5, **columns)


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


def test_the_top_names_the_data_its_size_and_that_it_is_a_trial(setup: Setup) -> None:
    text = readings.where_from(setup)
    assert "data set `faces`**: 24 pictures (16 train, 8 val)" in text
    assert "64×64" in text
    assert "`DATA = faces`, `EPOCHS = 1`" in text
    assert "A trial run:** 1 epoch a stage" in text
    assert str(setup.manifest.source.path.parent) not in text


def test_even_and_uneven_classes_get_different_words() -> None:
    even = pd.DataFrame({"label": list(EMOTIONS) * 2, "split": "train"})
    uneven = pd.DataFrame({"label": [*EMOTIONS, *["happy"] * 20], "split": "train"})
    assert "equally many" in readings.balance(even)
    assert "uneven: 75.0% of the training pictures are happy" in readings.balance(uneven)
    assert "21 times" in readings.balance_follows(uneven)


def test_small_pictures_are_said_to_be_enlarged() -> None:
    sizes = pd.DataFrame({"width": [48] * 4, "height": [48] * 4})
    assert "48 pixels in every picture; 100% of the pictures are square" in readings.sizes(sizes)
    text = readings.sizes_follow(sizes, 112)
    assert "enlarged 2.3 times" in text
    assert "4×4 cells" in text
    assert "reduced" in readings.sizes_follow(sizes * 10, 112)


def test_a_class_that_differs_in_light_is_told() -> None:
    rng, labels = np.random.default_rng(0), np.repeat(np.arange(8), 100)
    alike = pd.DataFrame({"brightness": rng.normal(100, 10, 800)})
    apart = alike.assign(brightness=alike["brightness"] + 20 * labels)
    assert "hardly tell" in readings.statistics_follow(alike, labels)
    assert "brightness differs" in readings.statistics_follow(apart, labels)


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


def test_figures_about_other_pictures_are_never_subtracted() -> None:
    measured = evaluation_of(list(EMOTIONS), list(EMOTIONS))
    assert "says anything about the method" in readings.reported_beside(measured, V4_MODEL, same_data=False)
    assert "35.0 points above" in readings.reported_beside(measured, V4_MODEL, same_data=True)
    table = readings.against_reported(measured, V4_MODEL)
    assert table.columns[1] == "reported on AffectNet, first version"
    assert table.loc["accuracy"].tolist()[1] == "0.65"


def test_mix_ups_are_counted() -> None:
    measured = evaluation_of(["sad", "sad", "happy"], ["neutral", "neutral", "happy"])
    assert "2 of 2 sad taken for neutral" in readings.confusion(measured)
    assert '"neutral" (100% of them)' in readings.went_wrong(measured)
    assert "nothing to learn" in readings.went_wrong(evaluation_of(["sad"], ["sad"]))


def test_a_model_that_is_too_sure_is_called_so() -> None:
    assert "too sure" in readings.calibration(evaluation_of(["sad", "happy"], ["sad", "sad"]))
    assert "not sure enough" in readings.calibration(evaluation_of(["sad", "happy"], ["sad", "happy"], sureness=0.1))


def test_weight_beside_the_middle_of_the_face_is_doubted() -> None:
    middle, corner = np.zeros((8, 64, 64), np.float32), np.zeros((8, 64, 64), np.float32)
    middle[:, 24:40, 24:40], corner[:, 50:, 50:] = 1, 1
    assert "read with care" not in readings.attention(middle)
    assert "to the right is not the face's doing" in readings.attention(corner)
    assert readings.attention(np.full((8, 64, 64), np.nan, np.float32)) == "No map shows any evidence."


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


def test_a_mistake_that_is_not_measured_gets_its_command(setup: Setup) -> None:
    text = readings.mistake(mistakes(0, 0, 0), setup, "v1", "drifting-batch-norm")
    assert "python -m affect.training v1 --data faces" in text
    assert "--mistake drifting-batch-norm" in text


def test_another_story_is_told_where_the_numbers_tell_another() -> None:
    assert "Both tell the same story" in readings.step(step(0.60, 0.64, 0.02, 0.06), "v3", "d")
    assert "story comes out differently" in readings.step(step(0.64, 0.60, -0.06, -0.02), "v3", "d")
    assert "cannot be confirmed" in readings.step(step(0.60, 0.61, -0.01, 0.03), "v3", "d")
    assert "v3 is not measured on `d`" in readings.step(None, "v3", "d")


def test_copies_flatter_only_where_a_figure_falls_without_them() -> None:
    table = pd.DataFrame({"model": ["v1"], "accuracy": [0.73], "n": [100], "n_without_copies": [90]})
    assert "loses most: 2.0 points" in readings.copies_flatter(table.assign(accuracy_without_copies=0.71))
    assert "lowers no figure" in readings.copies_flatter(table.assign(accuracy_without_copies=0.74))
    assert "No val picture" in readings.copies_flatter(table.assign(accuracy_without_copies=0.73, n_without_copies=100))


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


def test_pictures_that_are_crops_already_are_told_from_those_that_are_not() -> None:
    assert "face crops already" in readings.framing(Framing(0.01, 0.0, 500, 430), 0.88)
    assert "what v4 is about" in readings.framing(Framing(0.4, 0.0, 500, 490), 0.98)


def test_faces_that_are_found_unevenly_are_told() -> None:
    labels = pd.Series(["sad"] * 10 + ["happy"] * 10)
    text = readings.found(pd.Series([True] * 5 + [False] * 5 + [True] * 10), labels)
    assert "least often in sad (50%)" in text
    assert "uneven" in text
    assert "next to nothing" in readings.found(pd.Series([True] * 20), labels)


def test_a_difference_between_choosing_and_reporting_is_set_against_chance() -> None:
    measured = evaluation_of(["sad"] * 100, ["sad"] * 70 + ["happy"] * 30)
    rows = history(val_accuracy=[0.6, 0.72], train_accuracy=[0.6, 0.7])
    assert "too little to be seen here" in readings.choosing(rows, measured, held_out=100)
    far = history(val_accuracy=[0.6, 0.95], train_accuracy=[0.6, 0.7])
    assert "more than" in readings.choosing(far, measured, held_out=1000)


def test_disagreeing_labels_are_told() -> None:
    confusion = pd.DataFrame(np.eye(8, dtype=int) * 8 + 1, EMOTIONS, EMOTIONS)
    report = SimpleNamespace(confusion=confusion, agreement=9 / 16)
    assert "agree on 56.2%" in readings.disagreement(report)  # type: ignore[arg-type]
    assert "one kind of label" in readings.disagreement(SimpleNamespace(confusion=None, agreement=None))  # type: ignore[arg-type]
