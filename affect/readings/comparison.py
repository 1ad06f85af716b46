"""What changes from one model to the next, what a mistake of the first version costs, which of the six is the best."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from affect.comparison import Comparison
from affect.metrics import METRIC_NAMES
from affect.notebook import Setup, Step
from affect.ranking import accuracies, best_model
from affect.readings.wording import listed, points
from affect.reported import DATA, METRICS


def step(step: Step | None, missing: str, data: str) -> str:
    """From one model to the next: measured here, reported there, and whether both tell the same story."""
    if step is None:
        return f"{missing} is not measured on `{data}`: run its notebook first, then this cell again."
    told = step.after.accuracy - step.before.accuracy
    text = (
        f"**{step.before.name} → {step.after.name}, on the same {step.n:,} val pictures: "
        f"{step.accuracy_before:.1%} → {step.accuracy_after:.1%}, {points(step.difference)}** "
        f"[{100 * step.low:+.1f}, {100 * step.high:+.1f}]. {_verdict(step)} Reported on {DATA}: "
        f"{step.before.accuracy:.2f} → {step.after.accuracy:.2f}. "
    )
    here = 0 if step.low <= 0 <= step.high else np.sign(step.difference)
    if here == np.sign(told):
        return text + "Both tell the same story."
    if not here:
        return text + "The reported step cannot be confirmed here."
    return text + "**Here the story comes out differently.**"


def _verdict(step: Step) -> str:
    if step.low > 0:
        return "It helped."
    if step.high < 0:
        return "It made things worse."
    return "The interval includes zero: no difference that these pictures could show."


def mistake(mistakes: Comparison, setup: Setup, experiment: str, name: str) -> str:
    """What a mistake of the first version costs on this data set, or how to measure it."""
    table = mistakes.table
    rows = table[(table["experiment"] == experiment) & (table["mistake"] == name)]
    if rows.empty:
        return f"Not measured on `{setup.name}` yet. This measures it:\n\n```\n{setup.command(experiment, name)}\n```"
    return "\n".join(f"- {_cost(row, mistakes)}" for _, row in rows.iterrows())


def _cost(row: pd.Series, mistakes: Comparison) -> str:
    low, high = row["accuracy_difference_low"], row["accuracy_difference_high"]
    f1_low, f1_high = row["f1_macro_difference_low"], row["f1_macro_difference_high"]
    return (
        f"Measured on {mistakes.data} {mistakes.split} (n = {row['n']:,}), {row['experiment']} {row['stage']}: "
        f"{row['accuracy_corrected']:.1%} put right, {row['accuracy_mistake']:.1%} with the mistake, "
        f"{points(row['accuracy_difference'])} [{100 * low:+.1f}, {100 * high:+.1f}]: "
        f"**{_what_it_cost(row, 'accuracy')}**. Macro F1: {row['f1_macro_corrected']:.3f} and "
        f"{row['f1_macro_mistake']:.3f}, {row['f1_macro_difference']:+.3f} [{f1_low:+.3f}, {f1_high:+.3f}]: "
        f"**{_what_it_cost(row, 'f1_macro')}**."
    )


def _what_it_cost(row: pd.Series, metric: str) -> str:
    if row[f"{metric}_difference_low"] > 0:
        return "putting it right helped"
    if row[f"{metric}_difference_high"] < 0:
        return "the mistake did better here, so the corrected run owes it nothing"
    if row[f"{metric}_difference"] == 0:
        return "no difference (where the last epoch is the best one, there can be none)"
    return "these pictures cannot tell the two apart"


def costliest(mistakes: Comparison) -> str:
    """Which of the measured mistakes cost accuracy, and which macro F1, beyond chance."""
    if mistakes.table.empty:
        return f"No mistake is measured on `{mistakes.data}` yet."
    accuracy = _beyond_chance(mistakes.table, "accuracy", "accuracy", points)
    f1 = _beyond_chance(mistakes.table, "f1_macro", "macro F1", "{:+.3f}".format)
    return f"- {accuracy}\n- {f1}"


def _beyond_chance(table: pd.DataFrame, key: str, name: str, told: Callable[[float], str]) -> str:
    """What cost this metric, what gained it, and for how many that cannot be said."""
    names = table["experiment"] + " " + table["stage"] + " " + table["mistake"]
    change = table[f"{key}_difference"]
    worse, better = table[f"{key}_difference_low"] > 0, table[f"{key}_difference_high"] < 0
    said = []
    for mask, words in ((worse, f"Cost {name}"), (better, f"Had more {name} than the corrected run")):
        each = [f"{n} ({told(d)})" for n, d in zip(names[mask], change[mask], strict=True)]
        said += [f"{words}, beyond the chance of these pictures: {listed(each)}."] if each else []
    unsure = int((~worse & ~better).sum())
    return " ".join([*said, f"For {unsure} of {len(table)}, the interval of {name} includes zero."])


def six_models_table(models: Comparison) -> pd.DataFrame:
    """The six models, measured here beside reported, to read."""
    table, rows = models.table, {}
    here, there = f"measured on {models.data} {models.split}", f"reported on {DATA}"
    for _, row in table.iterrows():
        cells: dict[tuple[str, str], str] = {}
        for key in METRICS:
            name = METRIC_NAMES[key]
            low, high = row[f"{key}_low"], row[f"{key}_high"]
            cells[here, name] = "–" if pd.isna(row[key]) else f"{row[key]:.3f} [{low:.3f}, {high:.3f}]"
            cells[there, name] = f"{row[f'reported_{key}']:.2f}"
        cells[here, "n"] = "–" if pd.isna(row["n"]) else f"{row['n']:,}"
        cells[there, "n"] = f"{row['reported_n']:,}"
        rows[row["model"]] = cells
    return pd.DataFrame.from_dict(rows, orient="index").sort_index(axis=1, level=0, sort_remaining=False)


def best_of_six(models: Comparison) -> str:
    """Which of the six models is the best here, and whether that is the reported story."""
    best = best_model(models.table)
    text = [f"Not measured yet: {listed(list(models.missing))}."] if models.missing else []
    if best is None:
        return "\n\n".join(["None of the six models is measured yet.", *text])
    table, ranked = models.table.set_index("model"), accuracies(models.table)
    told = str(table["reported_accuracy"].idxmax())
    where = f" on the {best.n:,} pictures that all models saw" if best.fewer else ""
    text.insert(
        0, f"**{best.model} has the highest accuracy on {models.data} {models.split}{where}: {best.accuracy:.1%}.**"
    )
    if best.model == told:
        text.insert(1, f"So it was reported on {DATA}.")
    elif told in ranked:
        close = table.loc[told, "accuracy_high"] >= table.loc[best.model, "accuracy_low"]
        text.insert(
            1,
            f"Reported on {DATA}, {told} was the best; here it has {ranked[told]:.1%} "
            f"{'(the intervals overlap)' if close else '(the intervals do not overlap)'}.",
        )
    return "\n\n".join(text)
