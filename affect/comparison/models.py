"""The six models side by side: what was measured here, and what the original reported on AffectNet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from affect.comparison.measured import (
    check_folder,
    one_source,
    read_metrics,
    read_predictions,
    settings_in,
    source_of,
    warn_of_settings,
)
from affect.comparison.table import Comparison, cell, markdown
from affect.metrics import INTERVAL_METRICS, METRIC_NAMES
from affect.reported import DATA, METRICS, MODELS, SOURCE

TABLE = ("accuracy", "f1_weighted", "f1_macro", "balanced_accuracy", "auc_macro")  # the columns of the page, in order


def compare_models(results: Path) -> Comparison:
    """The six models in a row each: what was measured here, and what the original reported on AffectNet.

    results: `results/<data set>`.   Columns: `model, checkpoint, n`, then each of INTERVAL_METRICS with `_low` and
    `_high` (95 % bootstrap), `ece`, `accuracy_shared` and `n_shared` (on the pictures that every measured model saw:
    v4 leaves out those without a found face), and `reported_accuracy`, `reported_f1_weighted`, `reported_auc_macro`,
    `reported_n`.
    What was not measured is NaN and named in `missing`. Raises AffectError where there is no such folder, a file
    cannot be read, or the models were measured on different splits or data sets.
    """
    check_folder(results)
    rows, missing, sources, settings = [], [], {}, {}
    shared = _on_shared_pictures(results)
    for model in MODELS:
        path = results / model.experiment / model.stage / "metrics.json"
        metrics: dict[str, Any] = {}
        if path.is_file():
            metrics = read_metrics(path)
            sources[model.name] = source_of(metrics, results)
            settings[model.name] = settings_in(metrics, model.experiment)
        else:
            missing.append(f"{model.name} ({path.relative_to(results).as_posix()})")
        rows.append(
            {
                "model": model.name,
                "checkpoint": model.checkpoint,
                "n": metrics.get("n", np.nan),
                **_with_intervals(metrics),
                "ece": metrics.get("ece", np.nan),
                "accuracy_shared": shared.get(model.name, (np.nan, np.nan))[0],
                "n_shared": shared.get(model.name, (np.nan, np.nan))[1],
                "reported_accuracy": model.accuracy,
                "reported_f1_weighted": model.f1_weighted,
                "reported_auc_macro": model.auc_macro,
                "reported_n": model.n,
            }
        )
    data, split = one_source(sources, results)
    warn_of_settings(settings, results)
    return Comparison(pd.DataFrame(rows).astype({"n": "Int64", "n_shared": "Int64"}), data, split, tuple(missing))


def _on_shared_pictures(results: Path) -> dict[str, tuple[float, int]]:
    """Of each measured model: accuracy and n on the pictures that all of them saw; empty where predictions lack."""
    measured = [m for m in MODELS if (results / m.experiment / m.stage / "metrics.json").is_file()]
    paths = [results / m.experiment / m.stage / "predictions.csv" for m in measured]
    if not paths or not all(path.is_file() for path in paths):
        return {}
    tables = [read_predictions(path) for path in paths]
    right = pd.concat(
        [t.drop(columns="label").idxmax(axis=1).str[2:] == t["label"] for t in tables], axis=1, join="inner"
    )
    return {m.name: (float(right.iloc[:, i].mean()), len(right)) for i, m in enumerate(measured)} if len(right) else {}


def _with_intervals(metrics: dict[str, Any]) -> dict[str, float]:
    values: dict[str, float] = {}
    for name in INTERVAL_METRICS:
        value = metrics.get(name)
        low, high = metrics.get("intervals", {}).get(name, (np.nan, np.nan))
        values |= {name: np.nan if value is None else value, f"{name}_low": low, f"{name}_high": high}
    return values


def models_text(comparison: Comparison) -> str:
    """The comparison of the six models as Markdown."""
    first, *others = (METRIC_NAMES[metric] for metric in METRICS)
    header = [
        "model",
        "n",
        *(METRIC_NAMES[metric] for metric in TABLE),
        "accuracy on the pictures that all saw",
        f"reported on {DATA}: {first}",
        *others,
        "n",
    ]
    rows = [
        [
            row["model"],
            "-" if pd.isna(row["n"]) else f"{row['n']:,}",
            *(cell(row, metric) for metric in TABLE),
            "-" if pd.isna(row["n_shared"]) else f"{row['accuracy_shared']:.3f} (n = {row['n_shared']:,})",
            *(f"{row[f'reported_{metric}']:.2f}" for metric in METRICS),
            f"{row['reported_n']:,}",
        ]
        for _, row in comparison.table.iterrows()
    ]
    notes = [
        "In brackets: 95 % bootstrap intervals over the pictures; the chance of the training seed is not in them.",
        f"Reported: {SOURCE}. They evaluate the last epoch's weights on the images that chose the epoch, and other "
        f"images than the measured ones unless the data set and split here are the same; so the two sides are shown "
        "together, not subtracted.",
    ]
    return markdown(f"Six models on {comparison.origin}", header, rows, notes, comparison.missing)
