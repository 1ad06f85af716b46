from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from affect.data.corruptions import CORRUPTIONS
from affect.data.framing import FaceFinder, FoundFace
from affect.data.manifest import read_manifest
from affect.datasets.sample import write_sample
from affect.errors import AffectError
from affect.evaluation import figures, robustness
from affect.evaluation.measure import evaluate_pictures
from affect.evaluation.robustness import main, measure, table_of
from affect.faces.preprocessing import Image, Preprocessing
from affect.model.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from affect.model.network import build_model

FEW = 5  # the last of them is noise, which is drawn at random


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sample(tmp_path_factory.mktemp("robustness") / "faces", train=1, val=2, size=64)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two networks with random weights; the second finds its faces itself."""
    folder = tmp_path_factory.mktemp("models")
    for seed, settings in enumerate((Preprocessing(image_size=64), Preprocessing(image_size=64, find_face=True))):
        torch.manual_seed(seed)
        save_checkpoint(folder / f"m{seed}.pt", Checkpoint(dict(build_model().state_dict()), settings))
    return sorted(folder.glob("*.pt"))


@pytest.fixture(scope="module")
def table(faces: Path, models: list[Path]) -> pd.DataFrame:
    return measure(models, read_manifest(faces))


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only some of the corruptions."""
    monkeypatch.setattr(robustness, "CORRUPTIONS", CORRUPTIONS[:FEW])


def test_every_corruption_has_three_rows_beside_the_clean_one(table: pd.DataFrame) -> None:
    assert len(table) == 1 + 3 * len(CORRUPTIONS)
    assert table["corruption"].iloc[0] == "clean"
    assert list(table.columns[-2:]) == ["m0", "m1"]
    assert set(table["n"]) == {16}


def test_the_clean_row_is_what_the_evaluation_measures(table: pd.DataFrame, faces: Path, models: list[Path]) -> None:
    assert table["m0"].iloc[0] == evaluate_pictures(models[0], read_manifest(faces)).metrics["accuracy"]


def test_large_pictures_are_worked_on_in_parts(faces: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = read_manifest(faces)
    names = manifest.rows("val")["pth"]
    (whole,) = robustness._usable(manifest, names, robustness._whole)
    monkeypatch.setattr(robustness, "MOST_HELD", 5 * 64 * 64 * 3)
    parts = list(robustness._usable(manifest, names, robustness._whole))
    assert [len(part[1]) for part in parts] == [6, 6, 4]
    assert [i for part in parts for i in part[0]] == whole[0]


@pytest.mark.usefixtures("few")
def test_a_prior_and_partial_labels_count_as_in_the_evaluation(faces: Path, models: list[Path], tmp_path: Path) -> None:
    checkpoint = load_checkpoint(models[0])
    manifest = read_manifest(faces, classes="fear=surprise/fear")
    shares = (0.01, 0.01, 0.01, 0.4, 0.01, 0.01, 0.01, 0.54)  # random weights say next to nothing: these decide
    save_checkpoint(path := tmp_path / "prior.pt", replace(checkpoint, prior=shares))
    found = evaluate_pictures(path, manifest, "val").metrics["accuracy"]
    assert found == 0.25  # fear, which counts as surprise, and surprise
    assert measure([path], manifest)["prior"].iloc[0] == found


@pytest.mark.usefixtures("few")
def test_the_same_table_comes_out_again(table: pd.DataFrame, faces: Path, models: list[Path]) -> None:
    again = measure(models[:1], read_manifest(faces))
    pd.testing.assert_series_equal(again["m0"], table["m0"][: 1 + 3 * FEW])


@pytest.mark.usefixtures("few")
def test_unreadable_pictures_are_left_out(faces: Path, models: list[Path], tmp_path: Path) -> None:
    manifest = read_manifest(faces)
    extra = manifest.table.iloc[[-1]].assign(pth="nowhere.png", split="val")
    longer = replace(manifest, table=pd.concat([manifest.table, extra], ignore_index=True))
    assert set(measure(models[:1], longer)["n"]) == {16}


def test_a_face_is_found_in_the_clean_picture_and_cropped_there_from_every_changed_one(
    faces: Path, models: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = read_manifest(faces)
    first, *others = (manifest.source.picture(name) for name in manifest.rows("val")["pth"])
    looked: list[Image] = []
    cut: list[FoundFace] = []

    def find(_: FaceFinder, picture: Image) -> FoundFace | None:
        looked.append(picture)
        return None if np.array_equal(picture, first) else (4.0, 5.0, float(50 + picture[32, 32, 0] % 10))

    def crop(picture: Image, face: FoundFace, _: Preprocessing) -> Image:
        cut.append(face)
        return picture

    monkeypatch.setattr(FaceFinder, "find", find)
    monkeypatch.setattr(robustness, "cropped", crop)
    monkeypatch.setattr(robustness, "CORRUPTIONS", [c for c in CORRUPTIONS if c.name == "box scale"])
    table = measure(models, manifest)
    assert len(looked) == 16  # once each, whatever is changed and whoever asks
    assert set(table["n"]) == {15}  # a picture without a face is left out for both models
    boxes = sorted(4 * [find(FaceFinder(), picture) for picture in others])
    assert sorted(cut) == boxes


def test_two_models_of_one_name_are_refused(models: list[Path], faces: Path) -> None:
    with pytest.raises(AffectError, match="same file name"):
        measure([models[0], models[0]], read_manifest(faces))


def test_the_table_and_the_figure_say_where_the_numbers_come_from(table: pd.DataFrame) -> None:
    text = table_of(table)
    assert "| none | |" in text
    assert "| JPEG (quality) | 40, 20, 8 |" in text
    mean = table["m0"].iloc[1:].mean()
    assert text.splitlines()[-1].startswith(f"| **mean of all** | | **{mean:.3f}**")
    figure = figures.robustness(table, "faces val, n = 16")
    title = figure.get_suptitle()
    assert "faces val, n = 16" in title
    assert "costs the most" in title


@pytest.mark.usefixtures("few")
def test_the_command_writes_table_and_figure(
    faces: Path, models: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--model", str(models[0]), "--data", str(faces), "--out", str(tmp_path)]) == 0
    assert {p.name for p in tmp_path.iterdir()} == {"robustness.csv", "robustness.md", "robustness.png"}
    assert "faces val, n = 16" in (tmp_path / "robustness.md").read_text(encoding="utf-8")
    assert "| blur" in capsys.readouterr().out
    kept = pd.read_csv(tmp_path / "robustness.csv")
    assert np.isfinite(kept["m0"]).all()


def test_more_models_than_a_figure_can_show_are_refused_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as leaving:
        main(["--model", *(f"{i}.pt" for i in range(5)), "--data", "nowhere", "--out", str(tmp_path)])
    assert leaving.value.code == 2


def test_a_missing_model_is_told_in_one_line(faces: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--model", "none.pt", "--data", str(faces)]) == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith("error: The model file none.pt does not exist")
