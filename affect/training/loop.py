"""The training loop over the stages of one experiment. Called by `affect.training.train`.

Accelerate provides device, precision and distributed processes; the loop itself is plain PyTorch.
"""

from __future__ import annotations

import ctypes
import os
import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from accelerate import Accelerator
from accelerate.utils import InitProcessGroupKwargs, gather_object
from scipy.special import log_softmax
from torch import nn
from tqdm import tqdm

from affect.data.augmentation import Augmentation
from affect.data.loading import Batches, FaceDataset, Views, one_view_each, shuffled, whole_batches
from affect.errors import AffectError
from affect.evaluation.metrics import metrics_of
from affect.model.batch_norm import synchronise_batch_norm
from affect.model.frozen import Trunk
from affect.model.network import build_model, load_initial_weights
from affect.training.activations import Activations, MatchingTop, Top, compute_activations
from affect.training.experiments import Experiment, Stage
from affect.training.learner import Learner, new_optimizer, new_schedule
from affect.training.state import RunState, State
from affect.training.teachers import Teachers


def keep_freed_memory() -> None:
    """Make glibc's malloc keep freed memory for the next step instead of returning it to the kernel.

    A training step on the CPU frees and reallocates a gigabyte of activations; zeroing the new pages took 44 % of the
    processor time of fine-tuning at 112 px. Does nothing with another C library.
    """
    if platform.libc_ver()[0] != "glibc":
        return
    library = ctypes.CDLL(None)
    trim_threshold, top_pad, mmap_max, arena_max = -1, -2, -4, -8  # M_… in glibc's malloc.h
    library.mallopt(mmap_max, 0)
    library.mallopt(arena_max, 1)
    library.mallopt(trim_threshold, 2**31 - 1)
    library.mallopt(top_pad, 256 * 2**20)


PATIENCE = timedelta(days=1)  # while one process prepares AffectNet, the others wait; PyTorch's limit is 10 or 30 min


@dataclass(frozen=True)
class Pictures:
    """The data sets of a run: for training, and for choosing the epoch and the temperature.

    prior: the classes' shares of the training pictures, with balanced softmax; else None.
    """

    train: FaceDataset
    choose: FaceDataset
    prior: tuple[float, ...] | None = None


def new_accelerator(device: str = "auto") -> Accelerator:
    """Create the Accelerator for one process or many; with bfloat16, on a GPU else float16, if faster than float32.

    device: "cpu", "cuda", or "auto" for a GPU where there is one.
    Accelerate's own choice of the precision counts for more (`accelerate launch --mixed_precision`).
    Raises AffectError for "cuda" without a GPU that this PyTorch can use.
    """
    if device == "cuda" and not torch.cuda.is_available():
        raise AffectError(
            f"PyTorch {torch.__version__} finds no CUDA GPU. Leave --device away, or install a build for your GPU and "
            "its driver (pytorch.org says which)."
        )
    able = torch.cpu.get_capabilities()
    precision: str | None = "bf16" if able.get("avx512_bf16") or able.get("amx_bf16") else "no"
    if torch.cuda.is_available() and device != "cpu":
        native = torch.cuda.is_bf16_supported(including_emulation=False)  # emulated bfloat16 is slower than float32
        precision = "bf16" if native else "fp16"
    if "ACCELERATE_MIXED_PRECISION" in os.environ:
        precision = None
    joined = int(os.environ.get("WORLD_SIZE", 1)) > 1
    gpu = torch.cuda.is_available() or (torch.accelerator.is_available() and not joined)
    cpu = device == "cpu" or not gpu
    waiting = InitProcessGroupKwargs(timeout=PATIENCE)
    # without cpu=True, Accelerate joins GPU processes only
    return Accelerator(mixed_precision=precision, cpu=cpu, kwargs_handlers=[waiting])


def check_experiment(experiment: Experiment, processes: int) -> None:
    """Raise AffectError if an experiment's settings contradict each other or the number of processes."""
    if experiment.batch_size % processes:
        raise AffectError(
            f"A batch of {experiment.batch_size} cannot be shared by {processes} processes. "
            "Start a number of processes that divides it."
        )
    viewed = any(s.views for s in experiment.stages)
    if (experiment.distill or experiment.match) and viewed:
        raise AffectError(
            f"Experiment {experiment.name} shows its teachers what it learns from, which cannot be done with what is "
            "kept of the pictures. Leave `views` away in its stages."
        )
    if experiment.mixup and viewed:
        raise AffectError(
            f"Experiment {experiment.name} mixes pictures (mixup), which cannot be done with what is kept of them. "
            "Leave `views` away in its stages."
        )


class Fitter:
    """Trains one experiment; `run` trains all stages.

    save:    callback that receives the progress after every epoch.
    scratch: folder for cached activations of the frozen layers.
    teach:   see `affect.training.learner.Learner`.
    Sampling order, augmentation and dropout are seeded by (seed, stage, epoch), so that a resumed run gives the same
    result as an uninterrupted one.
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
        save: Callable[[RunState], None],
        teach: Teachers | None = None,
    ) -> None:
        check_experiment(experiment, accelerator.num_processes)
        self._experiment = experiment
        self._pictures = pictures
        self._accelerator = accelerator
        self._seed = seed
        self._scratch = scratch
        self._save = save
        self._teach = teach
        torch.manual_seed(seed)
        self._model = build_model(experiment.network)
        load_initial_weights(self._model, init_weights)
        self._model.to(accelerator.device, memory_format=torch.channels_last)  # type: ignore[call-overload]

    def run(self, progress: RunState) -> RunState:
        """Train from the state `progress` to the end of the last stage; returns the final state."""
        for index in range(progress.stage, len(self._experiment.stages)):
            if progress.finished:
                self._model.load_state_dict(progress.finished[-1]["best"]["model"])
            self._fit_stage(index, progress)
            progress.finish_stage()
            self._save(progress)
        return progress

    def _fit_stage(self, index: int, progress: RunState) -> None:
        experiment, stage, accelerator = self._experiment, self._experiment.stages[index], self._accelerator
        frozen_blocks = len(self._model.features) - stage.trained_blocks  # type: ignore[arg-type]
        top = synchronise_batch_norm(self._new_top(index, frozen_blocks))
        optimizer = new_optimizer(experiment, stage, top)
        schedule = new_schedule(experiment, stage, optimizer, len(self._pictures.train))
        prepared, optimizer = accelerator.prepare(top, optimizer)
        learner = Learner(experiment, accelerator, top, prepared, optimizer, schedule, self._teach)
        if progress.running is not None:
            self._model.load_state_dict(progress.running["model"])
            if isinstance(top, MatchingTop):
                top.map.load_state_dict(progress.running["map"])
            optimizer.load_state_dict(progress.running["optimizer"])
            schedule.load_state_dict(progress.running["schedule"])
            learner.average.load_state_dict(progress.running["average"])
        drifting = experiment.frozen_batch_norm == "drifting"
        trunk = Trunk(self._model, frozen_blocks, accelerator.device, drifting=drifting)
        choose: FaceDataset | Activations = self._seen_by(stage)
        variations = self._variations(index) if frozen_blocks else []
        again: Views | Activations | None = Views(variations) if variations else None
        if frozen_blocks and not drifting:
            title = f"{stage.name}: features to choose on"
            choose = compute_activations(trunk, [choose], self._scratch / "choose.npy", np.float32, title)
            if variations:
                path, title = self._scratch / "train.npy", f"{stage.name}: features to learn from"
                again = compute_activations(trunk, variations, path, np.float16, title)
        while progress.epoch < stage.epochs and not _stopped(progress, stage):
            title = f"{experiment.name} {stage.name} {progress.epoch + 1}/{stage.epochs}"
            loader = self._loader(index, progress.epoch, again)
            dropout = self._seed + 1000 * index + progress.epoch + 1
            torch.manual_seed(dropout + 1_000_000 * accelerator.process_index)  # another dropout mask in each process
            learned = learner.epoch(trunk, loader, title)
            with learner.average.applied():
                measured, weights = self._validate(trunk, top, choose), self._weights()
            row = {"stage": stage.name, "epoch": progress.epoch + 1, **learned, **measured}
            running = {
                "model": self._weights() if experiment.average else weights,
                "kept": weights,
                "optimizer": optimizer.state_dict(),
                "schedule": schedule.state_dict(),
                "average": learner.average.state_dict(),
            }
            if isinstance(top, MatchingTop):
                running["map"] = top.map.state_dict()
            progress.finish_epoch(row, running, stage.monitor)
            self._save(progress)
            if accelerator.is_main_process:
                figures = ", ".join(f"{k.replace('_', ' ')} {v:.4f}" for k, v in row.items() if isinstance(v, float))
                tqdm.write(f"{title}: {figures}", file=sys.stderr)

    def _new_top(self, index: int, frozen_blocks: int) -> Top:
        dropout = self._experiment.dropout
        if self._teach is None or not self._experiment.match:
            return Top(self._model, frozen_blocks, dropout)
        torch.manual_seed(self._seed + index)  # initialises the projection
        return MatchingTop(self._model, frozen_blocks, dropout, self._teach.width).to(self._accelerator.device)

    def _variations(self, index: int) -> list[FaceDataset]:
        """The augmented versions of the pictures that a stage reuses; [] if every epoch needs new ones.

        Without augmentation and mixup there is one.
        """
        experiment, stage = self._experiment, self._experiment.stages[index]
        still = experiment.augmentation == Augmentation() and not experiment.mixup
        return [self._varied(index, view) for view in range(1 if still else stage.views or 0)]

    def _size(self, stage: Stage) -> int:
        return stage.image_size or self._experiment.preprocessing.image_size

    def _seen_by(self, stage: Stage) -> FaceDataset:
        """The data that choose the stage's epoch, at the stage's training image size.

        A network is less accurate at another size than its training size (Touvron et al. 2019, arXiv:1906.06423).
        """
        choose, size = self._pictures.choose, self._size(stage)
        return choose if size == choose.preprocessing.image_size else choose.varied(Augmentation(), size)

    def _varied(self, index: int, epoch: int) -> FaceDataset:
        size = self._size(self._experiment.stages[index])
        return self._pictures.train.varied(self._experiment.augmentation, size, self._seed, index, epoch)

    def _loader(self, index: int, epoch: int, again: Views | Activations | None) -> Batches:
        """Data loader of this process's share of every global batch; the global batches are those of a single process.

        again: the augmented versions that the stage reuses, or their cached activations; None: new augmentation.
        """
        data: FaceDataset | Views | Activations
        if again is not None:
            data, order = again, one_view_each(len(again.targets), len(again), epoch, self._seed, index)
        else:
            data = self._varied(index, epoch)
            order = shuffled(len(data), self._seed, index, epoch)
        world, size = self._accelerator.num_processes, self._experiment.batch_size
        size = max(world, min(size, len(order) // world * world))
        mine = order[: len(order) // size * size].reshape(-1, world)[:, self._accelerator.process_index]
        return Batches(data, whole_batches(mine, size // world), self._accelerator.device)

    def _weights(self) -> State:
        return {k: v.detach().cpu().clone() for k, v in self._model.state_dict().items()}

    def _validate(self, trunk: Trunk, top: nn.Module, choose: FaceDataset | Activations) -> dict[str, float]:
        """Loss against the hard labels, accuracy and macro F1 on the pictures that choose the epoch."""
        logits = predict(self._accelerator, trunk, top, choose)
        labels = self._pictures.choose.targets.argmax(1).numpy()
        prior = self._pictures.prior
        log_probabilities = log_softmax(logits.astype(np.float64) + (0 if prior is None else np.log(prior)), axis=1)
        metrics = metrics_of(np.exp(log_probabilities), labels)
        return {
            "val_loss": float(-log_probabilities[np.arange(len(labels)), labels].mean()),
            "val_accuracy": metrics["accuracy"],
            "val_f1_macro": metrics["f1_macro"],
        }


def predict(
    accelerator: Accelerator, trunk: Trunk, top: nn.Module, data: FaceDataset | Activations, batch_size: int = 128
) -> npt.NDArray[np.float32]:
    """Logits of all items in order, float32 (n, 8), computed in parts by all processes and returned in each."""
    top.eval()
    mine = np.array_split(np.arange(len(data)), accelerator.num_processes)[accelerator.process_index]
    parts: list[npt.NDArray[np.float32]] = []
    with trunk.measuring(), torch.inference_mode():
        for start in range(0, len(mine), batch_size):
            inputs, _ = data.__getitems__(mine[start : start + batch_size].tolist())
            parts.append(top(trunk(inputs)).float().cpu().numpy())
    return np.concatenate(gather_object(parts))


def _stopped(progress: RunState, stage: Stage) -> bool:
    """Whether early stopping ends the stage: no improvement for `patience` epochs."""
    if stage.patience is None or progress.best is None:
        return False
    return progress.epoch - int(progress.best["row"]["epoch"]) >= stage.patience
