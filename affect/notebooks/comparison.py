"""Paired comparison of evaluated models, and accuracy with and without near-duplicates of training pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from affect.comparison.measured import copied_from_train
from affect.comparison.original_results import MODELS
from affect.data.report import data_report
from affect.data.tables import read_table
from affect.evaluation.metrics import RESAMPLES, percentile_interval
from affect.notebooks.display import progress
from affect.notebooks.setup import Setup


def duplicates(setup: Setup) -> pd.DataFrame:
    """The pictures that have a duplicate (see `DataReport.duplicates`).

    Read from the data analysis' files, or computed from all pictures and written if the files are missing or of another
    split or labels.
    """
    path = setup.home / "eda" / "duplicates.csv"
    if path.is_file():
        known = read_table(path)
        current = known[["pth"]].merge(setup.manifest.table, how="left", on="pth")
        if (known[["label", "split"]] == current[["label", "split"]]).all(axis=None):
            return known
    with progress():
        report = data_report(setup.manifest)
    report.write(path.parent)
    return report.duplicates


def predictions_of(setup: Setup, model: str) -> pd.DataFrame | None:
    """Read a model's predictions on this data set: `pth, label, predicted`; None if it was not evaluated.

    model: experiment and stage, such as "v1 frozen".
    """
    path = setup.home.joinpath(*model.rsplit(" ", 1), "predictions.csv")
    return read_table(path)[["pth", "label", "predicted"]] if path.is_file() else None


def without_copies(setup: Setup, models: Sequence[str] | None = None) -> pd.DataFrame:
    """Each evaluated model's accuracy on all val pictures, and on those without a near-duplicate in train.

    models: names as "v1 frozen"; None: the six.
    Columns: `model, accuracy, n, accuracy_without_copies, n_without_copies`.
    """
    copied, rows = copied_from_train(duplicates(setup)), []
    for model in [m.name for m in MODELS] if models is None else models:
        if (table := predictions_of(setup, model)) is None:
            continue
        right, own = table["label"] == table["predicted"], ~table["pth"].isin(copied)
        rows.append((model, right.mean(), len(right), right[own].mean(), int(own.sum())))
    columns = ["model", "accuracy", "n", "accuracy_without_copies", "n_without_copies"]
    return pd.DataFrame(rows, columns=columns)


@dataclass(frozen=True)
class Step:
    """Paired comparison of two models on common pictures: accuracies, difference and its 95 % bootstrap interval.

    before, after: their names, such as "v1 frozen".
    """

    before: str
    after: str
    n: int
    accuracy_before: float
    accuracy_after: float
    low: float
    high: float

    @property
    def difference(self) -> float:
        """After minus before, as a share."""
        return self.accuracy_after - self.accuracy_before


def step_between(setup: Setup, before: str, after: str, resamples: int = RESAMPLES) -> Step | None:
    """Compare two models, by names such as "v1 frozen", on the val pictures that both predict.

    None if one was not evaluated.
    """
    tables = [predictions_of(setup, model) for model in (before, after)]
    if tables[0] is None or tables[1] is None:
        return None
    both = tables[0].merge(tables[1], on=["pth", "label"], suffixes=("_before", "_after"))
    if both.empty:
        return None
    right = [(both[f"predicted_{which}"] == both["label"]).to_numpy(float) for which in ("before", "after")]
    gain, rng = right[1] - right[0], np.random.default_rng(0)
    means = np.array([rng.choice(gain, len(gain)).mean() for _ in range(resamples)])
    low, high = percentile_interval(means) or (np.nan, np.nan)
    return Step(before, after, len(both), right[0].mean(), right[1].mean(), low, high)
