"""The saved measurement of the training's speed is what the pages and the figure tell."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from affect import figure_style
from benchmarks import training_report
from benchmarks.training_report import BARS, BEGIN, END, figure_of, hours, report, write_pages
from tests.conftest import REPOSITORY

SAVED = REPOSITORY / "results" / "benchmarks" / "training"


@pytest.fixture
def found() -> dict[str, Any]:
    """What the committed run measured."""
    measured: dict[str, Any] = json.loads((SAVED / "training.json").read_text(encoding="utf-8"))
    return measured


def part_of(page: Path) -> str:
    return page.read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0].strip()


def test_the_pages_tell_the_saved_measurement(found: dict[str, Any]) -> None:
    figure = "![Images a second of both loops](../results/benchmarks/training/training.png)"
    assert part_of(REPOSITORY / "benchmarks" / "README.md") == f"{report(found)}\n\n{figure}"
    assert part_of(REPOSITORY / "docs" / "scaling.md") == hours(found)


def test_pages_are_renewed_between_the_markers_alone(
    found: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training_report, "ROOT", tmp_path)
    pages = [tmp_path / "benchmarks" / "README.md", tmp_path / "docs" / "scaling.md"]
    for page in pages:
        page.parent.mkdir()
        page.write_text(f"Before.\n{BEGIN}\nold\n{END}\nAfter.\n")
    write_pages(found, tmp_path / "results" / "training.png")
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert text.startswith(f"Before.\n{BEGIN}\n")
        assert text.endswith(f"\n{END}\nAfter.\n")
        assert "old" not in text
    assert part_of(pages[0]).endswith("(../results/training.png)")


def test_a_bar_says_whether_it_is_met_and_what_was_not_measured(found: dict[str, Any]) -> None:
    first = BARS[0]
    assert first.row({**found, "speed": {}})[1:] == ["not measured", "≥ 10 ×", "–"]
    assert first.row({**found, "speed": {"v1 frozen 224": {"speedup": 9.9}}})[-1] == "**no**"
    assert first.row({**found, "speed": {"v1 frozen 224": {"speedup": 10.0}}})[-1] == "yes"


def test_the_figure_names_both_loops(found: dict[str, Any], tmp_path: Path) -> None:
    figure = figure_of(found)
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == ["ours", "plain"]
    figure_style.save(figure, tmp_path / "training.png")
    assert (tmp_path / "training.png").stat().st_size > 5000
