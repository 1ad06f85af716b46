"""Models under corruptions, in one figure."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from affect.plots.style import MAIN, MUTED, OTHER, THIRD, headline, new_figure, tidy

MARKERS = (("o", MAIN), ("D", OTHER), ("s", THIRD), ("^", MUTED))
MOST = len(MARKERS)  # models that one figure can tell apart
IN_A_ROW = 6


def robustness(table: pd.DataFrame, origin: str) -> Figure:
    """Accuracy of up to four models by strength, a panel for each corruption; strength 0 is the clean picture.

    table: `affect.robustness.measure(…)`.   Raises ValueError for more models than can be told apart.
    """
    models = [c for c in table.columns if c not in ("corruption", "measure", "strength", "setting", "n")]
    if len(models) > MOST:
        raise ValueError(f"{len(models)} models in one figure; at most {MOST} can be told apart.")
    clean = table[table["corruption"] == "clean"].iloc[0]
    changed = table[table["corruption"] != "clean"]
    names = list(dict.fromkeys(changed["corruption"]))
    lines = -(-len(names) // IN_A_ROW)
    figure = new_figure(15, 2.7 * lines + 0.9)
    panels = np.atleast_1d(figure.subplots(lines, IN_A_ROW, sharey=True)).ravel()
    for axes, name in zip(panels, names, strict=False):
        rows = changed[changed["corruption"] == name]
        for model, (marker, color) in zip(models, MARKERS, strict=False):
            axes.plot([0, 1, 2, 3], [clean[model], *rows[model]], marker, color=color, linestyle="-", label=model)
        axes.set_title(name, fontsize=11)
        axes.set_xticks([0, 1, 2, 3], ["none", *rows["setting"]], fontsize=9)
        axes.set_xlabel(rows["measure"].iloc[0], fontsize=9)
        tidy(axes)
    for axes in panels[len(names) :]:
        axes.set_axis_off()
    for axes in panels[::IN_A_ROW]:
        axes.set_ylabel("accuracy")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=len(models), frameon=False)
    headline(figure, _finding(changed, clean, models[0]), origin)
    return figure


def _finding(changed: pd.DataFrame, clean: pd.Series, model: str) -> str:
    worst = changed.loc[changed[model].idxmin()]
    points = 100 * (clean[model] - worst[model])
    return f"{model}: {worst['corruption']} ({worst['setting']}) costs the most, {points:.1f} points"
