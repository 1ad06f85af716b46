from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest
import torch
from torchvision.models import mobilenet_v2

from affect.emotions import EMOTIONS
from affect.errors import AffectError
from affect.faces.preprocessing import Preprocessing
from affect.files import sha256_of
from affect.model.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from affect.model.network import build_model, load_initial_weights
from affect.model.onnx import onnx_export
from tests.conftest import SHARED

IMAGENET = SHARED / "weights" / "mobilenet_v2_imagenet.pt"


def test_the_network_gives_eight_logits_and_stays_small() -> None:
    model = build_model().eval()
    assert model(torch.zeros(2, 3, 112, 112)).shape == (2, len(EMOTIONS))
    assert sum(p.numel() for p in model.parameters()) < 3.5e6


def test_a_checkpoint_comes_back_as_it_was(checkpoint_file: Path, random_model: torch.nn.Module) -> None:
    loaded = load_checkpoint(checkpoint_file)
    assert loaded.preprocessing == Preprocessing(64, "grey", 0.1, 0.05, 48)
    assert loaded.temperature == 1.5
    assert loaded.provenance == {"data": "none"}
    faces = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        assert torch.equal(loaded.build()(faces), random_model(faces))


def test_a_bare_state_dict_of_the_original_notebooks_loads(tmp_path: Path, random_model: torch.nn.Module) -> None:
    path = tmp_path / "best_model_finetuned_affectnet_v4.pt"
    torch.save(random_model.state_dict(), path)
    loaded = load_checkpoint(path)
    assert loaded.preprocessing == Preprocessing(image_size=224, color="rgb", crop_margin=0.0)
    faces = torch.randn(1, 3, 224, 224)
    with torch.inference_mode():
        assert torch.equal(loaded.build()(faces), random_model(faces))


class Bomb:
    """Unpickling it would make a file."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple:
        return os.mkdir, (str(self.target),)


@pytest.mark.parametrize("how", ["torch", "pickle", "nested"])
def test_a_pickle_with_code_is_refused_and_not_run(tmp_path: Path, how: str, random_model: torch.nn.Module) -> None:
    path, target = tmp_path / "bomb.pt", tmp_path / "executed"
    if how == "torch":
        torch.save(Bomb(target), path)
    elif how == "pickle":
        path.write_bytes(pickle.dumps(Bomb(target)))
    else:
        torch.save({"state_dict": random_model.state_dict(), "provenance": Bomb(target)}, path)
    with pytest.raises(AffectError) as refusal:
        load_checkpoint(path)
    assert "\n" not in str(refusal.value)
    assert not target.exists()


def test_a_whole_pickled_model_is_refused(tmp_path: Path, random_model: torch.nn.Module) -> None:
    path = tmp_path / "whole.pt"
    torch.save(random_model, path)
    with pytest.raises(AffectError, match="state_dict"):
        load_checkpoint(path)


def test_seven_classes_are_refused_with_the_way_out(tmp_path: Path) -> None:
    path = tmp_path / "seven.pt"
    torch.save(mobilenet_v2(num_classes=7).state_dict(), path)
    with pytest.raises(AffectError, match="holds 7 classes.*--model"):
        load_checkpoint(path)


def _content(path: Path) -> dict:
    return torch.load(path, weights_only=True)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("classes", ["happy"], "eight of AffectNet"),
        ("classes", list(reversed(EMOTIONS)), "in their order"),
        ("format_version", 99, "format 99"),
        ("architecture", "resnet18", "resnet18"),
        ("temperature", float("nan"), "temperature"),
        ("temperature", -1.0, "temperature"),
        ("prior", [0.125] * 7, "prior is"),
        ("prior", [0.0] + [1 / 7] * 7, "prior is"),
        ("prior", [0.2] * 8, "prior is"),
        ("prior", [float("nan")] * 8, "prior is"),
        ("prior", "12345678", "prior is"),
        ("prior", torch.full((8,), 0.125), "prior is"),
        ("prior_strength", 1.5, "prior_strength is 1.5"),
        ("prior_strength", -0.1, "prior_strength is"),
        ("prior_strength", float("nan"), "prior_strength is nan"),
        ("prior_strength", True, "prior_strength is True"),
        ("sure_from", 1.0, "sure_from is 1.0"),
        ("sure_from", -0.1, "sure_from is"),
        ("sure_from", 0, "sure_from is 0"),
        ("sure_from", float("nan"), "sure_from is nan"),
        ("sure_from", "0.5", "sure_from is"),
        ("preprocessing", {"image_size": 64}, "preprocessing settings"),
        ("state_dict", {}, "mobilenet_v2"),
        ("state_dict", 3, "mobilenet_v2"),
    ],
)
def test_a_foreign_or_damaged_checkpoint_says_what_is_wrong(
    checkpoint_file: Path, key: str, value: object, message: str
) -> None:
    torch.save(_content(checkpoint_file) | {key: value}, checkpoint_file)
    with pytest.raises(AffectError, match=message):
        load_checkpoint(checkpoint_file)


@pytest.mark.parametrize(("value", "message"), [(float("nan"), "finite"), (None, "shape")])
def test_weights_that_cannot_work_are_refused(checkpoint_file: Path, value: float | None, message: str) -> None:
    content = _content(checkpoint_file)
    name = "features.3.conv.0.0.weight"
    weight = content["state_dict"][name]
    content["state_dict"][name] = weight[:1] if value is None else torch.full_like(weight, value)
    torch.save(content, checkpoint_file)
    with pytest.raises(AffectError, match=message):
        load_checkpoint(checkpoint_file)


@pytest.mark.parametrize("keep", [0, 10, 1000, 100_000])
def test_a_truncated_file_is_damaged(checkpoint_file: Path, keep: int) -> None:
    checkpoint_file.write_bytes(checkpoint_file.read_bytes()[:keep])
    with pytest.raises(AffectError):
        load_checkpoint(checkpoint_file)


def test_a_missing_file_names_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(AffectError, match="does not exist.*--model"):
        load_checkpoint(tmp_path / "none.pt")


def test_a_failed_save_leaves_the_old_checkpoint(checkpoint_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = checkpoint_file.read_bytes()

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(torch, "save", fail)
    with pytest.raises(OSError, match="disk full"):
        save_checkpoint(checkpoint_file, Checkpoint({}, Preprocessing()))
    assert checkpoint_file.read_bytes() == before
    assert list(checkpoint_file.parent.iterdir()) == [checkpoint_file]


def test_initial_weights_fill_the_backbone_and_leave_the_head(tmp_path: Path) -> None:
    torch.manual_seed(1)
    source = mobilenet_v2(num_classes=1000)
    path = tmp_path / "imagenet.pt"
    torch.save(source.state_dict(), path)
    model = build_model()
    head = model.classifier[1].weight.clone()
    load_initial_weights(model, str(path))
    assert torch.equal(model.features[5].conv[0][0].weight, source.features[5].conv[0][0].weight)
    assert torch.equal(model.classifier[1].weight, head)


def test_a_checkpoint_is_trained_further_with_its_head(checkpoint_file: Path) -> None:
    model = build_model()
    load_initial_weights(model, str(checkpoint_file))
    started, wanted = model.state_dict(), load_checkpoint(checkpoint_file).state_dict
    assert all(torch.equal(started[name], value) for name, value in wanted.items())


@pytest.mark.skipif(not IMAGENET.is_file(), reason="the ImageNet weights are not on this machine")
def test_the_imagenet_weights_load() -> None:
    model = build_model()
    before = model.features[0][0].weight.clone()
    load_initial_weights(model, str(IMAGENET))
    assert not torch.equal(model.features[0][0].weight, before)


def test_initial_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.pt"
    torch.save({"features.0.weight": torch.zeros(3)}, path)
    with pytest.raises(AffectError, match="mobilenet_v2"):
        load_initial_weights(build_model(), str(path))


def test_an_export_gives_the_same_probabilities(checkpoint_file: Path) -> None:
    import onnxruntime

    checkpoint = load_checkpoint(checkpoint_file)
    export = onnx_export(checkpoint, sha256_of(checkpoint_file))
    session = onnxruntime.InferenceSession(export, providers=["CPUExecutionProvider"])
    for n in (1, 5):
        faces = torch.randn(n, 3, 64, 64)
        with torch.inference_mode():
            expected = checkpoint.build()(faces).softmax(1)
        got = torch.from_numpy(session.run(None, {"faces": faces.numpy()})[0]).softmax(1)
        assert float((got - expected).abs().max()) <= 1e-4


def test_initial_weights_that_cannot_be_read_point_to_their_own_option(
    checkpoint_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("affect.model.safe_pt.LARGEST_FILE", 1000)
    with pytest.raises(AffectError, match="is larger than .* with --init-weights"):
        load_initial_weights(build_model(), str(checkpoint_file))
