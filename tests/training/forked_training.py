"""Trainings in processes of their own, to be killed or to run out of disk.

They are forked from a process that has imported everything (multiprocessing's fork server), so that one starts in
milliseconds; each computes in one thread, so that the same training gives the same bits.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from dataclasses import dataclass, replace
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Literal

import torch
from tqdm import tqdm

from affect.training import train
from affect.training.__main__ import main as training_main
from affect.training.experiments import EXPERIMENTS
from affect.training.state import RunState
from tests.tools.patterns import TINY, train_quickly
from tests.tools.small_disk import fill

TESTS = Path(__file__).resolve().parent
SMALL = replace(
    TINY,
    name="small",
    question="Does it survive?",
    stages=(*TINY.stages[:-1], replace(TINY.stages[-1], epochs=3)),
    average=0.9,
)
Fate = Literal["none", "killed while it saves", "full disk"]


@dataclass(frozen=True)
class Place:
    """Where a training reads and writes. `name` is that of its data set; `said` is its stderr."""

    data: Path
    root: Path
    cache: Path

    @property
    def state(self) -> Path:
        """What `--resume` goes on from."""
        return self.root / "m" / f".small_{self.data.stem}.resume.pt"

    @property
    def checkpoint(self) -> Path:
        """What it is for."""
        return self.root / "m" / f"small_{self.data.stem}.pt"

    @property
    def metrics(self) -> Path:
        """The last thing but the figures that a training writes."""
        return self.root / "r" / self.data.stem / "small" / "all" / "metrics.json"

    @property
    def history(self) -> Path:
        """A row for each epoch."""
        return self.root / "r" / self.data.stem / "small" / "history.csv"

    @property
    def said(self) -> str:
        """What the last training here wrote on stderr."""
        return (self.cache / f"{self.root.name}.txt").read_text(encoding="utf-8")


def start(place: Place, *arguments: str, fate: Fate = "none") -> ForkServerProcess:
    """Start `python -m affect.training` there, with these arguments beside the usual ones."""
    process = fork_server().Process(target=_train, args=(place, arguments, fate), daemon=True)
    process.start()
    return process


def fork_server() -> ForkServerContext:
    """What forks processes that have imported everything."""
    # of the fork server, which starts with the first process
    os.environ["OMP_NUM_THREADS"] = "1"
    os.environ["PYTHONPATH"] = os.pathsep.join([str(TESTS), str(TESTS.parent)])
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.training.forked_training"])
    return context


def _train(place: Place, arguments: tuple[str, ...], fate: Fate) -> None:
    with (place.cache / f"{place.root.name}.txt").open("w") as said:
        os.dup2(said.fileno(), 2)
        os.dup2(said.fileno(), 1)
    os.environ["AFFECT_CACHE"] = str(place.cache / place.root.name)
    torch.set_num_threads(1)
    tqdm.set_lock(threading.RLock())  # its own holds a semaphore of the system, which a kill would leave there
    EXPERIMENTS["starter"] = SMALL
    train_quickly()
    if fate == "killed while it saves":
        _die_at_the_second_save()
    elif fate == "full disk":
        _fill_after_an_epoch(place.root)
    folders = ("--data", str(place.data), "--out", str(place.root / "m"), "--results", str(place.root / "r"))
    sys.exit(training_main(["starter", *folders, "--init-weights", "none", *arguments]))


def _die_at_the_second_save() -> None:
    saves: list[Path] = []
    replace = Path.replace

    def replace_or_die(part: Path, target: Path) -> Path:
        """Where a whole new state would take the place of the old one."""
        if target.name.endswith(".resume.pt"):
            saves.append(target)
            if len(saves) == 2:
                os.kill(os.getpid(), signal.SIGKILL)
        return replace(part, target)

    Path.replace = replace_or_die  # type: ignore[method-assign]


def _fill_after_an_epoch(disk: Path) -> None:
    save = train.save_progress

    def save_and_fill(path: Path, progress: RunState, identity: dict[str, object]) -> None:
        save(path, progress, identity)
        if len(progress.history) == 1:
            fill(disk, but=1 << 20)  # the history still fits, the next state does not

    train.save_progress = save_and_fill
