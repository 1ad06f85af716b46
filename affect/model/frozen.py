"""Frozen layers of the network, run without gradients: on ONNX Runtime on a CPU, in PyTorch on a GPU.

Called by training and evaluation. On a CPU, ONNX Runtime is several times faster than PyTorch. The frozen layers are
called the trunk, the trainable layers above them the top (`affect.training.activations`).
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from affect.errors import AffectError
from affect.model.batch_norm import synchronise_batch_norm

# Pixels per call of one thread: one picture of 224 px, or three of 112 px. The activations of larger calls do not fit
# the processor's cache (150 MB for 32 pictures of 224 px after the second block, at half the speed); smaller calls cost
# more overhead. The results are identical to the last bit.
PIXELS = 50_000


def placed(network: nn.Module) -> nn.Module:
    """Move a network to the GPU if there is one, in channels-last memory format, in place."""
    device = torch.accelerator.current_accelerator(check_available=True) or torch.device("cpu")
    return network.to(device).to(memory_format=torch.channels_last)


class Trunk:
    """The network's first `blocks` blocks, run without gradients; None: all blocks, followed by average pooling.

    drifting: run in training mode, so that batch norm uses and updates the batch statistics. A mistake of the first
              version, kept to measure its cost.
    Input: float32 (n, 3, side, side). Output: float32 activations (n, channels, height, width) or (n, channels).
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
        """The activations of a batch of faces, on the trunk's device; cached activations are returned unchanged."""
        if self.blocks and (inputs.ndim != 4 or inputs.shape[1] != 3):
            return inputs.to(self.device, non_blocking=True)
        with torch.no_grad():
            return self._run(inputs)

    @contextmanager
    def measuring(self) -> Iterator[None]:
        """Context in which also a drifting trunk runs in evaluation mode, with its batch-norm statistics fixed."""
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
        options.intra_op_num_threads = 1  # parallel over pictures, not within a layer, so that threads never wait
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
