from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import REPOSITORY

from affect import ablation
from affect.ablation import BASE, COMPARED, INGREDIENTS, METRICS, TOGETHER, ablate, main, runs_of, table_of
from affect.data.manifest import read_manifest
from affect.data.sample import write_sample
from affect.emotions import EMOTIONS
from affect.errors import AffectError
from affect.evaluation import evaluate_logits, write_metrics
from affect.experiments import ASSISTANT, Experiment, Stage, adapted
from affect.optimisation import Learner
from affect.preprocessing import Preprocessing


def test_each_run_is_the_base_with_one_ingredient_more() -> None:
    runs = runs_of(list(INGREDIENTS))
    assert runs.pop("base") == BASE
    assert list(runs) == list(INGREDIENTS)
    names = {e.name for e in runs.values()}
    assert len(names) == len(runs)
    assert all(" " not in name for name in names)


def test_ingredients_are_added_to_a_smaller_base_as_well() -> None:
    base = adapted(BASE, epochs=3, image_size=64)
    runs = runs_of(["twice as long", "96 px", "mixup", "all of the recipe, twice as long"], base)
    assert [r.stages[0].epochs for r in runs.values()] == [3, 6, 3, 3, 6]
    assert [r.preprocessing.image_size for r in runs.values()] == [64, 64, 96, 64, 64]
    assert [r.average for r in runs.values()] == [0, 0, 0, 0, ASSISTANT.average]


def test_the_ingredients_together_are_what_the_assistant_is_made_of() -> None:
    together = runs_of(["all of the recipe"])["all of the recipe"]
    aside = ("name", "question", "stages", "distill", "taught_on", "match", "mixup")
    assert replace(together, **{field: getattr(ASSISTANT, field) for field in aside}) == ASSISTANT


def test_an_unknown_ingredient_is_told_with_those_that_exist() -> None:
    with pytest.raises(AffectError, match="no ingredient 'salt'.*soft labels"):
        runs_of(["salt"])


def tiny(rate: float, name: str) -> Experiment:
    return replace(
        BASE,
        name=name,
        preprocessing=Preprocessing(image_size=32, color="grey"),
        stages=(Stage("all", trained_blocks=0, epochs=1, learning_rate=rate),),
    )


@pytest.mark.slow
def test_base_and_recipe_are_measured_with_every_seed_and_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = read_manifest(write_sample(tmp_path / "faces", train=2, val=4, size=48))
    runs = {"base": tiny(1e-3, "base"), "mixup": tiny(3e-2, "mixup"), TOGETHER: tiny(1e-2, "all")}
    out = tmp_path / "out"
    table = ablate(runs, manifest, out, seeds=(1, 2), init_weights="none")
    rows = table.set_index("ingredient").to_dict("index")
    measured = {
        name: [
            json.loads((out / "runs" / "faces" / f"{name}-{seed}" / "all" / "metrics.json").read_text())
            for seed in seeds
        ]
        for name, seeds in {"base": (1, 2), "mixup": (1,), "all": (1, 2)}.items()
    }
    accuracy = {name: [m["accuracy"] for m in figures] for name, figures in measured.items()}
    assert {name: row["seeds"] for name, row in rows.items()} == {"base": 2, "mixup": 1, TOGETHER: 2}
    assert rows["base"]["accuracy"] == pytest.approx(np.mean(accuracy["base"]))
    assert rows["base"]["accuracy_spread"] == pytest.approx(np.ptp(accuracy["base"]))
    assert rows["base"]["recall_disgust"] == pytest.approx(
        np.mean([m["per_class"]["disgust"]["recall"] for m in measured["base"]])
    )
    assert np.isnan(rows["base"]["accuracy_difference"])
    # each beside the base with the same seeds
    assert rows["mixup"]["accuracy_difference"] == pytest.approx(accuracy["mixup"][0] - accuracy["base"][0])
    assert rows["mixup"]["accuracy_base"] == pytest.approx(accuracy["base"][0])
    assert rows[TOGETHER]["accuracy_base"] == pytest.approx(np.mean(accuracy["base"]))
    together = rows[TOGETHER]
    assert together["accuracy_difference"] == pytest.approx(np.mean(accuracy["all"]) - np.mean(accuracy["base"]))
    assert (
        together["accuracy_difference_low"] <= together["accuracy_difference"] <= together["accuracy_difference_high"]
    )
    monkeypatch.setattr(Learner, "epoch", lambda *_: pytest.fail("trained again"))
    pd.testing.assert_frame_equal(ablate(runs, manifest, out, seeds=(1, 2), init_weights="none"), table)


def test_distillation_is_tried_where_there_is_a_teacher(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, checkpoint_file: Path
) -> None:
    """The others learn from none: a teacher would be refused by them."""
    taught: dict[str, tuple[Path, ...]] = {}

    def train(experiment: Experiment, *_: object, teachers: tuple[Path, ...], **__: object) -> None:
        taught[experiment.name] = tuple(teachers)

    monkeypatch.setattr(ablation, "train_experiment", train)
    monkeypatch.setattr(ablation, "_row", lambda title, *_: row(title, 0.5, 0.0))
    data, out = write_sample(tmp_path / "faces", train=1, val=1, size=48), tmp_path / "out"
    command = ["--data", str(data), "--out", str(out)]
    assert main(command) == 0
    distilling = {name.replace(" ", "-") for name, change in INGREDIENTS.items() if change(BASE).distill}
    assert len(taught) == len(INGREDIENTS) + 1 - len(distilling)  # with the base
    assert set(taught.values()) == {()}
    assert main([*command, "--teacher", str(checkpoint_file)]) == 0
    assert {name for name, teachers in taught.items() if teachers} == {f"{name}-42" for name in distilling}
    assert len(taught) == len(INGREDIENTS) + 1


def test_averaged_weights_reach_over_as_many_epochs_of_fewer_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A decay a step would reach four times as far back where an epoch has a quarter of the steps."""
    decays: list[float] = []
    monkeypatch.setattr(ablation, "train_experiment", lambda experiment, *_, **__: decays.append(experiment.average))
    monkeypatch.setattr(ablation, "_row", lambda title, *_: row(title, 0.5, 0.0))
    manifest = read_manifest(write_sample(tmp_path / "faces", train=2, val=1, size=48))
    runs = {"base": BASE, "averaged weights": replace(BASE, name="averaged", average=0.98)}
    ablate(runs, manifest, tmp_path)
    ablate(runs, manifest, tmp_path, limit=len(manifest.rows("train")) // 4)
    ablate(runs, manifest, tmp_path, limit=1000)
    assert decays == [0, 0.98, 0, pytest.approx(0.98**4), 0, 0.98]


def row(name: str, accuracy: float, difference: float, **more: float) -> dict[str, object]:
    compared = {
        f"{metric}_difference{bound}": difference + more
        for metric in COMPARED
        for bound, more in (("", 0), ("_low", -0.004), ("_high", 0.004))
    } | {f"{metric}_base": accuracy - difference for metric in COMPARED}
    return {
        "ingredient": name, "seeds": 1, **dict.fromkeys(METRICS, 0.5), "accuracy": accuracy, "accuracy_spread": 0.0,
        **compared, **more,
    }  # fmt: skip


def test_the_table_says_what_each_ingredient_adds_in_points_and_how_surely() -> None:
    rows = [row("base", 0.8, np.nan, seeds=2, accuracy_spread=0.013), row("mixup", 0.815, 0.01)]
    text = table_of(pd.DataFrame(rows))
    assert "| base | 2 | 0.8000 | - | - | 0.500 | - | - | 0.500 |" in text
    assert "| base + mixup | 1 | 0.8150 | 0.8050 | +1.0 [+0.6, +1.4] |" in text
    assert "best and the worst seed, points: base 1.3." in text


def test_what_is_written_says_what_it_was_measured_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    table = pd.DataFrame([row("base", 0.8, np.nan), row("mixup", 0.81, 0.01)])
    monkeypatch.setattr(ablation, "ablate", lambda *_, **__: table)
    data = write_sample(tmp_path / "faces", train=1, val=1, size=48)
    command = ["--data", str(data), "--out", str(tmp_path / "out"), "--table", str(tmp_path / "table")]
    assert main([*command, "--epochs", "6", "--image-size", "64", "--limit", "8000", "--seeds", "1", "2"]) == 0
    written = (tmp_path / "table" / "ablation.md").read_text()
    assert "faces val, 6 epochs at 64 px, 8,000 training pictures, seed 1" in written
    assert "all of the recipe: seeds 1, 2" in written
    assert table_of(table) in written
    assert table_of(table) in capsys.readouterr().out
    assert (tmp_path / "table" / "ablation.png").stat().st_size > 10_000
    assert list(pd.read_csv(tmp_path / "table" / "ablation.csv")["ingredient"]) == ["base", "mixup"]


def folder_of(path: Path, right: int, labels: list[str]) -> Path:
    """What evaluation leaves of a run that has the first so many pictures right and says neutral of the others."""
    said = [*labels[:right], *["neutral"] * (len(labels) - right)]
    rows = pd.DataFrame({"pth": [f"{i}.png" for i in range(len(labels))], "label": labels})
    logits = 5 * np.eye(8, dtype=np.float32)[[EMOTIONS.index(s) for s in said]]
    measured = evaluate_logits(logits, rows, temperature=1.0, model="m", data="d", split="val", resamples=5)
    write_metrics(measured, path)
    return path


def test_a_run_of_one_seed_stands_beside_the_base_with_that_seed(tmp_path: Path) -> None:
    labels = [e for e in EMOTIONS if e not in ("neutral", "disgust")] * 5
    base = [folder_of(tmp_path / f"base-{right}", right, labels) for right in (20, 10)]
    mine = ablation._row("mixup", [folder_of(tmp_path / "mixup", 18, labels)], base)
    assert (mine["accuracy"], mine["accuracy_base"]) == pytest.approx((18 / 30, 20 / 30))
    assert mine["accuracy_difference"] == pytest.approx(mine["accuracy"] - mine["accuracy_base"])
    assert mine["f1_macro_difference"] == pytest.approx(mine["f1_macro"] - mine["f1_macro_base"])
    assert np.isnan(mine["recall_disgust"])
    table = pd.DataFrame([ablation._row("base", base, base), mine])
    assert table["accuracy"].tolist() == pytest.approx([0.5, 0.6])
    assert "| base + mixup | 1 | 0.6000 | 0.6667 | -6.7 [" in table_of(table)
    assert f"| {mine['recall_contempt']:.3f} | - | {mine['ece']:.3f} |" in table_of(table)


@pytest.mark.parametrize("path", sorted((REPOSITORY / "results").rglob("ablation.csv")), ids=lambda p: p.parent.name)
def test_in_a_saved_table_a_difference_is_what_its_columns_subtract_to(path: Path) -> None:
    table = pd.read_csv(path)
    runs = table.iloc[1:]
    assert len(runs)
    for metric in COMPARED:
        assert np.allclose(runs[metric] - runs[f"{metric}_base"], runs[f"{metric}_difference"], atol=2e-6)
    assert table_of(table) in path.with_suffix(".md").read_text(encoding="utf-8")
