"""The loops that `benchmarks.training` compares, each run in a process of its own:

    python -m benchmarks.training_loops ours|plain|ready JOB       JOB: a `Job` as JSON; prints what it measured as JSON

ours:  what `python -m affect.training` does.
plain: the loop that notebooks usually hold: pictures decoded anew in each epoch, transforms on Pillow, two workers, the
       whole network in training mode, forward through all of it in each step.
ready: our step on one batch that lies ready on the device: what is left when nobody waits for pictures.
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

STAGES = (("v1", "frozen"), ("v1", "finetuned"), ("v3", "finetuned"))  # that the loops are compared on


def stage_of(experiment: str, stage: str) -> Stage:
    """The stage as the experiment has it."""
    return next(s for s in EXPERIMENTS[experiment].stages if s.name == stage)


@dataclass(frozen=True)
class Job:
    """One stage of an experiment, by itself, from the initial weights, for so many epochs without a pause.

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
        """The experiment with this stage alone. All pictures of `train` are learned from."""
        experiment = adapted(EXPERIMENTS[self.experiment], self.epochs, self.image_size)
        stages = tuple(replace(s, patience=None) for s in experiment.stages if s.name == self.stage)
        return replace(experiment, stages=stages, chosen_on="val", measure_framing=False)

    def to_json(self) -> str:
        """For the command line of the process that runs it."""
        return json.dumps(asdict(self))


def ours(job: Job) -> dict[str, Any]:
    """`seconds` up to the end of each epoch, the first with all that precedes it; `preparation_s` of the pictures."""
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
    """`seconds` up to the end of each epoch; accuracy on val after the last one, outside of the clock."""
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

    def warm_up() -> None:  # of PyTorch's kernels; ours warms up within the clock or in the epoch that is not counted
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
    """`seconds` up to the end of each epoch of as many steps as ours has, all on one batch."""
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
    return Pictures(*parts)


def _whole_batches(pictures: int, experiment: Experiment) -> int:
    return pictures // experiment.batch_size * experiment.batch_size


def _usual_input(setting: Preprocessing) -> list[Any]:
    """How a notebook turns a picture into input."""
    size = (setting.image_size, setting.image_size)
    grey = [transforms.Grayscale(3)] if setting.color == "grey" else []
    return [transforms.Resize(size), *grey, transforms.ToTensor(), transforms.Normalize(setting.mean, setting.std)]


def _usual_transform(experiment: Experiment) -> transforms.Compose:
    """The experiment's augmentation from torchvision's transforms, on Pillow pictures, in a notebook's order."""
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
