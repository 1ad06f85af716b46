from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd

from affect import readings
from affect.emotions import EMOTIONS


def test_even_and_uneven_classes_get_different_words() -> None:
    even = pd.DataFrame({"label": list(EMOTIONS) * 2, "split": "train"})
    uneven = pd.DataFrame({"label": [*EMOTIONS, *["happy"] * 20], "split": "train"})
    assert "equally many" in readings.balance(even)
    assert "75.0% are happy and 3.6% are anger: who always answers happy is right for 75.0%" in readings.balance(uneven)
    assert "21.0 times the training pictures of the rarest. " in readings.balance_follows(uneven)


def test_classes_that_do_not_occur_are_named_and_are_not_the_rarest() -> None:
    three = ["anger", *["happy"] * 3, "sad"]
    table = pd.DataFrame({"label": three * 2, "split": ["train"] * 5 + ["val"] * 5})
    told = readings.balance(table)
    assert told.startswith("No training picture shows contempt, disgust, fear, neutral or surprise. ")
    assert "60.0% are happy and 20.0% are anger" in told
    follows = readings.balance_follows(table)
    assert "3.0 times the training pictures of the rarest that occurs" in follows
    assert "Figures about anger, happy and sad rest on fewer than 50 val pictures" in follows
    assert follows.endswith(
        "Val has no picture of contempt, disgust, fear, neutral or surprise: its averages leave them out."
    )
    even = pd.DataFrame({"label": ["anger", "sad"], "split": "train"})
    assert "The other classes have equally many" in readings.balance(even)


def test_disagreeing_labels_are_told() -> None:
    confusion = pd.DataFrame(np.eye(8, dtype=int) * 8 + 1, EMOTIONS, EMOTIONS)
    report = SimpleNamespace(confusion=confusion, agreement=9 / 16)
    assert "agree on 56.2%" in readings.disagreement(report)  # type: ignore[arg-type]
    assert "one kind of label" in readings.disagreement(SimpleNamespace(confusion=None, agreement=None))  # type: ignore[arg-type]


def test_agreement_is_told_of_one_annotator_and_of_a_second_panel() -> None:
    votes = pd.DataFrame([[0, 0, 0, 0, 10, 0, 0, 0], [0, 0, 0, 0, 0, 6, 4, 0], [0] * 8])
    told = readings.agreement(votes, {"train": 0.9, "val": 0.951})
    assert "On average 80% of the votes" in told
    assert "all of them do in 50% of the pictures" in told
    assert "the same label to 90% of train and 95% of val." in told
