"""The state of a training run on disk: all that `--resume` needs, written whole or not at all after every epoch."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import torch

from affect.errors import AffectError
from affect.model.safe_pt import write_whole

State = dict[str, Any]


@dataclass
class RunState:
    """Where a run stands.

    stage:    the stage that is trained, its index.
    epoch:    finished epochs of that stage.
    history:  a row for each finished epoch of all stages.
    best:     of that stage: the row of `history`, and the network's weights then.
    running:  after the last finished epoch, all that training goes on from (`model`, `optimizer`, `schedule`, …), and
              `kept`, the weights that were measured; None at a stage's start.
    finished: of each finished stage, the `row` and `model` of its `best` and of its `last` epoch.
    """

    stage: int = 0
    epoch: int = 0
    history: list[dict[str, Any]] = field(default_factory=list)
    best: State | None = None
    running: State | None = None
    finished: list[dict[str, State]] = field(default_factory=list)

    def finish_epoch(self, row: State, running: State, monitor: str) -> None:
        """An epoch is over. It is the best one where its `row[monitor]` is lower (a loss) or higher (a score)."""
        sign = -1 if monitor.endswith("loss") else 1
        if self.best is None or sign * row[monitor] > sign * self.best["row"][monitor]:
            self.best = {"row": row, "model": running["kept"]}
        self.history.append(row)
        self.epoch, self.running = row["epoch"], running

    def finish_stage(self) -> None:
        """The stage is over: its best and last weights are kept, and the next one begins."""
        assert self.best is not None  # noqa: S101  every stage has an epoch
        assert self.running is not None  # noqa: S101
        last = {"row": self.history[-1], "model": self.running["kept"]}
        self.finished.append({"best": self.best, "last": last})
        self.stage, self.epoch, self.best, self.running = self.stage + 1, 0, None, None


def save_progress(path: Path, progress: RunState, identity: dict[str, Any]) -> None:
    """Write the state of a run; `identity` says which run it is.   Raises OSError where the disk is full."""
    write_whole(path, {"identity": identity, **vars(progress)})


def load_progress(path: Path, identity: dict[str, Any]) -> RunState:
    """The saved state of an interrupted run. Raises AffectError where it belongs to another run or is damaged."""
    state = _read(path)
    saved = state.pop("identity")
    if saved != identity:
        raise AffectError(f"{path} belongs to a run with other settings. Give the same arguments as then.")
    return RunState(**state)


def identity_in(path: Path) -> dict[str, Any]:
    """Which run a saved state is of; its weights are not read from the disk. Raises AffectError where it is damaged."""
    return dict(_read(path, mmap=True)["identity"])


def _read(path: Path, mmap: bool = False) -> State:
    try:
        state = torch.load(path, map_location="cpu", weights_only=True, mmap=mmap)
        if set(state) != {"identity", *(f.name for f in fields(RunState))}:
            raise KeyError("identity")
    except Exception as error:  # torch.load raises many kinds for a damaged file
        raise AffectError(f"{path} is damaged. Train again with --overwrite.") from error
    return dict(state)
