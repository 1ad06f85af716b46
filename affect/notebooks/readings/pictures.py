"""Sentences on the pictures of a data set: sizes, light, faces, and the effect of augmentation."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from affect.data.framing import Framing
from affect.emotions import EMOTIONS
from affect.evaluation.metrics import Ints
from affect.figure_style import MINIMUM_FOR_A_MEAN
from affect.model.network import STRIDE
from affect.notebooks.readings.wording import listed


def sizes(sizes: pd.DataFrame, image_size: int) -> str:
    """Sentence on the pictures' sizes compared with the training image size.

    sizes: `width` and `height`, one row per picture.   image_size: of the training, pixels.
    """
    shorter, square = sizes.min(axis=1), (sizes["width"] == sizes["height"]).mean()
    cells = -(-image_size // STRIDE)
    return (
        f"The shorter side has {shorter.min():,} to {shorter.max():,} pixels (median {shorter.median():,.0f}, n = "
        f"{len(sizes):,}); {square:.0%} are square. At {image_size}×{image_size}, the median picture is scaled by "
        f"{image_size / shorter.median():.1f}, and the network's last block has {cells}×{cells} cells."
    )


def statistics(values: pd.DataFrame, labels: Ints) -> str:
    """Sentence on how brightness, contrast and sharpness differ between classes, relative to between pictures.

    values: `statistics_of`'s table, one row for each of n pictures.   labels: int (n,), 0…7.
    """
    means = values.groupby(np.asarray(EMOTIONS)[labels]).mean()
    bright, spread = means["brightness"], means.std(ddof=0) / values.std(ddof=0)
    return (
        f"Mean brightness lies between {bright.min():.0f} ({bright.idxmin()}) and {bright.max():.0f} "
        f"({bright.idxmax()}) grey levels. The standard deviation of the {len(means)} classes' means, as a share of "
        f"that of the {len(values):,} pictures: {listed([f'{spread[c]:.2f} ({c})' for c in values])}."
    )


def mean_faces(pictures: npt.NDArray[np.uint8], labels: Ints) -> str:
    """Sentence on differences between mean faces.   pictures: uint8 (n, h, w, channels).   labels: int (n,), 0…7."""
    if np.unique(labels, return_counts=True)[1].min() < MINIMUM_FOR_A_MEAN:
        return f"Some classes have fewer than {MINIMUM_FOR_A_MEAN} pictures here: their means could still be somebody."
    means = np.stack([pictures[labels == c].mean(0) for c in np.unique(labels)])
    single = float(np.abs(pictures - pictures.mean(0, dtype=np.float32)).mean())
    between = float(np.abs(means - means.mean(0)).mean())
    return (
        f"A class's mean differs from the mean of all by {between:.1f} grey levels a pixel, a single picture by "
        f"{single:.1f} (n = {len(labels):,})."
    )


def found(found: pd.Series, labels: pd.Series) -> str:
    """Sentence on the face detection rate by class.   found: bool, labels: class names, one per picture."""
    by_class = found.groupby(labels.to_numpy()).mean()
    return (
        f"Haar finds a face in {found.mean():.1%} of these {len(found):,} pictures, least often in {by_class.idxmin()} "
        f"({by_class.min():.0%}), most often in {by_class.idxmax()} ({by_class.max():.0%}). v4 learns "
        "from and is measured on these only, so it is also compared with v3 on the same ones."
    )


def varied(pictures: npt.NDArray[np.uint8], changed: npt.NDArray[np.uint8], labels: Ints) -> str:
    """Sentence on how much augmentation changes a picture.

    pictures, changed: uint8 (n, side, side, channels), before and after.   labels: int (n,), 0…7.
    """
    inner = np.abs(pictures.astype(np.int16) - changed).mean() if pictures.shape == changed.shape else 0
    kept = [float(changed[labels == c].mean(0).std() / pictures[labels == c].mean(0).std()) for c in np.unique(labels)]
    return (
        f"A pixel changes by {inner:.0f} of 255 grey levels on average; the means keep {np.mean(kept):.0%} of their "
        f"contrast (n = {len(labels):,}, each varied once; in training anew in each epoch)."
    )


def framing(measured: Framing, found: float) -> str:
    """Sentence on the margin around a face in the pictures.   found: share of the val pictures that v4 keeps."""
    return (
        f"Measured in {measured.found} of {measured.pictures} pictures: the picture's border lies "
        f"{measured.crop_margin:.0%} of the face box's side outside the box. v4 keeps {found:.1%} of the val pictures."
    )
