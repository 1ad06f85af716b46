from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from affect.comparison.data_sets import main
from tests.conftest import REPOSITORY


def put(results: Path, where: str, model: str, accuracy: float, **more: object) -> None:
    """What affect.evaluation leaves, as far as it is read."""
    path = results / where / "metrics.json"
    path.parent.mkdir(parents=True)
    interval = [accuracy - 0.1, accuracy + 0.05]
    told = {"model": f"{model}.pt", "data": where.split("/")[0], "split": "val", "n": 100, "accuracy": accuracy}
    told |= {"balanced_accuracy": accuracy - 0.2, "intervals": {"accuracy": interval, "balanced_accuracy": interval}}
    path.write_text(json.dumps(told | more))


@pytest.fixture
def results(tmp_path: Path) -> Path:
    put(tmp_path, "a/one", "one", 0.8)
    put(tmp_path, "a/one/as_live", "one", 0.7, crop="as-live", n=90)
    put(tmp_path, "a/two", "two", 0.75)
    put(tmp_path, "b/two", "two", 0.5)
    put(tmp_path, "a/v1/finetuned", "v1_finetuned_a", 0.9)  # of an experiment, not of a model by its name
    return tmp_path


def test_every_model_has_a_row_for_every_data_set_as_live_where_it_was_measured_so(results: Path) -> None:
    assert main([str(results)]) == 0
    table = pd.read_csv(results / "data_sets.csv")
    found = table[["data", "model", "n", "accuracy", "accuracy_low", "balanced_accuracy"]].round(6).to_numpy().tolist()
    assert found == [
        ["a val", "one", 90, 0.7, 0.6, 0.5],
        ["a val", "two", 100, 0.75, 0.65, 0.55],
        ["b val", "two", 100, 0.5, 0.4, 0.3],
    ]
    assert (results / "data_sets.png").stat().st_size > 5000


def test_models_are_chosen_and_ordered_by_name(results: Path, tmp_path: Path) -> None:
    assert main([str(results), "--models", "two", "one", "--out", str(tmp_path / "out")]) == 0
    assert list(pd.read_csv(tmp_path / "out" / "data_sets.csv")["model"]) == ["two", "two", "one"]


def test_a_model_without_results_is_told(results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(results), "--models", "one", "three"]) == 2
    assert "There are no results of three in " in capsys.readouterr().err
    assert main([str(tmp_path / "nowhere")]) == 2
    assert "There are no results of a model in " in capsys.readouterr().err


def test_more_models_than_can_be_told_apart_are_refused(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("three", "four", "five"):
        put(results, f"b/{name}", name, 0.4)
    assert main([str(results)]) == 2
    assert "5 models in one figure" in capsys.readouterr().err


def test_the_saved_table_is_what_the_command_makes_of_the_committed_results(tmp_path: Path) -> None:
    assert main([str(REPOSITORY / "results"), "--out", str(tmp_path)]) == 0
    kept = (REPOSITORY / "results" / "data_sets.csv").read_text(encoding="utf-8")
    assert (tmp_path / "data_sets.csv").read_text(encoding="utf-8") == kept
