"""Two processes with one global batch train what one process trains. Real processes, joined by gloo on the CPU."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import torch.distributed as dist
from torch import nn

from affect.model.batch_norm import synchronise_batch_norm
from affect.model.checkpoint import load_checkpoint
from tests.conftest import REPOSITORY
from tests.tools.patterns import train_quickly, write_patterns
from tests.training import joined_training
from tests.training.forked_training import fork_server

pytestmark = pytest.mark.skipif(
    sys.platform == "win32" or not (dist.is_available() and dist.is_gloo_available()),
    reason="Windows cannot fork, or this PyTorch cannot join processes with gloo",
)

TORCHRUN = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_patterns(tmp_path_factory.mktemp("drawn"), train=5, val=2)


def fork(data: Path, out: Path) -> None:
    """Start two processes that have imported everything already."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    started = [fork_server().Process(target=joined_training.join, args=(r, port, str(data), str(out))) for r in (0, 1)]
    for process in started:
        process.start()
    for process in started:
        process.join(300)
        assert process.exitcode == 0


def torchrun(data: Path, out: Path) -> None:
    """Let torchrun start them."""
    command = [sys.executable, *TORCHRUN, joined_training.__file__, str(data), str(out)]
    settings = {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "", "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, env={**os.environ, **settings})
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.fixture(scope="module", params=[fork, pytest.param(torchrun, marks=pytest.mark.nightly)])
def runs(request: pytest.FixtureRequest, drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """What one process left, and what two left."""
    one, two = tmp_path_factory.mktemp("one"), tmp_path_factory.mktemp("two")
    with pytest.MonkeyPatch.context() as patch:
        train_quickly(patch.setattr)
        joined_training.main(str(drawn), str(one))
    request.param(drawn, two)
    return one, two


def history_of(run: Path, drawn: Path) -> pd.DataFrame:
    return pd.read_csv(run / "results" / drawn.name / "joined" / "history.csv")


def weights_of(run: Path) -> dict[str, torch.Tensor]:
    (path,) = (run / "models").glob("joined_top_*.pt")
    return load_checkpoint(path).state_dict


@pytest.mark.parametrize("rank", [0, 1])
def test_a_batch_that_cannot_be_shared_and_what_lies_in_the_place_are_refused_in_all_processes(
    runs: tuple[Path, Path], rank: int
) -> None:
    unshared, taken = (runs[1] / f"refusals_{rank}.txt").read_text().splitlines()
    assert unshared.startswith("A batch of 7 cannot be shared by 2 processes. Start a number")
    assert "was trained with the same settings and data. --resume reads it" in taken


@pytest.mark.parametrize("rank", [0, 1])
def test_a_shared_batch_is_normalised_as_a_whole_one(runs: tuple[Path, Path], rank: int) -> None:
    differences = torch.load(runs[1] / f"differences_{rank}.pt", weights_only=True)["batch-norm"]
    assert len(differences) == 8
    assert all(d < 1e-5 for d in differences.values()), differences


@pytest.mark.parametrize("rank", [0, 1])
def test_a_shared_step_of_the_whole_network_has_the_loss_gradient_and_statistics_of_one(
    runs: tuple[Path, Path], rank: int
) -> None:
    differences = torch.load(runs[1] / f"differences_{rank}.pt", weights_only=True)["network"]
    assert len(differences) == 3
    assert all(d < 1e-9 for d in differences.values()), differences


def test_two_processes_have_the_losses_of_one_in_every_epoch(runs: tuple[Path, Path], drawn: Path) -> None:
    one, two = (history_of(run, drawn) for run in runs)
    assert one["stage"].tolist() == two["stage"].tolist() == ["head"] * 2 + ["top"] * 2
    for column in ("train_loss", "val_loss"):
        np.testing.assert_allclose(two[column], one[column], rtol=1e-3, err_msg=column)
    for column in ("train_accuracy", "val_accuracy"):
        np.testing.assert_allclose(two[column], one[column], atol=1e-9, err_msg=column)


def test_two_processes_end_with_the_weights_and_running_statistics_of_one(runs: tuple[Path, Path]) -> None:
    one, two = (weights_of(run) for run in runs)
    # a bias that the next batch-norm takes away has no gradient, and Adam walks a learning rate either way on rounding
    tolerance = 20 * 1e-4
    for name, value in one.items():
        if name.endswith("num_batches_tracked"):
            assert torch.equal(two[name], value), name
        else:
            torch.testing.assert_close(two[name], value, rtol=1e-2, atol=tolerance, msg=name)


def test_one_process_keeps_torchs_own_batch_norm() -> None:
    layers = synchronise_batch_norm(nn.Sequential(nn.BatchNorm2d(3)))
    assert type(layers[0]) is nn.BatchNorm2d
