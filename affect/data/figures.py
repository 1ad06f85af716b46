"""Figures of a data set: class balance, mean faces, picture statistics, label agreement, augmented examples."""

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
    class_bars,
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
    """Bar chart of each class's share of each split, with the counts.

    table: a manifest's table, one row per picture, with `label` and `split`.   data: the data set's name.
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
    """Figure of each class's mean face; "too few" for under 20 pictures, whose mean could be recognised.

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
    """Box plots of brightness, contrast and sharpness by class: quartiles, whiskers from 5 to 95 %.

    statistics: `affect.data.report.statistics_of(pictures)`, n rows.   labels: int (n,), 0…7.
    The title states the share of each measure's variance that the class explains (eta squared).
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
    """Eta squared: the share of the variance that lies between the groups, 0…1."""
    everything = np.concatenate(groups)
    between = sum(len(g) * (g.mean() - everything.mean()) ** 2 for g in groups if len(g))
    total = float(((everything - everything.mean()) ** 2).sum())
    return float(between / total) if total else 0.0


def picture_sizes(sizes: pd.DataFrame, origin: str) -> Figure:
    """Histograms of picture size and aspect ratio.   sizes: `width` and `height` in pixels, one row per picture."""
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
    """Edges of at most 40 bins around the values, none narrower than `unit`; five edges if all values are equal."""
    low, high = float(values.min()), float(values.max())
    step = max(unit, (high - low) / 40)
    low, high = (low - 2 * step, high + 2 * step) if low == high else (low, high)
    return np.arange(low - step / 2, high + step, step)


def label_disagreement(first: pd.Series, second: pd.Series, origin: str,
                       names: tuple[str, str] = ("folder", "labels.csv")) -> Figure:  # fmt: skip
    """Confusion matrix of two sets of labels for the same pictures, with row shares and counts.

    first, second: class names, one per picture, in the same order; pairs with a name outside the eight are left out.
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
    """Share of the annotators who chose a picture's most frequent class, over all pictures and by class.

    votes: the eight columns `votes_*` of a manifest's rows, n rows; rows without votes are left out.
    labels: int (n,), 0…7.   Only votes for the eight classes count.
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
    class_bars(right, means, "{:.0%}", {})
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
    """Face detection rate by class, with 95 % Wilson intervals.

    found: bool, one per picture.   labels: their class names, in the same order.
    """
    figure = new_figure(9, 4.6)
    axes = figure.subplots()
    each = [found[(labels == emotion).to_numpy()] for emotion in EMOTIONS]
    shares = np.array([own.mean() if len(own) else np.nan for own in each])
    tests = {c: binomtest(int(own.sum()), len(own)) for c, own in enumerate(each) if len(own)}
    intervals = {c: test.proportion_ci(method="wilson") for c, test in tests.items()}
    class_bars(axes, shares, "{:.0%}", {c: (interval.low, interval.high) for c, interval in intervals.items()})
    class_ticks(axes, [f"n = {len(own):,}" for own in each])
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
    """Example pictures of each class before (above) and after augmentation (below). Shows single faces.

    pictures, varied: uint8 (n, side, side, channels), before and after.   labels: int (n,), 0…7.
    each: pairs of rows.   For drawn faces, or with SHOW_FACES only; never publish it for a data set of people.
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
