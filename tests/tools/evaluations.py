"""Evaluations with given answers, for the tests of what is read from one."""

from __future__ import annotations

import numpy as np
import pandas as pd

from affect.emotions import EMOTIONS
from affect.evaluation.measure import Evaluation, evaluate_logits
from affect.model.calibration import Calibration


def evaluation_of(labels: list[str], predicted: list[str], sureness: float = 5.0) -> Evaluation:
    rows = pd.DataFrame({"pth": [f"{i}.png" for i in range(len(labels))], "label": labels})
    logits = sureness * np.eye(8, dtype=np.float32)[[EMOTIONS.index(p) for p in predicted]]
    return evaluate_logits(
        logits, rows, calibration=Calibration(1.0), model="m.pt", data="d", split="val", resamples=50
    )
