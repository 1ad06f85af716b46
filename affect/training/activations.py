"""The trainable layers above the frozen trunk, and cached activations of the trunk as their training data."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.distributed as dist
from torch import nn
from torch.utils.data import Dataset
from tqdm import tqdm

from affect.arrays import new_mapped_array
from affect.data.loading import Batch, Batches
from affect.model.frozen import Trunk


class Top(nn.Module):
    """The trainable part of the network: the blocks above the trunk, and the head. Shares its layers with `model`.

    Input: the trunk's activations. Output: logits float32 (n, 8).
    """

    def __init__(self, model: nn.Module, frozen_blocks: int, dropout: float) -> None:
        super().__init__()
        self.blocks = nn.Sequential(*list(model.features)[frozen_blocks:]).requires_grad_(True)  # type: ignore[arg-type]
        for layer in self.blocks.modules():
            if isinstance(layer, nn.ReLU6):
                layer.inplace = False  # in place, PyTorch copies the input for backward
        self.classifier: nn.Module = model.classifier  # type: ignore[assignment]
        self.classifier[0].p = dropout  # type: ignore[index]

    def forward(self, activations: torch.Tensor) -> Any:
        """Logits of a batch of activations, float32 (n, 8)."""
        return self.classifier(self.features(activations))

    def features(self, activations: torch.Tensor) -> torch.Tensor:
        """Pooled features, the input of the head: float32 (n, width). Cached pooled features are returned unchanged."""
        if activations.ndim != 4:
            return activations
        values = self.blocks(activations.contiguous(memory_format=torch.channels_last))
        # not mean((2, 3)), whose gradient has NCHW layout, which slows the last batch norm's backward pass
        pooled: torch.Tensor = values.permute(0, 2, 3, 1).flatten(1, 2).mean(1)
        return pooled


class MatchingTop(Top):
    """Top with a linear projection of its features, for feature distillation.

    width: output size of the projection.   Training mode: (logits (n, 8), projection (n, width)); else logits only.
    """

    def __init__(self, model: nn.Module, frozen_blocks: int, dropout: float, width: int) -> None:
        super().__init__(model, frozen_blocks, dropout)
        self.map = nn.Linear(self.classifier[1].in_features, width)  # type: ignore[index]

    def forward(self, activations: torch.Tensor) -> Any:
        """Logits of a batch of activations; in training mode also the projected features."""
        features = self.features(activations)
        logits = self.classifier(features)
        return (logits, self.map(features)) if self.training else logits


class Activations(Dataset[Batch]):
    """Data set of cached trunk activations in a memory-mapped file, `views` augmented versions of each picture.

    values: float16 or float32 (views·n, …), the first view of all n pictures, then the next.
    targets: float32 (n, 8), rows sum to 1.
    An item's index is view·n + picture, as in `affect.data.loading.Views`.
    """

    preparing = False  # transferring a batch from a worker process takes longer than reading it

    def __init__(self, values: npt.NDArray[Any], targets: torch.Tensor) -> None:
        self._values = values
        self.targets = targets

    def __len__(self) -> int:
        return len(self._values)

    def __getitem__(self, index: int) -> Batch:
        values, targets = self.__getitems__([index])
        return values[0], targets[0]

    def __getitems__(self, indices: list[int]) -> Batch:
        """A whole batch; called by DataLoader."""
        values = torch.from_numpy(self._values[indices].astype(np.float32))
        return values, self.targets[[i % len(self.targets) for i in indices]]


def compute_activations(
    trunk: Trunk,
    datasets: list[Any],
    path: Path,
    dtype: type[np.floating[Any]] = np.float16,
    title: str = "features",
    batch_size: int = 64,
) -> Activations:
    """Compute the trunk's activations of all items of equally long data sets (the views of the same pictures).

    path: the temporary `.npy` file to write. Processes on one machine share the work and the file. It is
    written anew by each call, so an incomplete file of a killed process is never read.
    """
    count = len(datasets[0])
    first = trunk(datasets[0][0][0][None])
    shape = (count * len(datasets), *first.shape[1:])
    rank, world = int(os.environ.get("LOCAL_RANK", 0)), int(os.environ.get("LOCAL_WORLD_SIZE", 1))
    if rank == 0:
        path.parent.mkdir(parents=True, exist_ok=True)
        new_mapped_array(path, dtype, shape)
    _wait()
    values = np.lib.format.open_memmap(path, "r+")
    bar = tqdm(total=len(values), desc=title, unit="img", leave=False, disable=rank > 0)
    for view, dataset in enumerate(datasets):
        starts = list(range(0, count, batch_size))[rank::world]
        ranges = [list(range(s, min(count, s + batch_size))) for s in starts]
        for rows, (faces, _) in zip(ranges, Batches(dataset, ranges, trunk.device), strict=True):
            values[view * count + np.array(rows)] = trunk(faces).cpu().numpy()
            bar.update(len(rows) * world)
    bar.close()
    values.flush()
    _wait()
    return Activations(np.load(path, mmap_mode="r"), datasets[0].targets)


def _wait() -> None:
    if dist.is_available() and dist.is_initialized():
        dist.barrier()
