"""What a data set is like: its balance, its mean faces, its pictures, its labels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter
from scipy.stats import binomtest

from affect.emotions import COLORS, EMOTIONS
from affect.figure_style import (
    MAIN,
    SPLIT_COLORS,
    Floats,
    Ints,
    class_heatmap,
    class_means,
    class_ticks,
    headline,
    in_percent,
    largest_off_diagonal,
    new_figure,
    share_of_rows,
    show_mean,
    stretched,
    tidy,
)

UNITS = {
    "brightness": "mean grey level (0…255)",
    "contrast": "standard deviation (grey levels)",
    "sharpness": "variance of the Laplacian (grey levels²)",
}


def class_balance(table: pd.DataFrame, data: str) -> Figure:
    """Which share of each split belongs to each class, with the counts.

    table: a row a picture, `label` and `split` (a manifest's table).   data: the data set's name.
    """
    counts = pd.crosstab(table["split"], table["label"]).reindex(columns=EMOTIONS, fill_value=0)
    splits = sorted(counts.index, key=lambda s: [*SPLIT_COLORS, s].index(s))
    figure = new_figure(11, 5)
    axes = figure.subplots()
    width = 0.84 / len(splits)
    for i, split in enumerate(splits):
        row = counts.loc[split].to_numpy()
        share, x = row / row.sum(), np.arange(len(EMOTIONS)) + (i - (len(splits) - 1) / 2) * width
        name = f"{split or 'no split'}, n = {row.sum():,}"
        axes.bar(x, share, width * 0.94, color=SPLIT_COLORS.get(split, "0.5"), label=name)
        for place, height, count in zip(x, share, row, strict=True):
            axes.text(place, height + 0.004, f"{count:,}", ha="center", va="bottom", fontsize=7, rotation=90)
    class_ticks(axes)
    in_percent(axes.yaxis)
    axes.set(ylabel="share of the split (number: pictures)")
    axes.margins(y=0.14)
    tidy(axes)
    axes.legend(frameon=False)
    total = counts.sum()
    most, least = total.idxmax(), total.idxmin()
    times = f"{total.max() / total.min():.0f} times as frequent as" if total.min() else "the most frequent; there is no"
    finding = "All classes are equally frequent" if total.max() == total.min() else f"{most} is {times} {least}"
    headline(figure, finding, f"{data}, n = {total.sum():,}")
    return figure


def mean_faces(pictures: npt.NDArray[np.uint8], labels: Ints, origin: str) -> Figure:
    """The mean picture of each class. A class with fewer than 20 pictures shows "too few": that mean could be somebody.

    pictures: uint8 (n, side, side, channels).   labels: int (n,), 0…7.   Raises ValueError if the lengths differ.
    """
    means = class_means(pictures, labels)
    figure = new_figure(9, 5.4)
    for c, (axes, mean) in enumerate(zip(figure.subplots(2, 4).ravel(), stretched(means), strict=True)):
        show_mean(axes, mean, f"{EMOTIONS[c]}, mean of {(labels == c).sum():,}")
    headline(figure, _most_unlike(means), origin)
    return figure


def _most_unlike(means: list[Floats | None]) -> str:
    shown = {EMOTIONS[c]: m for c, m in enumerate(means) if m is not None}
    if len(shown) < 2:
        return "Too few faces for the means of two classes"
    overall = np.mean(list(shown.values()), axis=0)
    distance = {name: float(np.abs(m - overall).mean()) for name, m in shown.items()}
    name = max(distance, key=distance.__getitem__)
    return f"{name} is furthest from the mean of the classes: {distance[name]:.1f} grey levels a pixel"


def picture_statistics(statistics: pd.DataFrame, labels: Ints, origin: str) -> Figure:
    """Brightness, contrast and sharpness by class: box from quartile to quartile, whiskers from 5 to 95 %.

    statistics: `affect.data.report.statistics_of(pictures)`, n rows.   labels: int (n,), 0…7.
    The title says how much of each measure's variance the class explains (eta squared).
    """
    figure = new_figure(13, 4.8)
    explained = []
    for axes, (name, unit) in zip(figure.subplots(1, 3), UNITS.items(), strict=True):
        values = statistics[name].to_numpy()
        groups = [values[labels == c] for c in range(len(EMOTIONS))]
        boxes = axes.boxplot(groups, whis=(5, 95), showfliers=False, patch_artist=True, widths=0.7,
                             positions=np.arange(len(EMOTIONS)), medianprops={"color": "black"})  # fmt: skip
        for patch, emotion in zip(boxes["boxes"], EMOTIONS, strict=True):
            patch.set(facecolor=COLORS[emotion], edgecolor="0.35")
        class_ticks(axes)
        axes.tick_params(axis="x", rotation=45)
        axes.set(title=name.capitalize(), ylabel=unit)
        if name == "sharpness" and (values > 0).all():
            axes.set_yscale("log")
            axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axes.yaxis.set_major_formatter("{x:,.0f}")
            axes.yaxis.set_minor_formatter(NullFormatter())
        tidy(axes)
        explained.append(f"{_eta_squared(groups):.0%} of {name}")
    headline(figure, f"The class explains {explained[0]}, {explained[1]} and {explained[2]} (η²)", origin)
    return figure


def _eta_squared(groups: list[Floats]) -> float:
    """The share of the variance that lies between the groups, 0…1."""
    everything = np.concatenate(groups)
    between = sum(len(g) * (g.mean() - everything.mean()) ** 2 for g in groups if len(g))
    total = float(((everything - everything.mean()) ** 2).sum())
    return float(between / total) if total else 0.0


def picture_sizes(sizes: pd.DataFrame, origin: str) -> Figure:
    """How large the pictures are, and how far from square.   sizes: `width` and `height` in pixels, a row a picture."""
    aspect = sizes["width"] / sizes["height"]
    longer = sizes[["width", "height"]].max(axis=1)
    figure = new_figure(11, 4.4)
    left, right = figure.subplots(1, 2)
    left.hist(longer, bins=_bins(longer), color=MAIN, edgecolor="white")
    left.set(xlabel="longer side (pixels)", ylabel="pictures", title="Size")
    right.hist(aspect, bins=_bins(aspect, unit=0.02), color=MAIN, edgecolor="white")
    right.axvline(1, color="0.3", linestyle="--", label="square")
    right.set(xlabel="width / height", ylabel="pictures", title="Aspect")
    right.legend(frameon=False)
    for axes in (left, right):
        tidy(axes)
    span = f"{longer.min():,}" if longer.min() == longer.max() else f"{longer.min():,} to {longer.max():,}"
    headline(figure, f"Longer side {span} px; {(aspect == 1).mean():.1%} are square", origin)
    return figure


def _bins(values: pd.Series, unit: float = 1.0) -> Floats:
    """Edges of at most 40 bins, none narrower than `unit`, around the values; five where they are all the same."""
    low, high = float(values.min()), float(values.max())
    step = max(unit, (high - low) / 40)
    low, high = (low - 2 * step, high + 2 * step) if low == high else (low, high)
    return np.arange(low - step / 2, high + step, step)


def label_disagreement(first: pd.Series, second: pd.Series, origin: str,
                       names: tuple[str, str] = ("folder", "labels.csv")) -> Figure:  # fmt: skip
    """How two sets of labels for the same pictures relate: the share of each row's class, and the count.

    first, second: class names, one a picture, in the same order; pairs with a name outside the eight are left out.
    Raises ValueError if the lengths differ.
    """
    if len(first) != len(second):
        raise ValueError(f"{len(first)} labels but {len(second)} to compare them with.")
    pairs = pd.DataFrame({"first": first.to_numpy(), "second": second.to_numpy()})
    pairs = pairs[pairs["first"].isin(EMOTIONS) & pairs["second"].isin(EMOTIONS)]
    counts = pd.crosstab(pairs["first"], pairs["second"]).reindex(index=EMOTIONS, columns=EMOTIONS, fill_value=0)
    shares = share_of_rows(counts.to_numpy())
    text = np.vectorize(lambda s, c: f"{s:.0%}\n{c:,}")(shares, counts.to_numpy())
    figure = new_figure(8.6, 7.4)
    axes = figure.subplots()
    class_heatmap(axes, shares, text, f"share of the {names[0]}'s class", even=True)
    axes.set(xlabel=f"label by {names[1]}", ylabel=f"label by {names[0]}")
    row, column = largest_off_diagonal(shares)
    agree = float((pairs["first"] == pairs["second"]).mean())
    finding = f"{names[0]} and {names[1]} agree on {agree:.1%}"
    if shares[row, column] > 0:
        finding += f"; {shares[row, column]:.0%} of {EMOTIONS[row]} is {EMOTIONS[column]} in {names[1]}"
    headline(figure, finding, origin)
    return figure


def annotator_agreement(votes: pd.DataFrame, labels: Ints, origin: str) -> Figure:
    """How many of the annotators chose the most frequent class, over all pictures and by class.

    votes: the eight columns `votes_*` of a manifest's rows, n rows; rows without votes are left out.
    labels: int (n,), 0…7.   The share is of the votes for the eight classes.
    """
    counts = votes[[f"votes_{e}" for e in EMOTIONS]].to_numpy(np.float64)
    voted = counts.sum(1) > 0
    if not voted.any():
        raise ValueError("No picture has votes.")
    share, chosen = counts[voted].max(1) / counts[voted].sum(1), labels[voted]
    figure = new_figure(12, 4.8)
    left, right = figure.subplots(1, 2)
    left.hist(share, bins=np.arange(0.05, 1.1, 0.1), weights=np.full(len(share), 1 / len(share)),
              color=MAIN, edgecolor="white")  # fmt: skip
    in_percent(left.yaxis)
    left.set(
        xlabel="share of the votes for the most frequent class", ylabel="share of the pictures", title="All classes"
    )
    means = np.array([share[chosen == c].mean() if (chosen == c).any() else np.nan for c in range(len(EMOTIONS))])
    right.bar(np.arange(len(EMOTIONS)), means, color=[COLORS[e] for e in EMOTIONS], edgecolor="0.35", linewidth=0.8)
    for c, mean in enumerate(means):
        if np.isfinite(mean):
            right.text(c, mean + 0.01, f"{mean:.0%}", ha="center", va="bottom", fontsize=9)
    class_ticks(right, [f"{(chosen == c).sum():,}" for c in range(len(EMOTIONS))])
    right.tick_params(axis="x", labelsize=8)
    in_percent(right.yaxis)
    right.set(ylabel="mean share for the most frequent class", ylim=(0, 1.08), title="By class (number: pictures)")
    in_percent(left.xaxis)
    for axes in (left, right):
        tidy(axes)
    split = (share <= 0.5).mean()
    headline(
        figure,
        f"{share.mean():.0%} of the votes agree on average; in {split:.0%} of the pictures half or fewer",
        origin,
    )
    return figure


def faces_found(found: pd.Series, labels: pd.Series, origin: str) -> Figure:
    """In which share of each class's pictures a face is found, with 95 % intervals (Wilson).

    found: bool, a row a picture.   labels: their class names, in the same order.
    """
    figure = new_figure(9, 4.6)
    axes = figure.subplots()
    shares, counts = np.full(len(EMOTIONS), np.nan), []
    for c, emotion in enumerate(EMOTIONS):
        own = found[(labels == emotion).to_numpy()]
        counts.append(len(own))
        if len(own) == 0:
            continue
        shares[c] = own.mean()
        interval = binomtest(int(own.sum()), len(own)).proportion_ci(method="wilson")
        axes.bar(c, shares[c], color=COLORS[emotion], edgecolor="0.35", linewidth=0.8)
        axes.vlines(c, interval.low, interval.high, color="0.15", linewidth=2)
        axes.text(c, interval.high + 0.015, f"{shares[c]:.0%}", ha="center", va="bottom", fontsize=9)
    class_ticks(axes, [f"n = {n:,}" for n in counts])
    in_percent(axes.yaxis)
    axes.set(ylabel="pictures with a found face (line: 95 % interval)", ylim=(0, 1.12))
    tidy(axes)
    finding = f"A face is found in {found.mean():.0%} of the pictures"
    if np.isfinite(shares).any() and not found.all():
        finding += f": from {np.nanmin(shares):.0%} ({EMOTIONS[int(np.nanargmin(shares))]})"
        finding += f" to {np.nanmax(shares):.0%} ({EMOTIONS[int(np.nanargmax(shares))]})"
    headline(figure, finding, origin)
    return figure


def variations(
    pictures: npt.NDArray[np.uint8], varied: npt.NDArray[np.uint8], labels: Ints, origin: str, each: int = 3
) -> Figure:
    """Single pictures of each class as they are (above) and varied (below). For drawn faces, or with SHOW_FACES only.

    pictures, varied: uint8 (n, side, side, channels), before and after.   labels: int (n,), 0…7.
    each: pairs of rows.   Never save this for a data set of people where it is published.
    """
    figure = new_figure(11, 2.8 * each + 0.5)
    grid = figure.subplots(2 * each, len(EMOTIONS), squeeze=False)
    for c, emotion in enumerate(EMOTIONS):
        members = np.flatnonzero(labels == c)[:each]
        grid[0, c].set_title(emotion, fontsize=10)
        for row in range(each):
            for axes, shown in zip(grid[2 * row : 2 * row + 2, c], (pictures, varied), strict=True):
                axes.set_axis_off()
                if row < len(members):
                    axes.imshow(shown[members[row]].squeeze(), cmap="gray", vmin=0, vmax=255)
    headline(figure, "Each picture as it is, and below it as one epoch sees it", origin)
    return figure
