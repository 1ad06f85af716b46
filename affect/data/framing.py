"""Face detection in a data set's pictures, and measurement of the margin that they show around a face.

The pictures of a data set are often face crops already: small, and filled by the face. So they are searched at one
size, with a border, and more thoroughly than a live frame.
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

SIDE = 192  # pixels: the shorter side at which a picture is searched
SLENDEREST = 8  # largest aspect ratio that is searched; enlarged to SIDE, a longer picture would fill the memory
PAD = 96  # pixels of replicated border, so that a box may extend beyond the picture

FoundFace = tuple[float, float, float]  # left, top and side of a square box, in pixels of the picture


class FaceFinder:
    """Finds the largest face of a picture with the Haar cascade. Thread-safe.

    The box must have at least half of the picture's shorter side; smaller ones are mostly false detections.
    """

    def __init__(self) -> None:
        self._local = threading.local()

    def find(self, picture: Image) -> FoundFace | None:
        """Left, top and side of the largest face's square box, in pixels of the picture, or None.

        picture: uint8 (height, width, 3). The box may extend beyond the picture.
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
        """Crop the largest face with the margin of `preprocessing`, uint8 (side, side, 3); None if none is found."""
        face = self.find(picture)
        return None if face is None else cropped(picture, face, preprocessing)

    def _detector(self) -> HaarDetector:
        if not hasattr(self._local, "detector"):  # OpenCV's cascade is not thread-safe
            self._local.detector = HaarDetector(min_face=0.25, scale_factor=1.03, min_neighbors=4, max_side=None)
        detector: HaarDetector = self._local.detector
        return detector


def cropped(picture: Image, face: FoundFace, preprocessing: Preprocessing) -> Image:
    """Crop a found face with the margin of `preprocessing`, uint8 (side, side, 3).   picture: uint8 (h, w, 3)."""
    scale = max(1.0, SIDE / min(picture.shape[:2]))  # enlarged, since boxes on a small picture need subpixel precision
    if scale > 1:
        picture = np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC), np.uint8)
    left, top, side = (round(v * scale) for v in face)
    return crop_face(picture, FaceBox(left, top, side, side), preprocessing)


def padded(picture: Image) -> Image:
    """Resize a picture to a shorter side of SIDE and add a replicated border of PAD pixels, uint8."""
    scale = SIDE / min(picture.shape[:2])
    how = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    sized = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=how)
    return np.asarray(cv2.copyMakeBorder(sized, PAD, PAD, PAD, PAD, cv2.BORDER_REPLICATE), np.uint8)


@dataclass(frozen=True)
class Framing:
    """Margin that a data set's pictures show around a face, as settings for the live crop.

    crop_margin, crop_shift: settings with which a live crop of the Haar box shows the same (see `Preprocessing`).
    pictures, found:         number of pictures searched, and of pictures with a detected face.
    """

    crop_margin: float
    crop_shift: float
    pictures: int
    found: int


def measure_framing(manifest: Manifest, rows: pd.DataFrame, limit: int = 500, seed: int = 42) -> Framing:
    """Measure the framing as medians over at most `limit` pictures. Raises AffectError for fewer than ten faces."""
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
    margin = round(float(np.clip(np.median(margins), -0.4, 2)), 3)
    farthest = min(1.0, 0.5 + margin)  # the crop shows the box's centre
    return Framing(
        crop_margin=margin,
        crop_shift=round(float(np.clip(np.median(shifts), -farthest, farthest)), 3),
        pictures=len(rows),
        found=len(margins),
    )
