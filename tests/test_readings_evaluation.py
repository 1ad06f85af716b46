from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from evaluations import evaluation_of

from affect import readings
from affect.emotions import EMOTIONS
from affect.reported import reported

V4_MODEL = reported("v4", "finetuned")


def test_figures_about_other_pictures_are_never_subtracted() -> None:
    measured = evaluation_of(list(EMOTIONS), list(EMOTIONS))
    assert "says anything about the method" in readings.reported_beside(measured, V4_MODEL, same_data=False)
    assert "about 6,047 pictures" in readings.reported_beside(measured, V4_MODEL, same_data=True)  # these are 8
    same = replace(V4_MODEL, n=len(EMOTIONS))
    assert "35.0 points above" in readings.reported_beside(measured, same, same_data=True)
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


def test_copies_flatter_only_where_a_figure_falls_without_them() -> None:
    table = pd.DataFrame({"model": ["v1"], "accuracy": [0.73], "n": [100], "n_without_copies": [90]})
    assert "loses most: 2.0 points" in readings.copies_flatter(table.assign(accuracy_without_copies=0.71))
    assert "lowers no figure" in readings.copies_flatter(table.assign(accuracy_without_copies=0.74))
    assert "No val picture" in readings.copies_flatter(table.assign(accuracy_without_copies=0.73, n_without_copies=100))
