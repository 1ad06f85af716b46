"""From the table and the prepared pictures to batches: labels, variation, order. The same in every process."""

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
    """The class of each row as its index in EMOTIONS, int64 (n,)."""
    return rows["label"].map({e: i for i, e in enumerate(EMOTIONS)}).to_numpy(np.int64)


def target_distributions(rows: pd.DataFrame, soft: bool, min_votes: int = 0) -> npt.NDArray[np.float32]:
    """What the model learns, float32 (n, 8), rows sum to 1.

    soft: the share of each class among the annotators' votes for the eight classes (Barsoum et al. 2016,
    arXiv:1608.01041), of which those for a class with fewer than `min_votes` do not count; a row without such votes,
    and every row where soft is False, is 1 for its label.
    """
    targets = np.eye(len(EMOTIONS), dtype=np.float32)[hard_labels(rows)]
    if soft and set(VOTES) <= set(rows.columns):
        votes = rows[VOTES].to_numpy(np.float32)
        votes = np.where(votes < min_votes, np.float32(0), votes)
        voted = votes.sum(1) > 0
        targets[voted] = votes[voted] / votes[voted].sum(1, keepdims=True)
    return targets


Batch = tuple[torch.Tensor, torch.Tensor]


class FaceDataset(Dataset[Batch]):
    """Prepared pictures with their targets, as the model takes them.

    pictures: uint8 (n, side, side, channels).   targets: float32 (n, 8).
    An item is float32 (3, side, side) and float32 (8,): the picture as it is, or, with `varied`, augmented.
    """

    preparing = True  # an item takes work, which other processes can do meanwhile

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

    def __getitem__(self, index: int) -> Batch:
        faces, targets = self.__getitems__([index])
        return faces[0], targets[0]

    def __getitems__(self, indices: list[int]) -> Batch:
        """A batch at once, float32 (n, 3, side, side) and (n, 8): what a DataLoader asks for."""
        pictures, targets = self.compact(indices)
        return self.model_input(pictures), targets

    def compact(self, indices: list[int]) -> Batch:
        """A batch as it passes from process to process, before `model_input`: uint8 (n, side, side, channels), a
        twelfth of the bytes where the pictures are grey; and the targets."""
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
        """A compact batch as the model takes it: float32 (n, 3, side, side), where the pictures are (CPU or GPU)."""
        return normalized(pictures, self.preprocessing)


class Views(Dataset[Batch]):
    """Several variations of the same n pictures, one after the other.   datasets: of n items each.

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
        """See `FaceDataset.compact`."""
        parts = [self._datasets[i // len(self.targets)].compact([i % len(self.targets)]) for i in indices]
        pictures, targets = zip(*parts, strict=True)
        return torch.cat(pictures), torch.cat(targets)


def normalized(pictures: torch.Tensor, preprocessing: Preprocessing) -> torch.Tensor:
    """`Preprocessing.normalize` in PyTorch, on any device, with the same values to the last bit.

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
    """Batches of a data set on `device`, in the order of `indices`: a list of indices for each batch.

    dataset: of pictures, which other processes prepare where that is worth it (`workers`) and pass on as bytes; or of
             what lies ready, which this process reads.
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
            loaded = iter(self._loader)  # starts the processes
        for inputs, targets in loaded:
            inputs, targets = (x.to(self._device, non_blocking=True) for x in (inputs, targets))
            yield self._dataset.model_input(inputs) if self._dataset.preparing else inputs, targets


@contextmanager
def _one_opencv_thread() -> Iterator[None]:
    """Processes that are forked in this block use one OpenCV thread each; more would get in each other's way.

    This process stops its own threads for it: a child that inherits them as running waits for them for ever.
    """
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(threads)


class _Compact(Dataset[Batch]):
    """A FaceDataset's items before they become model input."""

    def __init__(self, dataset: FaceDataset | Views) -> None:
        self._dataset = dataset

    def __getitems__(self, indices: list[int]) -> Batch:
        return self._dataset.compact(indices)


def whole_batches(order: npt.NDArray[np.integer], batch_size: int) -> list[list[int]]:
    """The indices in this order, in batches; what does not fill one is left out. Fewer than a batch are one batch."""
    size = min(batch_size, len(order))
    return order[: len(order) // size * size].reshape(-1, size).tolist() if size else []


def shuffled(count: int, *seed: int) -> npt.NDArray[np.int64]:
    """A permutation of 0 … count-1, int64 (count,), that depends on the seed alone."""
    return np.random.default_rng(seed).permutation(count)


def one_view_each(count: int, items: int, epoch: int, *seed: int) -> npt.NDArray[np.int64]:
    """Indices of one view of every picture, shuffled. Over as many epochs as there are views, each is shown once.

    count: pictures.   items: views·count; view v of picture i has the index v·count + i.
    Returns int64 (count,), each 0 … items-1, which depends on the numbers, the epoch (0 …) and the seed alone.
    """
    views = items // count
    view = (np.random.default_rng(seed).integers(0, views, count) + epoch) % views
    return (view * count + np.arange(count))[shuffled(count, *seed, epoch)]


def drawn(labels: npt.NDArray[np.integer[Any]], balance: float, *seed: int) -> npt.NDArray[np.int64]:
    """As many indices as there are labels, drawn with replacement, rare classes more often.

    labels:  int (n,), 0…7.   Returns int64 (n,), each 0 … n-1, which depends on labels, balance and seed alone.
    balance: a picture's chance is its class's share to the power of minus this, 0…1.
    """
    shares = np.bincount(labels) / len(labels)
    chances = shares[labels] ** -balance
    return np.random.default_rng(seed).choice(len(labels), len(labels), p=chances / chances.sum())


def _as_it_is(batch: Any) -> Any:
    """What a DataLoader collates with where the data set gives whole batches."""
    return batch


def workers(items: int) -> int:
    """Processes that prepare batches, where they start at once and there is more than a second of work.

    Two, since the network needs the cores; with a GPU, the process's share of the machine's cores, which have nothing
    else to do.
    """
    if multiprocessing.get_start_method() != "fork" or items <= 2000:
        return 0
    cores = os.cpu_count() or 1
    joined = int(os.environ.get("LOCAL_WORLD_SIZE", 1))
    return min(16, max(1, cores // joined)) if torch.cuda.is_available() else min(2, cores)
