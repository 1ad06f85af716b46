"""Data sets and data loading for training: targets, augmentation, sampling order, batches. Seeded per picture."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch.utils.data import DataLoader, Dataset

from affect.data.augmentation import Augmentation, augment
from affect.data.manifest import VOTES
from affect.emotions import EMOTIONS
from affect.faces.preprocessing import Image, Preprocessing


def hard_labels(rows: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Class index of each row in EMOTIONS, int64 (n,)."""
    return rows["label"].map({e: i for i, e in enumerate(EMOTIONS)}).to_numpy(np.int64)


def target_distributions(rows: pd.DataFrame, soft: bool, min_votes: int = 0) -> npt.NDArray[np.float32]:
    """Training targets as class distributions, float32 (n, 8), rows sum to 1 except those of partial labels.

    soft: the classes' shares of the annotators' votes (Barsoum et al. 2016, arXiv:1608.01041), without classes that
    have fewer than `min_votes`. Rows without such votes, and all rows if soft is False, are one-hot labels. A partial
    label ("sad/disgust") has a 1 for each of its classes, see `resolved`.
    """
    targets = np.eye(len(EMOTIONS), dtype=np.float32)[hard_labels(rows)]
    for classes in set(rows["either"]) - {""} if "either" in rows else ():
        places = [EMOTIONS.index(name) for name in classes.split("/")]
        targets[(rows["either"] == classes).to_numpy()] = np.eye(len(EMOTIONS), dtype=np.float32)[places].sum(0)
    if soft and set(VOTES) <= set(rows.columns):
        votes = rows[VOTES].to_numpy(np.float32)
        votes = np.where(votes < min_votes, np.float32(0), votes)
        voted = votes.sum(1) > 0
        targets[voted] = votes[voted] / votes[voted].sum(1, keepdims=True)
    return targets


def resolved(targets: torch.Tensor, answers: torch.Tensor) -> torch.Tensor:
    """Targets in which a partial label is shared out among its classes in proportion to `answers`.

    targets: float (n, 8).   answers: probabilities, float (n, 8) or (8,).   Returns float (n, 8), rows sum to 1.
    With a network's own probabilities, cross-entropy with them has the gradient of the negative log of the classes'
    summed probability (Lv et al. 2020, arXiv:2002.08053).
    """
    partial = targets.sum(1, keepdim=True) > 1.5
    shared = targets * answers.clamp_min(1e-12)
    return torch.where(partial, shared / shared.sum(1, keepdim=True), targets)


SHARE_OF_ABSENT = 0.003  # assumed share of a class of which a data set has no picture


def class_shares(targets: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The classes' shares of a data set's targets (n, 8), float32 (8,), sum 1, each SHARE_OF_ABSENT or more."""
    shares = np.maximum((targets / targets.sum(1, keepdims=True)).mean(0, dtype=np.float64), SHARE_OF_ABSENT)
    return (shares / shares.sum()).astype(np.float32)


Batch = tuple[torch.Tensor, torch.Tensor]


class FaceDataset(Dataset[Batch]):
    """Data set of prepared pictures and their targets, as model input.

    pictures: uint8 (n, side, side, channels).   targets: float32 (n, 8), or (n, 16): then the last 8 are the log of the
    classes' shares in the picture's data set.
    An item is float32 (3, side, side) and the targets: the picture unchanged, or augmented after `varied`.
    """

    preparing = True  # items need computation, so worker processes are worth while

    def __init__(self, pictures: Image, targets: npt.NDArray[np.float32], preprocessing: Preprocessing) -> None:
        self.pictures = pictures
        self.targets = torch.from_numpy(targets)
        self.preprocessing = preprocessing
        self._augmentation: Augmentation | None = None
        self._image_size = preprocessing.image_size
        self._seed: tuple[int, ...] = ()

    def varied(self, settings: Augmentation, image_size: int, *seed: int) -> FaceDataset:
        """The same pictures with augmentation. A picture's augmentation depends only on `seed` and its index, so it is
        the same in any worker, in any process, and after a resume."""
        copy = FaceDataset(self.pictures, self.targets.numpy(), self.preprocessing)
        copy._augmentation, copy._image_size, copy._seed = settings, image_size, seed
        return copy

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, index: int) -> Batch:
        faces, targets = self.__getitems__([index])
        return faces[0], targets[0]

    def __getitems__(self, indices: list[int]) -> Batch:
        """A whole batch, float32 (n, 3, side, side) and its targets; called by DataLoader."""
        pictures, targets = self.compact(indices)
        return self.model_input(pictures), targets

    def compact(self, indices: list[int]) -> Batch:
        """A batch as uint8 (n, side, side, channels) before `model_input`, with its targets, for transfer between
        processes: for grey pictures it has a twelfth of the bytes."""
        if self._augmentation is None:
            pictures = self.pictures[indices]
        else:
            size = self._image_size
            pictures = np.stack(
                [
                    augment(self.pictures[i], self._augmentation, size, np.random.default_rng((*self._seed, i)))
                    for i in indices
                ]
            )
        return torch.from_numpy(pictures), self.targets[indices]

    def model_input(self, pictures: torch.Tensor) -> torch.Tensor:
        """Model input of a compact batch: float32 (n, 3, side, side), on the device of the pictures."""
        return normalized(pictures, self.preprocessing)


class Views(Dataset[Batch]):
    """Concatenation of several augmented versions (views) of the same n pictures.   datasets: of n items each.

    An item's index is view·n + picture, 0 … views·n-1; items are FaceDataset's.
    """

    preparing = True

    def __init__(self, datasets: Sequence[FaceDataset]) -> None:
        self._datasets = datasets
        self.targets = datasets[0].targets
        self.model_input = datasets[0].model_input

    def __len__(self) -> int:
        return len(self._datasets) * len(self.targets)

    def compact(self, indices: list[int]) -> Batch:
        """A compact batch of items of any views, as of `FaceDataset.compact`."""
        parts = [self._datasets[i // len(self.targets)].compact([i % len(self.targets)]) for i in indices]
        pictures, targets = zip(*parts, strict=True)
        return torch.cat(pictures), torch.cat(targets)


def normalized(pictures: torch.Tensor, preprocessing: Preprocessing) -> torch.Tensor:
    """`Preprocessing.normalize` in PyTorch, on any device, with bit-identical values.

    pictures: uint8 (n, side, side, channels).   Returns float32 (n, 3, side, side).
    """
    n, height, width, channels = pictures.shape
    std = np.asarray(preprocessing.std, np.float32)
    scale, offset = 1 / (255 * std), -np.asarray(preprocessing.mean, np.float32) / std
    faces = torch.empty((n, 3, height, width), device=pictures.device)
    for c in range(3):
        torch.mul(pictures[..., c % channels], float(scale[c]), out=faces[:, c])
    return faces.add_(torch.from_numpy(offset).to(faces.device)[:, None, None])


class Batches:
    """Data loader: batches of a data set on `device`; `indices` is a list of item indices for each batch.

    dataset: pictures, which worker processes prepare (see `workers`) and pass on as uint8; or stored activations, which
             this process reads.
    """

    def __init__(self, dataset: Any, indices: list[list[int]], device: torch.device) -> None:
        self._dataset = dataset
        self._device = device
        self._loader: DataLoader[Batch] = DataLoader(
            _Compact(dataset) if dataset.preparing else dataset,
            batch_sampler=indices,
            collate_fn=_as_it_is,
            num_workers=workers(sum(map(len, indices))) if dataset.preparing else 0,
            pin_memory=device.type == "cuda",
        )

    def __len__(self) -> int:
        return len(self._loader)

    def __iter__(self) -> Iterator[Batch]:
        with _one_opencv_thread():
            loaded = iter(self._loader)  # starts the worker processes
        for inputs, targets in loaded:
            inputs, targets = (x.to(self._device, non_blocking=True) for x in (inputs, targets))
            yield self._dataset.model_input(inputs) if self._dataset.preparing else inputs, targets


@contextmanager
def _one_opencv_thread() -> Iterator[None]:
    """Context in which forked worker processes use one OpenCV thread each, so that they do not compete for cores.

    This process stops its own OpenCV threads, since a forked child that inherits a running pool deadlocks.
    """
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(threads)


class _Compact(Dataset[Batch]):
    """Data set of the compact batches of a FaceDataset or of Views."""

    def __init__(self, dataset: FaceDataset | Views) -> None:
        self._dataset = dataset

    def __getitems__(self, indices: list[int]) -> Batch:
        return self._dataset.compact(indices)


def whole_batches(order: npt.NDArray[np.integer], batch_size: int) -> list[list[int]]:
    """Split indices into batches in order and drop the last incomplete one; fewer than a batch are one batch."""
    size = min(batch_size, len(order))
    return order[: len(order) // size * size].reshape(-1, size).tolist() if size else []


def shuffled(count: int, *seed: int) -> npt.NDArray[np.int64]:
    """A seeded random permutation of 0 … count-1, int64 (count,)."""
    return np.random.default_rng(seed).permutation(count)


def one_view_each(count: int, items: int, epoch: int, *seed: int) -> npt.NDArray[np.int64]:
    """Shuffled indices of one view per picture, such that each view is used once in as many epochs as there are views.

    count: pictures.   items: views·count; view v of picture i has the index v·count + i.
    Returns int64 (count,), each 0 … items-1, determined by the arguments (epoch from 0).
    """
    views = items // count
    view = (np.random.default_rng(seed).integers(0, views, count) + epoch) % views
    return (view * count + np.arange(count))[shuffled(count, *seed, epoch)]


def _as_it_is(batch: Any) -> Any:
    """Collate function for data sets that return whole batches: returns the batch unchanged."""
    return batch


def workers(items: int) -> int:
    """Number of DataLoader workers for so many items; 0 if they start slowly or there is under a second of work.

    Two on a CPU, since the network needs the cores; with a GPU, this process's share of the machine's cores.
    """
    if multiprocessing.get_start_method() != "fork" or items <= 2000:
        return 0
    cores = os.cpu_count() or 1
    joined = int(os.environ.get("LOCAL_WORLD_SIZE", 1))
    return min(16, max(1, cores // joined)) if torch.cuda.is_available() else min(2, cores)
