from __future__ import annotations

import json
import math
import shutil
import subprocess
import sys
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import pandas as pd
import pytest
import torch
from matplotlib.figure import Figure

from affect.data.augmentation import Augmentation
from affect.data.cache import prepare_pictures
from affect.data.framing import measure_framing
from affect.data.loading import FaceDataset, Views
from affect.data.manifest import VOTES, Manifest, read_manifest
from affect.datasets.drawing import draw_face
from affect.datasets.sample import write_sample
from affect.emotions import EMOTIONS
from affect.errors import AffectError
from affect.evaluation.leakage import warning_of
from affect.files import sha256_of
from affect.model.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from affect.model.frozen import Trunk
from affect.model.network import build_model
from affect.training import figures, loop
from affect.training import train as train_module
from affect.training.__main__ import main as training_main
from affect.training.experiments import EXPERIMENTS, Experiment, Stage, with_mistake
from affect.training.learner import Learner
from affect.training.run import Run
from tests.tools.lock_holder import holder
from tests.tools.patterns import TINY, train_quickly, write_patterns
from tests.tools.small_disk import small_disk


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_patterns(tmp_path_factory.mktemp("drawn"), train=8, val=3)


@pytest.fixture(scope="module")
def manifest(drawn: Path) -> Manifest:
    return read_manifest(drawn)


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """In all but `whole_run`, which is drawn."""
    train_quickly(monkeypatch.setattr)


def weights_of(path: Path) -> dict[str, torch.Tensor]:
    return load_checkpoint(path).state_dict


def train(experiment: Experiment, manifest: Manifest, folder: Path, **options: object) -> list[Path]:
    """The checkpoints of a run from random weights."""
    options = {"init_weights": "none"} | options
    return train_module.train_experiment(experiment, manifest, folder / "m", folder / "r", **options)  # type: ignore[arg-type]


class WholeRun(NamedTuple):
    """An uninterrupted run of TINY: its folder, its checkpoint, and the histories of which curves were drawn."""

    folder: Path
    checkpoint: Path
    drawn: list[pd.DataFrame]

    def copied(self, folder: Path) -> Path:
        """The same run elsewhere, to be changed. Returns its checkpoint."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        return folder / self.checkpoint.relative_to(self.folder)


@pytest.fixture(scope="module")
def whole_run(manifest: Manifest, tmp_path_factory: pytest.TempPathFactory) -> WholeRun:
    folder, drawn = tmp_path_factory.mktemp("whole"), []
    draw = figures.learning_curves

    def note(history: pd.DataFrame, origin: str, best_by: dict[str, str]) -> Figure:
        drawn.append(history)
        assert best_by == {s.name: s.monitor for s in TINY.stages}
        return draw(history, origin, best_by)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Trunk, "_on_onnxruntime", lambda trunk: trunk._in_torch)
        patch.setattr(figures, "learning_curves", note)
        patch.setattr(train_module, "REDRAW_S", math.inf)
        (path,) = train(TINY, manifest, folder)
    return WholeRun(folder, path, drawn)


def test_a_run_leaves_a_checkpoint_its_history_its_figures_and_no_leftovers(
    manifest: Manifest, whole_run: WholeRun
) -> None:
    folder, path, drawn = whole_run
    checkpoint = load_checkpoint(path)
    assert checkpoint.preprocessing == TINY.preprocessing
    home = folder / "r" / manifest.name / "tiny"
    history = pd.read_csv(home / "history.csv")
    assert history["stage"].tolist() == ["head", "all", "all"]
    assert [len(h) for h in drawn] == [1, 3]  # once a stage, since the epochs take no time
    assert (home / "history.png").is_file()
    best = checkpoint.provenance["best"]
    assert best["val_accuracy"] == history["val_accuracy"][1:].max()
    assert checkpoint.provenance["pictures"] == {"train": 64, "val": 24}
    assert [p.name for p in (folder / "m").iterdir()] == [path.name]
    metrics = json.loads((home / "all" / "metrics.json").read_text())
    assert metrics["n"] == 24
    assert metrics["settings"] == checkpoint.provenance["settings"]
    assert (metrics["settings"]["epochs"], metrics["settings"]["limit"]) == ({"head": 1, "all": 2}, None)
    assert "warning" not in metrics
    assert metrics["accuracy"] == pytest.approx(best["val_accuracy"])  # the checkpoint's weights are the best epoch's
    assert {p.name for p in (home / "all").iterdir()} >= {"confusion.png", "roc.png", "reliability.png"}


QUICK = replace(TINY, stages=(Stage("all", 0, 1, 1e-3),))
RECIPE = replace(
    TINY,
    name="recipe",
    stages=(Stage("all", 19, 3, 3e-3),),
    min_votes=2,
    balanced_softmax=True,
    smoothing=0.1,
    mixup=0.2,
    average=0.9,
)


MATCHING = replace(RECIPE, name="matching", distill=0.5, match=1.0)


@pytest.mark.parametrize(
    "experiment", [TINY, pytest.param(RECIPE, marks=pytest.mark.nightly), MATCHING], ids=lambda e: e.name
)
def test_an_interrupted_run_resumes_to_the_same_weights(
    experiment: Experiment, manifest: Manifest, whole_run: WholeRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, teachers = whole_run.checkpoint, []
    if experiment is not TINY:
        teacher = replace(TINY, balanced_softmax=True, stages=(Stage("head", 0, 1, 1e-3),))
        teachers = train(teacher, manifest, tmp_path / "t") if experiment.match else []
        (whole,) = train(experiment, manifest, tmp_path / "a", teachers=teachers)

    original, calls = Learner.epoch, []

    def interrupted(*arguments: object) -> dict[str, float]:
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return original(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Learner, "epoch", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train(experiment, manifest, tmp_path / "b", teachers=teachers)
    (resumed,) = train(experiment, manifest, tmp_path / "b", teachers=teachers, resume=True)
    assert len(calls) == 4  # two epochs before, the third again, and no more
    a, b = weights_of(whole), weights_of(resumed)
    assert all(torch.equal(a[k], b[k]) for k in a)
    histories = [
        (path.parents[1] / "r" / manifest.name / experiment.name / "history.csv").read_text()
        for path in (whole, resumed)
    ]
    assert histories[0] == histories[1]  # the best epoch may be one before the interruption


def test_a_finished_run_is_not_made_again(
    manifest: Manifest, whole_run: WholeRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [whole_run.copied(tmp_path)]
    monkeypatch.setattr(Learner, "epoch", lambda *_: pytest.fail("trained again"))
    assert train(TINY, manifest, tmp_path, resume=True) == paths
    assert train(TINY, manifest, tmp_path, resume=True, overwrite=True) == paths
    with pytest.raises(pytest.fail.Exception):
        train(TINY, manifest, tmp_path, overwrite=True)


def test_what_a_training_would_replace_is_refused_before_anything_is_done(
    manifest: Manifest, whole_run: WholeRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = whole_run.copied(tmp_path)
    before = path.read_bytes()
    monkeypatch.setattr(train_module, "_pictures", lambda *_: pytest.fail("began"))
    with pytest.raises(AffectError, match="the same settings and data. --resume reads it, --overwrite trains it again"):
        train(TINY, manifest, tmp_path)
    for resume in (False, True):
        with pytest.raises(AffectError, match=r"another run \(the seed\)"):
            train(TINY, manifest, tmp_path, seed=7, resume=resume)
    with pytest.raises(AffectError, match=r"another run \(the pictures, their labels, split or limit\)"):
        train(TINY, manifest, tmp_path, limit=8)
    assert path.read_bytes() == before


def test_another_run_is_replaced_where_that_is_asked_for(
    manifest: Manifest, whole_run: WholeRun, tmp_path: Path
) -> None:
    there = whole_run.copied(tmp_path)
    assert train(QUICK, manifest, tmp_path, seed=7, resume=True, overwrite=True) == [there]
    assert load_checkpoint(there).provenance["seed"] == 7


def test_a_state_of_another_run_is_not_continued(
    manifest: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = train_module.save_progress

    def stop(*arguments: object) -> None:
        original(*arguments)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    monkeypatch.setattr(train_module, "save_progress", stop)
    with pytest.raises(KeyboardInterrupt):
        train(TINY, manifest, tmp_path)
    with pytest.raises(AffectError, match="other settings"):
        train(replace(TINY, batch_size=8), manifest, tmp_path, resume=True)
    state = next((tmp_path / "m").glob("*.resume.pt"))
    state.write_bytes(state.read_bytes()[:1000])
    with pytest.raises(AffectError, match="damaged"):
        train(TINY, manifest, tmp_path, resume=True)


@pytest.mark.parametrize("balanced", [False, pytest.param(True, marks=pytest.mark.nightly)])
def test_a_model_learns_what_can_be_learned(manifest: Manifest, tmp_path: Path, balanced: bool) -> None:
    longer = replace(
        TINY,
        stages=(Stage("all", 19, 12, 3e-3),),
        augmentation=Augmentation(flip=0.5),
        batch_size=8,
        balanced_softmax=balanced,
    )
    (path,) = train(longer, manifest, tmp_path)
    assert load_checkpoint(path).provenance["best"]["val_accuracy"] > 0.4  # chance is 0.125


def test_patience_ends_a_stage_and_the_best_epoch_is_kept(
    manifest: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    accuracies = iter([0.2, 0.5, 0.4, 0.5, 0.3, 0.9])

    def measured(*_: object) -> dict[str, float]:
        return {"val_loss": 1.0, "val_accuracy": next(accuracies), "val_f1_macro": 0.0}

    monkeypatch.setattr(loop.Fitter, "_validate", measured)
    (path,) = train(replace(TINY, stages=(Stage("head", 0, 10, 1e-3, patience=3, views=1),)), manifest, tmp_path)
    history = pd.read_csv(tmp_path / "r" / manifest.name / "tiny" / "history.csv")
    assert len(history) == 5
    assert load_checkpoint(path).provenance["best"]["epoch"] == 2


def test_a_drifting_trunk_sees_the_pictures_that_a_frozen_one_sees(
    manifest: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mistake is in the statistics alone: the same variations in the same order, only not kept as features."""
    loaded: list[tuple[Any, list[list[int]]]] = []

    class Noted(loop.Batches):
        def __init__(self, dataset: Any, indices: list[list[int]], device: torch.device) -> None:
            loaded.append((dataset, indices))
            super().__init__(dataset, indices, device)

    monkeypatch.setattr(loop, "Batches", Noted)
    head = replace(TINY, stages=(Stage("head", 0, 3, 1e-3, views=2),))
    train(head, manifest, tmp_path)
    train(with_mistake(head, "drifting-batch-norm"), manifest, tmp_path)
    assert [order for _, order in loaded[:3]] == [order for _, order in loaded[3:]]
    assert isinstance(loaded[3][0], Views)
    faces = [data.compact(sorted(chain.from_iterable(order)))[0] for data, order in loaded[3:]]
    assert not torch.equal(faces[0], faces[1])
    assert torch.equal(faces[0], faces[2])


def test_other_initial_weights_of_the_same_name_are_another_run(manifest: Manifest, tmp_path: Path) -> None:
    for seed, folder in enumerate(("one", "two", "three")):
        torch.manual_seed(seed % 2)
        save_checkpoint(tmp_path / folder / "start.pt", Checkpoint(build_model().state_dict(), TINY.preprocessing))
    starts = {folder: str(tmp_path / folder / "start.pt") for folder in ("one", "two", "three")}
    (path,) = train(QUICK, manifest, tmp_path, init_weights=starts["one"])
    made = sha256_of(path)
    with pytest.raises(AffectError, match="another run .the initial weights"):
        train(QUICK, manifest, tmp_path, init_weights=starts["two"], resume=True)
    train(QUICK, manifest, tmp_path, init_weights=starts["three"], resume=True)  # the same weights, elsewhere: finished
    assert sha256_of(path) == made
    train(QUICK, manifest, tmp_path, init_weights=starts["two"], resume=True, overwrite=True)
    assert sha256_of(path) != made
    provenance = load_checkpoint(path).provenance
    assert provenance["init_weights"] == "start.pt"
    assert provenance["identity"]["init_weights"] == sha256_of(starts["two"])


def test_an_epoch_is_chosen_on_pictures_of_the_size_that_it_learned_from(
    manifest: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At another size a network does worse the further it is trained: its first epochs would seem to be the best."""
    sizes: list[int] = []
    original = loop.Trunk.__call__

    def recorded(self: loop.Trunk, inputs: torch.Tensor) -> torch.Tensor:
        if inputs.shape[1] == 3 and inputs.shape[-1] not in sizes[-1:]:
            sizes.append(inputs.shape[-1])
        return original(self, inputs)

    monkeypatch.setattr(loop.Trunk, "__call__", recorded)
    side = TINY.preprocessing.image_size
    stages = (Stage("small", 1, 2, 1e-3, image_size=side + 16, keep=False), Stage("full", 1, 2, 1e-3))
    train(replace(TINY, stages=stages), manifest, tmp_path)
    assert sizes == [side + 16, side]


def test_augmentation_reaches_the_network_and_the_mistake_takes_it_away(
    manifest: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the first version got wrong: its validation transform had replaced the training one."""
    shown: list[torch.Tensor] = []
    original = loop.Top.forward

    def recorded(self: loop.Top, inputs: torch.Tensor) -> torch.Tensor:
        if self.training:
            shown.append(inputs.detach().clone())
        return original(self, inputs)

    monkeypatch.setattr(loop.Top, "forward", recorded)
    varied = replace(TINY, stages=(Stage("head", 0, 2, 1e-3),), augmentation=Augmentation(light=0.5))

    def epochs(experiment: Experiment, folder: str) -> torch.Tensor:
        """The mean feature vector of each of two epochs, over the same pictures."""
        shown.clear()
        train(experiment, manifest, tmp_path / folder)
        return torch.cat(shown).reshape(2, 64, -1).double().mean(1)

    first, second = epochs(varied, "a")
    assert not torch.allclose(first, second, rtol=1e-3, atol=0)
    first, second = epochs(with_mistake(varied, "augmentation-lost"), "b")
    torch.testing.assert_close(first, second)


def test_a_frozen_network_keeps_its_batch_norm_statistics_and_the_mistake_lets_them_drift(
    manifest: Manifest, tmp_path: Path
) -> None:
    frozen = replace(QUICK, name="v1")
    (kept,) = train(frozen, manifest, tmp_path / "a")
    (drifted,) = train(with_mistake(frozen, "drifting-batch-norm"), manifest, tmp_path / "b")
    assert drifted.parent.name == "v1__drifting-batch-norm"
    fresh = torch.zeros(32)
    assert torch.equal(weights_of(kept)["features.0.1.running_mean"], fresh)
    assert not torch.equal(weights_of(drifted)["features.0.1.running_mean"], fresh)


def test_pictures_that_do_not_vary_are_mixed_on_a_frozen_network(manifest: Manifest, tmp_path: Path) -> None:
    still = replace(QUICK, augmentation=Augmentation(), mixup=0.2)
    (path,) = train(still, manifest, tmp_path)
    assert path.is_file()


def test_the_epoch_is_chosen_on_pictures_that_the_result_is_not_reported_on(manifest: Manifest, tmp_path: Path) -> None:
    (path,) = train(replace(TINY, name="v3", chosen_on="hold-out"), manifest, tmp_path)
    assert path.name == "best_model_all_affectnet_v3.pt"
    pictures = load_checkpoint(path).provenance["pictures"]
    assert pictures["train"] + pictures["val"] == 64  # both from train
    assert 6 <= pictures["val"] <= 8
    home = tmp_path / "r" / manifest.name
    assert json.loads((home / "v3" / "all" / "metrics.json").read_text())["n"] == 24  # all of val


def test_the_last_epoch_is_kept_beside_the_best_one(manifest: Manifest, tmp_path: Path) -> None:
    train(replace(TINY, name="v3"), manifest, tmp_path)
    last = tmp_path / "m" / "mistakes" / "v3__last-epoch" / "best_model_all_affectnet_v3.pt"
    history = pd.read_csv(tmp_path / "r" / manifest.name / "v3" / "history.csv")
    assert load_checkpoint(last).provenance["best"]["epoch"] == history["epoch"].iloc[-1]
    twin = tmp_path / "r" / manifest.name / "mistakes" / "v3__last-epoch" / "all"
    assert sorted(p.name for p in twin.iterdir()) == ["metrics.json", "predictions.csv"]


def test_the_live_crop_is_measured_where_pictures_are_taken_as_they_are(tmp_path: Path) -> None:
    manifest = read_manifest(write_sample(tmp_path / "sample", train=3, val=1, size=96))
    (path,) = train(replace(QUICK, measure_framing=True), manifest, tmp_path)
    framed = load_checkpoint(path).preprocessing
    assert framed.crop_margin == measure_framing(manifest, manifest.rows("train")).crop_margin != 0


def test_the_command_line_trains_and_evaluates(
    drawn: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from affect.evaluation.__main__ import main as evaluation_main

    monkeypatch.setitem(EXPERIMENTS, "starter", TINY)
    common = ["--data", str(drawn), "--out", str(tmp_path), "--results", str(tmp_path / "r"), "--init-weights", "none"]
    assert training_main(["starter", *common, "--epochs", "1", "--limit", "16", "--image-size", "40"]) == 0
    path = Path(capsys.readouterr().out.strip())
    assert load_checkpoint(path).preprocessing.image_size == 40
    assert evaluation_main(["--model", str(path), "--data", str(drawn)]) == 0
    assert "balanced_accuracy" in capsys.readouterr().out
    assert training_main(["starter", *common]) == 2
    assert f"{path} is the model of another run (the experiment's settings" in capsys.readouterr().err


def test_a_model_in_the_way_of_the_last_experiment_is_told_before_the_first_is_trained(
    drawn: Path, tmp_path: Path, checkpoint_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there = tmp_path / "m" / "best_model_finetuned_affectnet_v4.pt"
    there.parent.mkdir()
    checkpoint_file.rename(there)
    assert training_main(["all", "--data", str(drawn), "--out", str(there.parent), "--init-weights", "none"]) == 2
    assert f"error: {there} is the model of another run (it does not say which)" in capsys.readouterr().err


def test_a_student_names_its_teacher_and_without_distillation_none_is_taken(
    manifest: Manifest, whole_run: WholeRun, tmp_path: Path
) -> None:
    teacher = whole_run.checkpoint
    student = replace(QUICK, name="student", distill=0.5)
    with pytest.raises(AffectError, match="learns from no teacher"):
        train(TINY, manifest, tmp_path, teachers=[teacher])
    (path,) = train(student, manifest, tmp_path, teachers=[teacher])
    assert load_checkpoint(path).provenance["identity"]["teachers"] == [sha256_of(teacher)]


def test_another_network_can_be_trained_and_teach_on_varied_pictures(manifest: Manifest, tmp_path: Path) -> None:
    large = replace(TINY.preprocessing, image_size=72, mean=(0.5, 0.5, 0.5), std=(1.0, 1.0, 1.0))
    quick = (Stage("all", 14, 1, 1e-3),)
    other = replace(TINY, name="other", network="face_mobilenet", preprocessing=large, stages=quick)
    (teacher,) = train(other, manifest, tmp_path / "t")
    assert load_checkpoint(teacher).architecture == "face_mobilenet"

    student = replace(TINY, name="student", distill=0.9, match=1.0, mixup=0.2, stages=(Stage("all", 19, 1, 1e-3),))
    models = {
        name: train(student, manifest, tmp_path / name, teachers=teachers)[0]
        for name, teachers in {"taught": [teacher], "alone": []}.items()
    }
    assert load_checkpoint(models["taught"]).architecture == "mobilenet_v2"
    assert load_checkpoint(models["taught"]).provenance["identity"]["teachers"] == [sha256_of(teacher)]
    losses = {name: pd.read_csv(tmp_path / name / "r" / manifest.name / "student" / "history.csv") for name in models}
    assert losses["taught"].train_loss[0] != losses["alone"].train_loss[0]


def test_without_a_teacher_it_is_told_that_labels_alone_are_learned(
    manifest: Manifest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (path,) = train(replace(QUICK, distill=0.5), manifest, tmp_path / "student")
    assert "No --teacher is given: tiny learns from the labels alone." in capsys.readouterr().err
    (plain,) = train(QUICK, manifest, tmp_path / "plain")
    assert "teacher" not in capsys.readouterr().err
    one, other = (load_checkpoint(p).state_dict for p in (path, plain))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_where_there_are_no_votes_it_is_told_that_hard_labels_are_learned(
    manifest: Manifest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train(QUICK, manifest, tmp_path / "soft")
    told = capsys.readouterr().err
    assert f"{manifest.name} has no votes of annotators (votes_anger, " in told
    assert "tiny learns hard labels." in told
    train(replace(QUICK, soft_labels=False), manifest, tmp_path / "hard")
    assert "votes" not in capsys.readouterr().err


def test_votes_for_some_of_the_classes_only_are_refused(manifest: Manifest, tmp_path: Path) -> None:
    votes = {column: 1 for column in VOTES if column != "votes_happy"} | {"votes_hapy": 1}
    misspelled = replace(manifest, table=manifest.table.assign(**votes))
    with pytest.raises(AffectError, match="some of the eight classes only: votes_happy is missing"):
        train(TINY, misspelled, tmp_path)


def test_a_wrong_data_path_is_one_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert training_main(["starter", "--data", str(tmp_path / "none.zip")]) == 2
    assert "no data set" in capsys.readouterr().err


def test_where_copies_stay_on_one_side_of_the_split_none_is_learned_from_and_chosen_on(tmp_path: Path) -> None:
    for c, emotion in enumerate(("happy", "sad")):
        (tmp_path / emotion).mkdir()
        for i in range(10):  # each face twice: without their groups, the one that chooses would have its twin in train
            face = draw_face(emotion, np.random.default_rng((c, i)), 96)
            for copy in "ab":
                cv2.imwrite(str(tmp_path / emotion / f"{i}{copy}.png"), face)
    manifest = read_manifest(tmp_path, split_mode="stratified")
    parts = *train_module.rows_of(replace(TINY, chosen_on="hold-out"), manifest, seed=42), manifest.rows("val")
    assert all(set(rows["label"]) == {"happy", "sad"} for rows in parts)
    faces = [{name[:-5] for name in rows["pth"]} for rows in parts]
    assert sum(map(len, faces)) == len(set().union(*faces)) == 20


@pytest.mark.parametrize("chosen_on", ["val", "hold-out"])
def test_a_limit_holds_for_what_is_measured_as_well(
    manifest: Manifest, tmp_path: Path, chosen_on: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = replace(QUICK, chosen_on=chosen_on)  # type: ignore[arg-type]
    (path,) = train(quick, manifest, tmp_path, limit=32)
    metrics = json.loads((tmp_path / "r" / manifest.name / "tiny" / "all" / "metrics.json").read_text())
    assert metrics["n"] == 12  # of 24, as 32 are of 64
    assert "warning" not in metrics
    learned = load_checkpoint(path).provenance["pictures"]
    assert learned == ({"train": 32, "val": 12} if chosen_on == "val" else {"train": 24, "val": 8})
    monkeypatch.setattr(Learner, "epoch", lambda *_: pytest.fail("trained again"))
    assert train(quick, manifest, tmp_path, limit=32, resume=True) == [path]


def kaggles(drawn: Path, root: Path) -> Path:
    """The drawn pictures as Kaggle's data sets lie: Train and Test, with other names."""
    for split, name in (("train", "Train"), ("val", "Test")):
        shutil.copytree(drawn / split, root / "set" / name)
        (root / "set" / name / "anger").rename(root / "set" / name / "angry")
    return root / "set"


def test_a_data_set_with_train_and_test_only_is_trained_measured_and_tested(
    drawn: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from affect.evaluation.__main__ import main as evaluation_main

    monkeypatch.setitem(EXPERIMENTS, "starter", QUICK)
    data = ["--data", str(kaggles(drawn, tmp_path))]
    common = [*data, "--out", str(tmp_path / "m"), "--results", str(tmp_path / "r"), "--init-weights", "none"]
    assert training_main(["starter", *common]) == 0
    told = capsys.readouterr()
    assert "set: 88 pictures (51 train, 13 val, 24 test)" in told.err
    assert "read as: angry → anger" in told.err
    assert "a fifth of train becomes val" in told.err
    (path,) = (Path(line) for line in told.out.splitlines())
    for split, n in (([], 13), (["--split", "test"], 24)):
        assert evaluation_main(["--model", str(path), *data, *split]) == 0
        said = capsys.readouterr()
        assert f"n = {n}" in said.out
        assert "it may have learned" not in said.err


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({}, {"init_weights": "weights/none.pt"}, r"no weights at weights.none\.pt\. .*--init-weights"),
        ({"network": "resnet"}, {}, "no network 'resnet'. Choose one of mobilenet_v2, face_mobilenet"),
        (
            {"network": "face_mobilenet"},
            {},
            "Stage all of experiment tiny trains 19 blocks; face_mobilenet has 0 to 14",
        ),
        ({"distill": 0.5, "stages": TINY.stages[1:]}, {"teachers": [Path("README.md")]}, "README.md is damaged"),
    ],
)
def test_a_start_that_does_not_fit_is_told_before_a_picture_is_prepared(
    manifest: Manifest, tmp_path: Path, change: dict, options: dict, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train_module, "_pictures", lambda *_: pytest.fail("began"))
    with pytest.raises(AffectError, match=message):
        train(replace(TINY, **change), manifest, tmp_path, **options)


@pytest.mark.parametrize(
    ("moved", "message"),
    [
        ({"train": "test"}, r"no pictures in the split 'train' .* part it anew with --split-mode original"),
        ({"train/anger": "x/anger", "val/sad": "x/sad"}, None),
    ],
)
def test_a_split_that_cannot_be_trained_on_is_told_first(
    drawn: Path, tmp_path: Path, moved: dict[str, str], message: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(drawn, tmp_path / "set")
    (tmp_path / "set" / "x").mkdir()
    for before, after in moved.items():
        (tmp_path / "set" / before).rename(tmp_path / "set" / after)
    monkeypatch.setattr(train_module, "_pictures", lambda *_: pytest.fail("began"))
    with pytest.raises(AffectError if message else pytest.fail.Exception, match=message):
        train(TINY, read_manifest(tmp_path / "set"), tmp_path)


def test_one_class_or_a_val_of_other_classes_is_told_first(manifest: Manifest, tmp_path: Path) -> None:
    table = manifest.table
    with pytest.raises(AffectError, match=r"one class only to learn from \(happy\)"):
        train(TINY, replace(manifest, table=table[table["label"] == "happy"]), tmp_path)
    other = table[(table["label"].isin(["happy", "sad"])) == (table["split"] == "val")]
    with pytest.raises(AffectError, match="no class in val that is in train"):
        train(TINY, replace(manifest, table=other), tmp_path)


def test_the_start_of_the_last_experiment_is_looked_at_before_the_first_is_trained(
    drawn: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("affect.training.__main__.train_experiment", lambda *_, **__: pytest.fail("began"))
    monkeypatch.setitem(EXPERIMENTS, "v4", replace(TINY, name="v4", network="resnet"))
    common = ["--data", str(drawn), "--out", str(tmp_path / "m"), "--results", str(tmp_path), "--init-weights", "none"]
    assert training_main(["all", *common]) == 2
    assert "There is no network 'resnet'" in capsys.readouterr().err


def test_a_second_data_set_is_learned_beside_the_first(manifest: Manifest, tmp_path: Path) -> None:
    """Its faces found and cropped as live, each picture's shares are its own set's, and a partial label stays one."""
    folder = write_sample(tmp_path / "beside", train=4, val=1, size=64)
    shutil.rmtree(folder / "train" / "disgust")
    (folder / "train" / "sad").rename(folder / "train" / "sad_or_disgust")
    beside = read_manifest(folder, classes="sad_or_disgust=sad/disgust")
    quick = replace(TINY, stages=(Stage("head", 0, 1, 1e-3),), balanced_softmax=True)
    seen: list[FaceDataset] = []
    original = loop.Fitter.__init__

    def noted(
        fitter: loop.Fitter, experiment: Experiment, pictures: loop.Pictures, *more: object, **rest: object
    ) -> None:
        seen.append(pictures.train)
        original(fitter, experiment, pictures, *more, **rest)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop.Fitter, "__init__", noted)
        (path,) = train(quick, manifest, tmp_path, also=[beside], name="both")
    assert path.name == "tiny_both.pt"
    targets = seen[0].targets.numpy()
    own, others = targets[:64], targets[64:]
    assert 20 <= len(others) <= 28  # 28 faces, of which Haar may miss some
    assert np.exp(own[:, 8:]) == pytest.approx(1 / 8, abs=1e-6)
    partial = others[:, :8].sum(1) == 2
    assert (others[partial][:, [EMOTIONS.index("sad"), EMOTIONS.index("disgust")]] == 1).all()
    assert others[0, 8 + EMOTIONS.index("sad")] == others[0, 8 + EMOTIONS.index("disgust")] < others[0, 8]
    whole, _ = prepare_pictures(beside, beside.rows("train"), quick.preprocessing)
    assert not any((seen[0].pictures[64] == w).all() for w in whole)  # cropped

    checkpoint = load_checkpoint(path)
    assert checkpoint.prior == pytest.approx(np.exp(targets[:, 8:]).mean(0))
    assert checkpoint.provenance["data"] == "both"
    assert warning_of(path, checkpoint, manifest) is warning_of(path, checkpoint, beside) is None
    anew = read_manifest(folder, split_mode="original", classes="sad_or_disgust=sad/disgust")
    assert "split given then, original now" in (warning_of(path, checkpoint, anew) or "")
    assert train(quick, manifest, tmp_path, also=[beside], name="both", resume=True) == [path]
    fewer = replace(beside, table=beside.table.iloc[1:])
    with pytest.raises(AffectError, match="the further data sets"):
        train(quick, manifest, tmp_path, also=[fewer], name="both", resume=True)


def test_a_further_data_set_without_a_split_keeps_a_tenth_and_its_detail(
    drawn: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_sample(tmp_path / "beside", train=10, val=1, size=48)
    (folder / "val").rename(tmp_path / "away")
    (folder / "train").rename(folder / "all")
    asked: dict[str, object] = {}

    def noted(experiment: Experiment, manifest: Manifest, *_: object, **options: object) -> list[Path]:
        asked.update(options, experiment=experiment, manifest=manifest)
        return []

    monkeypatch.setattr("affect.training.__main__.train_experiment", noted)
    given = ["starter", "--data", str(drawn), "--also", str(folder), "--init-weights", "none", "--out", str(tmp_path)]
    assert training_main(given) == 0
    (beside,) = asked["also"]  # type: ignore[misc]
    assert beside.split == "stratified-tenth"
    assert beside.table["split"].value_counts().to_dict() == {"train": 72, "val": 8}
    assert asked["experiment"].preprocessing.detail is None  # type: ignore[attr-defined]
    assert asked["name"] == f"{asked['manifest'].name}+beside"  # type: ignore[attr-defined]
    assert "a tenth for val" in capsys.readouterr().err
    assert training_main([*given[:3], "--init-weights", "none", "--out", str(tmp_path)]) == 0
    assert asked["experiment"].preprocessing.detail == 48  # type: ignore[attr-defined]


def test_a_teacher_that_learned_shares_is_refused_where_they_are_not_to_be_learned(
    manifest: Manifest, tmp_path: Path, checkpoint_file: Path
) -> None:
    student = replace(TINY, distill=0.5, balanced_softmax=True, stages=(Stage("all", 19, 1, 1e-3),))
    with pytest.raises(AffectError, match=r"learned its data's class shares, and tiny learns free of them"):
        train(student, manifest, tmp_path, teachers=[checkpoint_file])


@pytest.mark.skipif(sys.platform == "win32", reason="killpg")
@pytest.mark.parametrize("folder", [0, 1])
def test_what_another_training_writes_into_is_left_to_it(
    folder: int, manifest: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run(TINY, manifest.name, tmp_path / "m", tmp_path / "r", {})
    monkeypatch.setattr(train_module, "_pictures", lambda *_: pytest.fail("pictures are prepared"))
    with holder(run.locks[folder]):
        for more in ({}, {"seed": 7, "overwrite": True}, {"resume": True}):
            with pytest.raises(AffectError, match="Another training is writing into .*name another --out and"):
                train(TINY, manifest, tmp_path, **more)
    assert run.locks[folder].is_file()  # it was killed; the next training removes it
    assert not run.locks[1 - folder].exists()


@pytest.mark.parametrize("folder", ["m", "r"])
def test_a_read_only_folder_is_told_before_anything_is_prepared(
    folder: str, manifest: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train_module, "_pictures", lambda *_: pytest.fail("pictures are prepared"))
    with small_disk(tmp_path / folder, "1m") as disk:
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        with pytest.raises(AffectError, match="cannot be written to .*Name another --out or --results"):
            train(TINY, manifest, tmp_path)
