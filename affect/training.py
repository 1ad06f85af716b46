"""Train the experiments.  `python -m affect.training v4 --data AffectNet`, or in many processes with `torchrun`.

From a data set to checkpoints, histories and figures; `affect.fitting` has the training loop.
"""

from __future__ import annotations

import argparse
import ctypes
import errno
import hashlib
import os
import platform
import shutil
import sys
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
from affect.experiments import EXPERIMENTS, MISTAKES, Experiment, Stage, with_mistake
from affect.files import atomic_path, cache_folder, remove_leftovers, sha256_of
from affect.fitting import Fitter, Pictures, new_accelerator
from affect.metrics import fit_temperature
from affect.model import Checkpoint, build_model, load_checkpoint, save_checkpoint
from affect.preprocessing import Preprocessing
from affect.progress import Progress, State, load_progress, save_progress
from affect.signals import end_on_signals

DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
STORY = ("v1", "v2", "v3", "v4")  # what "all" trains


def checkpoint_name(experiment: Experiment, stage: Stage, data: str) -> str:
    """The file name of a stage's model: DESIGN's names for v1…v4, `<experiment>_<data set>.pt` for others."""
    if experiment.name in STORY:
        return f"best_model_{stage.name}_affectnet_{experiment.name}.pt"
    return f"{experiment.name}_{data}.pt"


def default_folder(data: str) -> Path:
    """Where checkpoints go: `models` for AffectNet, `models/<data set>` for another data set."""
    return Path("models") if "affectnet" in data.lower() else Path("models") / data


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
    name, folder, home = experiment.name, out, results / manifest.name
    if experiment.mistake is not None:
        name = f"{experiment.name}__{experiment.mistake}"
        folder, home = out / "mistakes" / name, home / "mistakes"
    kept = [s for s in experiment.stages if s.keep]
    paths = [folder / checkpoint_name(experiment, stage, manifest.name) for stage in kept]
    identity = {
        "experiment": repr(experiment),
        "seed": seed,
        "init_weights": Path(init_weights).name,
        "data": _digest(manifest, limit),
    }
    if teachers:
        identity["teachers"] = [sha256_of(path) for path in teachers]
    state_path = folder / f".{name}_{manifest.name}.resume.pt"
    complete = resume and all(_is_finished(path, identity) for path in paths)
    if complete and not _belongs(state_path, identity):  # it goes when the last figure is there
        return paths

    with accelerator.local_main_process_first():  # the others find the pictures in the cache
        pictures, choose_rows, preprocessing = _pictures(experiment, manifest, seed, limit, list(teachers))
    if accelerator.is_main_process:
        remove_leftovers(state_path)
    progress = load_progress(state_path, identity) if resume and state_path.exists() else Progress()

    def save(current: Progress) -> None:
        if accelerator.is_main_process:
            save_progress(state_path, current, identity)
            _write_history(current, home / name, name, manifest.name, len(pictures.choose))

    scratch = cache_folder() / "features" / hashlib.sha256(str(state_path.resolve()).encode()).hexdigest()[:16]
    fitter = Fitter(experiment, pictures, accelerator, seed=seed, init_weights=init_weights, scratch=scratch, save=save)
    fitter.run(progress)
    shutil.rmtree(scratch, ignore_errors=True)
    if accelerator.is_main_process:
        about = {"data": manifest.name, "experiment": name, "seed": seed, "init_weights": identity["init_weights"]}
        about |= {"identity": identity, **_about(pictures, experiment)}
        for stage, finished in zip(experiment.stages, progress.finished, strict=True):
            if not stage.keep:
                continue
            file = checkpoint_name(experiment, stage, manifest.name)
            epochs = {"best": (folder / file, home / name / stage.name)}
            if experiment.mistake is None and experiment.name in STORY:  # what keeping the last epoch would have cost
                other = f"mistakes/{name}__last-epoch"
                epochs["last"] = (folder / other / file, home / other / stage.name)
            for which, (path, figures) in epochs.items():
                model = _checkpoint(finished[which], preprocessing, pictures.choose, choose_rows, about)
                save_checkpoint(path, model)
                write = write_evaluation if which == "best" and experiment.mistake is None else write_metrics
                write(evaluate_pictures(path, manifest, "val"), figures)
        state_path.unlink(missing_ok=True)
    accelerator.wait_for_everyone()
    return paths


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


def _checkpoint(
    epoch: State, preprocessing: Preprocessing, choose: FaceDataset, choose_rows: pd.DataFrame, about: dict[str, Any]
) -> Checkpoint:
    model = build_model()
    model.load_state_dict(epoch["model"])
    logits = predict_logits(model.eval().to(memory_format=torch.channels_last), choose)
    temperature = fit_temperature(logits, hard_labels(choose_rows))
    return Checkpoint(epoch["model"], preprocessing, temperature, {**about, "best": epoch["row"]})


def _about(pictures: Pictures, experiment: Experiment) -> dict[str, Any]:
    chosen_on = "val" if experiment.chosen_on == "val" else "a held-out part of train"
    return {
        "chosen_on": chosen_on,
        "pictures": {"train": len(pictures.train), "val": len(pictures.choose)},
        "versions": {
            "affect": __version__,
            "torch": str(torch.__version__),
            "torchvision": str(torchvision.__version__),
            "python": platform.python_version(),
        },
    }


def _digest(manifest: Manifest, limit: int | None) -> str:
    """Which pictures with which labels: changes when the data do."""
    rows = manifest.table[["pth", "label", "split"]].to_csv(index=False)
    return hashlib.sha256(f"{limit}\n{rows}".encode()).hexdigest()[:16]


def _belongs(state_path: Path, identity: dict[str, Any]) -> bool:
    """Whether the saved state of this very run is there."""
    try:
        return state_path.is_file() and bool(load_progress(state_path, identity))
    except AffectError:
        return False


def _is_finished(path: Path, identity: dict[str, Any]) -> bool:
    return path.is_file() and load_checkpoint(path).provenance.get("identity") == identity


def _write_history(progress: Progress, folder: Path, name: str, data: str, n: int) -> None:
    from affect import plots

    history = pd.DataFrame(progress.history)
    with atomic_path(folder / "history.csv") as part:
        history.to_csv(part, index=False)
    figure = plots.learning_curves(history, f"{name} on {data}, n = {n:,} pictures that choose the epoch")
    plots.save(figure, folder / "history.png")


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
    made.add_argument("--epochs", type=int, metavar="N", help="epochs of every stage, instead of the experiment's")
    made.add_argument("--image-size", type=int, metavar="PIXELS", help="instead of the experiment's, in every stage")
    made.add_argument(
        "--init-weights", default="imagenet", metavar="FILE.pt|imagenet|none",
        help="where the network starts: torchvision's ImageNet weights, downloaded once (default), a mobilenet_v2 "
        "state_dict, or none: at random",
    )  # fmt: skip
    add_labelling(made)
    made.add_argument("--seed", type=int, default=42, help="of everything that is drawn (default 42)")
    made.add_argument("--resume", action="store_true", help="continue where the same command was interrupted")
    made.add_argument("--limit", type=int, metavar="N", help="only N pictures of each split, for a quick trial")
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
    _keep_freed_memory()
    accelerator = new_accelerator()
    try:
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
    except AffectError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        if error.errno not in DISK_FULL:
            raise
        what = f"{error.filename} cannot be written" if error.filename else "not everything can be written"
        print(
            f"error: the disk is full, {what}. What was saved before is whole. Make room, "
            "then continue with the same command and --resume.",
            file=sys.stderr,
        )
        return 2
    except KeyboardInterrupt:
        print("interrupted; the same command with --resume continues after the last epoch", file=sys.stderr)
        return 130
    return 0


def adapted(experiment: Experiment, epochs: int | None = None, image_size: int | None = None) -> Experiment:
    """The experiment with other epochs in every stage, and with another picture size."""
    stages = tuple(
        replace(s, epochs=epochs or s.epochs, image_size=s.image_size if image_size is None else None)
        for s in experiment.stages
    )
    preprocessing = experiment.preprocessing
    if image_size is not None:
        preprocessing = replace(preprocessing, image_size=image_size)
    return replace(experiment, preprocessing=preprocessing, stages=stages)


def _keep_freed_memory() -> None:
    """Let glibc keep freed memory for the next step instead of giving it back to the kernel, page by page.

    A training step on the CPU frees and asks again for a gigabyte of activations; zeroing the pages anew took 44 % of
    the processor time of fine-tuning at 112 px. Nothing happens where the C library is another.
    """
    if platform.libc_ver()[0] != "glibc":
        return
    library = ctypes.CDLL(None)
    trim_threshold, top_pad, mmap_max, arena_max = -1, -2, -4, -8  # M_… in glibc's malloc.h
    library.mallopt(mmap_max, 0)
    library.mallopt(arena_max, 1)
    library.mallopt(trim_threshold, 2**31 - 1)
    library.mallopt(top_pad, 256 * 2**20)


if __name__ == "__main__":
    sys.exit(main())
