from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from affect import ablation, evaluation, quantisation, robustness, training
from affect.data import report
from affect.data.manifest import read_manifest
from affect.data.sample import write_sample

COMMANDS = [training, ablation, evaluation, robustness, quantisation, report]


@pytest.mark.parametrize("module", COMMANDS, ids=lambda m: m.__name__)
def test_every_command_that_reads_data_can_be_told_labels_and_split(
    module: object, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as leaving:
        module.main(["--help"])  # type: ignore[attr-defined]
    assert leaving.value.code == 0
    told = capsys.readouterr().out
    assert "--labels {folder,csv}" in told
    assert "--split-mode {original,stratified}" in told


def test_a_report_is_on_the_split_that_trainings_use(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        report.main(["--data", "faces", "--out", "report", "--seed", "7"])
    assert leaving.value.code == 2
    assert "unrecognized arguments: --seed 7" in capsys.readouterr().err


def test_a_model_is_measured_on_the_split_that_it_was_trained_with(checkpoint_file: Path, tmp_path: Path) -> None:
    faces = write_sample(tmp_path / "faces", train=4, val=2, size=64)
    given = ["--model", str(checkpoint_file), "--data", str(faces), "--out", str(tmp_path / "out")]
    assert evaluation.main([*given, "--split-mode", "stratified"]) == 0
    measured = pd.read_csv(tmp_path / "out" / "predictions.csv")["pth"]
    assert list(measured) == list(read_manifest(faces, split_mode="stratified").rows("val")["pth"])
    assert list(measured) != list(read_manifest(faces).rows("val")["pth"])
