"""What pictures are like before any model sees them: light, contrast, sharpness, size. For the data analysis."""

from __future__ import annotations

import cv2
import numpy as np
import pandas as pd
from tqdm import tqdm

from affect.data.framing import FaceFinder
from affect.data.manifest import Manifest
from affect.data.source import UNREADABLE
from affect.pictures import declared_size
from affect.preprocessing import Image


def statistics_of(pictures: Image) -> pd.DataFrame:
    """Brightness, contrast and sharpness of each picture, a row each.

    pictures: uint8 (n, side, side, channels), RGB or grey, from `prepare_pictures`.
    brightness: mean grey level, 0…255.   contrast: standard deviation of the grey levels, 0…127.5.
    sharpness:  variance of the Laplacian, grey levels squared (Pech-Pacheco et al. 2000); it depends on the size of
                the pictures: compare within one preprocessing only.
    """
    rows = []
    for picture in pictures:
        grey = picture[..., 0] if picture.shape[-1] == 1 else cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
        rows.append((grey.mean(), grey.std(), cv2.Laplacian(grey, cv2.CV_64F).var()))
    return pd.DataFrame(rows, columns=["brightness", "contrast", "sharpness"], dtype=np.float64)


def sizes_of(manifest: Manifest, rows: pd.DataFrame) -> pd.DataFrame:
    """`width` and `height` of each picture, pixels, read from its header; the pictures are not decoded.

    Returns a row for each of `rows`, with its index; unreadable pictures are left out.
    """
    found = {}
    for index, name in rows["pth"].items():
        try:
            size = declared_size(manifest.source.read(name))
        except UNREADABLE:
            continue
        if size is not None:
            found[index] = size
    return pd.DataFrame.from_dict(found, orient="index", columns=["width", "height"])


def faces_found(manifest: Manifest, rows: pd.DataFrame) -> pd.Series:
    """Whether Haar finds a face in each picture, as v4 looks for it, bool with the index of `rows`.

    Unreadable pictures are left out. About 20 ms a picture, with a progress bar.
    """
    finder, found = FaceFinder(), {}
    for index, name in tqdm(rows["pth"].items(), total=len(rows), desc="faces", unit="img", leave=False):
        picture = manifest.source.picture(name)
        if picture is not None:
            found[index] = finder.find(picture) is not None
    return pd.Series(found, dtype=bool)
