"""The resume file of a training run: the state that `--resume` needs, written atomically after every epoch."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import torch

from affect.errors import AffectError
from affect.model.safe_pt import write_whole

State = dict[str, Any]


@dataclass
class RunState:
    """The progress of a run.

    stage:    index of the current stage.
    epoch:    number of finished epochs of that stage.
    history:  one row per finished epoch of all stages.
    best:     best epoch of that stage: its row of `history` and the network's weights.
    running:  training state after the last finished epoch (`model`, `optimizer`, `schedule`, …), and `kept`, the
              evaluated weights; None at a stage's start.
    finished: for each finished stage, the `row` and `model` of its `best` and its `last` epoch.
    """

    stage: int = 0
    epoch: int = 0
    history: list[dict[str, Any]] = field(default_factory=list)
    best: State | None = None
    running: State | None = None
    finished: list[dict[str, State]] = field(default_factory=list)

    def finish_epoch(self, row: State, running: State, monitor: str) -> None:
        """Record a finished epoch; it is the best if its `row[monitor]` is lower (a loss) or higher (others)."""
        sign = -1 if monitor.endswith("loss") else 1
        if self.best is None or sign * row[monitor] > sign * self.best["row"][monitor]:
            self.best = {"row": row, "model": running["kept"]}
        self.history.append(row)
        self.epoch, self.running = row["epoch"], running

    def finish_stage(self) -> None:
        """Record a finished stage with its best and last weights, and advance to the next one."""
        assert self.best is not None  # noqa: S101  every stage has an epoch
        assert self.running is not None  # noqa: S101
        last = {"row": self.history[-1], "model": self.running["kept"]}
        self.finished.append({"best": self.best, "last": last})
        self.stage, self.epoch, self.best, self.running = self.stage + 1, 0, None, None


def save_progress(path: Path, progress: RunState, identity: dict[str, Any]) -> None:
    """Write the resume file of the run with this `identity`.   Raises OSError if the disk is full."""
    write_whole(path, {"identity": identity, **vars(progress)})


def load_progress(path: Path, identity: dict[str, Any]) -> RunState:
    """Load the resume file of an interrupted run. Raises AffectError if it is another run's or damaged."""
    state = _read(path)
    saved = state.pop("identity")
    if saved != identity:
        raise AffectError(f"{path} belongs to a run with other settings. Give the same arguments as then.")
    return RunState(**state)


def identity_in(path: Path) -> dict[str, Any]:
    """Identity stored in a resume file, read without its weights. Raises AffectError if the file is damaged."""
    return dict(_read(path, mmap=True)["identity"])


def _read(path: Path, mmap: bool = False) -> State:
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > path.stat().st_size:
                raise zipfile.BadZipFile("packed or overlapping entries, which could unfold to any size")
        state = torch.load(path, map_location="cpu", weights_only=True, mmap=mmap)
        if set(state) != {"identity", *(f.name for f in fields(RunState))}:
            raise KeyError("identity")
    except Exception as error:  # torch.load raises many exception types for a damaged file
        raise AffectError(f"{path} is damaged. Train again with --overwrite.") from error
    return dict(state)
