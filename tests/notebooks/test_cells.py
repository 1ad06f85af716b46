from __future__ import annotations

import shutil
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from affect import notebooks
from affect.comparison import compare_models
from affect.comparison.original_results import PICTURES, find_reported
from affect.data.augmentation import Augmentation
from affect.datasets.sample import write_sample
from affect.emotions import EMOTIONS
from affect.errors import AffectError
from affect.model.network import build_model
from affect.notebooks import Lines, Setup, readings
from affect.training.experiments import FACE_TEACHER, V1, V2, V3, Experiment, Stage, with_mistake
from tests.conftest import REPOSITORY


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three drawn faces of each class to learn from, two to be measured on."""
    return write_sample(tmp_path_factory.mktemp("data") / "faces", train=3, val=2, size=48)


@pytest.fixture
def setup(faces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Setup:
    monkeypatch.setenv("AFFECT_CACHE", str(tmp_path / "cache"))
    return notebooks.prepare(faces, image_size=48, epochs=1, models=tmp_path / "models", results=tmp_path / "results")


def predictions(setup: Setup, experiment: str, right: list[bool]) -> None:
    """Write a predictions.csv for the val pictures, right or wrong as asked."""
    rows = setup.manifest.rows("val").head(len(right))
    said = [e if r else EMOTIONS[EMOTIONS.index(e) - 1] for e, r in zip(rows["label"], right, strict=True)]
    folder = setup.home / experiment / "finetuned"
    folder.mkdir(parents=True)
    rows.assign(predicted=said)[["pth", "label", "predicted"]].to_csv(folder / "predictions.csv", index=False)


def test_a_data_set_is_the_one_named_else_the_environments_else_the_drawn_one(
    faces: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not notebooks.prepare(faces).drawn
    monkeypatch.setenv("AFFECTNET_DIR", str(faces))
    assert notebooks.prepare().name == "faces"
    monkeypatch.delenv("AFFECTNET_DIR")
    monkeypatch.setattr("affect.notebooks.setup.sample_data_set", lambda: faces)
    assert notebooks.prepare().drawn


def test_only_models_of_affectnet_go_to_models_itself(faces: Path) -> None:
    assert notebooks.prepare(faces).models == Path("models/faces")
    assert notebooks.prepare(faces, models="elsewhere").models == Path("elsewhere")


def test_reported_figures_are_about_one_copy_its_folders_labels_and_its_first_split(setup: Setup) -> None:
    public = replace(setup.manifest, name="affectnet", split="original")
    whole = replace(public, table=public.table.sample(PICTURES, replace=True))
    assert replace(setup, manifest=whole).as_reported
    assert not setup.as_reported
    others = (replace(whole, labels="csv"), replace(whole, split="stratified"), replace(whole, name="ferplus"), public)
    assert not any(replace(setup, manifest=other).as_reported for other in others)


def test_the_command_trains_what_the_notebook_trains_and_names_no_folder_of_this_machine(setup: Setup) -> None:
    elsewhere = Path("/home/somebody/weights.pt").absolute()
    made = replace(setup, init_weights=str(elsewhere)).command("v2", "augmentation-lost")
    assert made == (
        "python -m affect.training v2 --data '…/faces' --epochs 1 --image-size 48 --init-weights '…/weights.pt' "
        "--mistake augmentation-lost"
    )


@pytest.mark.parametrize("absolute", [True, False])
def test_the_command_names_the_folder_of_what_lies_below_the_working_folder(
    setup: Setup, absolute: bool, faces: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(faces.parent.parent)
    weights = Path("some weights") / "w.pt"
    named = replace(setup, init_weights=str(weights.absolute() if absolute else weights)).command("v2")
    assert f"--data {faces.parent.name}/faces " in named
    assert named.endswith("--init-weights 'some weights/w.pt'")


def test_what_is_told_of_a_data_set_and_what_its_numbers_mean_is_the_notebooks_too(
    faces: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(faces / "train" / "fear", tmp_path / "own" / "1")
    shutil.copytree(faces / "train" / "sad", tmp_path / "own" / "joyfull")
    setup = notebooks.prepare(tmp_path / "own", classes="1=fear,joyfull=sad", limit=2)
    told = capsys.readouterr().err
    assert "own: 6 pictures" in told
    assert "read as: 1 → fear, joyfull → sad\n" in told
    assert "--classes 1=fear,joyfull=sad" in setup.command("v2")
    assert len(setup.manifest.rows("train")) == 2


def test_the_experiment_has_the_notebooks_size_and_epochs(setup: Setup) -> None:
    experiment = setup.experiment("v1")
    assert experiment.preprocessing.image_size == 48
    assert [s.epochs for s in experiment.stages] == [1, 1]


def test_ones_own_experiment_has_the_notebooks_size_and_epochs_too(setup: Setup) -> None:
    mine = setup.experiment(replace(V1, name="mylr", batch_size=64))
    assert mine == replace(setup.experiment("v1"), name="mylr", batch_size=64)


def test_ones_own_experiment_goes_through_notebook_and_comparison(setup: Setup) -> None:
    own = replace(V1, name="mylr", stages=V1.stages[:1], batch_size=8, measure_framing=False)
    experiment = setup.experiment(own)
    checkpoints = notebooks.train(replace(setup, init_weights="none"), experiment)
    assert [path.name for path in checkpoints.values()] == ["mylr_faces.pt"]
    assert len(notebooks.history_of(setup, experiment)) == 1
    measured = notebooks.evaluate(setup, experiment, "frozen", checkpoints["frozen"])
    model = "mylr frozen"
    assert find_reported(model) is None
    predictions(setup, "v1", [True, False])
    step = notebooks.step_between(setup, "v1 finetuned", model)
    assert step is not None
    assert readings.step(step, model, setup.name).startswith("**v1 finetuned → mylr frozen, on the same 2 val pictures")
    compared = compare_models(setup.home).table.set_index("model")
    assert compared.loc[model, "accuracy"] == pytest.approx(measured.metrics["accuracy"])


def test_of_bars_only_whole_lines_stay() -> None:
    lines = Lines()
    lines.write("\rpictures:  10%|#   ")
    assert lines.text == "pictures:  10%|#"
    lines.write("\rpictures: 100%|####")
    lines.write("\r                   \r")
    lines.write("v1 frozen 1/1: val accuracy 0.5\n")
    lines.write("\rbatches:   5%|")
    lines.close()
    assert lines.text == "v1 frozen 1/1: val accuracy 0.5"


def test_a_finished_run_without_its_history_says_what_to_do(setup: Setup) -> None:
    with pytest.raises(AffectError, match="RESUME = False"):
        notebooks.history_of(setup, setup.experiment("v1"))


def test_the_stages_say_how_much_learns() -> None:
    table = notebooks.stages_of(V1)
    assert table.loc["frozen", "parameters that learn"] == f"{8 * 1280 + 8:,}"
    assert table.loc["finetuned", "learns"] == "head and last 3 of 19 blocks"


def test_the_stages_count_the_experiments_own_network() -> None:
    (row,) = notebooks.stages_of(FACE_TEACHER).to_dict("records")
    assert row["learns"] == "head and last 14 of 14 blocks"
    whole = sum(p.numel() for p in build_model("face_mobilenet").parameters())
    assert row["parameters that learn"] == f"{whole:,}"
    four = replace(FACE_TEACHER, stages=(replace(FACE_TEACHER.stages[0], trained_blocks=4),))
    network = build_model("face_mobilenet")
    parts = [*list(network.features)[10:], network.classifier]  # type: ignore[arg-type]
    learned = sum(p.numel() for part in parts for p in part.parameters())  # type: ignore[union-attr]
    assert notebooks.stages_of(four)["parameters that learn"].tolist() == [f"{learned:,}"]


def test_differences_name_only_what_differs() -> None:
    assert notebooks.differences(V1, replace(V1, name="other", question="?")).empty
    changed = notebooks.differences(V1, V2)
    assert changed.loc["preprocessing.color"].tolist() == ["rgb", "grey"]
    assert set(changed.index) == {"preprocessing.color"} | {
        f"augmentation.{what}" for what in ("shift", "scale", "crop_area", "aspect", "light")
    }


def test_a_stage_that_one_experiment_lacks_is_named() -> None:
    table = notebooks.differences(V2, V3)
    assert table.loc["stages"].tolist() == ["frozen, finetuned", "finetuned"]
    assert table.loc["stages.frozen.epochs"].tolist() == ["10", "–"]
    assert table.loc["stages.finetuned.trained_blocks"].tolist() == ["3", "5"]


def other_value(value: object) -> Any:
    """A value of the same kind that differs."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    return (0.25, 0.75) if isinstance(value, tuple) else f"another {value}"


NAMING = {"name", "question", "mistake", "preprocessing", "stages", "augmentation"}  # names, and what has own settings


@pytest.mark.parametrize("setting", sorted({f.name for f in fields(Experiment)} - NAMING))
def test_every_setting_of_an_experiment_shows_in_the_differences(setting: str) -> None:
    changed = replace(V1, **{setting: other_value(getattr(V1, setting))})
    assert list(notebooks.differences(V1, changed).index) == [setting]


@pytest.mark.parametrize("setting", [f.name for f in fields(Stage) if f.name != "name"])
def test_every_setting_of_a_stage_shows_in_the_differences(setting: str) -> None:
    first, last = V1.stages
    changed = replace(V1, stages=(first, replace(last, **{setting: other_value(getattr(last, setting))})))
    table = notebooks.differences(V1, changed)
    assert list(table.index) == [f"stages.finetuned.{setting}"]
    assert table.iloc[0].tolist() == [str(getattr(s, setting)) for s in (last, changed.stages[1])]


@pytest.mark.parametrize("setting", [f.name for f in fields(Augmentation)])
def test_every_setting_of_the_augmentation_shows_in_the_differences(setting: str) -> None:
    changed = replace(V1.augmentation, **{setting: other_value(getattr(V1.augmentation, setting))})
    table = notebooks.differences(V1, replace(V1, augmentation=changed))
    assert list(table.index) == [f"augmentation.{setting}"]


@pytest.mark.parametrize("other", [{"image_size": 96}, {"crop_margin": 0.1}, {"detail": 48}, {"mean": (0.5,) * 3}])
def test_the_settings_of_the_preprocessing_show_in_the_differences(other: dict[str, Any]) -> None:
    table = notebooks.differences(V1, replace(V1, preprocessing=replace(V1.preprocessing, **other)))
    assert list(table.index) == [f"preprocessing.{setting}" for setting in other]


def test_a_mistake_changes_one_setting_and_heads_its_column() -> None:
    table = notebooks.differences(V1, with_mistake(V1, "drifting-batch-norm"))
    assert list(table.index) == ["frozen_batch_norm"]
    assert list(table.columns) == ["v1", "v1 drifting-batch-norm"]


def test_a_sample_has_at_most_so_many_of_each_class(setup: Setup) -> None:
    rows = notebooks.sample_rows(setup.manifest.rows("train"), 2, seed=1)
    assert rows["label"].value_counts().tolist() == [2] * 8
    assert rows.equals(notebooks.sample_rows(setup.manifest.rows("train"), 2, seed=1))


def test_pictures_are_shown_before_and_after_variation(setup: Setup) -> None:
    pictures, varied, labels = notebooks.varied_pictures(setup, setup.experiment("v2"), per_class=1)
    assert pictures.shape == varied.shape == (8, 48, 48, 1)
    assert (pictures != varied).any()
    assert labels.tolist() == list(range(8))


def test_accuracy_without_copies_leaves_them_out(setup: Setup) -> None:
    first = setup.manifest.rows("val")["pth"].iloc[0]
    train = setup.manifest.rows("train").iloc[0]
    known = setup.manifest.table.set_index("pth").loc[[train["pth"], first], ["label", "split"]].reset_index()
    (setup.home / "eda").mkdir(parents=True)
    known.assign(near_group=0, exact_group=0).to_csv(setup.home / "eda" / "duplicates.csv", index=False)
    predictions(setup, "v1", [True, False, False, True])
    row = notebooks.without_copies(setup).iloc[0]
    assert (row["model"], row["accuracy"], row["n"]) == ("v1 finetuned", 0.5, 4)
    assert (row["accuracy_without_copies"], row["n_without_copies"]) == (pytest.approx(1 / 3), 3)
    predictions(setup, "mylr", [True, True])
    assert notebooks.without_copies(setup, ["mylr finetuned"])["n"].tolist() == [2]


def test_duplicates_of_another_split_are_looked_for_again(setup: Setup) -> None:
    fresh = notebooks.duplicates(setup)
    path = setup.home / "eda" / "duplicates.csv"
    train = setup.manifest.rows("train").iloc[0]
    stale = pd.DataFrame([{"pth": train["pth"], "label": train["label"], "split": "val", "near_group": 0}])
    stale.to_csv(path, index=False)
    assert len(notebooks.duplicates(setup)) == len(fresh)


def test_a_step_is_paired_over_the_pictures_that_both_saw(setup: Setup) -> None:
    predictions(setup, "v1", [True, True, False, False, True, False])
    assert notebooks.step_between(setup, "v1 finetuned", "v2 finetuned") is None
    predictions(setup, "v2", [True, True, True, False])
    step = notebooks.step_between(setup, "v1 finetuned", "v2 finetuned")
    assert step is not None
    assert (step.n, step.accuracy_before, step.accuracy_after) == (4, 0.5, 0.75)
    assert step.low <= step.difference <= step.high


def test_the_class_counts_have_totals(setup: Setup) -> None:
    assert notebooks.class_counts(setup.manifest).loc["total"].tolist() == [24, 16, 40]


def test_notebooks_call_the_library_and_define_nothing_themselves() -> None:
    import nbformat

    for path in REPOSITORY.glob("*.ipynb"):
        code = "\n".join(c.source for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code")
        assert "def " not in code, path.name
        assert "class " not in code.replace("a class", ""), path.name
