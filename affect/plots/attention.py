"""Where a model looks, and, for a notebook that may show them, the pictures that it got wrong."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.figure import Figure

from affect.emotions import EMOTIONS
from affect.plots.style import Floats, Ints, class_means, headline, new_figure, show_mean, stretched


def gradcam_maps(maps: npt.NDArray[np.float32], pictures: npt.NDArray[np.uint8], labels: Ints, origin: str) -> Figure:
    """The mean Grad-CAM map of each class over the class's mean face, all on one scale.

    maps:     float32 (8, side, side), 0…1, NaN for a class without pictures: `affect.gradcam.mean_maps`.
    pictures: uint8 (n, side, side, channels).   labels: int (n,), 0…7.
    A class with fewer than 20 pictures shows "too few" instead. The title says for which class the map's centre of
    weight lies highest and lowest in the picture.
    """
    means = stretched(class_means(pictures, labels))
    shown = [c for c, mean in enumerate(means) if mean is not None and np.isfinite(maps[c]).all()]
    figure = new_figure(10, 5.6)
    grid = figure.subplots(2, 4)
    top = max((float(maps[c].max()) for c in shown), default=1.0) or 1.0
    image = None
    for c, axes in enumerate(grid.ravel()):
        show_mean(axes, means[c] if c in shown else None, f"{EMOTIONS[c]}, n = {(labels == c).sum():,}")
        if c in shown:
            image = axes.imshow(maps[c], cmap="cividis", vmin=0, vmax=top, alpha=0.2 + 0.5 * maps[c] / top)
    if image is not None:
        figure.colorbar(image, ax=grid, shrink=0.8, label="mean Grad-CAM weight (each map's largest is 1)")
    headline(figure, _where(maps, shown), origin)
    return figure


def _where(maps: Floats, shown: list[int]) -> str:
    side = maps.shape[1]
    heights = {EMOTIONS[c]: _center(maps[c]) / side for c in shown if maps[c].sum() > 0}
    if len(heights) < 2:
        return "Where the model looks"
    high, low = min(heights, key=heights.__getitem__), max(heights, key=heights.__getitem__)
    return (
        f"The model looks highest for {high} ({heights[high]:.0%} from the top), lowest for {low} ({heights[low]:.0%})"
    )


def _center(values: Floats) -> float:
    """The mean row of a map, weighted by its values, in pixels from the top edge."""
    rows = values.sum(1)
    return float((rows * (np.arange(len(rows)) + 0.5)).sum() / rows.sum())


def faces(pictures: npt.NDArray[np.uint8], mistakes: pd.DataFrame, origin: str) -> Figure:
    """Single pictures with their labels, for a notebook whose SHOW_FACES is set. Never save this where it is published.

    pictures: uint8 (n, side, side, channels), given explicitly: `all_pictures[mistakes.index]`.
    mistakes: n rows with `label, predicted, confidence`: `affect.evaluation.most_confident_mistakes`.
    Raises ValueError if the lengths differ or there is nothing to show.
    """
    if len(pictures) != len(mistakes) or mistakes.empty:
        raise ValueError(f"{len(pictures)} pictures for {len(mistakes)} rows: need as many, and some.")
    columns = min(5, len(mistakes))
    lines = -(-len(mistakes) // columns)
    figure = new_figure(2.1 * columns, 2.5 * lines + 0.6)
    grid = figure.subplots(lines, columns, squeeze=False).ravel()
    for axes in grid:
        axes.set_axis_off()
    for axes, picture, row in zip(grid, pictures, mistakes.itertuples(), strict=False):
        axes.imshow(picture.squeeze(), cmap="gray", vmin=0, vmax=255)
        axes.set_title(f"{row.label},\nseen as {row.predicted} {row.confidence:.0%}", fontsize=8)
    surest = mistakes["confidence"].max()
    headline(figure, f"The surest of these is {surest:.0%} sure", origin)
    return figure
