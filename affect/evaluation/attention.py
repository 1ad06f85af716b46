"""Grad-CAM attribution maps, averaged over many pictures so that no person can be recognised.

Selvaraju et al. 2017 (arXiv:1610.02391), with captum's LayerGradCam. Called by the notebooks.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from affect.arrays import Ints
from affect.data.loading import FaceDataset
from affect.emotions import EMOTIONS
from affect.model.network import STRIDE

NO_EVIDENCE = 1e-5  # positive evidence below this share of the negative evidence is rounding error


def mean_maps(
    model: nn.Module, dataset: FaceDataset, labels: Ints, per_class: int = 100, seed: int = 0, batch_size: int = 32
) -> npt.NDArray[np.float32]:
    """The mean Grad-CAM map of each class, for that class's logit, at the last block of `features`.

    model:     MobileNetV2 in evaluation mode; its weights and gradients are not changed.
    labels:    int (n,), 0…7, one for each item: the true or the predicted classes.
    per_class: maximum number of pictures per class, sampled with `seed`.
    Returns float32 (8, side, side), 0…1: each picture's map is scaled to a maximum of 1 (or is 0 without positive
    evidence), resized bilinearly to the picture, and averaged. A class without pictures is NaN.
    Raises ValueError if the lengths differ.
    """
    from captum.attr import LayerGradCam  # slow to import, and only a notebook needs it

    if len(labels) != len(dataset):
        raise ValueError(f"{len(dataset)} pictures but {len(labels)} labels.")
    rng = np.random.default_rng(seed)
    device = next(model.parameters()).device
    attribution = LayerGradCam(model, model.features[-1])  # type: ignore[index]
    side = dataset.preprocessing.image_size
    means = np.full((len(EMOTIONS), side, side), np.nan, np.float32)
    for c in range(len(EMOTIONS)):
        members = np.flatnonzero(labels == c)
        if len(members) == 0:
            continue
        chosen = np.sort(rng.choice(members, min(per_class, len(members)), replace=False))
        total = torch.zeros(side, side)
        for start in range(0, len(chosen), batch_size):
            faces, _ = dataset.__getitems__(chosen[start : start + batch_size].tolist())
            maps = _scaled(attribution.attribute(faces.to(device), target=c).detach())
            total += _enlarged(maps, side).sum((0, 1)).cpu()
        means[c] = (total / len(chosen)).numpy()
    return means


def _scaled(maps: torch.Tensor) -> torch.Tensor:
    """The positive part of each map, scaled to a maximum of 1; all 0 if there is no positive evidence.

    maps: float (n, 1, h, w), evidence for the class (positive) and against it (negative).
    """
    peak = maps.amax((1, 2, 3), keepdim=True)
    some = peak > NO_EVIDENCE * maps.abs().amax((1, 2, 3), keepdim=True)
    return torch.where(some, maps.clamp_min(0) / peak, 0.0)


def _enlarged(maps: torch.Tensor, side: int) -> torch.Tensor:
    """Resize maps bilinearly to the pictures' size, aligned with the network's stride; edge cells are replicated.

    Each stride-2 layer is a 3×3 convolution with padding 1, whose output k is centred on input 2k: so cell k of a map
    is centred on pixel 32k, not on the middle of the k-th tile of 32 pixels.

    maps: float (n, 1, h, w).   Returns float (n, 1, side, side).
    """
    pixels = torch.arange(side, device=maps.device) / STRIDE
    y, x = (2 * pixels / max(1, cells - 1) - 1 for cells in maps.shape[2:])
    grid = torch.stack(torch.meshgrid(x, y, indexing="xy"), -1).expand(len(maps), -1, -1, -1)
    return nn.functional.grid_sample(maps, grid, mode="bilinear", padding_mode="border", align_corners=True)
