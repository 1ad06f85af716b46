"""The shared style of all figures: colours, colour map, title, axes, and saving as PNG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import seaborn as sns
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import LinearSegmentedColormap, PowerNorm
from matplotlib.figure import Figure

from affect.arrays import Floats, Ints
from affect.emotions import COLORS, EMOTIONS
from affect.files import atomic_path

# Colours of series that are not classes, from the same palette: the main series first, then what it is compared with.
MAIN = COLORS["sad"]
OTHER = COLORS["anger"]
THIRD = COLORS["disgust"]
MUTED = COLORS["neutral"]
SPLIT_COLORS = {"train": MAIN, "val": OTHER, "test": THIRD, "": MUTED}

SHADES = LinearSegmentedColormap.from_list("affect", ["white", MAIN])  # sequential colour map in one hue
OUTLINE = [patheffects.withStroke(linewidth=3.2, foreground="0.35")]  # so that yellow is visible on white

PLATE = {"facecolor": "white", "edgecolor": "none", "pad": 0.8, "alpha": 0.85}  # behind a number drawn over a line

# In a mean of fewer faces, a person could still be recognised.
MINIMUM_FOR_A_MEAN = 20


DPI = 150  # of saved figures


def save(figure: Figure, path: Path) -> None:
    """Write a figure as PNG, at DPI."""
    with atomic_path(path) as part:
        figure.savefig(part, format="png", dpi=DPI, bbox_inches="tight")


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of width × height inches with constrained layout."""
    return Figure(figsize=(width, height), layout="constrained")


def headline(figure: Figure, finding: str, origin: str) -> None:
    """Set a figure's title: the finding, and below it, smaller, the data set, split and n."""
    figure.suptitle(f"{finding}\n{origin}", fontsize=12)


def tidy(axes: Axes, grid: str = "y") -> None:
    """Draw a light grid behind the data and remove the frame above and to the right."""
    axes.set_axisbelow(True)
    axes.grid(axis=grid, alpha=0.3)  # type: ignore[arg-type]
    axes.spines[["top", "right"]].set_visible(False)


def in_percent(*axes: Axis) -> None:
    """Label the ticks of shares 0…1 as 0…100 %, with as many decimals as the ticks need."""
    for axis in axes:
        axis.set_major_formatter(lambda share, _: f"{100 * share:.4g}%")


def legend_below(axes: Axes, columns: int = 2) -> None:
    """Place the legend under the x axis, where it covers no data."""
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=columns, frameon=False, fontsize=9)


def class_ticks(axes: Axes, notes: list[str] | None = None) -> None:
    """Label the x axis with the eight classes, with a note (such as n) under each."""
    words = [f"{name}\n{note}" for name, note in zip(EMOTIONS, notes, strict=True)] if notes else list(EMOTIONS)
    axes.set_xticks(np.arange(len(EMOTIONS)), words)


def class_bars(axes: Axes, values: Floats, form: str, intervals: Mapping[int, Sequence[float]]) -> None:
    """Draw a bar of each class's value, float (8,), NaN for none, with its number and a line for its interval.

    form: format string of the number.   intervals: low and high by the class's index.
    """
    for c, value in enumerate(values):
        if np.isfinite(value):
            axes.bar(c, value, color=COLORS[EMOTIONS[c]], edgecolor="0.35", linewidth=0.8)
            axes.vlines(c, *intervals.get(c, (value, value)), color="0.15", linewidth=2)
            top = max(value, *intervals.get(c, (value,)))
            axes.text(c, top + 0.015, form.format(value), ha="center", va="bottom", fontsize=9, bbox=PLATE)


def class_heatmap(axes: Axes, values: Floats | Ints, text: npt.NDArray[Any], label: str, *, even: bool) -> None:
    """Draw an 8×8 heat map with class names. even: colour in proportion to the value (0…1), else to its square root."""
    scale: dict[str, Any] = {"vmin": 0, "vmax": 1} if even else {"norm": PowerNorm(0.5, 0, max(1, values.max()))}
    sns.heatmap(
        values, annot=text, fmt="", cmap=SHADES, square=True, ax=axes, linewidths=0.5, annot_kws={"fontsize": 8},
        xticklabels=list(EMOTIONS), yticklabels=list(EMOTIONS), cbar_kws={"label": label, "shrink": 0.75}, **scale,
    )  # fmt: skip
    axes.tick_params(axis="y", rotation=0)
    axes.tick_params(axis="x", rotation=45)


def share_of_rows(counts: Ints) -> Floats:
    """Each cell as its share of the row, 0…1; an empty row is 0.   counts: int (rows, columns)."""
    return np.asarray(counts / np.maximum(counts.sum(1, keepdims=True), 1))


def largest_off_diagonal(shares: Floats) -> tuple[int, int]:
    """Row and column of the largest cell off the diagonal.   shares: float (8, 8)."""
    off = np.where(np.eye(len(shares), dtype=bool), -1, shares)
    row, column = np.unravel_index(off.argmax(), off.shape)
    return int(row), int(column)


def class_means(pictures: npt.NDArray[np.uint8], labels: Ints) -> list[Floats | None]:
    """The mean picture of each class, float (side, side, channels), or None for fewer than 20 pictures.

    pictures: uint8 (n, side, side, channels).   labels: int (n,), 0…7.   Raises ValueError if the lengths differ.
    Grey levels, 0…255.
    """
    if len(pictures) != len(labels):
        raise ValueError(f"{len(pictures)} pictures but {len(labels)} labels.")
    chosen = [labels == c for c in range(len(EMOTIONS))]
    return [pictures[c].mean(0) if c.sum() >= MINIMUM_FOR_A_MEAN else None for c in chosen]


def stretched(means: list[Floats | None]) -> list[Floats | None]:
    """Mean pictures scaled together to 0…1 (common minimum and maximum), since a mean of many has little contrast."""
    known = [mean for mean in means if mean is not None]
    if not known:
        return means
    low, high = min(float(m.min()) for m in known), max(float(m.max()) for m in known)
    return [None if m is None else (m - low) / max(high - low, 1e-9) for m in means]


def show_mean(axes: Axes, mean: Floats | None, title: str) -> None:
    """Draw a mean face (0…1) without axes, or the text "too few" if there is none."""
    axes.set_title(title, fontsize=10)
    axes.set(xticks=[], yticks=[])
    if mean is None:
        axes.set_box_aspect(1)
        axes.text(0.5, 0.5, f"too few\n(under {MINIMUM_FOR_A_MEAN})", ha="center", va="center", color="0.4")
        return
    axes.imshow(mean.squeeze(), cmap="gray", vmin=0, vmax=1)
