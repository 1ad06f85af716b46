"""What the pictures themselves show: their sizes, their light, their faces, and what augmentation does to them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from affect.data.framing import Framing
from affect.emotions import EMOTIONS
from affect.metrics import Ints
from affect.model import STRIDE
from affect.plots.style import MINIMUM_FOR_A_MEAN
from affect.readings.wording import FOLLOWS, listed


def sizes(sizes: pd.DataFrame) -> str:
    """How large the pictures are.   sizes: `width` and `height`, a row a picture."""
    shorter, aspect = sizes.min(axis=1), sizes["width"] / sizes["height"]
    span = f"{shorter.min():,} to {shorter.max():,} pixels (median {shorter.median():,.0f})"
    if shorter.min() == shorter.max():
        span = f"{shorter.min():,} pixels in every picture"
    return f"The shorter side is {span}; {(aspect == 1).mean():.0%} of the pictures are square."


def sizes_follow(sizes: pd.DataFrame, image_size: int) -> str:
    """What the sizes mean for the training size."""
    median = sizes.min(axis=1).median()
    skewed = float(((sizes["width"] / sizes["height"] - 1).abs() > 0.1).mean())
    if median < 0.75 * image_size:
        cells = [-(-int(side) // STRIDE) for side in (image_size, median)]
        text = (
            f"at {image_size}×{image_size}, half of the pictures are enlarged {image_size / median:.1f} times or more. "
            f"That adds no detail; what it buys is {cells[0]}×{cells[0]} cells in the network's last block, where "
            f"{median:.0f} pixels would leave {cells[1]}×{cells[1]}. A smaller `IMAGE_SIZE` trains faster."
        )
    elif median > 1.5 * image_size:
        text = f"the pictures hold more than {image_size}×{image_size} shows and are reduced once, by area averaging."
    else:
        text = f"{image_size}×{image_size} is about what the pictures hold."
    if skewed > 0.01:
        text += f" {skewed:.0%} are more than a tenth off square and would be stretched: v4's face crops are not."
    return FOLLOWS + text


def statistics(values: pd.DataFrame, labels: Ints) -> str:
    """How far light differs between the classes, beside how far within one.

    values: `statistics_of`'s table, a row each of n pictures.   labels: int (n,), 0…7.
    """
    groups = values.groupby(np.asarray(EMOTIONS)[labels])["brightness"]
    means, within = groups.mean(), float(np.sqrt(groups.var().mean()))
    high, low = str(means.idxmax()), str(means.idxmin())
    return (
        f"Mean brightness lies between {means.min():.0f} ({low}) and {means.max():.0f} ({high}) grey levels, while "
        f"pictures of one and the same class differ by {within:.0f} (standard deviation)."
    )


def statistics_follow(values: pd.DataFrame, labels: Ints) -> str:
    """How far light, contrast and sharpness give the class away.

    values: `statistics_of`'s table, a row each of n pictures.   labels: int (n,), 0…7.
    """
    groups = values.groupby(np.asarray(EMOTIONS)[labels])
    spread = [f"{groups[c].mean().std(ddof=0) / values[c].std(ddof=0):.2f} ({c})" for c in values if values[c].std()]
    return (
        f"{FOLLOWS}between the {groups.ngroups} classes, the means differ by {listed(spread)} of a picture's standard "
        "deviation. So far a model could learn the photographer instead of the face; varying light (v2 to v4) takes "
        "that hint away."
    )


def mean_faces(pictures: npt.NDArray[np.uint8], labels: Ints) -> str:
    """What the mean faces show.   pictures: uint8 (n, side, side, channels).   labels: int (n,), 0…7."""
    if np.unique(labels, return_counts=True)[1].min() < MINIMUM_FOR_A_MEAN:
        return f"Some classes have fewer than {MINIMUM_FOR_A_MEAN} pictures here: their means could still be somebody."
    means = np.stack([pictures[labels == c].mean(0) for c in np.unique(labels)])
    single = float(np.abs(pictures - pictures.mean(0, dtype=np.float32)).mean())
    between = float(np.abs(means - means.mean(0)).mean())
    return (
        f"A class's mean differs from the mean of all by {between:.1f} grey levels a pixel, a single picture by "
        f"{single:.1f}: pose, person and light move a picture by the rest, which is what varying the pictures is for."
    )


def found(found: pd.Series, labels: pd.Series) -> str:
    """In which classes faces are found, and what v4 loses.   found: bool, labels: class names, a row a picture."""
    by_class = found.groupby(labels.to_numpy()).mean()
    low, high = str(by_class.idxmin()), str(by_class.idxmax())
    text = (
        f"Haar finds a face in {found.mean():.0%} of these pictures, least often in {low} ({by_class.min():.0%}), most "
        f"often in {high} ({by_class.max():.0%}). {FOLLOWS}"
    )
    if found.all():
        text = f"Haar finds a face in every one of these pictures. {FOLLOWS}"
    if found.mean() > 0.99:
        return text + f"v4, which learns from found faces only, loses {1 - found.mean():.1%} of them."
    uneven = by_class.max() - by_class.min() > 0.1
    return text + (
        f"v4 learns from and is measured on about {found.mean():.0%} of the pictures"
        f"{', and the losses are uneven' if uneven else ''}; its figures are about those, so it is also compared with "
        "v3 on exactly the same ones."
    )


def varied(pictures: npt.NDArray[np.uint8], changed: npt.NDArray[np.uint8], labels: Ints) -> str:
    """How much augmentation changes a picture.

    pictures, changed: uint8 (n, side, side, channels), before and after.   labels: int (n,), 0…7.
    """
    inner = (
        np.abs(pictures.astype(np.int16) - changed.astype(np.int16)).mean() if pictures.shape == changed.shape else 0
    )
    blur = [float(changed[labels == c].mean(0).std() / pictures[labels == c].mean(0).std()) for c in np.unique(labels)]
    return (
        f"A pixel changes by {inner:.0f} of 255 grey levels on average. The means keep {np.mean(blur):.0%} of their "
        f"contrast: the more the faces are moved, the softer their mean. Each of {len(labels):,} pictures was varied "
        "once; in training each is varied anew in each epoch."
    )


def framing(measured: Framing, found: float) -> str:
    """What the pictures show around a face, and so what finding it can add.   found: share of val pictures v4 keeps."""
    margin = measured.crop_margin
    text = (
        f"Measured in {measured.found} of {measured.pictures} pictures: the picture's border lies {margin:.0%} "
        f"of the face box's side outside the box. v4 keeps {found:.1%} of the val pictures. "
    )
    if abs(margin) < 0.05:
        return text + ("So these pictures are face crops already, cropped about as the live program does it.")
    return text + "So a found face shows the model something other than the whole picture: that is what v4 is about."
