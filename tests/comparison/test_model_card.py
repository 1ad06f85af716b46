from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from affect.comparison.model_card import BEGIN, END, INDEX_BEGIN, INDEX_END, main
from affect.emotions import EMOTIONS
from affect.evaluation.measure import evaluate_logits, predictions_table
from affect.evaluation.metrics import intervals_of, metrics_of
from affect.faces.preprocessing import Preprocessing
from affect.files import sha256_of
from affect.model.calibration import Calibration
from affect.model.checkpoint import Checkpoint, save_checkpoint
from affect.training.experiments import V4
from tests.conftest import REPOSITORY

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
    """Of six pictures, of which five are right."""
    probabilities, labels = np.eye(8)[[0, 1, 2, 3, 4, 4]], np.array([0, 1, 2, 3, 4, 5])
    intervals = intervals_of(probabilities, labels, resamples=20)
    told = {"data": "drawn", "split": "val", **metrics_of(probabilities, labels), "intervals": intervals}
    path = tmp_path / "metrics.json"
    path.write_text(json.dumps(told))
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


def card_of(model: Path, metrics: Path) -> str:
    """The card that is written for a checkpoint."""
    card = model.with_suffix(".md")
    card.write_text(f"{BEGIN}\n{END}\n")
    assert main([str(model), "--metrics", str(metrics)]) == 0
    return card.read_text()


def test_a_model_that_val_chose_is_said_to_be(model: Path, metrics: Path) -> None:
    text = card_of(model, metrics)
    assert "| chosen on | drawn val, 56 pictures: stage full, epoch 3 |" in text
    assert "| temperature | 1.250 (fitted on the same val split) |" in text
    assert "\nOn drawn val, n = 6:\n" in text


def test_a_model_that_held_out_pictures_chose_is_not_said_to_be_chosen_on_val(
    tmp_path: Path, metrics: Path, random_model: torch.nn.Module
) -> None:
    path = tmp_path / "v4.pt"
    provenance = {**PROVENANCE, "experiment": "v4", "chosen_on": "a held-out part of train"}
    save_checkpoint(path, Checkpoint(dict(random_model.state_dict()), V4.preprocessing, 1.25, provenance))
    text = card_of(path, metrics)
    assert "| chosen on | drawn, a held-out part of train, 56 pictures: stage full, epoch 3 |" in text
    assert "| temperature | 1.250 (fitted on the same pictures) |" in text
    assert "| input | 224×224 px, grey, crop margin +0.050, shift +0.000 face boxes |" in text
    assert "\nOn drawn val, n = 6:\n" in text


def test_figures_are_said_to_be_of_what_was_measured(model: Path, metrics: Path) -> None:
    told = json.loads(metrics.read_text())
    metrics.write_text(json.dumps({**told, "data": "another set", "split": "test", "auc_macro": None}))
    text = card_of(model, metrics)
    assert "\nOn another set test, n = 6:\n" in text
    assert "| – | 0.1667 |" in text  # pictures of one class have no area under the curve


def test_weights_alone_do_not_say_what_a_card_needs(
    tmp_path: Path, metrics: Path, random_model: torch.nn.Module, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "weights.pt"
    torch.save(random_model.state_dict(), path)
    path.with_suffix(".md").write_text(f"{BEGIN}\n{END}")
    assert main([str(path), "--metrics", str(metrics)]) == 2
    assert "weights.pt does not say where it comes from (it lacks data, pictures, " in capsys.readouterr().err


@pytest.mark.parametrize("content", ["not JSON", "[1, 2]", '{"accuracy": 0.5, "n": 6}'])
def test_metrics_that_evaluation_did_not_write_are_told(
    model: Path, metrics: Path, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    model.with_suffix(".md").write_text(f"{BEGIN}\n{END}")
    metrics.write_text(content)
    assert main([str(model), "--metrics", str(metrics)]) == 2
    assert "metrics.json is not what affect.evaluation writes" in capsys.readouterr().err


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
    (metrics.parent / "ablation.md").write_text("Each run on drawn:\n\na table of ingredients\n")
    assert main([str(model), "--metrics", str(metrics)]) == 0
    text = card.read_text()
    assert "### What each ingredient of the recipe brings\n\nEach run on drawn:\n\na table of ingredients\n" in text
    assert "webcam" not in text  # was not measured


def test_the_folders_readme_has_a_row_for_each_model(model: Path, metrics: Path) -> None:
    model.with_suffix(".md").write_text(f"{BEGIN}\n{END}\n")
    told = json.loads(metrics.read_text())
    told["intervals"]["accuracy"] = [0.75, 0.9]
    metrics.write_text(json.dumps(told))
    index = model.parent / "README.md"
    other = "| [`other.pt`](other.md) | kept |"
    stale = f"| [`{model.name}`](drawn.md) | stale |"
    index.write_text(f"Writer.\n{INDEX_BEGIN}\n| file |\n|---|\n{stale}\n{other}\n{INDEX_END}\nMore.\n")
    assert main([str(model), "--metrics", str(metrics)]) == 0
    assert main([str(model), "--metrics", str(metrics)]) == 0
    lines = index.read_text().splitlines()
    assert lines[:4] == ["Writer.", INDEX_BEGIN, "| file |", "|---|"]
    assert lines[5] == other
    assert lines[4].startswith(f"| [`{model.name}`](drawn.md) | drawn, 1,234 pictures | 0.833 [0.750, 0.900] | ")
    assert lines[6:] == [INDEX_END, "More."]


def test_a_readme_without_a_table_of_models_is_told(
    model: Path, metrics: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model.with_suffix(".md").write_text(f"{BEGIN}\n{END}\n")
    (model.parent / "README.md").write_text("Writer.\n")
    assert main([str(model), "--metrics", str(metrics)]) == 2
    assert "README.md has no place for figures" in capsys.readouterr().err


def robustness(folder: Path, name: str, clean: float) -> None:
    """What affect.evaluation.robustness leaves of two models, of which another one stands first."""
    header = f"corruption,measure,strength,setting,n,another,{name}\n"
    rows = f"clean,,0,,1000,0.5,{clean}\nblur,sigma,1,10,1000,0.4,0.7\nblur,sigma,2,20,1000,0.3,0.6\n"
    (folder / "robustness.csv").write_text(header + rows)


def test_a_robustness_table_of_this_model_stands_in_its_card(model: Path, metrics: Path) -> None:
    robustness(metrics.parent, "drawn", 0.8333)
    text = card_of(model, metrics)
    assert "### Under what a webcam does to a picture\n\nAccuracy on drawn val, n = 1,000:\n\n| corruption |" in text
    assert "| none | | **0.500** | **0.833** |\n| blur (sigma) | 10, 20 | 0.400 / 0.300 | 0.700 / 0.600 |\n" in text


@pytest.mark.parametrize(("name", "clean"), [("quite_another_model", 0.8333), ("drawn", 0.8), ("drawn", float("nan"))])
def test_a_robustness_table_of_another_model_is_refused(
    model: Path, metrics: Path, name: str, clean: float, capsys: pytest.CaptureFixture[str]
) -> None:
    model.with_suffix(".md").write_text(f"{BEGIN}\nold figures\n{END}\n")
    robustness(metrics.parent, name, clean)
    assert main([str(model), "--metrics", str(metrics)]) == 2
    assert "robustness.csv was measured on another model" in capsys.readouterr().err
    assert "old figures" in model.with_suffix(".md").read_text()


@pytest.mark.parametrize("other", [{"model": "other.pt"}, {"model_sha256": "0" * 64}])
def test_metrics_of_another_model_are_refused(
    model: Path, metrics: Path, other: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    model.with_suffix(".md").write_text(f"{BEGIN}\n{END}\n")
    told = json.loads(metrics.read_text())
    metrics.write_text(json.dumps(told | {"model": model.name, "model_sha256": sha256_of(model)}))
    assert main([str(model), "--metrics", str(metrics)]) == 0
    metrics.write_text(json.dumps(told | other))
    assert main([str(model), "--metrics", str(metrics)]) == 2
    assert "metrics.json was measured on another model" in capsys.readouterr().err


def test_classes_that_do_not_occur_are_named_in_the_card_and_have_no_row(model: Path, metrics: Path) -> None:
    text = card_of(model, metrics)
    assert "| sad |" not in text
    assert "\nNo picture of: sad, surprise. Means are over the other 6 classes.\n" in text


@pytest.fixture
def placed(tmp_path: Path, metrics: Path) -> Path:
    """The metrics where the layout of results has them: `results/<data set>/<model>/`."""
    path = tmp_path / "results" / "drawn" / "drawn" / "metrics.json"
    path.parent.mkdir(parents=True)
    return metrics.rename(path)


def elsewhere(placed: Path, where: str, **changed: object) -> Path:
    """The same model's metrics on other pictures."""
    path = placed.parents[2] / where / "metrics.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(json.loads(placed.read_text()) | changed))
    return path


def test_every_data_set_has_a_row_and_the_command_that_measures_it(model: Path, placed: Path) -> None:
    told = json.loads(placed.read_text())
    command = "python -m affect.evaluation --model drawn.pt --data ck48.zip --split all --crop as-live"
    other = elsewhere(
        placed, "ck48/drawn", data="ck48", split="all", n=981, accuracy=0.75, crop="as-live", command=command
    )
    elsewhere(placed, "drawn/drawn/as_live", crop="as-live", n=5)
    elsewhere(placed, "ck48/another", data="ck48", model="another.pt")
    low, high = told["intervals"]["accuracy"]
    text = card_of(model, placed)
    rows = [line for line in text.splitlines() if line.startswith(("| drawn val", "| ck48 all"))]
    assert [row.split(" | ")[:3] for row in rows] == [
        ["| drawn val", "–", "6"],
        ["| ck48 all", "found and cropped as live", "981"],
        ["| drawn val", "found and cropped as live", "5"],
    ]
    assert f" | 0.750 [{low:.3f}, {high:.3f}] | {told['balanced_accuracy']:.3f} [" in rows[1]
    assert rows[1].endswith(" | sad, surprise |")
    assert f"\n```\n{command}\n```\n" in text
    other.write_text(json.dumps(told | {"model": "other.pt"}))
    assert main([str(model), "--metrics", str(placed)]) == 2


def test_the_card_says_first_how_often_it_is_right_then_when_to_believe_it_then_the_rest(
    model: Path, placed: Path
) -> None:
    robustness(placed.parent, "drawn", 0.8333)
    groups_of(placed)
    text = card_of(model, placed)
    parts = ["| data | faces |", "### When to believe it", "### Groups of people", "## Behind these figures",
             "| class | precision |", "### Under what a webcam does"]  # fmt: skip
    places = [text.index(part) for part in parts]
    assert places == sorted(places)


def coverage_of(placed: Path, accuracy: float = 5 / 6) -> Path:
    """What affect.evaluation.calibrate leaves about six pictures."""
    rows = [(c / 100, "drawn val", 6, 1 - c / 100, accuracy + c / 1000) for c in range(100)]
    path = placed.parents[2] / "calibration" / "drawn" / "risk_coverage.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(rows, columns=["confidence", "set", "n", "answered", "accuracy"]).to_csv(path, index=False)
    return path


@pytest.mark.parametrize("sure_from", [None, 0.62])
def test_the_card_tells_how_much_is_right_from_which_confidence_on(
    sure_from: float | None, tmp_path: Path, placed: Path, random_model: torch.nn.Module
) -> None:
    path, weights = tmp_path / "models" / "drawn.pt", dict(random_model.state_dict())
    path.parent.mkdir()
    save_checkpoint(path, Checkpoint(weights, Preprocessing(), 1.25, PROVENANCE, sure_from=sure_from))
    coverage_of(placed)
    text = card_of(path, placed)
    assert "| 0.50 | 50%, 88.3% right |" in text
    assert ("| **0.62** | 38%, 89.5% right |" in text) == (sure_from is not None)
    assert f"shows a label once it has {62 if sure_from else 30} % " in text
    assert ("| sure_from | 0.62 |" in text) == (sure_from is not None)
    assert "](../results/calibration/drawn/risk_coverage.png)" in text


def test_the_card_tells_the_curve_of_strengths_of_a_model_that_assumes_shares(
    tmp_path: Path, placed: Path, random_model: torch.nn.Module
) -> None:
    path, weights = tmp_path / "drawn.pt", dict(random_model.state_dict())
    used = [{"data": "a", "split": "val"}, {"data": "b", "split": "all"}]
    provenance = PROVENANCE | {"calibrated_on": {"results": used}}
    shares = Checkpoint(weights, Preprocessing(), 1.25, provenance, prior=(0.125,) * 8, prior_strength=0.35)
    save_checkpoint(path, shares)
    steps = [s / 20 for s in range(21)]
    curve = {"strength": steps, "set": "b all", "accuracy": steps, "balanced_accuracy": 0.5, "neutral_recall": np.nan}
    pd.DataFrame(curve).to_csv(coverage_of(placed).with_name("prior_strength.csv"), index=False)
    text = card_of(path, placed)
    assert "| **0.35** | 35.0%, 50.0%, – |\n| 0.5 | 50.0%, 50.0%, – |\n" in text
    assert "strength of 0.35 (0: all" in text
    assert "| temperature | 1.250 (fitted on a val, b all) |" in text


def test_tables_of_another_calibration_are_refused(
    model: Path, placed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model.with_suffix(".md").write_text(f"{BEGIN}\n{END}\n")
    coverage_of(placed, accuracy=0.7)
    assert main([str(model), "--metrics", str(placed)]) == 2
    assert "risk_coverage.csv was measured on another model" in capsys.readouterr().err


def groups_of(placed: Path, **recalls: float) -> None:
    """What affect.evaluation.groups leaves beside the metrics."""
    per_class = json.loads(placed.read_text())["per_class"]
    told = {name: row["recall"] for name, row in per_class.items() if row["support"]} | recalls
    rows = [("all", "all", name, 1, recall, 0, 1) for name, recall in told.items()]
    table = pd.DataFrame(rows, columns=["kind", "group", "class", "n", "recall", "low", "high"])
    table.to_csv(placed.parent / "groups.csv", index=False)
    (placed.parent / "groups.md").write_text("Recall by estimated group:\n\n| group |\n")


def test_groups_stand_in_the_card_with_what_they_mean_and_only_this_models(
    model: Path, placed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "Groups of people" not in card_of(model, placed)
    groups_of(placed)
    text = card_of(model, placed)
    assert "not of people" in text
    assert "What it does not mean" in text
    assert (
        "\nRecall by estimated group:\n\n| group |\n\n![Recall by estimated group](results/drawn/drawn/groups.png)"
        in text
    )
    groups_of(placed, anger=0.1)
    assert main([str(model), "--metrics", str(placed)]) == 2
    assert "groups.csv was measured on another model" in capsys.readouterr().err


def test_the_figure_without_copies_stands_beside_the_plain_one(tmp_path: Path, model: Path, metrics: Path) -> None:
    """Two of four are right; one of these has a copy in train, so one of three is."""
    folder = tmp_path / "results" / "starter"
    folder.mkdir(parents=True)
    labels, said = ["anger", "fear", "sad", "happy"], ["anger", "fear", "happy", "sad"]
    rows = pd.DataFrame({"pth": [f"{i}.png" for i in range(4)], "label": labels})
    logits = 5 * np.eye(8, dtype=np.float32)[[EMOTIONS.index(s) for s in said]]
    predictions_table(
        evaluate_logits(
            logits, rows, calibration=Calibration(1.0), model=model.name, data="drawn", split="val", resamples=5
        )
    ).to_csv(folder / "predictions.csv", index=False)
    (folder / "metrics.json").write_text(json.dumps(json.loads(metrics.read_text()) | {"n": 4}))
    assert "near-duplicate" not in card_of(model, folder / "metrics.json")  # nobody looked for copies
    (folder.parent / "eda").mkdir()
    (folder.parent / "eda" / "duplicates.csv").write_text(
        "pth,label,split,near_group,exact_group\n9.png,anger,train,0,0\n0.png,anger,val,0,1\n1.png,fear,val,2,2\n"
    )
    text = card_of(model, folder / "metrics.json")
    assert (
        "Without the 1 of drawn val's pictures that have a near-duplicate in train, n = 3: accuracy 0.333 [0.000, "
        in text
    )
    assert "macro F1 0.333 [" in text


@pytest.mark.parametrize("model", ["starter_faces", "starter_ferplus"])
def test_a_bundled_models_card_and_row_are_what_the_command_makes_of_the_committed_results(
    model: str, tmp_path: Path
) -> None:
    models = REPOSITORY / "models"
    copies = tmp_path / "models"
    copies.mkdir()
    for name in (f"{model}.pt", f"{model}.md", "README.md"):
        shutil.copy(models / name, copies)
    shutil.copytree(REPOSITORY / "results", tmp_path / "results", ignore=shutil.ignore_patterns("*.png", "mistakes"))
    metrics = tmp_path / "results" / "ferplus" / model / "metrics.json"
    assert main([str(copies / f"{model}.pt"), "--metrics", str(metrics)]) == 0
    for name in (f"{model}.md", "README.md"):
        assert (copies / name).read_text("utf-8") == (models / name).read_text("utf-8")
