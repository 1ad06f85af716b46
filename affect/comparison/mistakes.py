"""Cost of each mistake of the original: paired comparison of the corrected model with the one with the mistake."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from affect.comparison.measured import (
    Comparison,
    cell,
    check_folder,
    markdown,
    one_source,
    read_pair,
    settings_in,
    source_of,
    warn_of_settings,
)
from affect.evaluation.metrics import RESAMPLES, Floats, Ints, bootstrap, metrics_of, percentile_interval
from affect.evaluation.results import read_metrics

MISTAKE_METRICS = ("accuracy", "f1_macro")
BOUNDS = ("", "_low", "_high")


def compare_mistakes(results: Path, resamples: int = RESAMPLES) -> Comparison:
    """Compare each model with a mistake to its corrected counterpart on the same pictures.

    results: `results/<data set>`.   One row per `mistakes/<experiment>__<mistake>/<stage>/predictions.csv` with a
    corrected counterpart `<experiment>/<stage>/predictions.csv`: `experiment, mistake, stage, n`, and for accuracy
    and macro F1 `_corrected`, `_mistake` and `_difference`, each with `_low` and `_high` (95 %; the difference by a
    paired bootstrap over the pictures that both predict). A positive difference: the correction helped.
    Raises AffectError if a file cannot be read, or the two differ in their labels or share no picture.
    """
    check_folder(results)
    rows, missing, sources = [], [], {}
    for folder in sorted(p.parent for p in results.glob("mistakes/*__*/*/metrics.json")):
        experiment, mistake = folder.parent.name.split("__", 1)
        twin = results / experiment / folder.name
        absent = [p for p in (folder / "predictions.csv", twin / "predictions.csv") if not p.is_file()]
        if absent:
            missing.append(
                f"{folder.parent.name} {folder.name} ({', '.join(p.relative_to(results).as_posix() for p in absent)})"
            )
            continue
        metrics = read_metrics(folder / "metrics.json")
        sources[folder.parent.name] = source_of(metrics, results)
        if (twin / "metrics.json").is_file():
            names = {experiment: twin / "metrics.json", folder.parent.name: folder / "metrics.json"}
            warn_of_settings({n: settings_in(read_metrics(p), experiment) for n, p in names.items()}, results)
        corrected, wrong, labels = read_pair(twin / "predictions.csv", folder / "predictions.csv")
        row = {"experiment": experiment, "mistake": mistake, "stage": folder.name, "n": len(labels)}
        rows.append(row | _difference(corrected, wrong, labels, resamples))
    columns = ["experiment", "mistake", "stage", "n"] + [
        f"{metric}_{kind}{bound}"
        for metric in MISTAKE_METRICS
        for kind in ("corrected", "mistake", "difference")
        for bound in BOUNDS
    ]
    data, split = one_source(sources, results)
    return Comparison(pd.DataFrame(rows, columns=columns), data, split, tuple(missing))


def _difference(corrected: Floats, wrong: Floats, labels: Ints, resamples: int) -> dict[str, float]:
    """Both models' metrics, their difference, and paired bootstrap confidence intervals."""
    values = [metrics_of(p, labels) for p in (corrected, wrong)]
    samples = [bootstrap(p, labels, resamples) for p in (corrected, wrong)]
    row: dict[str, float] = {}
    for metric in MISTAKE_METRICS:
        a, b = (v[metric] for v in values)
        drawn_a, drawn_b = (s[metric] for s in samples)
        kinds = {"corrected": (a, drawn_a), "mistake": (b, drawn_b), "difference": (a - b, drawn_a - drawn_b)}
        for kind, (value, drawn) in kinds.items():
            low, high = percentile_interval(drawn) or (np.nan, np.nan)
            row |= {f"{metric}_{kind}": value, f"{metric}_{kind}_low": low, f"{metric}_{kind}_high": high}
    return row


def mistakes_text(comparison: Comparison) -> str:
    """The cost of each mistake as a Markdown page."""
    header = ["experiment", "mistake", "n", "accuracy: corrected", "with the mistake", "difference",
              "macro F1: corrected", "with the mistake", "difference"]  # fmt: skip
    rows = [
        [f"{row['experiment']} {row['stage']}", row["mistake"], f"{row['n']:,}"]
        + [
            cell(row, f"{metric}_{kind}", sign="+" if kind == "difference" else "")
            for metric in MISTAKE_METRICS
            for kind in ("corrected", "mistake", "difference")
        ]
        for _, row in comparison.table.iterrows()
    ]
    notes = [
        "Difference: corrected minus with the mistake; positive means that putting it right helped. In brackets: 95 % "
        "bootstrap intervals, paired over the same pictures. One training run each: the chance of the training seed "
        "is not in them.",
    ]
    return markdown(f"What each mistake cost on {comparison.origin}", header, rows, notes, comparison.missing)
