from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from affect import ablation
from affect.ablation import BASE, INGREDIENTS, METRICS, ablate, main, runs_of, table_of
from affect.data.manifest import read_manifest
from affect.data.sample import write_sample
from affect.errors import AffectError
from affect.experiments import STARTER, Experiment, Stage, adapted
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
    runs = runs_of(["twice as long", "96 px", "mixup"], base)
    assert [r.stages[0].epochs for r in runs.values()] == [3, 6, 3, 3]
    assert [r.preprocessing.image_size for r in runs.values()] == [64, 64, 96, 64]


def test_the_ingredients_together_are_what_the_starter_is_made_of() -> None:
    together = runs_of(["all of the recipe"])["all of the recipe"]
    assert replace(together, name=STARTER.name, question=STARTER.question, stages=STARTER.stages) == STARTER


def test_an_unknown_ingredient_is_told_with_those_that_exist() -> None:
    with pytest.raises(AffectError, match="no ingredient 'salt'.*soft labels"):
        runs_of(["salt"])


@pytest.mark.slow
def test_runs_are_measured_with_every_seed_and_not_repeated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = read_manifest(write_sample(tmp_path / "faces", train=2, val=2, size=48))
    tiny = replace(
        BASE,
        preprocessing=Preprocessing(image_size=32, color="grey"),
        stages=(Stage("all", trained_blocks=0, epochs=1, learning_rate=1e-3),),
    )
    out = tmp_path / "out"
    table = ablate({"base": tiny}, manifest, out, seeds=(1, 2), init_weights="none")
    (row,) = table.to_dict("records")
    measured = [
        json.loads((out / "runs" / "faces" / f"base-{seed}" / "all" / "metrics.json").read_text()) for seed in (1, 2)
    ]
    assert row["seeds"] == 2
    assert row["accuracy"] == pytest.approx(np.mean([m["accuracy"] for m in measured]))
    assert row["recall_disgust"] == pytest.approx(np.mean([m["per_class"]["disgust"]["recall"] for m in measured]))
    monkeypatch.setattr(Learner, "epoch", lambda *_: pytest.fail("trained again"))
    pd.testing.assert_frame_equal(ablate({"base": tiny}, manifest, out, seeds=(1, 2), init_weights="none"), table)


def test_distillation_is_tried_where_there_is_a_teacher(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, checkpoint_file: Path
) -> None:
    """The others learn from none: a teacher would be refused by them."""
    taught: dict[str, tuple[Path, ...]] = {}

    def train(experiment: Experiment, *_: object, teachers: tuple[Path, ...], **__: object) -> None:
        taught[experiment.name] = tuple(teachers)

    monkeypatch.setattr(ablation, "train_experiment", train)
    monkeypatch.setattr(ablation, "_read", lambda _: dict.fromkeys(METRICS, 0.5))
    data, out = write_sample(tmp_path / "faces", train=1, val=1, size=48), tmp_path / "out"
    command = ["--data", str(data), "--out", str(out)]
    assert main(command) == 0
    assert len(taught) == len(INGREDIENTS)  # with the base, and without distillation
    assert set(taught.values()) == {()}
    assert main([*command, "--teacher", str(checkpoint_file)]) == 0
    assert {name for name, teachers in taught.items() if teachers} == {"distillation-42"}
    assert len(taught) == len(INGREDIENTS) + 1


def test_the_table_says_what_each_ingredient_adds_in_points() -> None:
    rows = [
        {"ingredient": "base", **dict.fromkeys(METRICS, 0.8)},
        {"ingredient": "mixup", **dict.fromkeys(METRICS, 0.81)},
    ]
    text = table_of(pd.DataFrame(rows))
    assert "| base | 0.8000 |  |" in text
    assert "| base + mixup | 0.8100 | +1.0 |" in text
