from __future__ import annotations

import ast

import numpy as np
import pytest
import torch
from torch import nn

from affect.data.loading import FaceDataset
from affect.evaluation.attention import mean_maps
from affect.faces.preprocessing import Preprocessing
from tests.conftest import REPOSITORY

SIDE = 160


class Brightness(nn.Module):
    """A model whose evidence is known: class 4 wherever it is bright. It halves five times, as MobileNetV2 does."""

    def __init__(self) -> None:
        super().__init__()
        halvings = [nn.AvgPool2d(3, 2, 1, count_include_pad=False) for _ in range(5)]
        self.features = nn.Sequential(*halvings, nn.Conv2d(3, 1, 1))
        self.head = nn.Linear(1, 8)
        with torch.no_grad():
            self.features[-1].weight.fill_(1 / 3)  # type: ignore[operator, union-attr]
            self.features[-1].bias.fill_(1.0)  # type: ignore[operator, union-attr]
            self.head.weight.fill_(-1)
            self.head.weight[4] = 1

    def forward(self, faces: torch.Tensor) -> torch.Tensor:
        return self.head(self.features(faces).mean((2, 3)))


@pytest.fixture
def dataset() -> FaceDataset:
    """Twelve dark pictures with a bright square around row 96, column 64."""
    pictures = np.zeros((12, SIDE, SIDE, 1), np.uint8)
    pictures[:, 80:113, 48:81] = 255
    preprocessing = Preprocessing(image_size=SIDE, color="grey", mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))
    return FaceDataset(pictures, np.eye(8, dtype=np.float32)[[4] * 12], preprocessing)


def test_the_map_lies_where_the_evidence_is(dataset: FaceDataset) -> None:
    maps = mean_maps(Brightness().eval(), dataset, np.full(12, 4))
    assert maps.shape == (8, SIDE, SIDE)
    assert maps.dtype == np.float32
    happy = maps[4]
    assert np.unravel_index(happy.argmax(), happy.shape) == (96, 64)
    assert happy[80, 64] == pytest.approx(happy[112, 64], abs=0.01)  # it falls off evenly on all sides
    assert happy[96, 48] == pytest.approx(happy[96, 80], abs=0.01)
    assert happy[96, 128] < happy[96, 64] / 2
    assert 0 <= happy.min() <= happy.max() <= 1
    assert np.isnan(maps[[0, 1, 2, 3, 5, 6, 7]]).all()  # no picture of these


def test_without_evidence_for_a_class_its_map_is_empty(dataset: FaceDataset) -> None:
    assert mean_maps(Brightness().eval(), dataset, np.full(12, 0))[0].max() == 0


def test_the_real_network_gives_the_same_maps_from_the_same_seed_and_stays_as_it_was(
    random_model: nn.Module, dataset: FaceDataset
) -> None:
    labels = np.arange(12) % 8
    before = {k: v.clone() for k, v in random_model.state_dict().items()}
    maps = mean_maps(random_model, dataset, labels, per_class=1, seed=1)
    np.testing.assert_array_equal(maps, mean_maps(random_model, dataset, labels, per_class=1, seed=1))
    assert np.isfinite(maps).all()
    assert all(torch.equal(v, before[k]) for k, v in random_model.state_dict().items())
    assert all(p.grad is None for p in random_model.parameters())


def test_labels_for_other_pictures_are_refused(random_model: nn.Module, dataset: FaceDataset) -> None:
    with pytest.raises(ValueError, match="12 pictures but 3"):
        mean_maps(random_model, dataset, np.zeros(3, int))


def test_captum_is_imported_only_when_a_map_is_made() -> None:
    modules = [ast.parse(path.read_text(encoding="utf-8")) for path in (REPOSITORY / "affect").rglob("*.py")]
    statements = [n for module in modules for n in ast.walk(module) if isinstance(n, ast.Import | ast.ImportFrom)]
    ours = [n for n in statements if "captum" in ast.unparse(n)]
    assert ours
    assert all(n.col_offset > 0 for n in ours)  # within a function
