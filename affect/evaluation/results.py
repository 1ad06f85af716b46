"""Readers of the files that `affect.evaluation` writes: `metrics.json` and `predictions.csv`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from affect.arrays import Floats, Ints
from affect.data.loading import hard_labels
from affect.data.tables import read_table
from affect.emotions import EMOTIONS
from affect.errors import AffectError, as_shown
from affect.evaluation.measure import probabilities_of
from affect.files import sha256_of
from affect.model.calibration import Calibration


@dataclass(frozen=True)
class Results:
    """One model's results on one split of a data set, as `affect.evaluation --out` wrote them.

    rows:   n rows with `label`, and `either` for partial labels.   logits: float32 (n, 8).   told: of `metrics.json`.
    """

    rows: pd.DataFrame
    logits: npt.NDArray[np.float32]
    told: dict[str, Any]

    @property
    def name(self) -> str:
        """Data set and split."""
        return f"{self.told['data']} {self.told['split']}"

    @property
    def labels(self) -> Ints:
        """The true class of each picture, int64 (n,), 0…7."""
        return hard_labels(self.rows)

    def probabilities(self, calibration: Calibration) -> Floats:
        """Calibrated probabilities, float64 (n, 8), rows sum to 1, as the evaluation counts them."""
        return probabilities_of(self.logits, self.rows, calibration)


def read_metrics(path: Path) -> dict[str, Any]:
    """Read a `metrics.json`. Raises AffectError if it has another format."""
    try:
        metrics = json.loads(path.read_text(encoding="utf-8"))
        metrics["accuracy"], metrics["n"]
    except (ValueError, KeyError, TypeError) as error:
        raise _not_written_here(path) from error
    return dict(metrics)


def read_predictions(path: Path) -> pd.DataFrame:
    """Read a `predictions.csv`: `label` and the eight `p_*`, by `pth`. Raises AffectError for another format."""
    columns = ["pth", "label", *(f"p_{name}" for name in EMOTIONS)]
    return _read(path, columns)[columns].drop_duplicates("pth").set_index("pth")


def read_results(folder: Path, model: Path) -> Results:
    """Read a model's results from a folder. Raises AffectError if they are missing, damaged, or of another file.

    Results with mirror images are of another model, since their logits are means.
    """
    metrics_path, path = folder / "metrics.json", folder / "predictions.csv"
    for needed in (metrics_path, path):
        if not needed.is_file():
            raise AffectError(f"{needed} does not exist. Make it with python -m affect.evaluation … --out DIR.")
    told, columns = read_metrics(metrics_path), [f"z_{name}" for name in EMOTIONS]
    if (told.get("model"), told.get("model_sha256")) != (as_shown(model.name), sha256_of(model)):
        raise of_another_model(metrics_path, "affect.evaluation")
    table = _read(path, ["label", *columns])
    logits = table[columns].to_numpy(np.float32)
    if len(table) != told["n"] or not np.isfinite(logits).all():
        raise _not_written_here(path)
    rows = table[["label", "either"]].fillna({"either": ""}) if "either" in table else table[["label"]]
    return Results(rows, logits, told)


def of_another_model(path: Path, command: str) -> AffectError:
    """The error for a file that another model's measurement wrote."""
    return AffectError(f"{path} was measured on another model. Run {command} again.")


def _read(path: Path, columns: list[str]) -> pd.DataFrame:
    try:
        table = read_table(path)
    except (ValueError, OSError) as error:
        raise AffectError(
            f"{path} cannot be read as a CSV table ({error}). Make it again: python -m affect.evaluation … --out DIR."
        ) from error
    if not set(columns) <= set(table.columns) or not table["label"].isin(EMOTIONS).all():
        raise _not_written_here(path)
    return table


def _not_written_here(path: Path) -> AffectError:
    return AffectError(f"{path} is not what affect.evaluation writes. Make it again with --out.")
