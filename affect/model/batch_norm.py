"""Synchronised batch normalisation on any device: many processes train as one process with the same global batch."""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist
from torch import nn


class _Sum(torch.autograd.Function):
    """Differentiable all-reduce: the sum over all processes, whose gradient is the sum of all processes' gradients."""

    @staticmethod
    def forward(context: Any, values: torch.Tensor) -> torch.Tensor:
        total = values.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(context: Any, *gradients: torch.Tensor) -> torch.Tensor:
        total = gradients[0].clone()
        dist.all_reduce(total)
        return total


class SyncedBatchNorm2d(nn.BatchNorm2d):
    """BatchNorm2d with the mean and variance of the global batch, on any device (torch's SyncBatchNorm needs a GPU).

    All processes must have batches of the same shape. Input and output: float32 (n, channels, height, width).
    """

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Normalise a batch, in training mode with the global batch's statistics."""
        if not self.training:
            return super().forward(values)
        rank, world = dist.get_rank(), dist.get_world_size()
        own = torch.stack([values.mean((0, 2, 3)), values.var((0, 2, 3), correction=0)])
        places = torch.zeros(world, 1, 1, dtype=own.dtype, device=own.device)
        places[rank] = 1
        means, variances = _Sum.apply(places * own).unbind(1)  # one row per process, (world, channels)
        mean = means.mean(0)
        variance = variances.mean(0) + (means - mean).square().mean(0)
        with torch.no_grad():
            count = world * values.numel() / values.shape[1]
            momentum = self.momentum or 0.0
            assert self.running_mean is not None  # noqa: S101
            assert self.running_var is not None  # noqa: S101
            assert self.num_batches_tracked is not None  # noqa: S101
            self.running_mean.lerp_(mean, momentum)
            self.running_var.lerp_(variance * count / max(1.0, count - 1), momentum)
            self.num_batches_tracked.add_(1)
        scale = self.weight * torch.rsqrt(variance + self.eps)
        shift = self.bias - mean * scale
        return values * scale[:, None, None] + shift[:, None, None]


def synchronise_batch_norm(module: nn.Module) -> nn.Module:
    """Replace each BatchNorm2d of a module by a synchronised one, in place; parameters, buffers and names stay.

    With one process nothing changes.
    """
    if not (dist.is_available() and dist.is_initialized()) or dist.get_world_size() == 1:
        return module
    if next(module.parameters()).device.type == "cuda":
        converted: nn.Module = nn.SyncBatchNorm.convert_sync_batchnorm(module)
        return converted
    for parent in list(module.modules()):
        for name, layer in parent.named_children():
            if type(layer) is nn.BatchNorm2d:
                synced = SyncedBatchNorm2d(layer.num_features, layer.eps, layer.momentum)
                synced.weight, synced.bias = layer.weight, layer.bias
                synced.running_mean, synced.running_var = layer.running_mean, layer.running_var
                synced.num_batches_tracked = layer.num_batches_tracked
                setattr(parent, name, synced)
    return module
