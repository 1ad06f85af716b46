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
    assert "uneven: 75.0% of the training pictures are happy" in readings.balance(uneven)
    assert "21 times" in readings.balance_follows(uneven)


def test_disagreeing_labels_are_told() -> None:
    confusion = pd.DataFrame(np.eye(8, dtype=int) * 8 + 1, EMOTIONS, EMOTIONS)
    report = SimpleNamespace(confusion=confusion, agreement=9 / 16)
    assert "agree on 56.2%" in readings.disagreement(report)  # type: ignore[arg-type]
    assert "one kind of label" in readings.disagreement(SimpleNamespace(confusion=None, agreement=None))  # type: ignore[arg-type]
