"""The training loops that `benchmarks.training` compares, each run in a separate process:

    python -m benchmarks.training_loops ours|plain|ready JOB       JOB: a `Job` as JSON; prints measurements as JSON

ours:  the loop of `python -m affect.training`.
plain: a typical notebook's loop: decoding in each epoch, torchvision transforms on Pillow pictures, two workers, and a
       forward pass through the whole network in training mode in each step.
ready: our training step on one fixed batch on the device, as the limit without data loading.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import transforms
from torchvision.datasets import ImageFolder

from affect.data.cache import prepare_pictures
from affect.data.loading import FaceDataset, target_distributions
from affect.data.manifest import read_manifest
from affect.emotions import EMOTIONS
from affect.faces.preprocessing import Preprocessing
from affect.model.frozen import Trunk
from affect.model.network import BLOCKS, build_model, load_initial_weights
from affect.training.activations import Top
from affect.training.experiments import EXPERIMENTS, Experiment, Stage, adapted
from affect.training.loop import Fitter, Pictures, keep_freed_memory, new_accelerator
from affect.training.state import RunState

STAGES = (("v1", "frozen"), ("v1", "finetuned"), ("v3", "finetuned"))  # compared stages


def stage_of(experiment: str, stage: str) -> Stage:
    """The experiment's stage of this name."""
    return next(s for s in EXPERIMENTS[experiment].stages if s.name == stage)


@dataclass(frozen=True)
class Job:
    """A benchmark job: one stage of an experiment, from the initial weights, for a fixed number of epochs.

    data: a folder with train/<class>/ and val/<class>/.
    """

    data: str
    experiment: str
    stage: str
    image_size: int
    epochs: int
    init_weights: str
    seed: int

    def setting(self) -> Experiment:
        """The experiment with this stage only, trained on all pictures of `train`."""
        experiment = adapted(EXPERIMENTS[self.experiment], self.epochs, self.image_size)
        stages = tuple(replace(s, patience=None) for s in experiment.stages if s.name == self.stage)
        return replace(experiment, stages=stages, chosen_on="val", measure_framing=False)

    def to_json(self) -> str:
        """The job as JSON, for the command line of its process."""
        return json.dumps(asdict(self))


def ours(job: Job) -> dict[str, Any]:
    """Run our loop; `seconds` from the start to each epoch's end, and `preparation_s` of the pictures."""
    keep_freed_memory()
    experiment = job.setting()
    accelerator = new_accelerator()
    start = time.perf_counter()
    pictures = _prepared(job, experiment.preprocessing)
    preparation_s = time.perf_counter() - start
    marks: list[float] = []
    with tempfile.TemporaryDirectory() as scratch:
        fitter = Fitter(
            experiment, pictures, accelerator, seed=job.seed, init_weights=job.init_weights, scratch=Path(scratch),
            save=lambda _: marks.append(time.perf_counter()),
        )  # fmt: skip
        start = time.perf_counter()
        progress = fitter.run(RunState())
    return {
        "seconds": [mark - start for mark in marks[: job.epochs]],
        "preparation_s": preparation_s,
        "pictures": _whole_batches(len(pictures.train), experiment),
        "accuracy": progress.history[-1]["val_accuracy"],
        "n": len(pictures.choose),
    }


def plain(job: Job) -> dict[str, Any]:
    """Run the typical notebook's loop; `seconds` from the start to each epoch's end, and final accuracy (not timed)."""
    experiment = job.setting()
    stage, setting = experiment.stages[0], experiment.preprocessing
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(job.seed)
    model = build_model()
    load_initial_weights(model, job.init_weights)
    for parameter in model.features[: BLOCKS - stage.trained_blocks].parameters():  # type: ignore[index, union-attr]
        parameter.requires_grad = False
    model.to(device)
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], stage.learning_rate)
    criterion = nn.CrossEntropyLoss()
    train = ImageFolder(f"{job.data}/train", _usual_transform(experiment))
    val = ImageFolder(f"{job.data}/val", transforms.Compose(_usual_input(setting)))
    assert train.classes == val.classes == list(EMOTIONS)
    loader = DataLoader(train, experiment.batch_size, shuffle=True, num_workers=2, drop_last=True)

    def step(pictures: torch.Tensor, labels: torch.Tensor) -> tuple[float, int]:
        pictures, labels = pictures.to(device), labels.to(device)
        optimizer.zero_grad()
        outputs = model(pictures)
        loss = criterion(outputs, labels)
        loss.backward()
        optimizer.step()
        return loss.item(), int((outputs.argmax(1) == labels).sum().item())

    def warm_up() -> None:  # warms up PyTorch's kernels; our loop's warm-up is timed, or in the epoch that is ignored
        other = build_model().to(device)
        faces = torch.zeros(experiment.batch_size, 3, setting.image_size, setting.image_size, device=device)
        other(faces).sum().backward()

    warm_up()
    seconds, start = [], time.perf_counter()
    for _ in range(job.epochs):
        model.train()
        losses, right = 0.0, 0
        for pictures, labels in loader:
            loss, hits = step(pictures, labels)
            losses += loss
            right += hits
        seconds.append(time.perf_counter() - start)
    model.eval()
    hits = 0
    with torch.no_grad():
        for pictures, labels in DataLoader(val, 128, num_workers=2):
            hits += int((model(pictures.to(device)).argmax(1).cpu() == labels).sum())
    return {
        "seconds": seconds,
        "pictures": _whole_batches(len(train), experiment),
        "accuracy": hits / len(val),
        "n": len(val),
    }


def ready(job: Job) -> dict[str, Any]:
    """Run our training step on one batch, with as many steps per epoch as ours; `seconds` to each epoch's end."""
    keep_freed_memory()
    experiment, accelerator = job.setting(), new_accelerator()
    stage, size = experiment.stages[0], experiment.batch_size
    torch.manual_seed(job.seed)
    model = build_model()
    load_initial_weights(model, job.init_weights)
    model.to(accelerator.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    frozen = BLOCKS - stage.trained_blocks
    top = Top(model, frozen, experiment.dropout)
    optimizer = torch.optim.Adam(top.parameters(), stage.learning_rate)
    prepared, optimizer = accelerator.prepare(top.train(), optimizer)
    trunk = Trunk(model, frozen, accelerator.device)
    faces, targets = _prepared(job, experiment.preprocessing).train.__getitems__(list(range(size)))
    faces, targets = faces.to(accelerator.device), targets.to(accelerator.device)
    count = sum(1 for _ in Path(job.data).glob("train/*/*"))
    seconds, start = [], time.perf_counter()
    for _ in range(job.epochs):
        for _ in range(count // size):
            with accelerator.autocast():
                logits = prepared(trunk(faces))
            accelerator.backward(nn.functional.cross_entropy(logits.float(), targets))
            optimizer.step()
            optimizer.zero_grad()
        if accelerator.device.type == "cuda":
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - start)
    return {"seconds": seconds, "pictures": _whole_batches(count, experiment)}


def _prepared(job: Job, setting: Preprocessing) -> Pictures:
    manifest = read_manifest(job.data)
    parts = []
    for split in ("train", "val"):
        pictures, rows = prepare_pictures(manifest, manifest.rows(split), setting, split)
        parts.append(FaceDataset(pictures, target_distributions(rows, soft=False), setting))
    return Pictures(train=parts[0], choose=parts[1])


def _whole_batches(pictures: int, experiment: Experiment) -> int:
    return pictures // experiment.batch_size * experiment.batch_size


def _usual_input(setting: Preprocessing) -> list[Any]:
    """Typical torchvision transforms from a Pillow picture to model input."""
    size = (setting.image_size, setting.image_size)
    grey = [transforms.Grayscale(3)] if setting.color == "grey" else []
    return [transforms.Resize(size), *grey, transforms.ToTensor(), transforms.Normalize(setting.mean, setting.std)]


def _usual_transform(experiment: Experiment) -> transforms.Compose:
    """The experiment's augmentation as torchvision transforms on Pillow pictures, in a typical notebook's order."""
    wanted, setting = experiment.augmentation, experiment.preprocessing
    resize, *rest = _usual_input(setting)
    steps: list[Any] = [resize]
    if wanted.crop_area != (1.0, 1.0):
        ratio = (1 / wanted.aspect, wanted.aspect)
        steps = [transforms.RandomResizedCrop(setting.image_size, scale=wanted.crop_area, ratio=ratio)]
    steps += [transforms.RandomHorizontalFlip(wanted.flip), transforms.RandomRotation(wanted.rotation)]
    if wanted.light:
        steps.append(transforms.ColorJitter(wanted.light, wanted.light))
    if wanted.shift or wanted.scale:
        scale = (1 - wanted.scale, 1 + wanted.scale)
        steps.append(transforms.RandomAffine(0, translate=(wanted.shift, wanted.shift), scale=scale))
    return transforms.Compose([*steps, *rest])


if __name__ == "__main__":
    loops = {"ours": ours, "plain": plain, "ready": ready}
    print(json.dumps(loops[sys.argv[1]](Job(**json.loads(sys.argv[2])))))
