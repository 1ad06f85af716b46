"""Tables of results, and checks that results of several models are of the same pictures and settings."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from affect.data.tables import markdown_table
from affect.emotions import EMOTIONS
from affect.errors import AffectError, as_shown
from affect.evaluation.metrics import Floats, Ints
from affect.evaluation.results import read_predictions
from affect.training.experiments import EXPERIMENTS


def check_folder(results: Path) -> None:
    """Raise AffectError if the results folder does not exist."""
    if not results.is_dir():
        raise AffectError(
            f"There is no folder {results}. Name the results of one data set with --results, such as results/ferplus."
        )


def read_pair(first: Path, second: Path) -> tuple[Floats, Floats, Ints]:
    """Read two models' probabilities, float64 (n, 8) each, and labels, int64 (n,), of the pictures that both predict.

    first, second: a `predictions.csv` each. Raises AffectError if they share no picture or differ in their labels.
    """
    one, other = read_predictions(first), read_predictions(second)
    both = one.index.intersection(other.index).sort_values()
    if both.empty:
        raise AffectError(f"{first} and {second} share no picture. Evaluate both on the same split.")
    one, other = one.loc[both], other.loc[both]
    if not one["label"].equals(other["label"]):
        raise AffectError(f"{first} and {second} differ in their labels. Evaluate both with the same --labels.")
    labels = one.pop("label").map({e: i for i, e in enumerate(EMOTIONS)}).to_numpy(np.int64)
    return one.to_numpy(np.float64), other.drop(columns="label").to_numpy(np.float64), labels


def source_of(metrics: dict[str, Any], results: Path) -> tuple[str, str]:
    """The data set and split on which a model was evaluated."""
    return metrics.get("data") or results.name, metrics.get("split") or ""


def one_source(sources: dict[str, tuple[str, str]], results: Path) -> tuple[str, str]:
    """The common data set and split of all evaluations. Raises AffectError if they differ.

    sources: the result of `source_of` by model name.
    """
    if len(set(sources.values())) > 1:
        each = "; ".join(f"{name}: {data} {split}" for name, (data, split) in sources.items())
        raise AffectError(
            f"The models in {results} were measured on different pictures ({each}). "
            "Measure all on the same with python -m affect.evaluation."
        )
    return next(iter(sources.values()), (results.name, ""))


def settings_in(metrics: dict[str, Any], experiment: str) -> str | None:
    """Text of a training's image size, changed number of epochs, and limit.

    None if `metrics.json` does not have them (files of older versions).
    """
    settings = metrics.get("settings")
    if not isinstance(settings, dict):
        return None
    epochs, limit = settings.get("epochs"), settings.get("limit")
    own = {s.name: s.epochs for s in EXPERIMENTS[experiment].stages} if experiment in EXPERIMENTS else epochs
    given = sorted(set(epochs.values())) if isinstance(epochs, dict) and epochs != own else []
    return ", ".join(
        [
            f"{settings.get('image_size')} px",
            f"{' or '.join(map(str, given))} epochs" if given else "all epochs",
            "all pictures" if limit is None else f"{limit} pictures",
        ]
    )


def warn_of_settings(settings: dict[str, str | None], results: Path) -> None:
    """Print a warning on stderr if compared models were trained with different settings.   settings: by model name."""
    known = {name: told for name, told in settings.items() if told is not None}
    if len(set(known.values())) > 1:
        each, where = as_shown("; ".join(f"{name}: {told}" for name, told in known.items())), as_shown(str(results))
        print(
            f"The models in {where} were trained with different settings ({each}). What differs between them may be "
            "due to these.",
            file=sys.stderr,
        )


def copied_from_train(table: pd.DataFrame) -> frozenset[str]:
    """The paths of val pictures that have a near-duplicate in train.

    table: `DataReport.duplicates`, of which `pth, split, near_group` are used.
    """
    in_train = set(table.loc[table["split"] == "train", "near_group"])
    judged = table[(table["split"] == "val") & table["near_group"].isin(in_train)]
    return frozenset(judged["pth"])


@dataclass(frozen=True)
class Comparison:
    """A comparison table with its data source and a list of missing results.

    data, split: data set and split of the evaluations; split is "" if there are none.
    missing: one text for each missing result, with the path where it is expected.
    """

    table: pd.DataFrame
    data: str
    split: str
    missing: tuple[str, ...]

    @property
    def origin(self) -> str:
        """The subtitle of a figure: data set, split and n."""
        counts = sorted({int(n) for n in self.table["n"].dropna()})
        n = " to ".join(f"{c:,}" for c in (counts[:1] + counts[-1:] if len(counts) > 1 else counts))
        return f"{self.data} {self.split}, n = {n}" if counts else f"{self.data}, nothing measured yet"


def cell(row: pd.Series, name: str, sign: str = "", digits: int = 3) -> str:
    """Table cell of a metric with its interval; "-" if it was not measured.   sign: "+" for a difference."""
    if pd.isna(row[name]):
        return "-"
    value, low, high = (
        "" if pd.isna(row[f"{name}{bound}"]) else f"{row[f'{name}{bound}']:{sign}.{digits}f}"
        for bound in ("", "_low", "_high")
    )
    return f"{value} [{low}, {high}]" if low else value


def markdown(
    title: str, header: Sequence[str], rows: Sequence[Sequence[str]], notes: Sequence[str], missing: Sequence[str]
) -> str:
    """A Markdown page with one table, notes below it, and the missing results."""
    absent = ["Not measured yet: " + "; ".join(missing) + "."] if missing else []
    return "\n\n".join([f"# {title}", markdown_table(header, rows), *notes, *absent]) + "\n"
