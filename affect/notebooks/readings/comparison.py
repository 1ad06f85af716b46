"""Sentences on the comparison: difference between two models, cost of a mistake, and the best of the six."""

from __future__ import annotations

import pandas as pd

from affect.comparison import Comparison
from affect.comparison.models import REPORTED, accuracies, best_model
from affect.comparison.original_results import BEST_EPOCH, METRICS, MODELS, PRINTED, README, find_reported
from affect.evaluation.metrics import METRIC_NAMES
from affect.notebooks import Setup, Step
from affect.notebooks.readings.wording import listed, points
from affect.training.run import DATA


def step(step: Step | None, missing: str, data: str) -> str:
    """Sentences on the difference between two models, measured here and as reported by each source."""
    if step is None:
        return f"{missing} is not measured on `{data}`: run its notebook first, then this cell again."
    text = (
        f"**{step.before} → {step.after}, on the same {step.n:,} val pictures: {step.accuracy_before:.1%} → "
        f"{step.accuracy_after:.1%}, {points(step.difference)}** [{100 * step.low:+.1f}, {100 * step.high:+.1f}], 95 %."
    )
    before, after = find_reported(step.before), find_reported(step.after)
    if before is None or after is None:
        return text
    text += (
        f" On {DATA}: {before.accuracy:.2f} → {after.accuracy:.2f} in the {README}, {before.printed[0]:.2f} → "
        f"{after.printed[0]:.2f} {PRINTED}, {before.best_accuracy:.4f} → {after.best_accuracy:.4f} at the {BEST_EPOCH}."
    )
    if before.log == after.log:  # the README reports different values for the same run
        text += " The two logs are the same to the last digit: it was the same run, and this step was never measured."
    return text


def mistake(mistakes: Comparison, setup: Setup, experiment: str, name: str) -> str:
    """Sentence on the cost of a mistake of the first version on this data set, or how to measure it."""
    table = mistakes.table
    rows = table[(table["experiment"] == experiment) & (table["mistake"] == name)]
    if rows.empty:
        return f"Not measured on `{setup.name}` yet. This measures it:\n\n```\n{setup.command(experiment, name)}\n```"
    return _costs(rows, mistakes)


def costliest(mistakes: Comparison) -> str:
    """Sentences on the cost of each measured mistake, the largest loss of accuracy first."""
    table = mistakes.table.sort_values("accuracy_difference", ascending=False, kind="stable")
    return _costs(table, mistakes) or f"No mistake is measured on `{mistakes.data}` yet."


def _costs(rows: pd.DataFrame, mistakes: Comparison) -> str:
    def figure(row: pd.Series, key: str, scale: float, digits: int) -> str:
        names = ("corrected", "mistake", "difference", "difference_low", "difference_high")
        right, wrong, value, low, high = (scale * row[f"{key}_{name}"] for name in names)
        change = f"**{value:+.{digits}f}** [{low:+.{digits}f}, {high:+.{digits}f}]"
        return f"{right:.{digits}f} put right, {wrong:.{digits}f} with the mistake, {change}"

    return "\n".join(
        f"- {row['experiment']} {row['stage']}, {row['mistake']}, on {mistakes.data} {mistakes.split} (n = "
        f"{row['n']:,}, one training run each): accuracy in % {figure(row, 'accuracy', 100, 1)}; macro F1 "
        f"{figure(row, 'f1_macro', 1, 3)} (95 % intervals)."
        for _, row in rows.iterrows()
    )


def six_models_table(models: Comparison) -> pd.DataFrame:
    """Formatted table of the models: measured here, and reported by the three sources."""
    rows, here = {}, f"measured on {models.data} {models.split}"
    for _, row in models.table.iterrows():
        cells: dict[tuple[str, str], str] = {}
        for key in METRICS:
            low, high = row[f"{key}_low"], row[f"{key}_high"]
            cells[here, METRIC_NAMES[key]] = "–" if pd.isna(row[key]) else f"{row[key]:.3f} [{low:.3f}, {high:.3f}]"
        cells[here, "n"] = "–" if pd.isna(row["n"]) else f"{row['n']:,}"
        for (source, key), column in REPORTED.items():
            digits = 4 if source == BEST_EPOCH else 2
            cells[f"{DATA}, {source}", METRIC_NAMES[key]] = "–" if pd.isna(row[column]) else f"{row[column]:.{digits}f}"
        cells[f"{DATA}, {BEST_EPOCH}", "n"] = "–" if pd.isna(row["reported_n"]) else f"{row['reported_n']:,}"
        rows[row["model"]] = cells
    return pd.DataFrame.from_dict(rows, orient="index")


def best_of_six(models: Comparison) -> str:
    """Sentences on the most accurate model here, and on the reported results of the original's best model."""
    best, told = best_model(models.table), max(MODELS, key=lambda m: m.best_accuracy)
    missing = f" Not measured yet: {listed(list(models.missing))}." if models.missing else ""
    if best is None:
        return "None of the six models is measured yet." + missing
    ranked = accuracies(models.table)
    where = f"the {best.n:,} pictures that all models saw" if best.fewer else f"n = {best.n:,}"
    beside = f"; here it has {ranked[told.name]:.1%}" if told.name in ranked and told.name != best.model else ""
    return (
        f"**{best.model} has the highest accuracy on {models.data} {models.split}, {where}: {best.accuracy:.1%}.** "
        f"On {DATA}, {told.name} was the best by each source: {told.accuracy:.2f} in the {README}, "
        f"{told.printed[0]:.2f} {PRINTED}, {told.best_accuracy:.4f} at the {BEST_EPOCH}{beside}.{missing}"
    )
