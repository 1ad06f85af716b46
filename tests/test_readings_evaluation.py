from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from evaluations import evaluation_of
from scipy.stats import spearmanr

from affect import readings
from affect.emotions import EMOTIONS
from affect.reported import find_reported

V2_MODEL = find_reported("v2 finetuned")
assert V2_MODEL is not None


def test_figures_about_other_pictures_are_never_subtracted() -> None:
    measured = evaluation_of(list(EMOTIONS), list(EMOTIONS))
    assert "about 6,201 other pictures" in readings.reported_beside(measured, V2_MODEL, same_data=False)
    assert "about 6,201 other pictures" in readings.reported_beside(measured, V2_MODEL, same_data=True)  # these are 8
    same = replace(V2_MODEL, n=len(EMOTIONS))
    assert (
        "62% in the first version's README and 60% printed by its notebook, both of its last epoch, and 62.39% at the "
        "best epoch in its log" in readings.reported_beside(measured, same, same_data=True)
    )


def test_what_is_reported_stands_by_its_sources_beside_what_is_measured() -> None:
    measured = evaluation_of(list(EMOTIONS), list(EMOTIONS))
    table = readings.against_reported(measured, V2_MODEL)
    assert list(table.columns[1:]) == [
        "AffectNet, first version's README", "AffectNet, printed by its notebook", "AffectNet, best epoch in its log",
    ]  # fmt: skip
    assert table.loc["accuracy"].tolist() == ["1.000 [1.000, 1.000]", "0.62", "0.60", "0.6239"]
    assert table.loc["mean AUC"].tolist()[1:] == ["0.92", "–", "–"]
    assert table.loc["macro F1"].tolist()[1:] == ["–"] * 3
    assert table.loc["pictures (n)"].tolist() == ["8", *["6,201"] * 3]


def test_of_ones_own_model_the_measured_column_stands_alone() -> None:
    measured = evaluation_of(list(EMOTIONS), list(EMOTIONS))
    assert readings.against_reported(measured, None).shape == (5, 1)
    assert readings.reported_beside(measured, None, same_data=True).endswith("Nothing was reported of this model.")


FOUR = ["anger", "happy", "neutral", "sad"]


def test_classes_that_do_not_occur_are_named_and_never_the_worst() -> None:
    measured = evaluation_of(FOUR * 5, FOUR * 4 + ["sad"] * 4)
    train = pd.DataFrame({"label": [*["anger"] * 5, *["happy"] * 9, *["neutral"] * 7, *["sad"] * 6]})
    named = "No picture of contempt, disgust, fear or surprise is among them: averages are over the other 4 classes."
    told = readings.f1(measured, train)
    assert told.startswith("Of 4 classes, anger has the highest F1 (0.89), sad the lowest (0.77).")
    assert named in told
    assert named in readings.reported_beside(measured, None, same_data=False)
    whole = evaluation_of(list(EMOTIONS), list(EMOTIONS))
    assert "No picture" not in readings.reported_beside(whole, None, same_data=False)


def test_where_all_f1_are_equal_nothing_is_said_about_training_pictures() -> None:
    wrong = evaluation_of(list(EMOTIONS), [*EMOTIONS[1:], EMOTIONS[0]])
    train = pd.DataFrame({"label": ["happy"] * 900 + ["contempt"] * 3})
    assert readings.f1(wrong, train) == "Of 8 classes, anger has the highest F1 (0.00), anger the lowest (0.00). "
    some = evaluation_of(list(EMOTIONS), ["anger", *["happy"] * 7])
    even = pd.DataFrame({"label": list(EMOTIONS) * 2})
    assert "training pictures" not in readings.f1(some, even)
    uneven = pd.DataFrame({"label": [e for i, e in enumerate(EMOTIONS) for _ in range(i + 1)]})
    rank = spearmanr([some.metrics["per_class"][e]["f1"] for e in EMOTIONS], range(8)).statistic
    assert f"over these classes: {rank:.2f}." in readings.f1(some, uneven)


def test_mix_ups_are_counted() -> None:
    measured = evaluation_of(["sad", "sad", "happy"], ["neutral", "neutral", "happy"])
    assert "2 of 2 sad taken for neutral" in readings.confusion(measured)
    assert '100% of the wrong answers are "neutral"' in readings.went_wrong(measured)
    assert "2 of 3 pictures are wrong. Recall: happy 100% (n = 1) and sad 0% (n = 2)." in readings.went_wrong(measured)
    assert "is 95% where it is wrong, 95% where it is right." in readings.went_wrong(measured)
    assert readings.went_wrong(evaluation_of(["sad"], ["sad"])) == "All 1 pictures are right."


def test_confidence_and_accuracy_are_told_as_numbers_and_not_judged() -> None:
    told = readings.calibration(evaluation_of(["sad", "happy", "sad"], ["sad", "happy", "happy"], sureness=0.1))
    assert told.startswith(
        "As trained, its mean confidence is 13.6%, and 66.7% of 3 pictures are right; the calibration"
    )
    assert "(ECE) is 53.0 points" in told
    assert told.endswith(
        "With the logits divided by 1.00, fitted on the pictures that chose the epoch, it is 53.0 points."
    )


def test_where_the_weight_of_the_maps_lies_is_told() -> None:
    middle, corner = np.zeros((8, 64, 64), np.float32), np.zeros((8, 64, 64), np.float32)
    middle[:, 24:40, 24:40], corner[:, 50:, 50:] = 1, 1
    assert "lies 50% from the top and 50% from the left. A map has 2×2 cells" in readings.attention(middle)
    assert "carries 0% of the weight for anger" in readings.attention(corner)
    assert "lies 89% from the top and 89% from the left" in readings.attention(corner)
    assert readings.attention(np.full((8, 64, 64), np.nan, np.float32)) == "No map shows any evidence."


def test_a_picture_without_a_found_face_can_count_as_wrong() -> None:
    told = readings.lost_pictures(evaluation_of(["sad"] * 4, ["sad"] * 3 + ["happy"]), 0.8)
    assert told.startswith("Of the 4 val pictures with a found face 75.0% are right;")
    assert told.endswith("counts as wrong, 60.0%.")
