from __future__ import annotations

import json
import re
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from affect.data.cache import prepare_pictures
from affect.data.loading import target_distributions
from affect.data.manifest import read_manifest
from affect.datasets.sample import write_sample
from affect.emotions import EMOTIONS
from affect.evaluation.__main__ import main, table_of, told_either
from affect.evaluation.measure import (
    Evaluation,
    evaluate_logits,
    evaluate_pictures,
    mean_valence,
    most_confident_mistakes,
    write_evaluation,
)
from affect.evaluation.metrics import INTERVAL_METRICS
from affect.model.calibration import Calibration
from affect.model.checkpoint import load_checkpoint, save_checkpoint
from tests.conftest import REPOSITORY, SHARED

FERPLUS = SHARED / "data" / "ferplus.zip"
STARTER = REPOSITORY / "models" / "starter_ferplus.pt"
CONTRACT = {"accuracy", "f1_weighted", "f1_macro", "balanced_accuracy", "auc_macro", "ece", "n", "per_class"}
ADDED = {"ece_uncalibrated", "mean_valence", "intervals", "model", "data", "split", "temperature", "prior_strength"}
FILES = {"metrics.json", "predictions.csv", "confusion.png", "roc.png", "reliability.png", "f1.png"}

pytestmark = pytest.mark.usefixtures("layers_in_torch")


@pytest.fixture
def evaluation() -> Evaluation:
    """400 pictures, three quarters of them right, twice as sure as they should be."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 8, 400)
    logits = rng.normal(0, 1, (400, 8)).astype(np.float32)
    logits[np.arange(400), labels] += 2.5
    logits *= 2.5  # the true log-likelihood ratios of what was drawn
    names = [EMOTIONS[c] for c in labels]
    rows = pd.DataFrame({"pth": [f"{name}/{i}.png" for i, name in enumerate(names)], "label": names})
    return evaluate_logits(
        2 * logits, rows, calibration=Calibration(2.0), model="a.pt", data="drawn", split="test", resamples=1000
    )


@pytest.fixture
def noise(tmp_path: Path) -> Path:
    """A data set of noise: three pictures a class in val."""
    rng = np.random.default_rng(0)
    for emotion in EMOTIONS:
        folder = tmp_path / "noise" / "val" / emotion
        folder.mkdir(parents=True)
        for i in range(3):
            cv2.imwrite(str(folder / f"{i}.png"), rng.integers(0, 256, (48, 48, 3), dtype=np.uint8))
    return tmp_path / "noise"


def test_the_metrics_say_what_was_measured_and_how_sure_each_figure_is(evaluation: Evaluation) -> None:
    metrics = evaluation.metrics
    assert set(metrics) == CONTRACT | ADDED
    assert (metrics["model"], metrics["data"], metrics["split"]) == ("a.pt", "drawn", "test")
    for name in INTERVAL_METRICS:
        low, high = metrics["intervals"][name]
        assert low < metrics[name] < high
    assert evaluation.origin == "a.pt on drawn test, n = 400"


def test_valence_is_told_for_each_class_that_occurs(evaluation: Evaluation) -> None:
    found = evaluation.metrics["mean_valence"]
    assert list(found) == list(EMOTIONS)
    assert found["happy"] > 0.5
    assert all(found[name] < -0.3 for name in ("anger", "contempt", "disgust", "fear", "sad"))
    certain = np.eye(8)[[EMOTIONS.index("sad"), EMOTIONS.index("happy"), EMOTIONS.index("happy")]]
    labels = np.full(3, EMOTIONS.index("sad"))
    assert mean_valence(certain, labels) == {"sad": pytest.approx(1 / 3)}


def test_the_temperature_changes_the_confidence_and_not_the_class(evaluation: Evaluation) -> None:
    assert evaluation.metrics["ece"] < evaluation.metrics["ece_uncalibrated"]
    np.testing.assert_array_equal(evaluation.probabilities.argmax(1), evaluation.uncalibrated.argmax(1))
    np.testing.assert_allclose(evaluation.probabilities.sum(1), 1)


def test_the_table_shows_figures_with_their_intervals(evaluation: Evaluation) -> None:
    lines = table_of(evaluation.metrics).splitlines()
    low, high = evaluation.metrics["intervals"]["accuracy"]
    accuracy = next(line for line in lines if line.startswith("accuracy"))
    assert accuracy.split(maxsplit=2) == [
        "accuracy",
        f"{evaluation.metrics['accuracy']:.4f}",
        f"[{low:.3f}, {high:.3f}]",
    ]
    assert next(line for line in lines if line.startswith("happy")).endswith("]")
    unknown = table_of({**evaluation.metrics, "auc_macro": None, "intervals": {}}).splitlines()
    assert next(line for line in unknown if line.startswith("auc_macro")).split() == ["auc_macro", "-"]


def test_everything_is_written_and_agrees(evaluation: Evaluation, tmp_path: Path) -> None:
    write_evaluation(evaluation, tmp_path)
    assert {p.name for p in tmp_path.iterdir()} == FILES
    assert json.loads((tmp_path / "metrics.json").read_text()) == evaluation.metrics
    predictions = pd.read_csv(tmp_path / "predictions.csv")
    numbers = [f"{kind}_{e}" for kind in "pz" for e in EMOTIONS]
    assert list(predictions.columns) == ["pth", "label", "predicted", *numbers]
    np.testing.assert_array_equal(predictions.filter(like="z_").to_numpy(np.float32), evaluation.logits)
    assert (predictions["label"] == predictions["predicted"]).mean() == pytest.approx(evaluation.metrics["accuracy"])
    np.testing.assert_allclose(predictions.filter(like="p_").sum(axis=1), 1, atol=1e-5)
    for picture in tmp_path.glob("*.png"):
        assert np.asarray(Image.open(picture).convert("L")).std() > 5, picture


def test_the_surest_mistakes_come_first_and_are_mistakes(evaluation: Evaluation) -> None:
    mistakes = most_confident_mistakes(evaluation, 10)
    assert list(mistakes.columns) == ["pth", "label", "predicted", "confidence"]
    assert len(mistakes) == 10
    assert (mistakes["label"] != mistakes["predicted"]).all()
    assert mistakes["confidence"].is_monotonic_decreasing
    wrong = evaluation.predicted != evaluation.labels
    assert mistakes["confidence"].iloc[0] == evaluation.probabilities.max(1)[wrong].max()
    assert list(evaluation.rows["pth"][mistakes.index]) == list(mistakes["pth"])


@pytest.mark.usefixtures("undrawn")
def test_the_command_line_and_a_notebook_measure_the_same(
    checkpoint_file: Path, noise: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(["--model", str(checkpoint_file), "--data", str(noise), "--split", "val", "--out", str(out)]) == 0
    assert "random.pt on noise val, n = 24" in capsys.readouterr().out
    evaluation = evaluate_pictures(checkpoint_file, read_manifest(noise), "val")
    metrics = json.loads((out / "metrics.json").read_text())
    assert metrics.pop("command") == "python -m affect.evaluation --model random.pt --data noise --split val"
    assert metrics == evaluation.metrics
    assert evaluation.calibration.temperature == 1.5  # the checkpoint's


@pytest.mark.usefixtures("undrawn")
def test_the_metrics_tell_the_command_that_measures_them_again_and_no_folder_of_this_machine(
    checkpoint_file: Path, noise: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "models").mkdir()
    checkpoint_file.rename(tmp_path / "models" / "m.pt")
    monkeypatch.chdir(tmp_path)
    (noise / "val" / "sad").rename(noise / "val" / "glum")
    arguments = ["--model", "models/m.pt", "--data", str(noise), "--classes", "glum=sad/disgust", "--mirrored"]
    (tmp_path / "x").mkdir()
    for model, named in (("models/m.pt", "models/m.pt"), ("x/../models/m.pt", "m.pt")):
        arguments[1] = model
        assert main([*arguments, "--crop", "whole", "--out", str(tmp_path / "out")]) == 0
        assert json.loads((tmp_path / "out" / "metrics.json").read_text())["command"] == (
            f"python -m affect.evaluation --model {named} --data noise --split val --classes glum=sad/disgust "
            "--crop whole --mirrored"
        )


@pytest.mark.usefixtures("undrawn")
@pytest.mark.skipif(sys.platform == "win32", reason="names of bytes are Unix's")
def test_names_of_any_bytes_are_in_the_files_as_text_that_steers_nothing(
    checkpoint_file: Path, noise: Path, tmp_path: Path
) -> None:
    model = checkpoint_file.rename(tmp_path / "m\udcf3d \x1b[31m.pt")
    data = noise.rename(tmp_path / "=d\udce9 \x1b]0;x")
    assert main(["--model", str(model), "--data", str(data), "--out", str(tmp_path / "out")]) == 0
    texts = [path.read_bytes().decode() for path in (tmp_path / "out").glob("*.[cj]s*")]
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text())
    texts += [metrics["model"], metrics["data"], metrics["command"]]
    assert len(texts) == 5
    assert all(not re.search("[\x1b\ud800-\udfff]", each) for each in texts)
    assert metrics["model"] == r"m\xf3d \x1b[31m.pt"
    assert metrics["data"] == "=d_xe9 _x1b]0;x"


def test_with_mirror_images_a_picture_and_its_mirror_image_are_judged_alike(
    checkpoint_file: Path, noise: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(noise, tmp_path / "turned")
    for path in (tmp_path / "turned").rglob("*.png"):
        cv2.imwrite(str(path), cv2.imread(str(path))[:, ::-1])
    plain, turned = read_manifest(noise), read_manifest(tmp_path / "turned")
    one, other = (evaluate_pictures(checkpoint_file, m, "val", mirrored=True).logits for m in (plain, turned))
    np.testing.assert_allclose(one, other, atol=1e-5)
    alone, turned_alone = (evaluate_pictures(checkpoint_file, m, "val").logits for m in (plain, turned))
    np.testing.assert_allclose(one, (alone + turned_alone) / 2, atol=1e-5)
    assert main(["--model", str(checkpoint_file), "--data", str(noise), "--mirrored"]) == 0
    assert "random.pt with mirror images on noise val" in capsys.readouterr().out


def test_an_empty_split_is_one_line(checkpoint_file: Path, noise: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--model", str(checkpoint_file), "--data", str(noise), "--split", "test"]) == 2
    told = capsys.readouterr().err.splitlines()
    assert [line.startswith("error: ") for line in told] == [False] * (len(told) - 1) + [True]


def test_a_data_set_without_val_is_measured_on_its_test(
    checkpoint_file: Path, noise: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (noise / "val").rename(noise / "Testing")
    assert main(["--model", str(checkpoint_file), "--data", str(noise)]) == 0
    assert "random.pt on noise test, n = 24" in capsys.readouterr().out


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("own", [False, True])
def test_pictures_are_cropped_as_live_or_whole_and_by_default_as_the_model_wants_it(
    bundled_model: Path,
    own: bool,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    faces = write_sample(tmp_path / "faces", train=1, val=2, size=96)
    cv2.imwrite(str(next((faces / "val" / "sad").iterdir())), np.full((96, 96, 3), 128, np.uint8))  # no face
    bundled = load_checkpoint(bundled_model)
    preprocessing = replace(bundled.preprocessing, find_face=own)
    model = tmp_path / "model.pt"
    save_checkpoint(model, replace(bundled, preprocessing=preprocessing))
    found, told = {}, {}
    for crop in ("as-live", "whole", None):
        out = tmp_path / str(crop)
        arguments = ["--model", str(model), "--data", str(faces), "--out", str(out)]
        assert main(arguments + (["--crop", crop] if crop else [])) == 0
        told[crop] = capsys.readouterr().out
        found[crop] = json.loads((out / "metrics.json").read_text())
    commands = {crop: told_of.pop("command") for crop, told_of in found.items()}
    assert commands["as-live"] == f"{commands[None]} --crop as-live"
    assert found[None] == found["as-live" if own else "whole"]
    assert (found["whole"]["crop"], found["whole"]["faceless"], found["whole"]["n"]) == ("whole", 0, 16)
    live = found["as-live"]
    assert live["crop"] == "as-live"
    assert live["faceless"] == 16 - live["n"] >= 1
    assert f"in {live['faceless']} pictures none was found" in told["as-live"]
    assert "whole pictures (--crop as-live" in told["whole"]
    seen = [pd.read_csv(tmp_path / crop / "predictions.csv").set_index("pth") for crop in ("as-live", "whole")]
    both = seen[1].loc[seen[0].index]
    assert (seen[0]["p_happy"] != both["p_happy"]).all()
    cropped = prepare_pictures(
        read_manifest(faces), read_manifest(faces).rows("val"), replace(preprocessing, find_face=True)
    )
    assert list(cropped[1]["pth"]) == list(seen[0].index)


def test_the_command_line_says_what_is_missing(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "happy").mkdir()
    cv2.imwrite(str(tmp_path / "happy" / "0.png"), np.zeros((8, 8), np.uint8))
    assert main(["--model", str(tmp_path / "none.pt"), "--data", str(tmp_path)]) == 2
    assert "does not exist" in capsys.readouterr().err


@pytest.mark.skipif(not FERPLUS.is_file(), reason="FER+ is not on this machine")
@pytest.mark.nightly
def test_the_bundled_model_reaches_its_published_figures(tmp_path: Path) -> None:
    assert main(["--model", str(STARTER), "--data", str(FERPLUS), "--out", str(tmp_path)]) == 0
    measured = json.loads((tmp_path / "metrics.json").read_text())
    published = json.loads((REPOSITORY / "results" / "ferplus" / "starter_ferplus" / "metrics.json").read_text())
    assert measured["accuracy"] >= 0.82
    assert measured["accuracy"] == pytest.approx(published["accuracy"], abs=0.002)
    predictions = pd.read_csv(tmp_path / "predictions.csv")
    assert len(predictions) == measured["n"] == 3553
    assert (predictions["label"] == predictions["predicted"]).mean() == pytest.approx(measured["accuracy"])
    assert {p.name for p in tmp_path.iterdir()} == FILES


def test_either_class_of_a_partial_label_is_right_and_counts_as_the_first(tmp_path: Path) -> None:
    for folder in ("sad_or_disgust", "happy"):
        for i in range(5):
            path = tmp_path / "set" / folder / f"{i}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), np.full((32, 32, 3), 10 * i, np.uint8))
    manifest = read_manifest(tmp_path / "set", classes="sad_or_disgust=sad/disgust")
    rows = manifest.rows("all")
    assert set(rows["label"]) == {"sad", "happy"}
    either = rows["either"] == "sad/disgust"
    assert set(rows.loc[either, "label"]) == {"sad"}
    assert set(rows.loc[~either, "either"]) == {""}
    said = ["disgust", "sad", "disgust", "neutral", "sad"]
    answers = np.where(either, np.array([*said, *said])[np.arange(10) % 5], "happy")
    answers[np.flatnonzero(~either)[0]] = "disgust"  # wrong for a happy face, and counted as sad
    logits = 3 * np.eye(8, dtype=np.float32)[[EMOTIONS.index(a) for a in answers]]
    found = evaluate_logits(logits, rows, calibration=Calibration(), model="m.pt", data="d", split="all", resamples=20)
    assert found.metrics["accuracy"] == pytest.approx(8 / 10)
    assert found.metrics["per_class"]["sad"]["recall"] == pytest.approx(4 / 5)
    assert found.metrics["per_class"]["sad"]["precision"] == pytest.approx(4 / 5)
    assert found.metrics["either"] == ["sad/disgust"]
    assert {EMOTIONS[i] for i in found.predicted} == {"sad", "happy", "neutral"}
    np.testing.assert_allclose(found.probabilities.sum(1), 1)
    assert "Labels that mean sad or disgust are counted as sad" in told_either(found.metrics)
    targets = target_distributions(rows, soft=False)
    assert targets[either.to_numpy()][0].tolist() == [0, 0, 1, 0, 0, 0, 1, 0]
