from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from accelerate import Accelerator

from affect.data.loading import FaceDataset
from affect.errors import AffectError
from affect.faces.preprocessing import Preprocessing
from affect.model.frozen import Trunk
from affect.model.network import BLOCKS, build_model
from affect.training.activations import Top, compute_activations
from affect.training.loop import predict

CPU = torch.device("cpu")
FACES = torch.randn(4, 3, 64, 64, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def model() -> torch.nn.Module:
    torch.manual_seed(0)
    return build_model()


@pytest.mark.parametrize("frozen", [0, 3, 14, 16, BLOCKS])
def test_trunk_and_top_together_are_the_network(model: torch.nn.Module, frozen: int) -> None:
    trunk, top = Trunk(model, frozen, CPU), Top(model, frozen, 0.2).eval()
    with torch.inference_mode():
        expected = model.eval()(FACES)
        torch.testing.assert_close(top(trunk(FACES)), expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("blocks", [4, 14, BLOCKS])
def test_a_batch_taken_in_parts_is_the_whole_batch_to_the_last_bit(model: torch.nn.Module, blocks: int) -> None:
    trunk = Trunk(model, blocks, torch.device("cpu"))
    faces = torch.randn(7, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    alone = torch.cat([trunk(face[None]) for face in faces])
    assert torch.equal(trunk(faces), alone)
    layers = torch.nn.Sequential(*list(model.features)[:blocks])
    with torch.inference_mode():
        reference = layers(faces)
    reference = reference.mean((2, 3)) if blocks == BLOCKS else reference
    torch.testing.assert_close(trunk(faces), reference, rtol=1e-3, atol=1e-5)


def test_the_tops_parameters_are_the_networks(model: torch.nn.Module) -> None:
    top = Top(model, 16, 0.5)
    with torch.no_grad():
        for parameter in top.parameters():
            parameter.add_(1.0)
    assert torch.equal(top.classifier[1].weight, model.classifier[1].weight)
    assert model.classifier[0].p == 0.5
    assert all(p is q for p, q in zip(top.blocks.parameters(), model.features[16:].parameters(), strict=True))


def test_a_frozen_trunk_does_not_move_and_a_drifting_one_does(model: torch.nn.Module) -> None:
    before = {k: v.clone() for k, v in model.state_dict().items()}
    model.train()
    Trunk(model, 14, CPU)(FACES)
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
    Trunk(model, 14, CPU, drifting=True)(FACES)
    moved = [k for k, v in model.state_dict().items() if not torch.equal(v, before[k])]
    assert moved
    assert all("running" in k or "num_batches" in k for k in moved)
    assert all(int(k.split(".")[1]) < 14 for k in moved)


def test_a_drifting_trunk_stands_still_while_it_is_measured(model: torch.nn.Module) -> None:
    trunk, top = Trunk(model, 14, CPU, drifting=True), Top(model, 14, 0.0)
    trunk(FACES)
    before = {k: v.clone() for k, v in model.state_dict().items()}
    pictures = np.random.default_rng(0).integers(0, 256, (6, 64, 64, 1), dtype=np.uint8)
    data = FaceDataset(pictures, np.eye(8, dtype=np.float32)[:6], Preprocessing(image_size=64, color="grey"))
    together = predict(Accelerator(cpu=True), trunk, top, data)
    one_by_one = predict(Accelerator(cpu=True), trunk, top, data, batch_size=1)
    np.testing.assert_allclose(one_by_one, together, atol=1e-4)  # whatever else is in the batch
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
    trunk(FACES)
    assert any(not torch.equal(v, before[k]) for k, v in model.state_dict().items())


def test_kept_activations_are_the_trunks_and_pass_through_it(model: torch.nn.Module, tmp_path: Path) -> None:
    settings = Preprocessing(image_size=64, color="grey")
    pictures = np.random.default_rng(0).integers(0, 256, (5, 64, 64, 1), dtype=np.uint8)
    data = FaceDataset(pictures, np.eye(8, dtype=np.float32)[:5], settings)
    trunk = Trunk(model, 14, CPU)
    kept = compute_activations(trunk, [data, data], tmp_path / "a.npy", np.float32, batch_size=2)
    assert (len(kept), len(kept.targets)) == (10, 5)
    values, targets = kept.__getitems__([1, 8])
    torch.testing.assert_close(values, trunk(data.__getitems__([1, 3])[0]), rtol=1e-4, atol=1e-5)
    assert targets.argmax(1).tolist() == [1, 3]
    assert torch.equal(trunk(values), values)


def test_more_blocks_than_there_are_cannot_be_frozen(model: torch.nn.Module) -> None:
    with pytest.raises(AffectError, match="20 blocks"):
        Trunk(model, 20, CPU)
