"""Optimizer, learning-rate schedule, loss, weight average, and one epoch of training."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from accelerate import Accelerator
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torchvision.transforms.v2 import MixUp
from tqdm import tqdm

from affect.command_line import end_if_asked
from affect.data.loading import resolved
from affect.emotions import EMOTIONS
from affect.model.frozen import Trunk
from affect.training.experiments import Experiment, Stage
from affect.training.teachers import Answer

CLASSES = len(EMOTIONS)


def new_optimizer(experiment: Experiment, stage: Stage, top: nn.Module) -> torch.optim.Optimizer:
    """The stage's optimizer over the trainable parameters."""
    kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[experiment.optimizer]
    learned = list(top.parameters())
    fused = all(p.device.type in ("cpu", "cuda", "mps") for p in learned)  # takes a third of the loop's time
    return kind(learned, stage.learning_rate, weight_decay=experiment.weight_decay, fused=fused)


def new_schedule(experiment: Experiment, stage: Stage, optimizer: Any, pictures: int) -> Any:
    """Learning-rate schedule, stepped once per batch."""
    if experiment.schedule == "constant":
        return torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1.0)
    return torch.optim.lr_scheduler.OneCycleLR(  # Smith and Topin 2018, arXiv:1708.07120
        optimizer,
        stage.learning_rate,
        total_steps=max(6, stage.epochs * max(1, pictures // experiment.batch_size)),  # PyTorch divides by 0 at 5
        pct_start=0.2,
    )


def loss_of(logits: torch.Tensor, targets: torch.Tensor, smoothing: float = 0.0) -> torch.Tensor:
    """Cross-entropy with target distributions, a float32 scalar in nats, with balanced softmax and label smoothing.

    logits:  float (batch, 8).   smoothing: as in `Experiment`.
    targets: float32 (batch, 8) as of `affect.data.loading.target_distributions`, or (batch, 16): the last 8 are the
             log of the classes' shares, which is added to the logits. A partial label is shared out as the network
             answers.
    """
    wanted, log_shares = targets[:, :CLASSES], targets[:, CLASSES:]
    logits = logits.float() + (log_shares if log_shares.shape[1] else 0)
    wanted = resolved(wanted, logits.detach().softmax(1))
    if smoothing:
        wanted = torch.lerp(wanted, log_shares.softmax(1) if log_shares.shape[1] else wanted.mean(1, True), smoothing)
    return nn.functional.cross_entropy(logits, wanted)


class WeightAverage:
    """Exponential moving average of a module's weights and batch-norm statistics, decay per step (0: no average)."""

    def __init__(self, module: nn.Module, decay: float) -> None:
        self._module = module
        self._average: AveragedModel | None = None
        if decay:
            self._average = AveragedModel(module, multi_avg_fn=get_ema_multi_avg_fn(decay), use_buffers=True)

    def update(self) -> None:
        """Update the average after an optimizer step."""
        if self._average is not None:
            self._average.update_parameters(self._module)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Context in which the module has the averaged weights; its own are restored afterwards."""
        if self._average is None:
            yield
            return
        own = {k: v.detach().clone() for k, v in self._module.state_dict().items()}
        self._module.load_state_dict(self._average.module.state_dict())
        try:
            yield
        finally:
            self._module.load_state_dict(own)

    def state_dict(self) -> dict[str, Any]:
        """State of the average for a resume file; empty without an average."""
        return {} if self._average is None else self._average.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` returned."""
        if self._average is not None:
            self._average.load_state_dict(state)


class Learner:
    """Runs training steps and epochs: mixup, teacher targets, loss, backward, optimizer, schedule, weight average.

    module: the trainable layers; prepared: the same after `accelerator.prepare`. The output is logits or, for feature
            distillation, logits and projected features.
    teach:  None, or a function from a batch, as the network sees it, and the log of its classes' shares, (n, 8) or
            (n, 0), to the teachers' Answer.
    """

    def __init__(
        self,
        experiment: Experiment,
        accelerator: Accelerator,
        module: nn.Module,
        prepared: nn.Module,
        optimizer: Any,
        schedule: Any,
        teach: Callable[[torch.Tensor, torch.Tensor], Answer] | None = None,
    ) -> None:
        self.average = WeightAverage(module, experiment.average)
        self._accelerator = accelerator
        self._prepared = prepared
        self._optimizer = optimizer
        self._schedule = schedule
        self._smoothing = experiment.smoothing
        self._teach = teach
        self._distill = experiment.distill
        self._match = experiment.match
        self._mixup = MixUp(alpha=experiment.mixup) if experiment.mixup else None

    def epoch(self, trunk: Trunk, loader: Any, title: str) -> dict[str, float]:
        """Train for one epoch; returns the mean loss and accuracy over its batches, measured before each step.

        With mixup, the class with the largest target counts as the true one.
        """
        accelerator, device = self._accelerator, self._accelerator.device
        self._prepared.train()
        sums = torch.zeros(3, dtype=torch.float64 if device.type != "mps" else torch.float32, device=device)
        bar = tqdm(loader, desc=title, unit="batch", leave=False, disable=not accelerator.is_main_process)
        for step, (inputs, targets) in enumerate(bar):
            end_if_asked()
            inputs, targets = self._mixed(inputs, targets)
            features = None
            if self._teach is not None:
                answer = self._teach(inputs, targets[:, CLASSES:])
                targets, features = _taught(targets, answer.probabilities, self._distill), answer.features
            logits, loss = self._step(trunk(inputs), targets, features)
            with torch.no_grad():
                right = (logits.argmax(1) == targets[:, :CLASSES].argmax(1)).sum()
                sums += torch.stack([loss.detach() * len(targets), right, right.new_tensor(len(targets))]).to(sums)
            if step % 20 == 0:
                bar.set_postfix(loss=f"{float(sums[0] / sums[2]):.3f}")
        loss_sum, right_sum, count = accelerator.reduce(sums).tolist()
        return {"train_loss": loss_sum / count, "train_accuracy": right_sum / count}

    def _mixed(self, inputs: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        if self._mixup is None or len(inputs) < 2:
            return inputs, targets
        alike = resolved(targets[:, :CLASSES], targets.new_ones(CLASSES))
        mixed: tuple[torch.Tensor, torch.Tensor] = self._mixup(inputs, torch.cat([alike, targets[:, CLASSES:]], 1))
        return mixed

    def _step(
        self, activations: torch.Tensor, targets: torch.Tensor, features: torch.Tensor | None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """One optimizer step; returns the logits and the loss before it."""
        with self._accelerator.autocast():
            made = self._prepared(activations)
        logits, matched = made if isinstance(made, tuple) else (made, None)
        loss = loss_of(logits, targets, self._smoothing)
        if matched is not None and features is not None:
            loss = loss + self._match * nn.functional.mse_loss(matched.float(), features)
        self._accelerator.backward(loss)
        self._optimizer.step()
        self._schedule.step()
        self._optimizer.zero_grad()
        self.average.update()
        return logits, loss


def _taught(targets: torch.Tensor, answers: torch.Tensor, distill: float) -> torch.Tensor:
    """Targets, (n, 8) or (n, 16), moved by the part `distill` to the teachers' probabilities (n, 8)."""
    wanted = torch.lerp(resolved(targets[:, :CLASSES], answers), answers, distill)
    return torch.cat([wanted, targets[:, CLASSES:]], 1)
