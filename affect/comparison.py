"""The six models side by side, and what each mistake of the original cost.

    python -m affect.comparison --results results/ferplus

reads `<experiment>/<stage>/metrics.json` of the six models and `mistakes/<experiment>__<mistake>/<stage>/` beside
them, all written by `affect.evaluation`, and writes `comparison.*` and `mistakes.*` (CSV, Markdown, PNG).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from affect.emotions import EMOTIONS
from affect.errors import AffectError
from affect.files import atomic_path
from affect.metrics import INTERVAL_METRICS, RESAMPLES, Floats, Ints, bootstrap, metrics_of, percentile_interval
from affect.reported import DATA, MODELS, SOURCE

MISTAKE_METRICS = ("accuracy", "f1_macro")
BOUNDS = ("", "_low", "_high")


@dataclass(frozen=True)
class Comparison:
    """A table, where its numbers come from, and what is not there yet (each entry says what and where it would be).

    data, split: what the models were measured on; split is "" where none was measured.
    """

    table: pd.DataFrame
    data: str
    split: str
    missing: tuple[str, ...]

    @property
    def origin(self) -> str:
        """What a figure says about where its numbers come from."""
        counts = sorted({int(n) for n in self.table["n"].dropna()})
        n = " to ".join(f"{c:,}" for c in (counts[:1] + counts[-1:] if len(counts) > 1 else counts))
        return f"{self.data} {self.split}, n = {n}" if counts else f"{self.data}, nothing measured yet"


def compare_models(results: Path) -> Comparison:
    """The six models in a row each: what was measured here, and what the original reported on AffectNet.

    results: `results/<data set>`.   Columns: `model, checkpoint, n`, then each of INTERVAL_METRICS with `_low` and
    `_high` (95 % bootstrap), `ece`, `accuracy_shared` and `n_shared` (on the pictures that every measured model saw:
    v4 leaves out those without a found face), and `reported_accuracy`, `reported_f1_weighted`, `reported_auc_macro`,
    `reported_n`.
    What was not measured is NaN and named in `missing`. Raises AffectError where there is no such folder, a file
    cannot be read, or the models were measured on different splits or data sets.
    """
    _check_folder(results)
    rows, missing, sources = [], [], {}
    shared = _on_shared_pictures(results)
    for model in MODELS:
        path = results / model.experiment / model.stage / "metrics.json"
        metrics: dict[str, Any] = {}
        if path.is_file():
            metrics = _read_metrics(path)
            sources[model.name] = (metrics.get("data") or results.name, metrics.get("split") or "")
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
    data, split = _one_source(sources, results)
    return Comparison(pd.DataFrame(rows).astype({"n": "Int64", "n_shared": "Int64"}), data, split, tuple(missing))


class Best(NamedTuple):
    """The most accurate of the six models. fewer: its accuracy is on the n pictures that all saw, and some saw more."""

    model: str
    accuracy: float
    n: int
    fewer: bool


def accuracies(table: pd.DataFrame) -> pd.Series:
    """The measured models' accuracies, by model, to rank them: on the pictures that all saw, where that is known."""
    measured = table.dropna(subset=["accuracy"]).set_index("model")
    column = "accuracy" if measured["accuracy_shared"].isna().any() else "accuracy_shared"
    return measured[column].astype(float)


def best_model(table: pd.DataFrame) -> Best | None:
    """Of `compare_models(…).table`; None where none is measured."""
    ranked = accuracies(table)
    if ranked.empty:
        return None
    name = str(ranked.idxmax())
    row = table.set_index("model").loc[name]
    shared = ranked.name == "accuracy_shared"
    n = int(row["n_shared"] if shared else row["n"])
    return Best(name, float(ranked[name]), n, shared and n < int(table["n"].max()))


def _on_shared_pictures(results: Path) -> dict[str, tuple[float, int]]:
    """Of each measured model: accuracy and n on the pictures that all of them saw; empty where predictions lack."""
    measured = [m for m in MODELS if (results / m.experiment / m.stage / "metrics.json").is_file()]
    paths = [results / m.experiment / m.stage / "predictions.csv" for m in measured]
    if not paths or not all(path.is_file() for path in paths):
        return {}
    tables = [_read_predictions(path) for path in paths]
    right = pd.concat(
        [t.drop(columns="label").idxmax(axis=1).str[2:] == t["label"] for t in tables], axis=1, join="inner"
    )
    return {m.name: (float(right.iloc[:, i].mean()), len(right)) for i, m in enumerate(measured)} if len(right) else {}


def compare_mistakes(results: Path, resamples: int = RESAMPLES) -> Comparison:
    """What each mistake cost: the corrected model minus the one with the mistake, on the same pictures.

    results: `results/<data set>`.   A row for each `mistakes/<experiment>__<mistake>/<stage>/predictions.csv` whose
    corrected twin `<experiment>/<stage>/predictions.csv` is there: `experiment, mistake, stage, n`, and for accuracy
    and macro F1 `_corrected`, `_mistake` and `_difference`, each with `_low` and `_high` (95 %; the difference by a
    paired bootstrap over the pictures that both saw). A positive difference: putting it right helped.
    Raises AffectError where a file cannot be read, or the twins differ in their labels or share no picture.
    """
    _check_folder(results)
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
        metrics = _read_metrics(folder / "metrics.json")
        sources[folder.parent.name] = (metrics.get("data") or results.name, metrics.get("split") or "")
        corrected, wrong, labels = _paired(twin / "predictions.csv", folder / "predictions.csv")
        row = {"experiment": experiment, "mistake": mistake, "stage": folder.name, "n": len(labels)}
        rows.append(row | _difference(corrected, wrong, labels, resamples))
    columns = ["experiment", "mistake", "stage", "n"] + [
        f"{metric}_{kind}{bound}"
        for metric in MISTAKE_METRICS
        for kind in ("corrected", "mistake", "difference")
        for bound in BOUNDS
    ]
    data, split = _one_source(sources, results)
    return Comparison(pd.DataFrame(rows, columns=columns), data, split, tuple(missing))


def _check_folder(results: Path) -> None:
    if not results.is_dir():
        raise AffectError(
            f"There is no folder {results}. Name the results of one data set with --results, such as results/ferplus."
        )


def _read_metrics(path: Path) -> dict[str, Any]:
    try:
        metrics = json.loads(path.read_text(encoding="utf-8"))
        metrics["accuracy"], metrics["n"]
    except (ValueError, KeyError, TypeError) as error:
        raise AffectError(f"{path} is not what affect.evaluation writes. Make it again with --out.") from error
    return dict(metrics)


def _with_intervals(metrics: dict[str, Any]) -> dict[str, float]:
    values: dict[str, float] = {}
    for name in INTERVAL_METRICS:
        value = metrics.get(name)
        low, high = metrics.get("intervals", {}).get(name, (np.nan, np.nan))
        values |= {name: np.nan if value is None else value, f"{name}_low": low, f"{name}_high": high}
    return values


def _one_source(sources: dict[str, tuple[str, str]], results: Path) -> tuple[str, str]:
    """The data set and split that all were measured on."""
    if len(set(sources.values())) > 1:
        each = "; ".join(f"{name}: {data} {split}" for name, (data, split) in sources.items())
        raise AffectError(
            f"The models in {results} were measured on different pictures ({each}). "
            "Measure all on the same with python -m affect.evaluation."
        )
    return next(iter(sources.values()), (results.name, ""))


def _read_predictions(path: Path) -> pd.DataFrame:
    columns = ["pth", "label", *(f"p_{name}" for name in EMOTIONS)]
    try:
        table = pd.read_csv(path)
    except (ValueError, OSError) as error:
        raise AffectError(
            f"{path} cannot be read as a CSV table ({error}). Make it again: python -m affect.evaluation … --out DIR."
        ) from error
    if not set(columns) <= set(table.columns) or not table["label"].isin(EMOTIONS).all():
        raise AffectError(f"{path} is not what affect.evaluation writes. Make it again with --out.")
    return table[columns].drop_duplicates("pth").set_index("pth")


def _paired(corrected: Path, wrong: Path) -> tuple[Floats, Floats, Ints]:
    """Both models' probabilities, float (n, 8), and the labels, int (n,), of the pictures that both saw, in order."""
    first, second = _read_predictions(corrected), _read_predictions(wrong)
    both = first.index.intersection(second.index).sort_values()
    if both.empty:
        raise AffectError(f"{corrected} and {wrong} share no picture. Evaluate both on the same split.")
    first, second = first.loc[both], second.loc[both]
    if not first["label"].equals(second["label"]):
        raise AffectError(f"{corrected} and {wrong} differ in their labels. Evaluate both with the same --labels.")
    labels = first.pop("label").map({e: i for i, e in enumerate(EMOTIONS)}).to_numpy(np.int64)
    return first.to_numpy(np.float64), second.drop(columns="label").to_numpy(np.float64), labels


def _difference(corrected: Floats, wrong: Floats, labels: Ints, resamples: int) -> dict[str, float]:
    """The figures of both, their difference, and the intervals, from the same samples of the pictures for both."""
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


def models_text(comparison: Comparison) -> str:
    """The comparison of the six models as Markdown."""
    names = {"accuracy": "accuracy", "f1_weighted": "weighted F1", "f1_macro": "macro F1",
             "balanced_accuracy": "balanced accuracy", "auc_macro": "mean AUC"}  # fmt: skip
    header = [
        "model",
        "n",
        *names.values(),
        "accuracy on the pictures that all saw",
        f"reported on {DATA}: accuracy",
        "weighted F1",
        "mean AUC",
        "n",
    ]
    rows = [
        [
            row["model"],
            "-" if pd.isna(row["n"]) else f"{row['n']:,}",
            *(_cell(row, name) for name in names),
            "-" if pd.isna(row["n_shared"]) else f"{row['accuracy_shared']:.3f} (n = {row['n_shared']:,})",
            *(f"{row[f'reported_{name}']:.2f}" for name in ("accuracy", "f1_weighted", "auc_macro")),
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
    return _markdown(f"Six models on {comparison.origin}", header, rows, notes, comparison.missing)


def mistakes_text(comparison: Comparison) -> str:
    """What each mistake cost as Markdown."""
    header = ["experiment", "mistake", "n", "accuracy: corrected", "with the mistake", "difference",
              "macro F1: corrected", "with the mistake", "difference"]  # fmt: skip
    rows = [
        [f"{row['experiment']} {row['stage']}", row["mistake"].replace("_", " "), f"{row['n']:,}"]
        + [
            _cell(row, f"{metric}_{kind}", sign="+" if kind == "difference" else "")
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
    return _markdown(f"What each mistake cost on {comparison.origin}", header, rows, notes, comparison.missing)


def _cell(row: pd.Series, name: str, sign: str = "") -> str:
    if pd.isna(row[name]):
        return "-"
    value = f"{row[name]:{sign}.3f}"
    if pd.isna(row[f"{name}_low"]):
        return value
    return f"{value} [{row[f'{name}_low']:{sign}.3f}, {row[f'{name}_high']:{sign}.3f}]"


def _markdown(
    title: str, header: Sequence[str], rows: Sequence[Sequence[str]], notes: Sequence[str], missing: Sequence[str]
) -> str:
    lines = [f"# {title}", "", "| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    lines += [line for note in notes for line in ("", note)]
    if missing:
        lines += ["", "Not measured yet: " + "; ".join(missing) + "."]
    return "\n".join(lines) + "\n"


def write_comparison(results: Path, out: Path) -> tuple[Comparison, Comparison]:
    """Write `comparison.*`, and `mistakes.*` where there are any, to `out`. Returns the models and the mistakes."""
    from affect import plots

    models, mistakes = compare_models(results), compare_mistakes(results)
    _write(models, models_text(models), out, "comparison")
    plots.save(plots.six_models(models.table, models.origin), out / "comparison.png")
    if not mistakes.table.empty:
        _write(mistakes, mistakes_text(mistakes), out, "mistakes")
        plots.save(plots.mistakes_cost(mistakes.table, mistakes.origin), out / "mistakes.png")
    return models, mistakes


def _write(comparison: Comparison, text: str, out: Path, name: str) -> None:
    with atomic_path(out / f"{name}.csv") as part:
        comparison.table.to_csv(part, index=False, float_format="%.6f")
    with atomic_path(out / f"{name}.md") as part:
        part.write_text(text, encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    """The command line. Returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m affect.comparison",
        description="Put the six models, and the mistakes, side by side: comparison.* and mistakes.* (CSV, Markdown, "
        "PNG). Prints the tables; what is not measured yet is named on stderr.",
        epilog="example: python -m affect.comparison --results results/ferplus",
    )
    parser.add_argument("--results", type=Path, required=True, metavar="DIR", help="results/<data set>")
    parser.add_argument("--out", type=Path, metavar="DIR", help="default: the same folder")
    options = parser.parse_args(arguments)
    try:
        models, mistakes = write_comparison(options.results, options.out or options.results)
    except AffectError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(models_text(models))
    if not mistakes.table.empty:
        print(mistakes_text(mistakes))
    for what in (*models.missing, *mistakes.missing):
        print(f"not measured yet: {what}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
