"""Comparison of the six models: measured here, and reported by the original on AffectNet."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from affect.comparison.measured import (
    Comparison,
    cell,
    check_folder,
    markdown,
    one_source,
    settings_in,
    source_of,
    warn_of_settings,
)
from affect.comparison.original_results import BEST_EPOCH, MODELS, PRINTED, README, Reported, find_reported
from affect.evaluation.metrics import INTERVAL_METRICS, METRIC_NAMES
from affect.evaluation.results import read_metrics, read_predictions
from affect.training.run import DATA


class Best(NamedTuple):
    """The most accurate of the six models. fewer: n is the pictures common to all models, and some have more."""

    model: str
    accuracy: float
    n: int
    fewer: bool


def accuracies(table: pd.DataFrame) -> pd.Series:
    """Accuracies of the measured models for ranking, on the pictures common to all models if they are known.

    table: `affect.comparison.compare_models(…).table`, of which `model, accuracy, accuracy_shared` are used.
    """
    measured = table.dropna(subset=["accuracy"]).set_index("model")
    column = "accuracy" if measured["accuracy_shared"].isna().any() else "accuracy_shared"
    return measured[column].astype(float)


def best_model(table: pd.DataFrame) -> Best | None:
    """The most accurate model; None if none is measured.   table: as for `accuracies`, with `n` and `n_shared`."""
    ranked = accuracies(table)
    if ranked.empty:
        return None
    name = str(ranked.idxmax())
    row = table.set_index("model").loc[name]
    shared = ranked.name == "accuracy_shared"
    n = int(row["n_shared"] if shared else row["n"])
    return Best(name, float(ranked[name]), n, shared and n < int(table["n"].max()))


TABLE = ("accuracy", "f1_weighted", "f1_macro", "balanced_accuracy", "auc_macro")  # the columns of the page, in order
REPORTED = {  # (source, metric) to column of the table
    (README, "accuracy"): "readme_accuracy",
    (README, "f1_weighted"): "readme_f1_weighted",
    (README, "auc_macro"): "readme_auc_macro",
    (PRINTED, "accuracy"): "printed_accuracy",
    (PRINTED, "f1_weighted"): "printed_f1_weighted",
    (BEST_EPOCH, "accuracy"): "best_epoch_accuracy",
}


def compare_models(results: Path) -> Comparison:
    """Table of the six models, one row each, with measured and originally reported metrics; then any other models.

    results: `results/<data set>`.   Columns: `model, checkpoint, n`, then each of INTERVAL_METRICS with `_low` and
    `_high` (95 % bootstrap), `ece`, `accuracy_shared` and `n_shared` (on the pictures common to all measured models:
    v4 leaves out those without a detected face), those of REPORTED, and `reported_n`.
    Other models are the user's own experiments: every other `<experiment>/<stage>/metrics.json`, without reported
    metrics (NaN).
    Missing measurements of the six are NaN and named in `missing`. Raises AffectError if there is no such folder, a
    file cannot be read, or the models were evaluated on different splits or data sets.
    """
    check_folder(results)
    rows, missing, sources, settings = [], [], {}, {}
    named = _models_in(results)
    shared = _on_shared_pictures({name: path.parent for name, path in named.items() if path.is_file()})
    for name, path in named.items():
        reported = find_reported(name)
        metrics: dict[str, Any] = {}
        if path.is_file():
            metrics = read_metrics(path)
            sources[name] = source_of(metrics, results)
            settings[name] = settings_in(metrics, path.parts[-3])
        else:
            missing.append(f"{name} ({path.relative_to(results).as_posix()})")
        rows.append(
            {
                "model": name,
                "checkpoint": metrics.get("model", "") if reported is None else reported.checkpoint,
                "n": metrics.get("n", np.nan),
                **_with_intervals(metrics),
                "ece": metrics.get("ece", np.nan),
                "accuracy_shared": shared.get(name, (np.nan, np.nan))[0],
                "n_shared": shared.get(name, (np.nan, np.nan))[1],
                **_reported(reported),
            }
        )
    data, split = one_source(sources, results)
    warn_of_settings(settings, results)
    table = pd.DataFrame(rows).astype({"n": "Int64", "n_shared": "Int64", "reported_n": "Int64"})
    return Comparison(table, data, split, tuple(missing))


def _models_in(results: Path) -> dict[str, Path]:
    """The results folders of the six models (whether they exist or not) and of other models, by "<experiment> <stage>".

    A folder with a `metrics.json` of its own belongs to one model: its subfolders are that model on other data sets.
    """
    measured = [p for p in sorted(results.glob("*/*/metrics.json")) if not (p.parents[1] / p.name).is_file()]
    named = {f"{path.parts[-3]} {path.parts[-2]}": path for path in measured}
    six = {m.name: results / m.experiment / m.stage / "metrics.json" for m in MODELS}
    return six | {name: path for name, path in named.items() if name not in six}


def _reported(model: Reported | None) -> dict[str, float]:
    if model is None:
        return dict.fromkeys([*REPORTED.values(), "reported_n"], np.nan)
    values = (model.accuracy, model.f1_weighted, model.auc_macro, *model.printed, model.best_accuracy)
    return dict(zip(REPORTED.values(), values, strict=True)) | {"reported_n": model.n}


def _on_shared_pictures(measured: dict[str, Path]) -> dict[str, tuple[float, int]]:
    """Each measured model's accuracy and n on the pictures common to all; empty if predictions are missing.

    measured: each model's folder by name.
    """
    paths = [folder / "predictions.csv" for folder in measured.values()]
    if not paths or not all(path.is_file() for path in paths):
        return {}
    tables = [read_predictions(path) for path in paths]
    right = pd.concat(
        [t.drop(columns="label").idxmax(axis=1).str[2:] == t["label"] for t in tables], axis=1, join="inner"
    )
    return {m: (float(right.iloc[:, i].mean()), len(right)) for i, m in enumerate(measured)} if len(right) else {}


def _with_intervals(metrics: dict[str, Any]) -> dict[str, float]:
    values: dict[str, float] = {}
    for name in INTERVAL_METRICS:
        value = metrics.get(name)
        low, high = metrics.get("intervals", {}).get(name, (np.nan, np.nan))
        values |= {name: np.nan if value is None else value, f"{name}_low": low, f"{name}_high": high}
    return values


def models_text(comparison: Comparison) -> str:
    """The comparison of the models as a Markdown page."""
    header = [
        "model",
        "n",
        *(METRIC_NAMES[metric] for metric in TABLE),
        "accuracy on the pictures that all saw",
        *(f"{DATA}, {source}: {METRIC_NAMES[metric]}" for source, metric in REPORTED),
        "n",
    ]
    rows = [
        [
            row["model"],
            "-" if pd.isna(row["n"]) else f"{row['n']:,}",
            *(cell(row, metric) for metric in TABLE),
            "-" if pd.isna(row["n_shared"]) else f"{row['accuracy_shared']:.3f} (n = {row['n_shared']:,})",
            *(
                "-" if pd.isna(row[column]) else f"{row[column]:.{4 if source == BEST_EPOCH else 2}f}"
                for (source, _), column in REPORTED.items()
            ),
            "-" if pd.isna(row["reported_n"]) else f"{row['reported_n']:,}",
        ]
        for _, row in comparison.table.iterrows()
    ]
    notes = [
        "In brackets: 95 % bootstrap intervals over the pictures; the chance of the training seed is not in them.",
        f"Three sources tell what the original reached on {DATA}, and they differ. Its README's table and what its "
        "notebooks printed are of the last epoch's weights; its logs also tell the best epoch's. All three are on the "
        "images that chose the epoch, and on other images than the measured ones unless the data set and split here "
        "are the same; so the sides are shown together, not subtracted. v2's logs are v1's to the last digit: it was "
        "the same run.",
    ]
    title = "Six models" if len(rows) == len(MODELS) else f"Six models and {len(rows) - len(MODELS)} more"
    return markdown(f"{title} on {comparison.origin}", header, rows, notes, comparison.missing)
