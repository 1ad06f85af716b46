"""Faces in a data set's pictures: found the way the live program finds them, and how much the pictures show around.

Pictures of a data set are often faces that somebody else cropped: small, and filled by the face. So they are searched
at one size, with a border, and more thoroughly than a live frame.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

import cv2
import numpy as np
import pandas as pd
from tqdm import tqdm

from affect.data.manifest import Manifest
from affect.errors import AffectError
from affect.faces.detection import FaceBox, HaarDetector, crop_face
from affect.faces.preprocessing import Image, Preprocessing

SIDE = 192  # a picture is searched with its shorter side at this many pixels
SLENDEREST = 8  # times as long as wide: no picture of a face, and at that size it would fill the memory
PAD = 96  # and with such a border, so that a box may reach over the picture's edge

FoundFace = tuple[float, float, float]  # left, top and side of a square box, in pixels of the picture


class FaceFinder:
    """Finds the largest face of a picture with the Haar cascade. May be used from several threads.

    The face's box must have at least half of the picture's shorter side: smaller ones are chance patterns more often.
    """

    def __init__(self) -> None:
        self._local = threading.local()

    def find(self, picture: Image) -> FoundFace | None:
        """Left, top and side of the largest face's square box, in pixels of the picture, or None.

        picture: uint8 (height, width, 3). The box may reach over the border.
        """
        if max(picture.shape[:2]) > SLENDEREST * min(picture.shape[:2]):
            return None
        scale = SIDE / min(picture.shape[:2])
        found = self._detector().detect(padded(picture))
        if not found:
            return None
        box = found[0]
        return (box.x - PAD) / scale, (box.y - PAD) / scale, box.width / scale

    def crop(self, picture: Image, preprocessing: Preprocessing) -> Image | None:
        """The largest face, cropped as `preprocessing` wants it, uint8 (side, side, 3), or None where there is none."""
        face = self.find(picture)
        return None if face is None else cropped(picture, face, preprocessing)

    def _detector(self) -> HaarDetector:
        if not hasattr(self._local, "detector"):  # a cascade must not be shared between threads
            self._local.detector = HaarDetector(min_face=0.25, scale_factor=1.03, min_neighbors=4, max_side=None)
        detector: HaarDetector = self._local.detector
        return detector


def cropped(picture: Image, face: FoundFace, preprocessing: Preprocessing) -> Image:
    """A found face, cropped as `preprocessing` wants it, uint8 (side, side, 3).   picture: uint8 (height, width, 3)."""
    scale = max(1.0, SIDE / min(picture.shape[:2]))  # a box on a small picture needs parts of pixels
    if scale > 1:
        picture = np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC), np.uint8)
    left, top, side = (round(v * scale) for v in face)
    return crop_face(picture, FaceBox(left, top, side, side), preprocessing)


def padded(picture: Image) -> Image:
    """The picture with its shorter side at SIDE and a border of PAD that repeats its edge, uint8."""
    scale = SIDE / min(picture.shape[:2])
    how = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    sized = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=how)
    return np.asarray(cv2.copyMakeBorder(sized, PAD, PAD, PAD, PAD, cv2.BORDER_REPLICATE), np.uint8)


@dataclass(frozen=True)
class Framing:
    """What the pictures of a data set show around a face.

    crop_margin, crop_shift: what a live crop of the Haar box must have to show the same (see `Preprocessing`).
    pictures, found:         how many pictures were searched, and in how many a face was found.
    """

    crop_margin: float
    crop_shift: float
    pictures: int
    found: int


def measure_framing(manifest: Manifest, rows: pd.DataFrame, limit: int = 500, seed: int = 42) -> Framing:
    """Medians over at most `limit` pictures. Raises AffectError where a face is found in fewer than ten."""
    rows = rows.sample(min(limit, len(rows)), random_state=seed)
    finder = FaceFinder()
    margins, shifts = [], []
    for name in tqdm(rows["pth"], desc="framing", unit="img", leave=False):
        picture = manifest.source.picture(name)
        if picture is None or (face := finder.find(picture)) is None:
            continue
        _, top, side = face
        height, width = picture.shape[:2]
        margins.append((min(height, width) / side - 1) / 2)
        shifts.append((height / 2 - (top + side / 2)) / side)
    if len(margins) < 10:
        raise AffectError(
            f"A face was found in {len(margins)} of {len(rows)} pictures of {manifest.source.path}: too few to tell "
            "how a live crop must frame a face. Are these pictures of faces? Try more pictures (--limit)."
        )
    return Framing(
        crop_margin=round(float(np.clip(np.median(margins), -0.4, 2)), 3),
        crop_shift=round(float(np.clip(np.median(shifts), -1, 1)), 3),
        pictures=len(rows),
        found=len(margins),
    )
