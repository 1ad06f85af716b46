"""What changes from one model to the next, what a mistake of the first version costs, which of the six is the best."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from affect.comparison import Comparison
from affect.comparison.models import REPORTED
from affect.metrics import METRIC_NAMES
from affect.notebook import Setup, Step
from affect.ranking import accuracies, best_model
from affect.readings.wording import listed, points
from affect.reported import BEST_EPOCH, DATA, METRICS, MODELS, PRINTED, README, Reported, find_reported


def step(step: Step | None, missing: str, data: str) -> str:
    """From one model to the next: what was measured here, and what is reported of the same step, by source."""
    if step is None:
        return f"{missing} is not measured on `{data}`: run its notebook first, then this cell again."
    text = (
        f"**{step.before} → {step.after}, on the same {step.n:,} val pictures: "
        f"{step.accuracy_before:.1%} → {step.accuracy_after:.1%}, {points(step.difference)}** "
        f"{_interval(100 * step.low, 100 * step.high)}."
    )
    before, after = find_reported(step.before), find_reported(step.after)
    return text if before is None or after is None else f"{text} {_reported_step(before, after)}"


def _reported_step(before: Reported, after: Reported) -> str:
    """The same step as the original tells it. Where both logs are equal it was one run, whatever its README says."""
    text = (
        f"On {DATA}: {before.accuracy:.2f} → {after.accuracy:.2f} in the {README}, "
        f"{before.printed[0]:.2f} → {after.printed[0]:.2f} {PRINTED}, "
        f"{before.best_accuracy:.4f} → {after.best_accuracy:.4f} at the {BEST_EPOCH}"
    )
    if before.log == after.log:
        text += ". The two logs are the same to the last digit: it was the same run, and this step was never measured"
    return text + "."


def _interval(low: float, high: float, digits: int = 1) -> str:
    """An interval of a difference, and on which side of zero it lies."""
    side = "it lies above zero" if low > 0 else "it lies below zero" if high < 0 else "it includes zero"
    return f"[{low:+.{digits}f}, {high:+.{digits}f}] (95 %; {side})"


def mistake(mistakes: Comparison, setup: Setup, experiment: str, name: str) -> str:
    """What a mistake of the first version costs on this data set, or how to measure it."""
    table = mistakes.table
    rows = table[(table["experiment"] == experiment) & (table["mistake"] == name)]
    if rows.empty:
        return f"Not measured on `{setup.name}` yet. This measures it:\n\n```\n{setup.command(experiment, name)}\n```"
    return "\n".join(f"- {_cost(row, mistakes)}" for _, row in rows.iterrows())


def _cost(row: pd.Series, mistakes: Comparison) -> str:
    accuracy = _interval(100 * row["accuracy_difference_low"], 100 * row["accuracy_difference_high"])
    f1 = _interval(row["f1_macro_difference_low"], row["f1_macro_difference_high"], digits=3)
    return (
        f"Measured on {mistakes.data} {mistakes.split} (n = {row['n']:,}), {row['experiment']} {row['stage']}: "
        f"{row['accuracy_corrected']:.1%} put right, {row['accuracy_mistake']:.1%} with the mistake, "
        f"**{points(row['accuracy_difference'])}** {accuracy}. Macro F1: {row['f1_macro_corrected']:.3f} "
        f"and {row['f1_macro_mistake']:.3f}, **{row['f1_macro_difference']:+.3f}** {f1}. One "
        "training run each."
    )


def costliest(mistakes: Comparison) -> str:
    """For which of the measured mistakes the interval of a metric lies above or below zero."""
    if mistakes.table.empty:
        return f"No mistake is measured on `{mistakes.data}` yet."
    accuracy = _beside_zero(mistakes.table, "accuracy", "accuracy", points)
    f1 = _beside_zero(mistakes.table, "f1_macro", "macro F1", "{:+.3f}".format)
    return f"- {accuracy}\n- {f1}"


def _beside_zero(table: pd.DataFrame, key: str, name: str, told: Callable[[float], str]) -> str:
    names = table["experiment"] + " " + table["stage"] + " " + table["mistake"]
    change = table[f"{key}_difference"]
    above, below = table[f"{key}_difference_low"] > 0, table[f"{key}_difference_high"] < 0
    said = []
    for mask, words in ((above, "more"), (below, "less")):
        each = [f"{n} ({told(d)})" for n, d in zip(names[mask], change[mask], strict=True)]
        said += [f"Put right, {words} {name}, with an interval that excludes zero: {listed(each)}."] if each else []
    unsure = int((~above & ~below).sum())
    return " ".join([*said, f"For {unsure} of {len(table)}, the interval of {name} includes zero."])


def six_models_table(models: Comparison) -> pd.DataFrame:
    """The models, measured here beside what is reported of them by three sources, to read."""
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
    """Which model has the highest accuracy here, and what the model has that is the best by all that is reported."""
    best = best_model(models.table)
    text = [f"Not measured yet: {listed(list(models.missing))}."] if models.missing else []
    if best is None:
        return "\n\n".join(["None of the six models is measured yet.", *text])
    ranked = accuracies(models.table)
    told = max(MODELS, key=lambda m: m.best_accuracy)
    where = f" on the {best.n:,} pictures that all models saw" if best.fewer else f" (n = {best.n:,})"
    text.insert(
        0, f"**{best.model} has the highest accuracy on {models.data} {models.split}{where}: {best.accuracy:.1%}.**"
    )
    beside = f"; here it has {ranked[told.name]:.1%}" if told.name in ranked and told.name != best.model else ""
    text.insert(
        1,
        f"On {DATA}, {told.name} was the best by each source: {told.accuracy:.2f} in the {README}, "
        f"{told.printed[0]:.2f} {PRINTED}, {told.best_accuracy:.4f} at the {BEST_EPOCH}{beside}.",
    )
    return "\n\n".join(text)
