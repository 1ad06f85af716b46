"""Figures of the comparison: the six models beside the originally reported results, and the cost of each mistake."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from affect.comparison.models import best_model
from affect.comparison.original_results import METRICS, MODELS, PRINTED, README
from affect.evaluation.figures import MARKERS, MOST
from affect.evaluation.metrics import METRIC_NAMES
from affect.figure_style import MAIN, MUTED, OTHER, THIRD, Floats, headline, in_percent, new_figure, tidy
from affect.training.run import DATA


def six_models(table: pd.DataFrame, origin: str) -> Figure:
    """Figure of the models' accuracy, weighted F1 and AUC, measured here and reported by the original on AffectNet.

    Filled marks with 95 % confidence intervals are measured; hollow ones are reported: a diamond by the original's
    README, a square by its notebook if that differs.
    table: `affect.comparison.compare_models(…).table`; a model without measurements has no filled mark and a note.
    """
    figure = new_figure(13, 1.3 + 0.65 * len(table))
    figure.get_layout_engine().set(wspace=0.04)  # type: ignore[union-attr, call-arg]
    panels = figure.subplots(1, 3, sharey=True)
    places = np.arange(len(table))[::-1]
    for axes, metric in zip(panels, METRICS, strict=True):
        _intervals(axes, table, metric, places + 0.15, MAIN, "o", "measured on the data set above")
        axes.plot(
            table[f"readme_{metric}"], places - 0.15, "D", color=OTHER, markerfacecolor="white", markeredgewidth=2,
            linestyle="none", label=f"{DATA}, {README}",
        )  # fmt: skip
        if f"printed_{metric}" in table:
            differs = table[f"printed_{metric}"] != table[f"readme_{metric}"]
            axes.plot(
                table[f"printed_{metric}"].where(differs), places - 0.15, "s", color=THIRD, markerfacecolor="white",
                markeredgewidth=2, linestyle="none", label=f"{DATA}, {PRINTED}, where it differs",
            )  # fmt: skip
        for place, value, high, told in zip(
            places, table[metric], table[f"{metric}_high"], table[f"readme_{metric}"], strict=True
        ):
            if not pd.isna(told):
                axes.annotate(
                    f"{told:.2f}", (told, place - 0.15), (7, 0), textcoords="offset points", va="center", fontsize=8
                )
            if pd.isna(value):
                axes.text(0.98, place + 0.15, "not measured yet", color="0.4", fontsize=8, ha="right", va="center",
                          transform=axes.get_yaxis_transform())  # fmt: skip
                continue
            end = value if pd.isna(high) else high
            axes.annotate(
                f"{value:.3f}", (end, place + 0.15), (7, 0), textcoords="offset points", va="center", fontsize=8
            )
        values = pd.concat([table[metric], table[f"{metric}_low"], table[f"readme_{metric}"]]).astype(float)
        low = np.floor(10 * values.min() - 0.3) / 10
        axes.set(
            xlabel=f"{METRIC_NAMES[metric]} (line: 95 % interval)",
            xlim=(max(0, low), 1.04),
            ylim=(-0.6, len(table) - 0.4),
        )
        tidy(axes, "x")
    panels[0].set_yticks(places, list(table["model"]))
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
    headline(figure, _best_of_six(table), f"measured: {origin}")
    return figure


def _best_of_six(table: pd.DataFrame) -> str:
    best, measured = best_model(table), int(table["accuracy"].notna().sum())
    if best is None:
        return "None of the six models is measured yet"
    whole = "all six" if len(table) == len(MODELS) else f"all {len(table)}"
    count = whole if measured == len(table) else f"the {measured} measured so far"
    where = f" on the {best.n:,} pictures that all saw" if best.fewer else ""
    return f"{best.model} is the best of {count}{where}: {best.accuracy:.1%} accuracy"


def mistakes_cost(table: pd.DataFrame, origin: str) -> Figure:
    """Figure of each mistake's cost: both models' accuracy and their paired difference, with 95 % intervals.

    table: `affect.comparison.compare_mistakes(…).table`.   Raises ValueError if it is empty.
    """
    if table.empty:
        raise ValueError("There are no mistakes to compare.")
    places = np.arange(len(table))[::-1]
    figure = new_figure(13, 2.6 + 0.62 * len(table))
    left, right = figure.subplots(1, 2, sharey=True)
    _intervals(left, table, "accuracy_corrected", places + 0.14, MAIN, "o", "corrected")
    _intervals(left, table, "accuracy_mistake", places - 0.14, OTHER, "D", "with the mistake")
    left.set(xlabel="accuracy (line: 95 % bootstrap interval)", ylim=(-0.6, len(table) - 0.4))
    points = table.filter(regex="_difference").astype(float) * 100
    _intervals(right, points, "accuracy_difference", places + 0.14, MAIN, "s", "accuracy")
    _intervals(right, points, "f1_macro_difference", places - 0.14, MUTED, "^", "macro F1")
    right.axvline(0, color="0.3", linestyle="--")
    right.set(xlabel="corrected minus with the mistake (percentage points; line: 95 % paired interval)")
    left.set_yticks(places, [f"{r.experiment} {r.stage}:\n{r.mistake}" for r in table.itertuples()])
    for axes in (left, right):
        tidy(axes, "x")
        handles, labels = axes.get_legend_handles_labels()
        axes.legend(handles, labels, loc="upper center", bbox_to_anchor=(0.5, -0.65 / (0.62 * len(table) + 1.2)),
                    ncols=2, frameon=False)  # fmt: skip
    headline(figure, _costliest(table), origin)
    return figure


def _costliest(table: pd.DataFrame) -> str:
    row = table.loc[table["accuracy_difference"].astype(float).idxmax()]
    cost = 100 * float(row["accuracy_difference"])
    if cost <= 0:
        return "No mistake cost accuracy here"
    sure = "" if row["accuracy_difference_low"] > 0 else " (the interval includes zero)"
    return f"The costliest: {row['mistake']} ({row['experiment']}), {cost:.1f} points of accuracy{sure}"


def data_sets(table: pd.DataFrame) -> Figure:
    """Accuracy and balanced accuracy of each model on each data set, with 95 % intervals.

    table: `affect.comparison.data_sets.measured(…)`, of at most four models.
    """
    sets, models = list(dict.fromkeys(table["data"])), list(dict.fromkeys(table["model"]))
    figure = new_figure(11, 1.9 + (0.35 + 0.25 * len(models)) * len(sets))
    panels = figure.subplots(1, 2, sharey=True)
    step = 0.7 / len(models)
    for axes, metric in zip(panels, ("accuracy", "balanced_accuracy"), strict=True):
        for i, (model, (marker, color)) in enumerate(zip(models, MARKERS, strict=False)):
            rows = table[table["model"] == model]
            places = -np.array([sets.index(name) for name in rows["data"]]) + ((len(models) - 1) / 2 - i) * step
            _intervals(axes, rows, metric, places, color, marker, model)
            for place, value, high in zip(places, rows[metric], rows[f"{metric}_high"], strict=True):
                axes.annotate(
                    f"{value:.1%}", (high, place), (5, 0), textcoords="offset points", va="center", fontsize=8
                )
        axes.set(xlabel=f"{METRIC_NAMES[metric]} (line: 95 % interval)", xlim=(0, 1.08), ylim=(0.6 - len(sets), 0.6))
        in_percent(axes.xaxis)
        tidy(axes, "x")
    counts = table.groupby("data", sort=False)["n"].agg(["min", "max"])
    told = [f"{n:,}" if n == most else f"{n:,} to {most:,}" for n, most in counts.loc[sets].itertuples(index=False)]
    panels[0].set_yticks(-np.arange(len(sets)), [f"{name}\nn = {n}" for name, n in zip(sets, told, strict=True)])
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=MOST, frameon=False)
    each = table.pivot_table(index="data", columns="model", values="balanced_accuracy").dropna()  # sets of every model
    means = each.mean().fillna(0)
    finding = f"{means.idxmax()}: {means.max():.1%} balanced accuracy on average over {len(each)} data sets"
    crops = "faces found and cropped as live" if set(table["crop"]) == {"as-live"} else "pictures as each was measured"
    headline(figure, finding, crops)
    return figure


def _intervals(
    axes: Axes, table: pd.DataFrame, column: str, places: Floats, color: str, marker: str, label: str
) -> None:
    """Plot a mark for each row with an error bar from `<column>_low` to `<column>_high`, if they are known."""
    value, low, high = (table[f"{column}{bound}"].to_numpy(float) for bound in ("", "_low", "_high"))
    axes.hlines(places, low, high, color=color, linewidth=2.5, alpha=0.6)
    axes.plot(value, places, marker, color=color, linestyle="none", label=label)
