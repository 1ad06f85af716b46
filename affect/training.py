"""Train the experiments.  `python -m affect.training v4 --data AffectNet`, or in many processes with `torchrun`.

From a data set to checkpoints, histories and figures; `affect.fitting` has the training loop, `affect.runs` says what
they are called and where they lie.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
import torchvision
from accelerate import Accelerator

from affect import __version__
from affect.arguments import positive, seed_number
from affect.data.cache import prepare_pictures
from affect.data.framing import measure_framing
from affect.data.loading import FaceDataset, hard_labels, target_distributions
from affect.data.manifest import Manifest, read_manifest
from affect.data.options import add_labelling
from affect.data.sample import sample_data_set
from affect.data.splits import hold_out
from affect.distillation import teacher_targets
from affect.errors import AffectError
from affect.evaluation import evaluate_pictures, predict_logits, write_evaluation, write_metrics
from affect.exit_codes import exit_code_of
from affect.experiments import EXPERIMENTS, MISTAKES, Experiment, adapted, with_mistake
from affect.files import atomic_path, remove_leftovers
from affect.fitting import Fitter, Pictures, new_accelerator
from affect.memory import keep_freed_memory
from affect.metrics import fit_temperature
from affect.model import Checkpoint, build_model, save_checkpoint
from affect.preprocessing import Preprocessing
from affect.progress import Progress, State, load_progress, save_progress
from affect.runs import STORY, Run, default_folder, identity_of
from affect.signals import end_on_signals

REDRAW_S = 30.0  # an epoch on kept features takes less time than drawing its curve


def train_experiment(
    experiment: Experiment,
    manifest: Manifest,
    out: Path,
    results: Path,
    *,
    seed: int = 42,
    init_weights: str = "imagenet",
    resume: bool = False,
    limit: int | None = None,
    teachers: Sequence[Path] = (),
    accelerator: Accelerator | None = None,
) -> list[Path]:
    """Train one experiment, keep the best epoch of its stages as checkpoints, and measure them on the val split.

    out:     folder of the checkpoints.   With a mistake switched on: `out/mistakes/<experiment>__<mistake>`.
    results: folder for `<data set>/<experiment>/`: `history.csv`, `history.png`, and a folder of figures for each
             stage (`metrics.json`, …). With a mistake: `<data set>/mistakes/<experiment>__<mistake>/`.
    limit:   take only so many pictures of each split (a quick trial).
    teachers: checkpoints whose probabilities are learned as well, to the share that the experiment says (`distill`).
    Returns the checkpoints' paths. With `resume`, finished checkpoints of the same run are not made again.
    """
    _check_teachers(experiment, teachers)
    accelerator = accelerator or new_accelerator()
    identity = identity_of(experiment, manifest, seed, init_weights, limit, teachers)
    run = Run(experiment, manifest.name, out, results, identity)
    if resume and run.is_finished():
        return run.checkpoints

    with accelerator.local_main_process_first():  # the others find the pictures in the cache
        pictures, choose_rows, preprocessing = _pictures(experiment, manifest, seed, limit, list(teachers))
    if accelerator.is_main_process:
        for path in (run.state_path, *run.checkpoints):
            remove_leftovers(path)
    progress = load_progress(run.state_path, identity) if resume and run.state_path.exists() else Progress()

    drawn_at = time.monotonic()

    def save(current: Progress) -> None:
        nonlocal drawn_at
        if not accelerator.is_main_process:
            return
        save_progress(run.state_path, current, identity)
        history = _write_history(current, run)
        if current.running is None or time.monotonic() - drawn_at > REDRAW_S:  # a stage is over, or somebody may look
            _draw_history(history, run, len(pictures.choose))
            drawn_at = time.monotonic()

    scratch = run.scratch
    fitter = Fitter(experiment, pictures, accelerator, seed=seed, init_weights=init_weights, scratch=scratch, save=save)
    fitter.run(progress)
    shutil.rmtree(scratch, ignore_errors=True)
    if accelerator.is_main_process:
        _write_models(run, progress, manifest, pictures, choose_rows, preprocessing)
        run.state_path.unlink(missing_ok=True)
    accelerator.wait_for_everyone()
    return run.checkpoints


def _check_teachers(experiment: Experiment, teachers: Sequence[Path]) -> None:
    if experiment.distill and not teachers:
        raise AffectError(f"Experiment {experiment.name} learns from teachers: name their checkpoints with --teacher.")
    if teachers and not experiment.distill:
        raise AffectError(
            f"Experiment {experiment.name} learns from no teacher (its `distill` is 0). Leave --teacher away."
        )


def rows_of(
    experiment: Experiment, manifest: Manifest, seed: int, limit: int | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows of the manifest that a run learns from, and those that choose its epoch and temperature."""
    train_rows = manifest.rows("train")
    if experiment.chosen_on == "val":
        choose_rows = manifest.rows("val")
    else:
        train_rows, choose_rows = hold_out(train_rows, seed=seed)
    if limit is not None:
        train_rows, choose_rows = (r.sample(min(limit, len(r)), random_state=seed) for r in (train_rows, choose_rows))
    return train_rows, choose_rows


def _pictures(
    experiment: Experiment, manifest: Manifest, seed: int, limit: int | None, teachers: list[Path]
) -> tuple[Pictures, pd.DataFrame, Preprocessing]:
    """What is learned from and chosen on, the rows of the latter, and the preprocessing with its measured framing."""
    train_rows, choose_rows = rows_of(experiment, manifest, seed, limit)
    preprocessing = experiment.preprocessing
    if experiment.measure_framing:
        framing = measure_framing(manifest, train_rows, seed=seed)
        preprocessing = replace(preprocessing, crop_margin=framing.crop_margin, crop_shift=framing.crop_shift)
    choose, choose_rows = prepare_pictures(manifest, choose_rows, preprocessing, "choosing pictures")
    train, train_rows = prepare_pictures(manifest, train_rows, preprocessing, "training pictures")
    targets = target_distributions(train_rows, experiment.soft_labels, experiment.min_votes)
    if teachers:
        taught = teacher_targets(teachers, manifest, train_rows)
        targets = (1 - experiment.distill) * targets + experiment.distill * taught
    return (
        Pictures(
            FaceDataset(train, targets.astype(np.float32), preprocessing),
            FaceDataset(choose, target_distributions(choose_rows, soft=False), preprocessing),
        ),
        choose_rows,
        preprocessing,
    )


def _write_models(
    run: Run,
    progress: Progress,
    manifest: Manifest,
    pictures: Pictures,
    choose_rows: pd.DataFrame,
    preprocessing: Preprocessing,
) -> None:
    """The checkpoints of a trained run, each measured on the val split."""
    about = _about(run, pictures)
    for stage, finished in zip(run.experiment.stages, progress.finished, strict=True):
        if not stage.keep:
            continue
        epochs = {"best": (run.checkpoint(stage), run.home / stage.name)}
        if (last := run.last_epoch(stage)) is not None:
            epochs["last"] = last
        for which, (path, figures) in epochs.items():
            save_checkpoint(path, _checkpoint(finished[which], preprocessing, pictures.choose, choose_rows, about))
            write = write_evaluation if which == "best" and run.experiment.mistake is None else write_metrics
            write(evaluate_pictures(path, manifest, "val"), figures)


def _checkpoint(
    epoch: State, preprocessing: Preprocessing, choose: FaceDataset, choose_rows: pd.DataFrame, about: dict[str, Any]
) -> Checkpoint:
    model = build_model()
    model.load_state_dict(epoch["model"])
    logits = predict_logits(model.eval().to(memory_format=torch.channels_last), choose)
    temperature = fit_temperature(logits, hard_labels(choose_rows))
    return Checkpoint(epoch["model"], preprocessing, temperature, {**about, "best": epoch["row"]})


def _about(run: Run, pictures: Pictures) -> dict[str, Any]:
    """What a checkpoint says of where it comes from."""
    return {
        "data": run.data,
        "experiment": run.name,
        "seed": run.identity["seed"],
        "init_weights": run.identity["init_weights"],
        "identity": run.identity,
        "chosen_on": "val" if run.experiment.chosen_on == "val" else "a held-out part of train",
        "pictures": {"train": len(pictures.train), "val": len(pictures.choose)},
        "versions": {
            "affect": __version__,
            "torch": str(torch.__version__),
            "torchvision": str(torchvision.__version__),
            "python": platform.python_version(),
        },
    }


def _write_history(progress: Progress, run: Run) -> pd.DataFrame:
    history = pd.DataFrame(progress.history)
    with atomic_path(run.home / "history.csv") as part:
        history.to_csv(part, index=False)
    return history


def _draw_history(history: pd.DataFrame, run: Run, n: int) -> None:
    from affect import plots

    origin = f"{run.name} on {run.data}, n = {n:,} pictures that choose the epoch"
    figure = plots.learning_curves(history, origin, run.experiment.stages[-1].monitor)
    plots.save(figure, run.home / "history.png")


def parser() -> argparse.ArgumentParser:
    """The command line of the training."""
    made = argparse.ArgumentParser(
        prog="python -m affect.training",
        description="Train an experiment, keep its best epochs in models/, and measure them on the val split.",
        epilog="examples:\n"
        "  python -m affect.training all --data AffectNet                      all six models of v1 to v4\n"
        "  python -m affect.training v4 --data affectnet.zip --resume          go on after an interruption\n"
        "  torchrun --nproc-per-node 2 -m affect.training v4 --data AffectNet  the same in two processes\n"
        "exit codes: 0 done, 2 wrong arguments, unusable data or a full disk, 130 Ctrl-C (continue with --resume)",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("experiment", choices=[*EXPERIMENTS, "all"], help="see affect/experiments.py; all: v1 to v4")
    made.add_argument(
        "--data", type=Path, default=os.environ.get("AFFECTNET_DIR"), metavar="DIR_OR_ZIP",
        help="default: the environment variable AFFECTNET_DIR, else the drawn sample set",
    )  # fmt: skip
    made.add_argument("--out", type=Path, metavar="DIR", help="of the checkpoints (default: models/<data set>)")
    made.add_argument(
        "--results", type=Path, default=Path("results"), metavar="DIR", help="of the figures (default results)"
    )
    made.add_argument("--epochs", type=positive, metavar="N", help="epochs of every stage, instead of the experiment's")
    made.add_argument(
        "--image-size", type=positive, metavar="PIXELS", help="instead of the experiment's, in every stage"
    )
    made.add_argument(
        "--init-weights", default="imagenet", metavar="FILE.pt|imagenet|none",
        help="where the network starts: torchvision's ImageNet weights, downloaded once (default), a mobilenet_v2 "
        "state_dict, or none: at random",
    )  # fmt: skip
    add_labelling(made)
    made.add_argument(
        "--seed",
        type=seed_number,
        default=42,
        help="of weights, order, variation, what is held out and --limit; the split is always the same (default 42)",
    )
    made.add_argument("--resume", action="store_true", help="continue where the same command was interrupted")
    made.add_argument("--limit", type=positive, metavar="N", help="only N pictures of each split, for a quick trial")
    made.add_argument(
        "--teacher", type=Path, nargs="+", default=(), metavar="FILE.pt",
        help="checkpoints to learn from as well, for an experiment that distils",
    )  # fmt: skip
    made.add_argument("--mistake", choices=list(MISTAKES), help="switch one mistake of the first version back on")
    return made


def main(arguments: list[str] | None = None) -> int:
    """The command line. Returns the exit code."""
    options = parser().parse_args(arguments)
    end_on_signals()
    keep_freed_memory()
    accelerator = new_accelerator()

    def work() -> None:
        manifest = read_manifest(options.data or sample_data_set(), options.labels, options.split_mode)
        for name in STORY if options.experiment == "all" else (options.experiment,):
            experiment = adapted(EXPERIMENTS[name], options.epochs, options.image_size)
            if options.mistake is not None:
                experiment = with_mistake(experiment, options.mistake)
            paths = train_experiment(
                experiment,
                manifest,
                options.out or default_folder(manifest.name),
                options.results,
                seed=options.seed,
                init_weights=options.init_weights,
                resume=options.resume,
                limit=options.limit,
                teachers=options.teacher,
                accelerator=accelerator,
            )
            if accelerator.is_main_process:
                print(*paths, sep="\n", flush=True)

    return exit_code_of(work, "the same command with --resume continues after the last epoch")


if __name__ == "__main__":
    sys.exit(main())
