from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
import torch

from affect import training
from affect.data.manifest import Manifest, read_manifest
from affect.emotions import EMOTIONS
from affect.errors import AffectError
from affect.experiments import Augmentation, Experiment, Stage
from affect.model import load_checkpoint
from affect.preprocessing import Preprocessing

TINY = Experiment(
    name="tiny",
    preprocessing=Preprocessing(image_size=32, color="grey"),
    stages=(Stage("head", 0, 1, 1e-3, 32), Stage("all", 19, 2, 3e-3, 32)),
    augmentation=Augmentation(flip=0.5, rotation=10, erase=0.3),
    soft_labels=True,
    batch_size=16,
)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight patterns, one a class: a bright bar at one of eight heights, with noise."""
    root = tmp_path_factory.mktemp("drawn")
    rng = np.random.default_rng(0)
    for split, n in (("train", 8), ("val", 3)):
        for c, emotion in enumerate(EMOTIONS):
            folder = root / split / emotion
            folder.mkdir(parents=True)
            for i in range(n):
                picture = rng.integers(0, 80, (32, 32, 3), dtype=np.uint8)
                picture[4 * c : 4 * c + 4] += 150
                cv2.imwrite(str(folder / f"{i}.png"), picture)
    return root


@pytest.fixture
def manifest(drawn: Path) -> Manifest:
    return read_manifest(drawn)


def weights_of(path: Path) -> dict[str, torch.Tensor]:
    return load_checkpoint(path).state_dict


def test_a_run_leaves_a_checkpoint_that_loads_its_history_and_no_leftovers(manifest: Manifest, tmp_path: Path) -> None:
    path = training.train_experiment(TINY, manifest, tmp_path / "m", tmp_path / "r", init_weights="none")
    checkpoint = load_checkpoint(path)
    assert checkpoint.preprocessing == TINY.preprocessing
    history = pd.read_csv(tmp_path / "r" / manifest.name / "tiny" / "history.csv")
    assert history["stage"].tolist() == ["head", "all", "all"]
    best = checkpoint.provenance["best"]
    assert best["val_accuracy"] == history["val_accuracy"].max()
    assert checkpoint.provenance["pictures"] == {"train": 64, "val": 24}
    assert [p.name for p in (tmp_path / "m").iterdir()] == [path.name]


def test_an_interrupted_run_resumes_to_the_same_weights(
    manifest: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = training.train_experiment(TINY, manifest, tmp_path / "a", tmp_path / "r", init_weights="none")

    original, calls = training._train_epoch, []

    def interrupted(*arguments: object) -> float:
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return original(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(training, "_train_epoch", interrupted)
    with pytest.raises(KeyboardInterrupt):
        training.train_experiment(TINY, manifest, tmp_path / "b", tmp_path / "r", init_weights="none")
    resumed = training.train_experiment(
        TINY, manifest, tmp_path / "b", tmp_path / "r", init_weights="none", resume=True
    )
    assert len(calls) == 4  # two epochs before, the third again, and no more
    a, b = weights_of(whole), weights_of(resumed)
    assert all(torch.equal(a[k], b[k]) for k in a)


def test_a_state_of_another_run_is_not_continued(
    manifest: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = training._save_progress

    def stop(*arguments: object) -> None:
        original(*arguments)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "_save_progress", stop)
    with pytest.raises(KeyboardInterrupt):
        training.train_experiment(TINY, manifest, tmp_path, tmp_path, init_weights="none")
    with pytest.raises(AffectError, match="other settings"):
        training.train_experiment(
            replace(TINY, batch_size=8), manifest, tmp_path, tmp_path, init_weights="none", resume=True
        )
    state = next(tmp_path.glob("*.resume.pt"))
    state.write_bytes(state.read_bytes()[:1000])
    with pytest.raises(AffectError, match="damaged"):
        training.train_experiment(TINY, manifest, tmp_path, tmp_path, init_weights="none", resume=True)


def test_a_model_learns_what_can_be_learned(manifest: Manifest, tmp_path: Path) -> None:
    longer = replace(TINY, stages=(Stage("all", 19, 12, 3e-3, 32),), augmentation=Augmentation(flip=0.5), batch_size=8)
    path = training.train_experiment(longer, manifest, tmp_path, tmp_path, init_weights="none")
    assert load_checkpoint(path).provenance["best"]["val_accuracy"] > 0.5  # chance is 0.125


def test_the_command_line_trains_and_evaluates(
    drawn: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from affect import evaluation

    monkeypatch.setitem(training.EXPERIMENTS, "starter", TINY)
    common = ["--data", str(drawn), "--out", str(tmp_path), "--results", str(tmp_path / "r"), "--init-weights", "none"]
    assert training.main(["starter", *common, "--epochs", "1", "--limit", "16", "--image-size", "40"]) == 0
    path = Path(capsys.readouterr().out.strip())
    assert load_checkpoint(path).preprocessing.image_size == 40
    assert evaluation.main(["--model", str(path), "--data", str(drawn)]) == 0
    assert "balanced_accuracy" in capsys.readouterr().out


def test_a_wrong_data_path_is_one_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert training.main(["starter", "--data", str(tmp_path / "none.zip")]) == 2
    assert "no data set" in capsys.readouterr().err
