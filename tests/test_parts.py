"""What makes the frozen part fast does not change what it computes."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from affect.model import BLOCKS
from affect.preprocessing import Preprocessing
from affect.trunk import Trunk


@pytest.mark.parametrize("blocks", [4, 14, BLOCKS])
def test_a_batch_taken_in_parts_is_the_whole_batch_to_the_last_bit(random_model: torch.nn.Module, blocks: int) -> None:
    trunk = Trunk(random_model, blocks, torch.device("cpu"))
    faces = torch.randn(7, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    alone = torch.cat([trunk(face[None]) for face in faces])
    assert torch.equal(trunk(faces), alone)
    layers = torch.nn.Sequential(*list(random_model.features)[:blocks])
    with torch.inference_mode():
        reference = layers(faces)
    reference = reference.mean((2, 3)) if blocks == BLOCKS else reference
    torch.testing.assert_close(trunk(faces), reference, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("color", ["rgb", "grey"])
def test_normalising_plane_by_plane_is_the_formula_to_the_last_bit(color: str) -> None:
    settings = Preprocessing(image_size=32, color=color)
    pictures = np.random.default_rng(0).integers(0, 256, (3, 32, 32, settings.channels), dtype=np.uint8)
    mean, std = (np.asarray(v, np.float32) for v in (settings.mean, settings.std))
    formula = pictures * (1 / (255 * std)) - mean / std
    faces = settings.normalize(pictures)
    assert faces.dtype == np.float32
    assert faces.flags["C_CONTIGUOUS"]
    assert np.array_equal(faces, formula.transpose(0, 3, 1, 2))
