"""The figures of a model card come back as they were written."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from affect.comparison.model_card import BEGIN, END, write_card
from affect.emotions import EMOTIONS
from affect.evaluation.metrics import intervals_of, metrics_of
from affect.faces.preprocessing import Preprocessing
from affect.live.recording.model_figures import figures_of
from affect.model.checkpoint import Checkpoint, save_checkpoint

PROVENANCE = {
    "data": "two words",
    "pictures": {"train": 1234, "val": 4000},
    "seed": 1,
    "init_weights": "none",
    "best": {"stage": "full", "epoch": 3},
    "versions": {"torch": "2"},
}


@pytest.fixture(scope="module")
def metrics() -> dict[str, Any]:
    """Of 4,000 guesses, some right, some wrong."""
    generator = np.random.default_rng(3)
    labels = generator.integers(0, 8, 4000)
    probabilities = generator.dirichlet(np.ones(8), 4000) + 0.4 * np.eye(8)[labels]
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    intervals = intervals_of(probabilities, labels, resamples=20)
    return {"data": "two words", "split": "val", **metrics_of(probabilities, labels), "intervals": intervals}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory, random_model: torch.nn.Module, metrics: dict[str, Any]) -> Path:
    """A checkpoint with a card that the real module wrote."""
    folder = tmp_path_factory.mktemp("written")
    path, told = folder / "drawn.pt", folder / "metrics.json"
    save_checkpoint(path, Checkpoint(dict(random_model.state_dict()), Preprocessing(), 1.25, PROVENANCE))
    path.with_suffix(".md").write_text(f"# Card\n\nWords.\n\n{BEGIN}\n{END}\n\n| a | b |\n|---|---|\n| c | 1 |\n")
    told.write_text(json.dumps(metrics))
    write_card(path, told)
    return path


@pytest.fixture
def model(written: Path, tmp_path: Path) -> Path:
    """It and its card, to be changed."""
    return shutil.copytree(written.parent, tmp_path / "model") / written.name


def test_what_the_card_was_written_from_is_read_again(model: Path, metrics: dict[str, Any]) -> None:
    figures = figures_of(model)
    assert figures is not None
    assert (figures["data"], figures["split"], figures["n"]) == ("two words", "val", 4000)
    for name in ("accuracy", "f1_macro", "ece"):
        assert figures[name] == pytest.approx(metrics[name], abs=5e-5)
    assert tuple(figures["per_class"]) == EMOTIONS
    for name, row in figures["per_class"].items():
        assert row == pytest.approx(metrics["per_class"][name], abs=5e-4)
        assert row["support"] == metrics["per_class"][name]["support"]


@pytest.mark.parametrize("split", ["train", "test", "all"])
def test_figures_of_another_split_say_so(model: Path, metrics: dict[str, Any], split: str, tmp_path: Path) -> None:
    told = tmp_path / "of_another_split.json"
    told.write_text(json.dumps({**metrics, "data": "another set", "split": split, "auc_macro": None}))
    write_card(model, told)
    figures = figures_of(model)
    assert figures is not None
    assert (figures["data"], figures["split"], figures["n"]) == ("another set", split, 4000)


def test_figures_of_another_file_are_not_this_models(model: Path) -> None:
    model.write_bytes(model.read_bytes() + b"trained on")
    assert figures_of(model) is None


def test_a_model_without_a_card_or_figures_has_none(model: Path) -> None:
    card = model.with_suffix(".md")
    whole = card.read_text()
    for heading in ("| class |", "| accuracy |"):
        card.write_text(whole.replace(heading, "| edited |"))
        assert figures_of(model) is None
    card.write_text("# Card\n")
    assert figures_of(model) is None
    card.unlink()
    assert figures_of(model) is None


def test_the_bundled_model_has_figures(bundled_model: Path) -> None:
    figures = figures_of(bundled_model)
    assert figures is not None
    assert figures["n"] > 1000
    assert tuple(figures["per_class"]) == EMOTIONS


def test_reading_a_card_does_not_load_pytorch(bundled_model: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from affect.live.recording.model_figures import figures_of; "
        f"assert figures_of(Path({str(bundled_model)!r})); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
