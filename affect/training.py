"""Fit one experiment: stages, best epoch, resume.  `python -m affect.training starter --data ferplus.zip`

The loop is plain PyTorch; Accelerate chooses the device and the precision.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import platform
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
import torchvision
from accelerate import Accelerator
from scipy.special import log_softmax
from torch import nn
from torch.utils.data import DataLoader
from tqdm import tqdm

from affect import __version__
from affect.data.loading import FaceDataset, hard_labels, prepare_pictures, target_distributions
from affect.data.manifest import Manifest, read_manifest
from affect.errors import AffectError
from affect.evaluation import fit_temperature, metrics_of, predict_logits
from affect.experiments import EXPERIMENTS, Experiment, Stage
from affect.files import atomic_path
from affect.model import (
    Checkpoint,
    build_model,
    freeze_all_but,
    load_initial_weights,
    save_checkpoint,
    set_training_mode,
)

State = dict[str, Any]


@dataclass
class Progress:
    """Where a run stands: all that `--resume` needs beside the experiment itself."""

    stage: int = 0
    epoch: int = 0  # finished epochs of that stage
    history: list[dict[str, Any]] = field(default_factory=list)
    best: State | None = None  # the row of `history`, and the weights then
    running: State | None = None  # model, optimiser and schedule after the last finished epoch


def fit(
    experiment: Experiment,
    train: FaceDataset,
    val: FaceDataset,
    progress: Progress,
    state_path: Path,
    *,
    seed: int,
    init_weights: str,
) -> Progress:
    """Train all stages and return the finished progress; `best` has the weights of the best epoch on `val`.

    After every epoch the state is written to `state_path`, whole or not at all. Shuffling, augmentation and dropout
    are seeded by (seed, stage, epoch), so that a resumed run goes the same way as an uninterrupted one.
    """
    accelerator = Accelerator()
    torch.manual_seed(seed)
    model = build_model()
    load_initial_weights(model, init_weights)
    model = model.to(memory_format=torch.channels_last)
    for index in range(progress.stage, len(experiment.stages)):
        stage = experiment.stages[index]
        freeze_all_but(model, stage.trained_blocks)
        learned = [p for p in model.parameters() if p.requires_grad]
        optimizer = torch.optim.AdamW(learned, stage.learning_rate, weight_decay=experiment.weight_decay)
        steps = -(-len(train) // experiment.batch_size)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer,
            stage.learning_rate,
            epochs=stage.epochs,
            steps_per_epoch=steps,
            pct_start=0.2,
        )
        fitted, optimizer = accelerator.prepare(model, optimizer)
        if progress.running is not None:
            model.load_state_dict(progress.running["model"])
            optimizer.load_state_dict(progress.running["optimizer"])
            schedule.load_state_dict(progress.running["schedule"])
        for epoch in range(progress.epoch, stage.epochs):
            varied = train.varied(experiment.augmentation, stage.image_size, seed, index, epoch)
            loader = accelerator.prepare(_shuffled(varied, experiment.batch_size, seed, index, epoch))
            title = f"{stage.name} {epoch + 1}/{stage.epochs}"
            torch.manual_seed(seed + 1000 * index + epoch + 1)  # dropout
            loss = _train_epoch(accelerator, fitted, loader, optimizer, schedule, title)
            row = {
                "stage": stage.name,
                "epoch": epoch + 1,
                "train_loss": loss,
                **_validate(model, val),
            }
            progress.history.append(row)
            tqdm.write(
                f"{title}: train loss {loss:.4f}, val loss {row['val_loss']:.4f}, "
                f"val accuracy {row['val_accuracy']:.4f}, val macro F1 {row['val_f1_macro']:.4f}",
                file=sys.stderr,
            )
            if progress.best is None or row["val_accuracy"] > progress.best["row"]["val_accuracy"]:
                weights = {k: v.detach().cpu().clone() for k, v in model.state_dict().items()}
                progress.best = {"row": row, "model": weights}
            progress.epoch = epoch + 1
            progress.running = {
                "model": model.state_dict(),
                "optimizer": optimizer.state_dict(),
                "schedule": schedule.state_dict(),
            }
            _save_progress(state_path, progress, _identity(experiment, seed, init_weights, train))
        progress.stage, progress.epoch, progress.running = index + 1, 0, None
    return progress


def _shuffled(dataset: FaceDataset, batch_size: int, *seed: int) -> DataLoader[Any]:
    generator = torch.Generator().manual_seed(int(np.random.default_rng(seed).integers(2**31)))
    return DataLoader(
        dataset,
        batch_size,
        shuffle=True,
        generator=generator,
        num_workers=min(2, os.cpu_count() or 1) if len(dataset) > 1000 else 0,  # starting workers takes a second
        pin_memory=torch.cuda.is_available(),
    )


def _train_epoch(
    accelerator: Accelerator,
    model: nn.Module,
    loader: Any,
    optimizer: Any,
    schedule: Any,
    title: str,
) -> float:
    """One pass; returns the mean loss over its pictures (cross-entropy with the target distributions, nats)."""
    set_training_mode(accelerator.unwrap_model(model))
    total, count = 0.0, 0
    bar = tqdm(loader, desc=title, unit="batch", leave=False)
    for faces, targets in bar:
        faces = faces.contiguous(memory_format=torch.channels_last)
        loss = nn.functional.cross_entropy(model(faces), targets)
        accelerator.backward(loss)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        total += float(loss.detach()) * len(targets)
        count += len(targets)
        bar.set_postfix(loss=f"{total / count:.3f}")
    return total / count


def _validate(model: nn.Module, val: FaceDataset) -> dict[str, float]:
    """Loss against the hard labels, accuracy and macro F1 on the validation split."""
    model.eval()
    logits = predict_logits(model, val)
    labels = val.targets.argmax(1).numpy()
    log_probabilities = log_softmax(logits, axis=1)
    metrics = metrics_of(np.exp(log_probabilities), labels)
    return {
        "val_loss": float(-log_probabilities[np.arange(len(labels)), labels].mean()),
        "val_accuracy": metrics["accuracy"],
        "val_f1_macro": metrics["f1_macro"],
    }


def _identity(experiment: Experiment, seed: int, init_weights: str, train: FaceDataset) -> dict[str, Any]:
    """What must be equal for a saved state to be continued."""
    return {
        "experiment": repr(experiment),
        "seed": seed,
        "init_weights": Path(init_weights).name,
        "pictures": len(train),
    }


def _save_progress(path: Path, progress: Progress, identity: dict[str, Any]) -> None:
    with atomic_path(path) as part:
        torch.save({"identity": identity, **vars(progress)}, part)


def load_progress(path: Path, identity: dict[str, Any]) -> Progress:
    """The saved state of an interrupted run. Raises AffectError where it belongs to another run or is damaged."""
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        saved = state.pop("identity")
        progress = Progress(**state)
    except Exception as error:  # torch.load raises many kinds for a damaged file
        raise AffectError(f"{path} is damaged. Delete it and train without --resume.") from error
    odd = [k for k in identity if saved.get(k) != identity[k]]
    if odd:
        raise AffectError(
            f"{path} belongs to a run with other settings ({', '.join(odd)}). "
            "Give the same arguments as then, or train without --resume."
        )
    return progress


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
) -> Path:
    """Train one experiment on the data set's train split, choose the epoch on val, and write what came of it.

    out:     folder of the checkpoint, `<experiment>_<data set>.pt`.
    results: folder for `<data set>/<experiment>/history.csv` and the learning curves.
    limit:   take only so many pictures of each split (a quick trial).
    Returns the checkpoint's path.
    """
    val_rows, train_rows = manifest.rows("val"), manifest.rows("train")
    if limit is not None:
        val_rows, train_rows = (r.sample(min(limit, len(r)), random_state=seed) for r in (val_rows, train_rows))
    preprocessing = experiment.preprocessing
    val_pictures, val_rows = prepare_pictures(manifest, val_rows, preprocessing)
    train_pictures, train_rows = prepare_pictures(manifest, train_rows, preprocessing)
    train = FaceDataset(train_pictures, target_distributions(train_rows, experiment.soft_labels), preprocessing)
    val = FaceDataset(val_pictures, target_distributions(val_rows, soft=False), preprocessing)

    path = out / f"{experiment.name}_{manifest.name}.pt"
    state_path = path.with_suffix(".resume.pt")
    progress = Progress()
    if resume and state_path.exists():
        progress = load_progress(state_path, _identity(experiment, seed, init_weights, train))
    progress = fit(experiment, train, val, progress, state_path, seed=seed, init_weights=init_weights)
    assert progress.best is not None  # noqa: S101  every stage has at least one epoch

    model = build_model()
    model.load_state_dict(progress.best["model"])
    logits = predict_logits(model.eval().to(memory_format=torch.channels_last), val)
    provenance = {
        "data": manifest.name,
        "experiment": experiment.name,
        "pictures": {"train": len(train), "val": len(val)},
        "init_weights": Path(init_weights).name,
        "seed": seed,
        "best": progress.best["row"],
        "versions": {
            "affect": __version__,
            "torch": str(torch.__version__),
            "torchvision": str(torchvision.__version__),
            "python": platform.python_version(),
        },
    }
    temperature = fit_temperature(logits, hard_labels(val_rows))
    save_checkpoint(path, Checkpoint(progress.best["model"], preprocessing, temperature, provenance))
    _write_history(progress, results / manifest.name / experiment.name, experiment, manifest)
    state_path.unlink(missing_ok=True)
    return path


def _write_history(progress: Progress, folder: Path, experiment: Experiment, manifest: Manifest) -> None:
    from affect import plots

    history = pd.DataFrame(progress.history)
    with atomic_path(folder / "history.csv") as part:
        history.to_csv(part, index=False)
    plots.save(
        plots.learning_curves(history, f"{experiment.name} on {manifest.name}"),
        folder / "history.png",
    )


def main(arguments: list[str] | None = None) -> int:
    """The command line. Returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m affect.training",
        description="Train an experiment and save its best epoch. Continue an interrupted run with --resume.",
        epilog="example: python -m affect.training starter --data ferplus.zip --init-weights imagenet",
    )
    parser.add_argument("experiment", choices=sorted(EXPERIMENTS))
    parser.add_argument(
        "--data",
        type=Path,
        default=os.environ.get("AFFECTNET_DIR"),
        metavar="DIR_OR_ZIP",
        help="default: the environment variable AFFECTNET_DIR",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="folder of the checkpoint (default: models/<data set>)",
    )
    parser.add_argument("--results", type=Path, default=Path("results"), metavar="DIR")
    parser.add_argument("--epochs", type=int, metavar="N", help="epochs of every stage, instead of the experiment's")
    parser.add_argument(
        "--image-size",
        type=int,
        metavar="PIXELS",
        help="instead of the experiment's, in every stage",
    )
    parser.add_argument("--init-weights", default="imagenet", metavar="FILE.pt|imagenet|none")
    parser.add_argument("--labels", choices=("folder", "csv"), default="folder")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--resume", action="store_true", help="continue where the same command was interrupted")
    parser.add_argument("--limit", type=int, metavar="N", help="only N pictures of each split, for a quick trial")
    options = parser.parse_args(arguments)
    if options.data is None:
        parser.error("name the data set with --data DIR_OR_ZIP")
    _keep_freed_memory()
    try:
        experiment = _adapted(EXPERIMENTS[options.experiment], options.epochs, options.image_size)
        manifest = read_manifest(options.data, options.labels)
        path = train_experiment(
            experiment,
            manifest,
            options.out or Path("models") / manifest.name,
            options.results,
            seed=options.seed,
            init_weights=options.init_weights,
            resume=options.resume,
            limit=options.limit,
        )
    except AffectError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(
            "interrupted; the same command with --resume continues after the last epoch",
            file=sys.stderr,
        )
        return 130
    print(path)
    return 0


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


def _adapted(experiment: Experiment, epochs: int | None, image_size: int | None) -> Experiment:
    """The experiment with the command line's epochs and picture size."""

    def stage(old: Stage) -> Stage:
        return replace(old, epochs=epochs or old.epochs, image_size=image_size or old.image_size)

    preprocessing = experiment.preprocessing
    if image_size is not None:
        preprocessing = replace(preprocessing, image_size=image_size)
    return replace(experiment, preprocessing=preprocessing, stages=tuple(map(stage, experiment.stages)))


if __name__ == "__main__":
    sys.exit(main())
