"""A face recognition network: read from its TensorFlow.js files, and the same function afterwards."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from affect.datasets.sample import write_sample
from affect.errors import AffectError
from affect.faces.preprocessing import Preprocessing
from affect.model.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from affect.model.face_attributes import pairs, read_weights
from affect.model.network import FACE_BLOCKS, FIRST, build_model, load_initial_weights
from affect.training.face_weights import face_mobilenet, main

SIDE = 64
Weights = dict[str, torch.Tensor]


def layers() -> Weights:
    """Random weights of the whole network under the file's names, in TensorFlow's order.

    Its kernels are so large that faces are told apart: smaller ones let the fixed offsets decide alone.
    """
    draw = torch.Generator().manual_seed(1)

    def normal(*shape: int) -> torch.Tensor:
        return 5 * torch.randn(shape, generator=draw) / np.sqrt(np.prod(shape[:3]))

    weights = {"feats/kernel": normal(1024, 2), "conv1/convolution/merged_input": normal(3, 3, 3, FIRST)}
    weights["conv1_bn/batchnorm_1/sub"] = torch.randn(FIRST, generator=draw)
    inputs = FIRST
    for number, (outputs, _) in enumerate(FACE_BLOCKS, 1):
        weights[f"conv_dw_{number}/depthwise_kernel"] = normal(3, 3, inputs, 1) * 3
        weights[f"conv_dw_{number}_bn/batchnorm_1/mul"] = torch.rand(inputs, generator=draw) + 1
        weights[f"conv_dw_{number}_bn/batchnorm_1/sub"] = torch.randn(inputs, generator=draw)
        weights[f"conv_pw_{number}/convolution/merged_input"] = normal(1, 1, inputs, outputs)
        weights[f"conv_pw_{number}_bn/batchnorm_1/sub"] = torch.randn(outputs, generator=draw)
        inputs = outputs
    return weights


def written(folder: Path, weights: Weights, **changes: Any) -> Path:
    """The two files of a model with these weights."""
    told = [{"name": name, "shape": list(w.shape), "dtype": "float32"} for name, w in weights.items()]
    told.append({"name": "axes", "shape": [], "dtype": "int32"})
    content = b"".join(w.numpy().astype("<f4").tobytes() for w in weights.values()) + np.int32(2).tobytes()
    (folder / "net.bin").write_bytes(content)
    manifest = {"format": "graph-model", "weightsManifest": [{"paths": ["net.bin"], "weights": told}]} | changes
    (folder / "net.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder / "net.json"


@pytest.fixture(scope="module")
def weights() -> Weights:
    return layers()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory, weights: Weights) -> Path:
    return written(tmp_path_factory.mktemp("face"), weights)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sample(tmp_path_factory.mktemp("sample"), train=2, val=1)


@pytest.fixture(scope="module")
def faces() -> torch.Tensor:
    return torch.randn(4, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(2)) * 60


def plainly(weights: Weights, values: torch.Tensor) -> torch.Tensor:
    """What TensorFlow's layers make of faces, one after the other, with their fixed factors and offsets."""

    def scaled(values: torch.Tensor, name: str) -> torch.Tensor:
        offset = weights[f"{name}_bn/batchnorm_1/sub"]
        factor = weights.get(f"{name}_bn/batchnorm_1/mul", torch.ones(len(offset)))
        return functional.relu6(values * factor[:, None, None] + offset[:, None, None])

    def same(values: torch.Tensor, kernel: torch.Tensor, stride: int, groups: int = 1) -> torch.Tensor:
        """TensorFlow's padding "SAME": what an odd border is short of, is added below and to the right."""
        need = [max(0, (-(-s // stride) - 1) * stride + kernel.shape[-1] - s) for s in values.shape[2:]]
        sides = (need[1] // 2, need[1] - need[1] // 2, need[0] // 2, need[0] - need[0] // 2)
        return functional.conv2d(functional.pad(values, sides), kernel, stride=stride, groups=groups)

    first = weights["conv1/convolution/merged_input"].permute(3, 2, 0, 1)
    values = scaled(same(values, first, 2), "conv1")
    for number, (_, halves) in enumerate(FACE_BLOCKS, 1):
        depthwise = weights[f"conv_dw_{number}/depthwise_kernel"].permute(2, 3, 0, 1)
        values = scaled(same(values, depthwise, 2 if halves else 1, len(depthwise)), f"conv_dw_{number}")
        pointwise = weights[f"conv_pw_{number}/convolution/merged_input"].permute(3, 2, 0, 1)
        values = scaled(functional.conv2d(values, pointwise), f"conv_pw_{number}")
    return values


def test_what_was_written_is_read(file: Path, weights: Weights) -> None:
    read = read_weights(file)
    assert read.pop("axes").tolist() == 2
    assert list(read) == list(weights)
    assert all(torch.equal(read[name], weights[name]) for name in weights)


def test_the_network_does_what_tensorflows_layers_do(file: Path, weights: Weights, faces: torch.Tensor) -> None:
    model = face_mobilenet(file, faces).eval()
    with torch.no_grad():
        expected, made = plainly(weights, faces), model.features(faces)  # type: ignore[operator]
    assert float(expected.std(0).mean()) > 0.5  # between faces, of 0 to 6
    torch.testing.assert_close(made, expected, rtol=1e-3, atol=0.02)


def test_in_training_mode_the_same_faces_give_nearly_the_same(file: Path, faces: torch.Tensor) -> None:
    model = face_mobilenet(file, faces)
    with torch.no_grad():
        measured = model.features(faces)  # type: ignore[operator]
        trained = model.train().features(faces)  # type: ignore[operator]
    assert float((trained - measured).abs().mean()) < 0.1 * float(measured.std())


def test_every_convolution_is_large_enough_to_be_trained(file: Path, faces: torch.Tensor) -> None:
    for _, norm in pairs(face_mobilenet(file, faces)):
        assert norm.running_var is not None
        assert float(norm.running_var.mean()) == pytest.approx(1, rel=1e-3)


def manifest(*weights: dict[str, Any]) -> str:
    return json.dumps({"weightsManifest": [{"paths": [], "weights": weights}]})


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"weightsManifest": 3}',
        manifest({"name": "a"}),
        manifest({"name": "a", "shape": [9], "dtype": "float32"}),
    ],
)
def test_another_file_is_refused(content: str, tmp_path: Path, faces: torch.Tensor) -> None:
    path = tmp_path / "other.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(AffectError, match="not the face recognition network"):
        face_mobilenet(path, faces)


def test_another_network_is_refused(tmp_path: Path, weights: Weights, faces: torch.Tensor) -> None:
    name = "conv_dw_3/depthwise_kernel"
    without = {k: v for k, v in weights.items() if k != name}
    for other in (without, without | {name: weights[name][:, :, :5]}, without | {name: weights[name].flatten()}):
        with pytest.raises(AffectError, match="not the face recognition network"):
            face_mobilenet(written(tmp_path, other), faces)


def test_rounded_weights_are_refused(tmp_path: Path, weights: Weights, faces: torch.Tensor) -> None:
    told = [{"name": "a", "shape": [1], "dtype": "float32", "quantization": {"dtype": "uint8"}}]
    path = written(tmp_path, weights, weightsManifest=[{"paths": ["net.bin"], "weights": told}])
    with pytest.raises(AffectError, match="not the face recognition network"):
        face_mobilenet(path, faces)


def test_the_command_makes_a_start_for_training(file: Path, tmp_path: Path, sample: Path) -> None:
    out = tmp_path / "face_mobilenet.pt"
    assert main([str(file), "--data", str(sample), "--out", str(out)]) == 0
    model = build_model("face_mobilenet")
    before = {name: values.clone() for name, values in model.state_dict().items()}
    load_initial_weights(model, str(out))
    changed = {name for name, values in model.state_dict().items() if not torch.equal(values, before[name])}
    assert {f"{name}.weight" for name, layer in model.named_modules() if isinstance(layer, torch.nn.Conv2d)} <= changed


def test_the_command_replaces_no_file(
    file: Path, tmp_path: Path, sample: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trained = tmp_path / "model.pt"
    trained.write_bytes(b"PK\x03\x04 a trained model")
    for out, content in ((trained, trained.read_bytes()), (file, file.read_bytes())):
        assert main([str(file), "--data", str(sample), "--out", str(out)]) == 2
        assert f"{out} is there already" in capsys.readouterr().err
        assert out.read_bytes() == content


def test_the_command_says_what_is_missing(
    file: Path, tmp_path: Path, sample: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    alone = tmp_path / "net.json"
    alone.write_bytes(file.read_bytes())
    for path, missing in ((tmp_path / "none.json", "none.json"), (alone, "net.bin")):
        assert main([str(path), "--data", str(sample), "--out", str(tmp_path / "new.pt")]) == 2
        assert f"{missing} cannot be read" in capsys.readouterr().err


def test_the_other_networks_start_is_refused(checkpoint_file: Path) -> None:
    with pytest.raises(AffectError, match=r"affect\.training\.face_weights"):
        load_initial_weights(build_model("face_mobilenet"), str(checkpoint_file))
    with pytest.raises(AffectError, match="ImageNet"):
        load_initial_weights(build_model("face_mobilenet"), "imagenet")


@pytest.mark.parametrize(
    ("holds", "trains", "remedy"),
    [
        ("mobilenet_v2", "face_mobilenet", r"python -m affect\.training\.face_weights"),
        ("face_mobilenet", "torchvision's mobilenet_v2", "--init-weights imagenet"),
    ],
)
def test_weights_of_the_other_network_are_named_with_what_this_one_can_begin_with(
    tmp_path: Path, holds: str, trains: str, remedy: str
) -> None:
    path = tmp_path / "start.pt"
    torch.save(build_model(holds).state_dict(), path)
    with pytest.raises(AffectError, match=f"holds weights of {holds}, the experiment trains {trains}.*{remedy}"):
        load_initial_weights(build_model(trains.split()[-1]), str(path))


def test_a_checkpoint_knows_its_network(tmp_path: Path, faces: torch.Tensor) -> None:
    model = build_model("face_mobilenet").eval()
    path = tmp_path / "m.pt"
    save_checkpoint(path, Checkpoint(dict(model.state_dict()), Preprocessing(), architecture="face_mobilenet"))
    read = load_checkpoint(path)
    assert read.architecture == "face_mobilenet"
    with torch.no_grad():
        assert torch.equal(read.build()(faces), model(faces))
