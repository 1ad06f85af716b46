from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from affect.comparison.original_results import MODELS
from affect.errors import AffectError
from affect.faces.preprocessing import Preprocessing
from affect.model.checkpoint import Checkpoint, save_checkpoint
from affect.training.experiments import STARTER, V1, V2, V3, V4, with_mistake
from affect.training.run import Run, checkpoint_name, default_folder
from affect.training.state import RunState, save_progress

IDENTITY = {"experiment": "…", "seed": 42, "init_weights": "none", "data": "0123"}


def test_models_of_affectnet_and_of_other_data_sets_do_not_mix() -> None:
    assert default_folder("affectnet") == Path("models")
    assert default_folder("ferplus") == Path("models/ferplus")
    names = {checkpoint_name(e, s, "affectnet") for e in (V1, V2, V3, V4) for s in e.stages}
    assert names == {model.checkpoint for model in MODELS}


def test_each_kept_stage_of_an_experiment_has_a_file_of_its_own() -> None:
    mine = Run(replace(V1, name="mine"), "faces", Path("m"), Path("r"), {})
    assert [path.name for path in mine.checkpoints] == ["mine_frozen_faces.pt", "mine_finetuned_faces.pt"]
    assert checkpoint_name(STARTER, STARTER.stages[-1], "ferplus") == "starter_ferplus.pt"


def test_a_mistake_and_a_last_epoch_lie_apart_from_the_run_that_they_are_compared_with() -> None:
    run, stage = Run(V3, "affectnet", Path("m"), Path("r"), {}), V3.stages[0]
    wrong = Run(with_mistake(V3, "augmentation-lost"), "affectnet", Path("m"), Path("r"), {})
    file = "best_model_finetuned_affectnet_v3.pt"
    assert (run.checkpoint(stage), run.home) == (Path("m", file), Path("r/affectnet/v3"))
    apart = "mistakes/v3__augmentation-lost"
    assert (wrong.checkpoint(stage), wrong.home) == (Path("m", apart, file), Path("r/affectnet", apart))
    last = "mistakes/v3__last-epoch"
    assert run.last_epoch(stage) == (Path("m", last, file), Path("r/affectnet", last, "finetuned"))
    assert wrong.last_epoch(stage) is None
    assert (run.written, wrong.written) == ([*run.checkpoints, Path("m", last, file)], wrong.checkpoints)
    assert Run(STARTER, "ferplus", Path("m"), Path("r"), {}).last_epoch(STARTER.stages[-1]) is None


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """One that has left nothing yet."""
    return Run(STARTER, "ferplus", tmp_path / "m", tmp_path / "r", IDENTITY)


@pytest.fixture
def model(random_model: torch.nn.Module) -> dict[str, Any]:
    return dict(random_model.state_dict())


def write_model(run: Run, weights: dict[str, Any], **provenance: object) -> None:
    """What the run is for."""
    save_checkpoint(run.checkpoints[0], Checkpoint(weights, Preprocessing(), 1.0, dict(provenance)))


def test_a_run_is_new_where_it_left_nothing(run: Run) -> None:
    assert run.standing(resume=True, overwrite=False) == run.standing(resume=False, overwrite=False) == "new"


def test_a_finished_run_is_read_repeated_or_refused(run: Run, model: dict[str, Any]) -> None:
    write_model(run, model, identity=IDENTITY)
    assert run.standing(resume=True, overwrite=False) == "finished"
    assert run.standing(resume=False, overwrite=True) == "new"
    with pytest.raises(AffectError, match="--resume reads it, --overwrite trains it again"):
        run.standing(resume=False, overwrite=False)


@pytest.mark.parametrize("resume", [False, True])
@pytest.mark.parametrize("provenance", [{}, {"identity": IDENTITY | {"seed": 7}}])
def test_another_runs_model_is_replaced_only_where_that_is_asked_for(
    run: Run, model: dict[str, Any], provenance: dict[str, Any], resume: bool
) -> None:
    write_model(run, model, **provenance)
    with pytest.raises(AffectError, match=r"starter_ferplus.pt is the model of another run \((the seed|it does not)"):
        run.standing(resume=resume, overwrite=False)
    assert run.standing(resume=resume, overwrite=True) == "new"


def test_the_bundled_model_is_not_replaced_by_a_training_into_its_folder(bundled_model: Path, tmp_path: Path) -> None:
    run = Run(STARTER, "ferplus", bundled_model.parent, tmp_path, IDENTITY)
    with pytest.raises(AffectError, match="--overwrite"):
        run.standing(resume=True, overwrite=False)


def test_an_unfinished_run_goes_on_even_beside_the_model_that_it_replaces(run: Run, model: dict[str, Any]) -> None:
    write_model(run, model)
    save_progress(run.state_path, RunState(), IDENTITY)
    assert run.standing(resume=True, overwrite=False) == "interrupted"
    assert run.standing(resume=False, overwrite=True) == "new"
    with pytest.raises(AffectError, match="this run, unfinished. Go on with --resume"):
        run.standing(resume=False, overwrite=False)


@pytest.mark.parametrize("resume", [False, True])
def test_another_runs_state_is_replaced_only_where_that_is_asked_for(run: Run, resume: bool) -> None:
    save_progress(run.state_path, RunState(), IDENTITY | {"data": "4567", "seed": 7})
    with pytest.raises(AffectError, match=r"unfinished run with other settings \(the seed, the pictures"):
        run.standing(resume=resume, overwrite=False)
    assert run.standing(resume=resume, overwrite=True) == "new"
    run.state_path.write_bytes(b"PK")
    with pytest.raises(AffectError, match="damaged"):
        run.standing(resume=resume, overwrite=False)
    assert run.standing(resume=resume, overwrite=True) == "new"


def test_results_of_models_that_lie_elsewhere_are_not_replaced_by_a_quick_trial(run: Run) -> None:
    run.home.mkdir(parents=True)
    (run.home / "history.csv").touch()
    trial = replace(run, out=run.out / "trial")
    with pytest.raises(AffectError, match="Name another --results"):
        trial.standing(resume=False, overwrite=False)
    assert trial.standing(resume=True, overwrite=False) == trial.standing(resume=False, overwrite=True) == "new"


def test_what_a_killed_training_left_half_written_is_removed(tmp_path: Path) -> None:
    run = Run(V3, "affectnet", tmp_path / "m", tmp_path / "r", {})
    last = run.last_epoch(V3.stages[0])
    assert last is not None
    files = [run.state_path, *run.checkpoints, run.home / "history.png", run.home / "history.csv", last[0]]
    files += [run.home / V3.stages[0].name / "roc.png", last[1] / "metrics.json"]
    for path in files:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("whole")
        path.with_name(f".{path.name}.0123456789abcdef.part").write_text("half")
    run.remove_leftovers()
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == sorted(files)
