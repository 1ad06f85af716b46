from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from affect.data import report
from affect.data.manifest import overview, read_manifest
from affect.datasets.sample import write_sample
from affect.emotions import EMOTIONS
from affect.evaluation import robustness
from affect.evaluation.__main__ import main as evaluation_main
from affect.training import face_weights
from affect.training.__main__ import main as training_main

COMMANDS = {
    "training": training_main,
    "evaluation": evaluation_main,
    "robustness": robustness.main,
    "report": report.main,
    "face_weights": face_weights.main,
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_every_command_that_reads_data_can_be_told_labels_and_split(
    command: Callable[[list[str]], int], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as leaving:
        command(["--help"])
    assert leaving.value.code == 0
    told = capsys.readouterr().out
    assert "--labels {folder,csv}" in told
    assert "--classes MAP" in told
    assert "--split-mode {original,stratified,stratified-tenth}" in told


def test_a_report_is_on_the_split_that_trainings_use(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        report.main(["--data", "faces", "--out", "report", "--seed", "7"])
    assert leaving.value.code == 2
    assert "unknown arguments: --seed 7" in capsys.readouterr().err


@pytest.mark.usefixtures("layers_in_torch", "undrawn")
def test_a_model_is_measured_on_the_split_that_it_was_trained_with(checkpoint_file: Path, tmp_path: Path) -> None:
    faces = write_sample(tmp_path / "faces", train=3, val=2, size=48)
    given = ["--model", str(checkpoint_file), "--data", str(faces), "--out", str(tmp_path / "out")]
    assert evaluation_main([*given, "--split-mode", "stratified"]) == 0
    measured = pd.read_csv(tmp_path / "out" / "predictions.csv")["pth"]
    assert list(measured) == list(read_manifest(faces, split_mode="stratified").rows("val")["pth"])
    assert list(measured) != list(read_manifest(faces).rows("val")["pth"])


def data_set(root: Path, counts: dict[str, int]) -> Path:
    """Black pictures: so many in each folder."""
    for name, n in counts.items():
        (root / name).mkdir(parents=True)
        for i in range(n):
            cv2.imwrite(str(root / name / f"{i}.png"), np.zeros((8, 8), np.uint8))
    return root


def test_a_whole_data_set_is_told_in_one_line(tmp_path: Path) -> None:
    counts = {f"{split}/{e}": 10 for split in ("train", "val") for e in EMOTIONS}
    assert overview(read_manifest(data_set(tmp_path / "set", counts))) == [
        "set: 160 pictures (80 train, 80 val), all eight classes; labels from folders' names"
    ]


def test_classes_that_are_missing_are_told(tmp_path: Path) -> None:
    data = data_set(tmp_path / "set", {f"val/{e}": 10 for e in EMOTIONS if e not in ("fear", "sad")})
    assert overview(read_manifest(data)) == [
        "set: 60 pictures (60 val), 6 of the eight classes, no fear, no sad; labels from folders' names"
    ]


def test_what_is_odd_about_a_data_set_is_told_in_a_few_lines(tmp_path: Path) -> None:
    counts = {
        "set/train/Angry": 15, "set/train/happy": 30, "set/train/sad": 3, "set/test/Angry": 10, "set/test/happy": 2,
        "set/train/sad_or_disgust": 4, "more/happy": 1,
    }  # fmt: skip
    data_set(tmp_path / "set", counts)
    cv2.imwrite(str(tmp_path / "set" / "set" / "train" / "x.png"), np.zeros((8, 8), np.uint8))
    val = read_manifest(tmp_path / "set").rows("val")["label"].value_counts()
    first, *lines = overview(read_manifest(tmp_path / "set"))
    assert first == (
        "set: 61 pictures (38 train, 10 val, 12 test, 1 in no split), 3 of the eight classes, anger, happy, sad "
        "alone; labels from folders' names"
    )
    assert lines[:3] == [
        "read as: Angry → anger",
        "split: it has no val, so a fifth of train becomes val, which training is measured on; its test is for "
        "affect.evaluation --split test",
        f"hardly any: sad {3 - val.get('sad', 0)} in train; every class in val; happy 2, sad 0 in test",
    ]
    assert lines[3:] == [
        "left out, since not understood: sad_or_disgust (4 pictures); --classes sad_or_disgust=CLASS takes them",
        "left out: 1 not in a class folder",
    ]


def test_what_a_limit_leaves_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = data_set(tmp_path / "set", {f"{split}/{e}": 10 for split in ("train", "val") for e in EMOTIONS})
    assert "limit: 20 of 80 train, 20 of 80 val pictures are used, every class in its share" in overview(
        read_manifest(data).limited(20, 1)
    )
    given = ["--data", str(data), "--limit", "16", "--out", str(tmp_path), "--init-weights", "none"]
    assert training_main(["v1", *given, "--teacher", "none.pt"]) == 2
    assert "limit: 16 of 80 train, 16 of 80 val" in capsys.readouterr().err


def test_what_is_left_out_on_purpose_and_numbers_are_told(tmp_path: Path) -> None:
    data = data_set(tmp_path / "set", {str(n): 1 for n in range(8)})
    assert overview(read_manifest(data))[1].endswith("6 → anger, 7 → contempt (AffectNet: others with --classes)")
    given = overview(read_manifest(data, classes="fer2013,7=none"))
    assert given[1].endswith("5 → surprise, 6 → neutral")
    assert given[-1] == "left out: 1 not one of the eight classes"
    assert "split: random 80/20, as the first version made it" in given


@pytest.mark.usefixtures("layers_in_torch", "undrawn")
def test_every_command_takes_the_numbers_of_a_data_set_and_tells_how_it_reads_them(
    checkpoint_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = data_set(tmp_path / "set", {f"val/{n}": 2 for n in range(1, 8)})
    given = ["--data", str(data), "--split", "val", "--model", str(checkpoint_file)]
    for main in (evaluation_main, robustness.main):
        assert main(given) == 2
        assert "error: " in (told := capsys.readouterr().err)
        assert "--classes raf-db" in told
    assert evaluation_main([*given, "--classes", "raf-db", "--out", str(tmp_path / "out")]) == 0
    assert "read as: 1 → surprise, 2 → fear" in capsys.readouterr().err
    assert set(pd.read_csv(tmp_path / "out" / "predictions.csv")["label"]) == {*EMOTIONS} - {"contempt"}
    assert report.main(["--data", str(data), "--classes", "raf-db", "--out", str(tmp_path / "report")]) == 0
    assert "read as: 1 → surprise" in capsys.readouterr().err
