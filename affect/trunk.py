"""The network in two parts: a frozen trunk that is only run, and the top that learns.

Called by training and by what measures. A frozen part needs no gradients and no training mode, so on a CPU it runs on
ONNX Runtime, several times faster than in PyTorch; and what it makes of a picture that comes again can be kept.
"""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.distributed as dist
from torch import nn
from torch.utils.data import Dataset
from tqdm import tqdm

from affect.data.loading import Batch, Batches
from affect.distributed import synchronise_batch_norm
from affect.errors import AffectError
from affect.mapped import new_mapped_array

# Pixels that one thread takes through the network at a time: one picture of 224 px, three of 112. What more of them
# need leaves the processor's cache (150 MB for 32 of 224 px after the second block, at half the speed); fewer cost more
# calls. The values are the same to the last bit.
PIXELS = 50_000


def placed(network: nn.Module) -> nn.Module:
    """The network on the GPU where there is one, its weights in the order that convolutions read fastest. In place."""
    device = torch.accelerator.current_accelerator(check_available=True) or torch.device("cpu")
    return network.to(device).to(memory_format=torch.channels_last)


class Trunk:
    """The first `blocks` blocks of the network, without gradients; None: all of them, and their features are pooled.

    drifting: run in training mode, so that batch-norm uses and updates the batch's statistics. A mistake, kept to
              measure what it costs.
    Takes float32 (n, 3, side, side), gives float32 activations (n, channels, height, width) or (n, channels).
    """

    def __init__(self, model: nn.Module, blocks: int | None, device: torch.device, *, drifting: bool = False) -> None:
        features = list(model.features)  # type: ignore[arg-type]
        blocks = len(features) if blocks is None else blocks
        if not 0 <= blocks <= len(features):
            raise AffectError(f"{blocks} blocks are to be frozen; the network has 0 to {len(features)}.")
        self.blocks = blocks
        self.device = device
        self._drifting = drifting
        self._layers = nn.Sequential(*features[:blocks])
        if blocks == len(features):
            self._layers.append(nn.AdaptiveAvgPool2d(1)).append(nn.Flatten())
        if drifting:
            synchronise_batch_norm(self._layers)
        self._layers.train(drifting)
        on_cpu = device.type == "cpu" and blocks > 0 and not drifting
        self._run = self._on_onnxruntime() if on_cpu else self._in_torch

    def __call__(self, inputs: torch.Tensor) -> torch.Tensor:
        """The activations of a batch of faces, on the trunk's device. Kept activations pass through as they are."""
        if self.blocks and (inputs.ndim != 4 or inputs.shape[1] != 3):
            return inputs.to(self.device, non_blocking=True)
        with torch.no_grad():
            return self._run(inputs)

    @contextmanager
    def measuring(self) -> Iterator[None]:
        """Run as a finished network runs: even a drifting trunk then neither uses nor updates a batch's statistics."""
        self._layers.eval()
        try:
            yield
        finally:
            self._layers.train(self._drifting)

    def _in_torch(self, faces: torch.Tensor) -> torch.Tensor:
        values: torch.Tensor = self._layers(faces.to(self.device, non_blocking=True, memory_format=torch.channels_last))
        return values

    def _on_onnxruntime(self) -> Callable[[torch.Tensor], torch.Tensor]:
        import onnxruntime

        buffer = io.BytesIO()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                self._layers,
                (torch.zeros(2, 3, 64, 64),),
                buffer,  # type: ignore[arg-type]  # torch takes a file as well
                input_names=["faces"],
                output_names=["activations"],
                dynamic_axes={"faces": {0: "n", 2: "height", 3: "width"}, "activations": {0: "n"}},
                dynamo=False,
            )
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.intra_op_num_threads = 1  # threads share the pictures, not the layers of one: nobody waits for another
        session = onnxruntime.InferenceSession(buffer.getvalue(), options, providers=["CPUExecutionProvider"])
        pool = ThreadPoolExecutor(torch.get_num_threads())

        def run_part(faces: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
            activations: npt.NDArray[np.float32] = session.run(None, {"faces": faces})[0]
            return activations

        def run(faces: torch.Tensor) -> torch.Tensor:
            at_once = max(1, PIXELS // (faces.shape[2] * faces.shape[3]))
            parts = [p.numpy() for p in faces.contiguous().split(at_once)]
            return torch.from_numpy(np.concatenate(list(pool.map(run_part, parts))))

        return run


class Top(nn.Module):
    """What learns: the blocks above the trunk and the head. Shares its layers with `model`.

    Takes the trunk's activations, gives logits float32 (n, 8).
    """

    def __init__(self, model: nn.Module, frozen_blocks: int, dropout: float) -> None:
        super().__init__()
        self.blocks = nn.Sequential(*list(model.features)[frozen_blocks:]).requires_grad_(True)  # type: ignore[arg-type]
        for layer in self.blocks.modules():
            if isinstance(layer, nn.ReLU6):
                layer.inplace = False  # in place, PyTorch copies the input first, to have it for the backward pass
        self.classifier: nn.Module = model.classifier  # type: ignore[assignment]
        self.classifier[0].p = dropout  # type: ignore[index]

    def forward(self, activations: torch.Tensor) -> Any:
        """See the class."""
        return self.classifier(self.features(activations))

    def features(self, activations: torch.Tensor) -> torch.Tensor:
        """What the head is given: float32 (n, width). Kept features of the whole trunk pass through as they are."""
        if activations.ndim != 4:
            return activations
        values = self.blocks(activations.contiguous(memory_format=torch.channels_last))
        # not mean((2, 3)): its gradient lies as NCHW in memory, on which the last batch-norm's backward is slow
        pooled: torch.Tensor = values.permute(0, 2, 3, 1).flatten(1, 2).mean(1)
        return pooled


class MatchingTop(Top):
    """A top that tells beside its logits, while it learns, what a linear map makes of its features.

    width: how many values the map makes.   Training: (logits (n, 8), values (n, width)); otherwise logits alone.
    """

    def __init__(self, model: nn.Module, frozen_blocks: int, dropout: float, width: int) -> None:
        super().__init__(model, frozen_blocks, dropout)
        self.map = nn.Linear(self.classifier[1].in_features, width)  # type: ignore[index]

    def forward(self, activations: torch.Tensor) -> Any:
        """See the class."""
        features = self.features(activations)
        logits = self.classifier(features)
        return (logits, self.map(features)) if self.training else logits


class Activations(Dataset[Batch]):
    """What a trunk made of pictures, kept in a file that is mapped into memory, `views` variations of each.

    values: float16 or float32 (views·n, …), the first view of all n pictures, then the next.
    targets: float32 (n, 8), rows sum to 1.
    An item's index is view·n + picture, as in `affect.data.loading.Views`.
    """

    preparing = False  # to pass a batch from another process would take longer than to read it

    def __init__(self, values: npt.NDArray[Any], targets: torch.Tensor) -> None:
        self._values = values
        self.targets = targets

    def __len__(self) -> int:
        return len(self._values)

    def __getitem__(self, index: int) -> Batch:
        values, targets = self.__getitems__([index])
        return values[0], targets[0]

    def __getitems__(self, indices: list[int]) -> Batch:
        """A batch at once."""
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
    """Run the trunk once over every item of equally long data sets (the views of the same pictures).

    path: the file to write, `.npy`. Processes on one machine share the work and the file; it is temporary, so a kill
    leaves nothing that is taken for whole.
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
