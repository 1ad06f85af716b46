from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from affect.data.manifest import Manifest, read_manifest
from affect.evaluation.leakage import warning_of
from affect.evaluation.measure import evaluate_pictures, write_metrics
from affect.faces.preprocessing import Preprocessing
from affect.model.checkpoint import Checkpoint, save_checkpoint
from affect.training.run import identity_of, settings_of
from tests.tools.patterns import TINY, write_patterns


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    return read_manifest(write_patterns(tmp_path_factory.mktemp("unseen") / "drawn", train=2, val=2))


def trained_on(manifest: Manifest, model: torch.nn.Module, limit: int | None = None) -> Checkpoint:
    provenance = {
        "data": manifest.name,
        "identity": identity_of(TINY, manifest, 42, "none", limit),
        "settings": settings_of(TINY, manifest, 42, "none", limit),
        "pictures": {"train": limit or 16},
    }
    return Checkpoint(dict(model.state_dict()), Preprocessing(image_size=32), 1.0, provenance)


def without(checkpoint: Checkpoint, *keys: str) -> Checkpoint:
    """As the checkpoints of before, which knew less."""
    return replace(checkpoint, provenance={k: v for k, v in checkpoint.provenance.items() if k not in keys})


@pytest.mark.parametrize("limit", [None, 8])
def test_what_was_trained_on_the_same_is_no_matter(
    manifest: Manifest, random_model: torch.nn.Module, limit: int | None, capsys: pytest.CaptureFixture[str]
) -> None:
    checkpoint = trained_on(manifest, random_model, limit)
    assert warning_of("a.pt", checkpoint, manifest) is None
    assert warning_of("a.pt", without(checkpoint, "settings"), manifest) is None
    assert capsys.readouterr().err == ""


def test_other_labels_and_another_split_are_named(
    manifest: Manifest, random_model: torch.nn.Module, capsys: pytest.CaptureFixture[str]
) -> None:
    told = warning_of("m/a.pt", trained_on(manifest, random_model), replace(manifest, labels="csv", split="stratified"))
    assert told is not None
    assert told.startswith("a.pt was trained on drawn as it is not here (labels folder then, csv now, split given then")
    assert capsys.readouterr().err == f"{told}\n"


@pytest.mark.parametrize("unknown", [(), ("settings",)])
def test_a_picture_that_has_changed_sides_is_noticed(
    manifest: Manifest, random_model: torch.nn.Module, unknown: tuple[str, ...]
) -> None:
    moved = replace(manifest, table=manifest.table.assign(split=manifest.table["split"].iloc[::-1].to_numpy()))
    told: Any = warning_of("a.pt", without(trained_on(manifest, random_model), *unknown), moved)
    assert "(other pictures, labels or split)" in told


def test_of_another_data_set_or_an_old_checkpoint_nothing_is_known(
    manifest: Manifest, random_model: torch.nn.Module
) -> None:
    checkpoint, other = trained_on(manifest, random_model), replace(manifest, labels="csv")
    assert warning_of("a.pt", checkpoint, replace(other, name="mine")) is None
    assert warning_of("a.pt", without(checkpoint, "settings", "identity"), other) is None
    assert warning_of("a.pt", replace(checkpoint, provenance={"data": "drawn", "identity": 1}), other) is None


def test_the_metrics_have_the_settings_and_the_warning(
    manifest: Manifest, random_model: torch.nn.Module, tmp_path: Path
) -> None:
    path = tmp_path / "a.pt"
    save_checkpoint(path, trained_on(manifest, random_model))
    write_metrics(evaluate_pictures(path, replace(manifest, labels="csv")), tmp_path)
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    assert "labels folder then, csv now" in metrics["warning"]
    assert metrics["settings"] == {
        "image_size": 32, "epochs": {"head": 1, "all": 2}, "seed": 42, "init_weights": "none", "limit": None,
        "labels": "folder", "split": "given", "classes": None,
    }  # fmt: skip
    assert "warning" not in evaluate_pictures(path, manifest).metrics
