from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from affect.evaluation import metrics_of
from affect.files import sha256_of
from affect.model import Checkpoint, save_checkpoint
from affect.model_card import BEGIN, END, INDEX_BEGIN, INDEX_END, main
from affect.preprocessing import Preprocessing

PROVENANCE = {
    "data": "drawn",
    "pictures": {"train": 1234, "val": 56},
    "seed": 42,
    "init_weights": "none",
    "best": {"stage": "full", "epoch": 3},
    "versions": {"torch": "2"},
}


@pytest.fixture
def model(tmp_path: Path, random_model: torch.nn.Module) -> Path:
    path = tmp_path / "drawn.pt"
    save_checkpoint(path, Checkpoint(dict(random_model.state_dict()), Preprocessing(), 1.25, PROVENANCE))
    return path


@pytest.fixture
def metrics(tmp_path: Path) -> Path:
    path = tmp_path / "metrics.json"
    path.write_text(json.dumps(metrics_of(np.eye(8)[[0, 1, 2, 3, 4, 4]], np.array([0, 1, 2, 3, 4, 5]))))
    return path


def test_the_figures_are_renewed_and_the_words_stay(model: Path, metrics: Path) -> None:
    card = model.with_suffix(".md")
    card.write_text(f"# Title\n\n{BEGIN}\nold figures\n{END}\n\nWords.\n")
    assert main([str(model), "--metrics", str(metrics)]) == 0
    text = card.read_text()
    assert text.startswith("# Title\n")
    assert text.endswith("\n\nWords.\n")
    assert "old figures" not in text
    assert "0.8333" in text  # five of six are right
    assert "1,234 pictures" in text
    assert sha256_of(model) in text
    assert main([str(model), "--metrics", str(metrics)]) == 0
    assert card.read_text() == text


def test_a_card_without_a_place_for_figures_is_told(
    model: Path, metrics: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(model), "--metrics", str(metrics)]) == 2
    assert "no place for figures" in capsys.readouterr().err


def test_missing_metrics_are_told(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model.with_suffix(".md").write_text(f"{BEGIN}\n{END}")
    assert main([str(model), "--metrics", str(tmp_path / "none.json")]) == 2
    assert "affect.evaluation" in capsys.readouterr().err


def test_what_other_commands_measured_stands_in_the_card(model: Path, metrics: Path) -> None:
    card = model.with_suffix(".md")
    card.write_text(f"{BEGIN}\n{END}\n")
    (metrics.parent / "int8.md").write_text("a table of integers\n")
    (metrics.parent / "ablation.md").write_text("# Ablation on drawn\n\na table of ingredients\n")
    assert main([str(model), "--metrics", str(metrics)]) == 0
    text = card.read_text()
    assert "### In 8-bit integers, and the time for a face\n\na table of integers\n" in text
    assert "\nAblation on drawn\n\na table of ingredients\n" in text
    assert "webcam" not in text  # was not measured


def test_the_folders_readme_has_a_row_for_each_model(model: Path, metrics: Path) -> None:
    model.with_suffix(".md").write_text(f"{BEGIN}\n{END}\n")
    told = {**json.loads(metrics.read_text()), "data": "drawn", "split": "val", "intervals": {"accuracy": [0.75, 0.9]}}
    metrics.write_text(json.dumps(told))
    index = model.parent / "README.md"
    other = "| [`other.pt`](other.md) | kept |"
    stale = f"| [`{model.name}`](drawn.md) | stale |"
    index.write_text(f"Words.\n{INDEX_BEGIN}\n| file |\n|---|\n{stale}\n{other}\n{INDEX_END}\nMore.\n")
    assert main([str(model), "--metrics", str(metrics)]) == 0
    (metrics.parent / "int8.json").write_text(json.dumps({"float32": {"ms_a_face": 2.345, "accuracy": 5 / 6}}))
    assert "stale" not in index.read_text()
    assert "| – |" in index.read_text()
    assert main([str(model), "--metrics", str(metrics)]) == 0
    lines = index.read_text().splitlines()
    assert lines[:4] == ["Words.", INDEX_BEGIN, "| file |", "|---|"]
    assert lines[4] == other
    assert lines[5].startswith(f"| [`{model.name}`](drawn.md) | drawn, 1,234 pictures | 0.833 [0.750, 0.900] | ")
    assert lines[5].endswith(" | 2.3 ms |")
    assert lines[6:] == [INDEX_END, "More."]


def test_a_readme_without_a_table_of_models_is_told(
    model: Path, metrics: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model.with_suffix(".md").write_text(f"{BEGIN}\n{END}\n")
    (model.parent / "README.md").write_text("Words.\n")
    assert main([str(model), "--metrics", str(metrics)]) == 2
    assert "README.md has no place for figures" in capsys.readouterr().err


def test_tables_of_the_model_before_are_not_taken_for_this_ones(
    model: Path, metrics: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    card = model.with_suffix(".md")
    card.write_text(f"{BEGIN}\nold figures\n{END}\n")
    (metrics.parent / "int8.json").write_text(json.dumps({"float32": {"ms_a_face": 2.345, "accuracy": 0.8}}))
    assert main([str(model), "--metrics", str(metrics)]) == 2
    assert "measured on another model" in capsys.readouterr().err
    assert "old figures" in card.read_text()
