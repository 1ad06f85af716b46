"""Training of an experiment, from a data set to checkpoints, history and figures.

The training loop is `affect.training.loop`; file names and folders are defined in `affect.training.run`.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd
from accelerate import Accelerator
from accelerate.utils import broadcast_object_list

from affect.data.cache import prepare_pictures
from affect.data.framing import measure_framing
from affect.data.loading import FaceDataset, class_shares, target_distributions
from affect.data.manifest import VOTES, Manifest
from affect.data.splits import STRATIFIED, hold_out
from affect.emotions import EMOTIONS
from affect.errors import AffectError
from affect.faces.preprocessing import Image, Preprocessing
from affect.files import only_one
from affect.model.checkpoint import load_checkpoint
from affect.model.network import build_model, load_initial_weights
from affect.training.experiments import Experiment
from affect.training.loop import Fitter, Pictures, check_experiment, new_accelerator
from affect.training.outputs import draw_history, write_history, write_models
from affect.training.run import Run, Standing, identity_of, settings_of
from affect.training.state import RunState, load_progress, save_progress
from affect.training.teachers import Teachers

T = TypeVar("T")
REDRAW_S = 30.0  # an epoch on cached activations takes less time than drawing the curves


def train_experiment(
    experiment: Experiment,
    manifest: Manifest,
    out: Path,
    results: Path,
    *,
    seed: int = 42,
    init_weights: str = "imagenet",
    resume: bool = False,
    overwrite: bool = False,
    limit: int | None = None,
    teachers: Sequence[Path] = (),
    also: Sequence[Manifest] = (),
    name: str | None = None,
    accelerator: Accelerator | None = None,
) -> list[Path]:
    """Train one experiment, save each stage's best epoch as a checkpoint, and evaluate it on the val split.

    out:     folder of the checkpoints.   With a mistake: `out/mistakes/<experiment>__<mistake>`.
    results: folder for `<data set>/<experiment>/`: `history.csv`, `history.png`, and a folder of figures for each
             stage (`metrics.json`, …). With a mistake: `<data set>/mistakes/<experiment>__<mistake>/`.
    resume:  continue the same run if it was interrupted, and return its checkpoints if it is finished.
    overwrite: replace existing files. Without it, AffectError is raised before training if files would be lost. With
             both, the same run is resumed, and another run's files are replaced.
    limit:   number of training pictures for a quick trial, and the same share of val, stratified by class.
    teachers: checkpoints for distillation of their probabilities (`distill`) or the first one's features (`match`);
             without them such an experiment trains on the labels alone, with a message.
    also:    further data sets whose train split is learned from, their faces found and cropped as live.
    name:    the name of the data in files' names; None: the data sets' names.
    Returns the checkpoints' paths.
    """
    taught = experiment.distill or experiment.match
    if teachers and not taught:
        raise AffectError(
            f"Experiment {experiment.name} learns from no teacher (its `distill` and `match` are 0). "
            "Leave --teacher away."
        )
    accelerator = accelerator or new_accelerator()
    manifest, also = manifest.limited(limit, seed), [m.limited(limit, seed) for m in also]
    check_experiment(experiment, accelerator.num_processes)  # before hours of preparing pictures
    check_data(manifest)
    identity = identity_of(experiment, manifest, seed, init_weights, limit, teachers, also)
    settings = settings_of(experiment, manifest, seed, init_weights, limit, also)
    run = Run(experiment, name or "+".join(m.name for m in (manifest, *also)), out, results, identity, settings)
    standing = standing_of(run, accelerator, resume=resume, overwrite=overwrite)
    if standing == "finished":
        return run.checkpoints
    if standing == "new":
        check_start(experiment, init_weights, teachers)
    with _alone(run, accelerator):
        return _train(run, manifest, also, accelerator, standing, seed, init_weights, teachers)


def _train(
    run: Run,
    manifest: Manifest,
    also: Sequence[Manifest],
    accelerator: Accelerator,
    standing: Standing,
    seed: int,
    init_weights: str,
    teachers: Sequence[Path],
) -> list[Path]:
    """Train a run that is not finished; see `train_experiment`."""
    experiment, identity = run.experiment, run.identity
    taught = experiment.distill or experiment.match
    progress = load_progress(run.state_path, identity) if standing == "interrupted" else RunState()
    if experiment.soft_labels:
        _check_votes(experiment, manifest, accelerator)
    if taught and not teachers and accelerator.is_main_process:
        print(f"No --teacher is given: {experiment.name} learns from the labels alone.", file=sys.stderr)

    with accelerator.local_main_process_first():  # the other processes read the cache
        pictures, choose_rows, preprocessing = _pictures(experiment, manifest, also, seed)
    if accelerator.is_main_process:
        run.remove_leftovers()

    drawn_at = time.monotonic()

    def save(current: RunState) -> None:
        nonlocal drawn_at
        if not accelerator.is_main_process:
            return
        save_progress(run.state_path, current, identity)
        history = write_history(current, run)
        if current.running is None or time.monotonic() - drawn_at > REDRAW_S:  # at a stage's end, else at intervals
            draw_history(history, run, len(pictures.choose))
            drawn_at = time.monotonic()

    fitter = Fitter(
        experiment, pictures, accelerator, seed=seed, init_weights=init_weights, scratch=run.scratch, save=save,
        teach=Teachers(list(teachers), preprocessing, accelerator.device, pictures.train) if teachers else None,
    )  # fmt: skip
    fitter.run(progress)
    shutil.rmtree(run.scratch, ignore_errors=True)
    if accelerator.is_main_process:
        write_models(run, progress, manifest, pictures, choose_rows, preprocessing)
        run.state_path.unlink(missing_ok=True)
    accelerator.wait_for_everyone()
    return run.checkpoints


def standing_of(run: Run, accelerator: Accelerator, *, resume: bool, overwrite: bool) -> Standing:
    """`Run.standing` of the first process, broadcast to all processes, as is its AffectError."""
    return _of_first(accelerator, lambda: run.standing(resume=resume, overwrite=overwrite))


@contextmanager
def _alone(run: Run, accelerator: Accelerator) -> Iterator[None]:
    """Hold the run's locks. Raises AffectError if another training holds one, or a folder cannot be written to."""

    def lock() -> None:
        for path in run.locks:
            try:
                held.enter_context(only_one(path))
            except BlockingIOError:
                raise AffectError(
                    f"Another training is writing into {path.parent}. Wait until it has ended, or name another --out "
                    "and --results."
                ) from None
            except OSError as error:
                raise AffectError(
                    f"{path.parent} cannot be written to ({error.strerror}). Name another --out or --results."
                ) from error

    with ExitStack() as held:
        _of_first(accelerator, lock)
        yield


def _of_first(accelerator: Accelerator, work: Callable[[], T]) -> T:
    """What `work` returns in the first process, broadcast to all processes, as is its AffectError."""
    found: list[T | AffectError | None] = [None]
    if accelerator.is_main_process:
        try:
            found = [work()]
        except AffectError as error:
            found = [error]
    (told,) = broadcast_object_list(found)
    if isinstance(told, AffectError):
        raise told
    result: T = told
    return result


def check_data(manifest: Manifest) -> None:
    """Raise AffectError if train or val is empty, train has one class only, or they have no class in common."""
    train, val = manifest.rows("train"), manifest.rows("val")
    if train["label"].nunique() < 2:
        raise AffectError(
            f"{manifest.source.path} has one class only to learn from ({train['label'].iloc[0]}): there is nothing to "
            "tell apart. Is --data the folder above the class folders?"
        )
    if not set(val["label"]) & set(train["label"]):
        raise AffectError(
            f"{manifest.source.path} has no class in val that is in train as well: nothing would be measured. Part it "
            "anew with --split-mode stratified."
        )


def check_start(experiment: Experiment, init_weights: str, teachers: Sequence[Path]) -> None:
    """Raise AffectError, before pictures are prepared, if stages, initial weights or teachers are unusable."""
    model = build_model(experiment.network)
    blocks = len(model.features)  # type: ignore[arg-type]
    for stage in experiment.stages:
        if not 0 <= stage.trained_blocks <= blocks:
            raise AffectError(
                f"Stage {stage.name} of experiment {experiment.name} trains {stage.trained_blocks} blocks; "
                f"{experiment.network} has 0 to {blocks}. Correct its `trained_blocks`."
            )
    load_initial_weights(model, init_weights)
    for path in teachers:
        if load_checkpoint(path).prior is None and experiment.balanced_softmax:
            raise AffectError(
                f"The teacher {path} learned its data's class shares, and {experiment.name} learns free of them. Give "
                "a teacher that was trained with balanced_softmax."
            )


def _check_votes(experiment: Experiment, manifest: Manifest, accelerator: Accelerator) -> None:
    """Print a message if there are no votes for soft labels. Raises AffectError if only some classes have votes."""
    missing = [column for column in VOTES if column not in manifest.table.columns]
    if 0 < len(missing) < len(VOTES):
        raise AffectError(
            f"The list of {manifest.source.path} has votes for some of the eight classes only: {', '.join(missing)} "
            f"{'is' if len(missing) == 1 else 'are'} missing. Name its columns {', '.join(VOTES)}."
        )
    if missing and accelerator.is_main_process:
        print(
            f"{manifest.name} has no votes of annotators ({', '.join(VOTES)}): {experiment.name} learns hard labels.",
            file=sys.stderr,
        )


def rows_of(experiment: Experiment, manifest: Manifest, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The manifest's rows for training, and those for choosing the epoch and the temperature.

    If the split keeps near-duplicates together, so does the hold-out.
    """
    train_rows = manifest.rows("train")
    if experiment.chosen_on == "val":
        choose_rows = manifest.rows("val")
    else:
        groups = train_rows["near_group"].to_numpy() if manifest.split in STRATIFIED else None
        train_rows, choose_rows = hold_out(train_rows, seed=seed, groups=groups)
    return train_rows, choose_rows


def _pictures(
    experiment: Experiment, manifest: Manifest, also: Sequence[Manifest], seed: int
) -> tuple[Pictures, pd.DataFrame, Preprocessing]:
    """The data sets of a run, the rows that choose the epoch, and the preprocessing with its measured framing."""
    train_rows, choose_rows = rows_of(experiment, manifest, seed)
    preprocessing = experiment.preprocessing
    if experiment.measure_framing:
        framing = measure_framing(manifest, train_rows, seed=seed)
        preprocessing = replace(preprocessing, crop_margin=framing.crop_margin, crop_shift=framing.crop_shift)
    choose, choose_rows = prepare_pictures(manifest, choose_rows, preprocessing, "choosing pictures")
    sets = [_learned(experiment, manifest, train_rows, preprocessing)]
    found = replace(preprocessing, find_face=True)
    sets += [_learned(experiment, m, m.rows("train"), found) for m in also]
    train, targets = sets[0] if len(sets) == 1 else map(np.concatenate, zip(*sets, strict=True))
    prior = np.exp(targets[:, len(EMOTIONS) :], dtype=np.float64).mean(0) if experiment.balanced_softmax else None
    return (
        Pictures(
            FaceDataset(train, targets, preprocessing),
            FaceDataset(choose, target_distributions(choose_rows, soft=False), preprocessing),
            None if prior is None else tuple((prior / prior.sum()).tolist()),
        ),
        choose_rows,
        preprocessing,
    )


def _learned(
    experiment: Experiment, manifest: Manifest, rows: pd.DataFrame, preprocessing: Preprocessing
) -> tuple[Image, npt.NDArray[np.float32]]:
    """A data set's training pictures and targets, (n, 8), or with the log of their class shares (n, 16)."""
    pictures, rows = prepare_pictures(manifest, rows, preprocessing, "training pictures")
    targets = target_distributions(rows, experiment.soft_labels, experiment.min_votes)
    if experiment.balanced_softmax:
        targets = np.hstack([targets, np.broadcast_to(np.log(class_shares(targets)), targets.shape)])
    return pictures, targets
