from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.special import softmax

from affect.data.framing import FaceFinder
from affect.data.loading import normalized
from affect.errors import AffectError
from affect.faces.preprocessing import Image
from affect.model.face_attributes import FACE, FaceAttributes
from tests.training.test_face_weights import Weights, layers, plainly, written


def with_heads(seed: int = 3) -> Weights:
    """Random weights of the whole network, its three heads included, so large that faces are told apart."""
    draw = torch.Generator().manual_seed(seed)
    heads = {"feats": (1024, 16), "gender_pred": (16, 1), "age_pred": (16, 100)}
    weights = {name: 5 * w if w.ndim == 4 else w for name, w in layers().items()}
    for name, shape in heads.items():
        weights[f"{name}/kernel"] = torch.randn(shape, generator=draw) / np.sqrt(shape[0])
        weights[f"{name}/bias"] = torch.randn(shape[1], generator=draw)
    return weights


def test_age_and_gender_are_what_tensorflows_layers_say(tmp_path: Path) -> None:
    weights = with_heads()
    faces = torch.randn(3, 3, 64, 64, generator=torch.Generator().manual_seed(2)) * 60
    common = torch.relu(plainly(weights, faces).mean((2, 3)) @ weights["feats/kernel"] + weights["feats/bias"])
    ages = softmax((common @ weights["age_pred/kernel"] + weights["age_pred/bias"]).numpy().astype(float), axis=1)
    male = torch.sigmoid(common @ weights["gender_pred/kernel"] + weights["gender_pred/bias"])[:, 0]
    years, probability = FaceAttributes(written(tmp_path, weights)).estimate(faces)
    np.testing.assert_allclose(probability, male, atol=2e-3)
    for found, shares in zip(years, ages, strict=True):
        one, other = np.argsort(-shares)[:2]
        weighed = ((one + 1) * shares[one] + (other + 1) * shares[other]) / (shares[one] + shares[other])
        assert found == pytest.approx(weighed, abs=0.3)
    assert np.ptp(years) > 1
    assert np.ptp(probability) > 0.05


@pytest.mark.parametrize(
    "missing", ["gender_pred/kernel", "conv_pw_5/convolution/merged_input", "conv1_bn/batchnorm_1/sub"]
)
def test_another_networks_file_is_refused(tmp_path: Path, missing: str) -> None:
    weights = with_heads()
    del weights[missing]
    with pytest.raises(AffectError, match="is not the face recognition network"):
        FaceAttributes(written(tmp_path, weights))


def test_filters_of_another_size_are_refused(tmp_path: Path) -> None:
    weights = with_heads()
    weights["conv_pw_3/convolution/merged_input"] = torch.zeros(1, 1, 1, 1)
    with pytest.raises(AffectError, match="is not the face recognition network"):
        FaceAttributes(written(tmp_path, weights))


@pytest.mark.parametrize("content", ["no JSON", "[]", '{"weightsManifest": [{"paths": ["none.bin"], "weights": []}]}'])
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, content: str) -> None:
    path = tmp_path / "net.json"
    path.write_text(content)
    with pytest.raises(AffectError, match=r"net\.json is not the face|none\.bin cannot be read"):
        FaceAttributes(path)


PUBLISHED = Path(__file__).resolve().parents[3] / "scratch" / "package" / "models" / "faceres-deep.json"


@pytest.mark.skipif(not PUBLISHED.is_file(), reason="faceres-deep.json is not on this machine")
def test_the_portrait_is_read_as_a_woman_of_about_her_age(portrait: Image) -> None:
    """Eileen Collins was 35."""
    face = FaceFinder().crop(portrait[:210, 120:330].copy(), FACE)
    assert face is not None
    inputs = normalized(torch.from_numpy(FACE.prepare(face)[None].copy()), FACE)
    (years,), (male,) = FaceAttributes(PUBLISHED).estimate(inputs)
    assert 28 <= years <= 42
    assert male < 0.2
