"""From the table to batches: pictures decoded once, augmented anew in each epoch, the same in every process."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch.utils.data import Dataset
from tqdm import tqdm

from affect.data.manifest import VOTES, Manifest
from affect.emotions import EMOTIONS
from affect.errors import AffectError
from affect.experiments import Augmentation
from affect.preprocessing import Image, Preprocessing


def prepare_pictures(
    manifest: Manifest, rows: pd.DataFrame, preprocessing: Preprocessing
) -> tuple[Image, pd.DataFrame]:
    """Decode and prepare every picture once, on all cores, with a progress bar.

    Returns the pictures, uint8 (n, side, side, channels), and their n rows of the table; pictures that cannot be
    decoded are left out and counted on the progress line. Raises AffectError where none can be.
    """
    cpus = os.cpu_count() or 1

    def prepared(name: str) -> Image | None:
        picture = manifest.source.picture(name)
        return None if picture is None else preprocessing.prepare(picture)

    with ThreadPoolExecutor(cpus) as pool:
        found = list(
            tqdm(
                pool.map(prepared, rows["pth"]),
                total=len(rows),
                desc="pictures",
                unit="img",
                leave=False,
            )
        )
    good = [i for i, picture in enumerate(found) if picture is not None]
    if not good:
        raise AffectError(f"None of the {len(rows)} pictures in {manifest.source.path} can be decoded.")
    if len(good) < len(rows):
        tqdm.write(f"{len(rows) - len(good)} of {len(rows)} pictures cannot be decoded; they are left out.")
    pictures = np.stack([p for p in found if p is not None])
    return pictures, rows.iloc[good].reset_index(drop=True)


def hard_labels(rows: pd.DataFrame) -> npt.NDArray[np.int64]:
    """The class of each row as its index in EMOTIONS, int64 (n,)."""
    return rows["label"].map({e: i for i, e in enumerate(EMOTIONS)}).to_numpy(np.int64)


def target_distributions(rows: pd.DataFrame, soft: bool) -> npt.NDArray[np.float32]:
    """What the model learns, float32 (n, 8), rows sum to 1.

    soft: the share of each class among the annotators' votes for the eight classes (Barsoum et al. 2016,
    arXiv:1608.01041); a row without such votes, and every row where soft is False, is 1 for its label.
    """
    targets = np.eye(len(EMOTIONS), dtype=np.float32)[hard_labels(rows)]
    if soft and set(VOTES) <= set(rows.columns):
        votes = rows[VOTES].to_numpy(np.float32)
        voted = votes.sum(1) > 0
        targets[voted] = votes[voted] / votes[voted].sum(1, keepdims=True)
    return targets


def augment(picture: Image, settings: Augmentation, image_size: int, rng: np.random.Generator) -> Image:
    """One prepared picture varied as `settings` say, at another size where asked.

    picture: uint8 (side, side, channels).   Returns uint8 (image_size, image_size, channels).
    Mirror, rotation, scale, shift and the change of size are one interpolation (OpenCV's bilinear warp), so that
    the picture is not blurred twice; what comes in from outside repeats the border.
    """
    side = picture.shape[0]
    channels = picture.shape[2]
    angle = np.deg2rad(rng.uniform(-1, 1) * settings.rotation)
    zoom = (1 + rng.uniform(-1, 1) * settings.scale) * image_size / side
    mirror = -1.0 if rng.random() < settings.flip else 1.0
    cos, sin = zoom * np.cos(angle), zoom * np.sin(angle)
    matrix = np.array([[cos * mirror, -sin, 0], [sin * mirror, cos, 0]])
    shift = rng.uniform(-1, 1, 2) * settings.shift * image_size
    matrix[:, 2] = (image_size - 1) / 2 + shift - matrix[:, :2].sum(1) * (side - 1) / 2
    varied = cv2.warpAffine(
        picture,
        matrix,
        (image_size, image_size),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    if settings.light:
        brightness, contrast = 1 + rng.uniform(-1, 1, 2) * settings.light
        mean = float(varied.mean())
        levels = (np.arange(256) - mean) * contrast + mean * brightness
        varied = cv2.LUT(varied, np.clip(levels, 0, 255).astype(np.uint8))
    if rng.random() < settings.blur:
        varied = cv2.GaussianBlur(varied, (0, 0), rng.uniform(0.5, 2.0))
    varied = varied.reshape(image_size, image_size, channels)
    if rng.random() < settings.erase:
        area, aspect = rng.uniform(0.02, 0.15), np.exp(rng.uniform(-1, 1))
        height = min(image_size, round(image_size * np.sqrt(area * aspect)))
        width = min(image_size, round(image_size * np.sqrt(area / aspect)))
        top = rng.integers(0, image_size - height + 1)
        left = rng.integers(0, image_size - width + 1)
        varied[top : top + height, left : left + width] = rng.integers(0, 256)
    return np.asarray(varied, np.uint8)


class FaceDataset(Dataset[tuple[torch.Tensor, torch.Tensor]]):
    """Prepared pictures with their targets, as the model takes them.

    pictures: uint8 (n, side, side, channels).   targets: float32 (n, 8).
    An item is float32 (3, side, side) and float32 (8,): the picture as it is, or, with `varied`, augmented.
    """

    def __init__(self, pictures: Image, targets: npt.NDArray[np.float32], preprocessing: Preprocessing) -> None:
        self.pictures = pictures
        self.targets = torch.from_numpy(targets)
        self.preprocessing = preprocessing
        self._augmentation: Augmentation | None = None
        self._image_size = preprocessing.image_size
        self._seed: tuple[int, ...] = ()

    def varied(self, settings: Augmentation, image_size: int, *seed: int) -> FaceDataset:
        """The same pictures augmented. A picture's variation depends on `seed` and its index alone: it is the same
        in any worker, in any process, and after a resume."""
        copy = FaceDataset(self.pictures, self.targets.numpy(), self.preprocessing)
        copy._augmentation, copy._image_size, copy._seed = settings, image_size, seed
        return copy

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        picture = self.pictures[index]
        if self._augmentation is not None:
            rng = np.random.default_rng((*self._seed, index))
            picture = augment(picture, self._augmentation, self._image_size, rng)
        return torch.from_numpy(self.preprocessing.normalize(picture[None])[0]), self.targets[index]
