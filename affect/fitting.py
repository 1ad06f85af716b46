"""The training loop: one experiment, stage by stage, on the pictures it is given. Called by `affect.training`.

Accelerate chooses the device and the precision and joins the processes; the loop itself is plain PyTorch.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from accelerate import Accelerator
from accelerate.utils import gather_object
from scipy.special import log_softmax
from torch import nn
from torch.utils.data import DataLoader
from tqdm import tqdm

from affect.data.loading import Batch, FaceDataset, batches, shuffled
from affect.distributed import synchronise_batch_norm
from affect.errors import AffectError
from affect.experiments import Augmentation, Experiment, Stage
from affect.metrics import metrics_of
from affect.model import BLOCKS, build_model, load_initial_weights
from affect.progress import Progress
from affect.trunk import Activations, Top, Trunk, compute_activations

Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


@dataclass(frozen=True)
class Pictures:
    """What a run learns from, and what it chooses the epoch and the temperature on."""

    train: FaceDataset
    choose: FaceDataset


def new_accelerator() -> Accelerator:
    """One process or many, on what the machine has; on a GPU, bfloat16 or float16 where it is faster than float32."""
    precision = "no"
    if torch.cuda.is_available():
        precision = "bf16" if torch.cuda.is_bf16_supported() else "fp16"
    joined = int(os.environ.get("WORLD_SIZE", 1)) > 1
    cpu = not (torch.cuda.is_available() or (torch.accelerator.is_available() and not joined))
    return Accelerator(mixed_precision=precision, cpu=cpu)  # without cpu=True, Accelerate joins GPU processes only


class Fitter:
    """Fits one experiment: `run` trains all stages.

    save:    is given the progress after every epoch.
    scratch: folder for what frozen parts made of the pictures.
    Order, variation and dropout are seeded by (seed, stage, epoch), so that a resumed run goes the same way as an
    uninterrupted one.
    """

    def __init__(
        self,
        experiment: Experiment,
        pictures: Pictures,
        accelerator: Accelerator,
        *,
        seed: int,
        init_weights: str,
        scratch: Path,
        save: Callable[[Progress], None],
    ) -> None:
        if experiment.batch_size % accelerator.num_processes:
            raise AffectError(
                f"A batch of {experiment.batch_size} cannot be shared by {accelerator.num_processes} processes. "
                "Start a number of processes that divides it."
            )
        self._experiment = experiment
        self._pictures = pictures
        self._accelerator = accelerator
        self._seed = seed
        self._scratch = scratch
        self._save = save
        torch.manual_seed(seed)
        self._model = build_model()
        load_initial_weights(self._model, init_weights)
        self._model.to(accelerator.device, memory_format=torch.channels_last)  # type: ignore[call-overload]

    def run(self, progress: Progress) -> Progress:
        """Train from where `progress` stands to the end; returns it finished."""
        for index in range(progress.stage, len(self._experiment.stages)):
            if progress.finished:
                self._model.load_state_dict(progress.finished[-1]["best"]["model"])
            self._fit_stage(index, progress)
            progress.finish_stage()
            self._save(progress)
        return progress

    def _fit_stage(self, index: int, progress: Progress) -> None:
        experiment, stage, accelerator = self._experiment, self._experiment.stages[index], self._accelerator
        frozen_blocks = BLOCKS - stage.trained_blocks
        top = synchronise_batch_norm(Top(self._model, frozen_blocks, experiment.dropout))
        optimizer = _optimizer(experiment, stage, top)
        schedule = _schedule(experiment, stage, optimizer, len(self._pictures.train))
        prepared, optimizer = accelerator.prepare(top, optimizer)
        if progress.running is not None:
            self._model.load_state_dict(progress.running["model"])
            optimizer.load_state_dict(progress.running["optimizer"])
            schedule.load_state_dict(progress.running["schedule"])
        drifting = experiment.frozen_batch_norm == "drifting"
        trunk = Trunk(self._model, frozen_blocks, accelerator.device, drifting=drifting)
        choose: FaceDataset | Activations = self._pictures.choose
        kept: Activations | None = None
        if frozen_blocks and not drifting:
            title = f"{stage.name}: features to choose on"
            choose = compute_activations(trunk, [choose], self._scratch / "choose.npy", np.float32, title)
            kept = self._kept_views(index, trunk)
        loss_of = _loss_of(experiment, self._pictures.train.targets, accelerator.device)
        while progress.epoch < stage.epochs and not _stopped(progress, stage):
            title = f"{experiment.name} {stage.name} {progress.epoch + 1}/{stage.epochs}"
            loader = self._loader(index, progress.epoch, kept)
            dropout = self._seed + 1000 * index + progress.epoch + 1
            torch.manual_seed(dropout + 1_000_000 * accelerator.process_index)  # each process drops other features
            learned = _train_epoch(accelerator, trunk, prepared, loader, optimizer, schedule, loss_of, title)
            row = {"stage": stage.name, "epoch": progress.epoch + 1, **learned, **self._validate(trunk, top, choose)}
            weights = {k: v.detach().cpu().clone() for k, v in self._model.state_dict().items()}
            running = {"model": weights, "optimizer": optimizer.state_dict(), "schedule": schedule.state_dict()}
            progress.finish_epoch(row, running, stage.monitor)
            self._save(progress)
            if accelerator.is_main_process:
                figures = ", ".join(f"{k.replace('_', ' ')} {v:.4f}" for k, v in row.items() if isinstance(v, float))
                tqdm.write(f"{title}: {figures}", file=sys.stderr)

    def _kept_views(self, index: int, trunk: Trunk) -> Activations | None:
        """The trunk's activations for all views that a stage needs, or None where every epoch needs new ones.

        Pictures that do not vary have one view.
        """
        experiment, stage = self._experiment, self._experiment.stages[index]
        still = experiment.augmentation == Augmentation()
        if stage.views is None and not still:
            return None
        views = [self._varied(index, view) for view in range(1 if still else stage.views or 1)]
        path = self._scratch / "train.npy"
        return compute_activations(trunk, views, path, np.float16, f"{stage.name}: features to learn from")

    def _varied(self, index: int, epoch: int) -> FaceDataset:
        size = self._experiment.stages[index].image_size or self._experiment.preprocessing.image_size
        return self._pictures.train.varied(self._experiment.augmentation, size, self._seed, index, epoch)

    def _loader(self, index: int, epoch: int, kept: Activations | None) -> DataLoader[Batch]:
        """This process's part of every global batch: together, the processes see the batches that one would see."""
        data: FaceDataset | Activations
        if kept is not None:
            data, order = kept, kept.shown(epoch, self._seed, index)
        else:
            data = self._varied(index, epoch)
            order = shuffled(len(data), self._seed, index, epoch)
        world, size = self._accelerator.num_processes, self._experiment.batch_size
        size = max(world, min(size, len(order) // world * world))
        order = order[: len(order) // size * size].reshape(-1, world)[:, self._accelerator.process_index]
        return batches(data, order, size // world)

    def _validate(self, trunk: Trunk, top: nn.Module, choose: FaceDataset | Activations) -> dict[str, float]:
        """Loss against the hard labels, accuracy and macro F1 on the pictures that choose the epoch."""
        logits = predict(self._accelerator, trunk, top, choose)
        labels = self._pictures.choose.targets.argmax(1).numpy()
        log_probabilities = log_softmax(logits.astype(np.float64), axis=1)
        metrics = metrics_of(np.exp(log_probabilities), labels)
        return {
            "val_loss": float(-log_probabilities[np.arange(len(labels)), labels].mean()),
            "val_accuracy": metrics["accuracy"],
            "val_f1_macro": metrics["f1_macro"],
        }


def _optimizer(experiment: Experiment, stage: Stage, top: nn.Module) -> torch.optim.Optimizer:
    kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[experiment.optimizer]
    return kind(top.parameters(), stage.learning_rate, weight_decay=experiment.weight_decay)


def _schedule(experiment: Experiment, stage: Stage, optimizer: Any, pictures: int) -> Any:
    if experiment.schedule == "constant":
        return torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1.0)
    return torch.optim.lr_scheduler.OneCycleLR(  # Smith and Topin 2018, arXiv:1708.07120
        optimizer,
        stage.learning_rate,
        epochs=stage.epochs,
        steps_per_epoch=max(1, pictures // experiment.batch_size),
        pct_start=0.2,
    )


def _loss_of(experiment: Experiment, targets: torch.Tensor, device: torch.device) -> Loss:
    """Cross-entropy with the target distributions, nats, with the experiment's answer to uneven classes."""
    shares = targets.double().mean(0).clamp_min(1e-6).float().to(device)
    if experiment.imbalance == "class-weights":
        weights = (1 / shares) / len(shares)  # the mean weight of a picture is 1
        return lambda logits, wanted: nn.functional.cross_entropy(logits.float(), wanted, weight=weights)
    offset = shares.log() if experiment.imbalance == "logit-adjustment" else torch.zeros_like(shares)
    return lambda logits, wanted: nn.functional.cross_entropy(logits.float() + offset, wanted)


def _train_epoch(
    accelerator: Accelerator,
    trunk: Trunk,
    top: nn.Module,
    loader: Any,
    optimizer: Any,
    schedule: Any,
    loss_of: Loss,
    title: str,
) -> dict[str, float]:
    """One pass; returns the mean loss and accuracy over its pictures, as they were while it learned."""
    top.train()
    device = accelerator.device
    sums = torch.zeros(3, dtype=torch.float64 if device.type != "mps" else torch.float32, device=device)
    bar = tqdm(loader, desc=title, unit="batch", leave=False, disable=not accelerator.is_main_process)
    for step, (inputs, targets) in enumerate(bar):
        targets = targets.to(device, non_blocking=True)
        with accelerator.autocast():
            logits = top(trunk(inputs))
        loss = loss_of(logits, targets)
        accelerator.backward(loss)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        with torch.no_grad():
            right = (logits.argmax(1) == targets.argmax(1)).sum()
            sums += torch.stack([loss.detach() * len(targets), right, right.new_tensor(len(targets))]).to(sums)
        if step % 20 == 0:
            bar.set_postfix(loss=f"{float(sums[0] / sums[2]):.3f}")
    loss_sum, right_sum, count = accelerator.reduce(sums).tolist()
    return {"train_loss": loss_sum / count, "train_accuracy": right_sum / count}


def predict(
    accelerator: Accelerator, trunk: Trunk, top: nn.Module, data: FaceDataset | Activations, batch_size: int = 128
) -> npt.NDArray[np.float32]:
    """The logits of every item in order, float32 (n, 8), in all processes, each of which computes its part."""
    top.eval()
    mine = np.array_split(np.arange(len(data)), accelerator.num_processes)[accelerator.process_index]
    parts: list[npt.NDArray[np.float32]] = []
    with torch.inference_mode():
        for start in range(0, len(mine), batch_size):
            inputs, _ = data.__getitems__(mine[start : start + batch_size].tolist())
            parts.append(top(trunk(inputs)).float().cpu().numpy())
    return np.concatenate(gather_object(parts))


def _stopped(progress: Progress, stage: Stage) -> bool:
    """Whether the stage's patience is at its end."""
    if stage.patience is None or progress.best is None:
        return False
    return progress.epoch - int(progress.best["row"]["epoch"]) >= stage.patience
