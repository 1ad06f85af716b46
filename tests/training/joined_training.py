"""Run by test_distributed in one process and in two: what both leave behind is compared there.

torchrun … joined_training.py DATA OUT trains a small experiment. In many processes, each writes two more files:
differences_RANK.pt: how far a shared step, of batch norm alone and of the whole network, is from the same unshared;
refusals_RANK.txt: a line for a batch that cannot be shared, and one for training again what lies there.
"""

from __future__ import annotations

import copy
import os
import sys
from pathlib import Path

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from affect.data.augmentation import Augmentation
from affect.data.manifest import read_manifest
from affect.errors import AffectError
from affect.faces.preprocessing import Preprocessing
from affect.model.batch_norm import SyncedBatchNorm2d, synchronise_batch_norm
from affect.model.network import build_model
from affect.training.experiments import Experiment, Stage
from affect.training.train import new_accelerator, train_experiment
from tests.tools.patterns import train_quickly


def experiment(batch_size: int) -> Experiment:
    """Kept views, then a frozen trunk below a top that learns; nothing random but what is seeded."""
    return Experiment(
        name="joined",
        question="Do two processes train what one trains?",
        preprocessing=Preprocessing(image_size=32, color="grey"),
        stages=(
            Stage("head", trained_blocks=0, epochs=2, learning_rate=1e-3, views=2),
            Stage("top", trained_blocks=3, epochs=2, learning_rate=1e-4),
        ),
        augmentation=Augmentation(flip=0.5, rotation=10, erase=0.3),
        batch_size=batch_size,
        dropout=0.0,
        chosen_on="val",
    )


def batch_norm_differences() -> dict[str, float]:
    """How far a batch shared by the processes is from nn.BatchNorm2d on the whole batch, in one step each."""
    rank, world = dist.get_rank(), dist.get_world_size()
    torch.manual_seed(0)
    batch, wanted = 3 + 2 * torch.randn(2, 8, 5, 4, 3)
    alone, layers = nn.BatchNorm2d(5, momentum=0.3), nn.Sequential(nn.BatchNorm2d(5, momentum=0.3))
    with torch.no_grad():
        for parameter in alone.parameters():
            parameter.copy_(torch.randn_like(parameter))
    layers[0].load_state_dict(alone.state_dict())
    joined = synchronise_batch_norm(layers)[0]
    assert type(joined) is SyncedBatchNorm2d
    whole = batch.clone().requires_grad_()
    ((alone(whole) - wanted) ** 2).mean().backward()
    mine = batch[rank::world].clone().requires_grad_()
    ((joined(mine) - wanted[rank::world]) ** 2).mean().backward()
    for parameter in joined.parameters():  # what DistributedDataParallel does
        dist.all_reduce(parameter.grad)
        parameter.grad /= world
    pairs = {
        "inputs' gradient": (mine.grad / world, whole.grad[rank::world]),
        "weight's gradient": (joined.weight.grad, alone.weight.grad),
        "bias's gradient": (joined.bias.grad, alone.bias.grad),
        "running mean": (joined.running_mean, alone.running_mean),
        "running variance": (joined.running_var, alone.running_var),
        "batches": (joined.num_batches_tracked.float(), alone.num_batches_tracked.float()),
        "output": (joined(mine), alone(whole)[rank::world]),
        "output in evaluation": (joined.eval()(mine), alone.eval()(whole)[rank::world]),
    }
    return {name: float((a - b).detach().abs().max()) for name, (a, b) in pairs.items()}


def whole_network_differences() -> dict[str, float]:
    """The same for the whole network, in double precision: its fifty batch-norms magnify what single rounds off."""
    rank, world = dist.get_rank(), dist.get_world_size()
    torch.manual_seed(0)
    alone = build_model().double().train()
    alone.classifier[0].p = 0.0
    layers = copy.deepcopy(alone)
    joined = DistributedDataParallel(synchronise_batch_norm(layers))
    faces, wanted = torch.randn(8, 3, 32, 32, dtype=torch.float64), torch.arange(8)
    loss = nn.functional.cross_entropy(alone(faces), wanted)
    loss.backward()
    shared = nn.functional.cross_entropy(joined(faces[rank::world]), wanted[rank::world])
    shared.backward()
    dist.all_reduce(total := shared.detach().clone())
    gradients = [torch.cat([p.grad.flatten() for p in m.parameters()]) for m in (alone, layers)]
    statistics = [torch.cat([b.double().flatten() for b in m.buffers()]) for m in (alone, layers)]
    return {
        "loss": float((total / world - loss).abs()),
        "gradient, relative": float((gradients[0] - gradients[1]).norm() / gradients[0].norm()),
        "running statistics": float((statistics[0] - statistics[1]).abs().max()),
    }


def main(data: str, out: str) -> None:
    accelerator, folder = new_accelerator(), Path(out)
    rank, joined = accelerator.process_index, accelerator.num_processes > 1

    def train(batch_size: int) -> None:
        train_experiment(
            experiment(batch_size), read_manifest(data), folder / "models", folder / "results",
            init_weights="none", accelerator=accelerator,
        )  # fmt: skip

    if joined:
        differences = {"batch-norm": batch_norm_differences(), "network": whole_network_differences()}
        torch.save(differences, folder / f"differences_{rank}.pt")
    train(8)
    if joined:
        refusals = []
        for batch_size in (7, 8):
            try:
                train(batch_size)
            except AffectError as error:
                refusals.append(str(error))
        (folder / f"refusals_{rank}.txt").write_text("\n".join(refusals))


def join(rank: int, port: int, data: str, out: str) -> None:
    """One of two processes that torchrun would start."""
    torchruns = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": 2, "LOCAL_WORLD_SIZE": 2, "MASTER_PORT": port}
    os.environ |= {name: str(value) for name, value in torchruns.items()} | {"MASTER_ADDR": "127.0.0.1"}
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    train_quickly()
    main(data, out)


if __name__ == "__main__":
    train_quickly()
    main(sys.argv[1], sys.argv[2])
