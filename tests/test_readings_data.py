from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd

from affect import readings
from affect.emotions import EMOTIONS


def test_the_most_and_the_least_frequent_class_are_told_of_train_and_of_val() -> None:
    table = pd.DataFrame({"label": [*EMOTIONS, *["happy"] * 20, *["anger"], *["sad"] * 3]})
    table["split"] = ["train"] * 28 + ["val"] * 4
    assert readings.balance(table) == (
        "Of 28 train pictures, 21 have the label happy (75.0%), 1 anger (3.6%). Of 4 val pictures, 3 have the label "
        "sad (75.0%), 1 anger (25.0%), none contempt, disgust, fear, happy, neutral or surprise."
    )


def test_copies_are_told_with_those_that_are_in_train() -> None:
    rows = {"exact": [2, 1, 0, 0], "near": [5, 3, 1, 2]}
    names = ["superfluous", "groups", "groups_of_several_labels", "judged_and_in_train"]
    report = SimpleNamespace(
        copies=pd.DataFrame.from_dict(rows, orient="index", columns=names),
        counts=pd.DataFrame({"train": [60], "val": [30], "test": [10], "total": [100]}, index=["total"]),
    )
    told = readings.copies(report)  # type: ignore[arg-type]
    assert told.startswith("2 of 100 pictures are exact copies of another, and 5 when")
    assert "In 1 of 3 groups the same photograph has different labels. 2 of 40 val and test pictures have" in told


def test_the_largest_difference_of_a_share_is_told() -> None:
    table = pd.DataFrame(
        {"label": ["sad", "sad", "sad", "happy", "sad", "happy"], "split": ["train"] * 4 + ["val"] * 2}
    )
    assert "at most 25.0 points between train and val (happy)" in readings.split_shares(table)
    assert "no train and val" in readings.split_shares(table.head(4))


def test_disagreeing_labels_are_told() -> None:
    confusion = pd.DataFrame(np.eye(8, dtype=int) * 8 + 1, EMOTIONS, EMOTIONS)
    report = SimpleNamespace(confusion=confusion, agreement=9 / 16)
    assert "agree on 56.2% of the pictures: most for anger (56%)" in readings.disagreement(report)  # type: ignore[arg-type]
    assert "one kind of label" in readings.disagreement(SimpleNamespace(confusion=None, agreement=None))  # type: ignore[arg-type]


def test_agreement_is_told_of_one_annotator_and_of_a_second_panel() -> None:
    votes = pd.DataFrame([[0, 0, 0, 0, 10, 0, 0, 0], [0, 0, 0, 0, 0, 6, 4, 0], [0] * 8])
    told = readings.agreement(votes, {"train": 0.9, "val": 0.951})
    assert "On average 80% of the votes" in told
    assert "all of them do in 50% of the pictures" in told
    assert "the same label to 90% of train and 95% of val." in told
