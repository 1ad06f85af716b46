"""Which of several measured models is the best. Called by the comparison's figure and by what is said of it."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd


class Best(NamedTuple):
    """The most accurate of the six models. fewer: its accuracy is on the n pictures that all saw, and some saw more."""

    model: str
    accuracy: float
    n: int
    fewer: bool


def accuracies(table: pd.DataFrame) -> pd.Series:
    """The measured models' accuracies, by model, to rank them: on the pictures that all saw, where that is known.

    table: `affect.comparison.compare_models(…).table`, of which `model, accuracy, accuracy_shared` are read.
    """
    measured = table.dropna(subset=["accuracy"]).set_index("model")
    column = "accuracy" if measured["accuracy_shared"].isna().any() else "accuracy_shared"
    return measured[column].astype(float)


def best_model(table: pd.DataFrame) -> Best | None:
    """The first of `accuracies`; None where none is measured.   table: as there, with `n` and `n_shared`."""
    ranked = accuracies(table)
    if ranked.empty:
        return None
    name = str(ranked.idxmax())
    row = table.set_index("model").loc[name]
    shared = ranked.name == "accuracy_shared"
    n = int(row["n_shared"] if shared else row["n"])
    return Best(name, float(ranked[name]), n, shared and n < int(table["n"].max()))
