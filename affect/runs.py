"""Which run of an experiment this is: by what it is known again, what its files are called, and where they lie."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from affect.data.manifest import Manifest
from affect.errors import AffectError
from affect.experiments import Experiment, Stage
from affect.files import cache_folder, sha256_of
from affect.model import load_checkpoint
from affect.progress import load_progress

STORY = ("v1", "v2", "v3", "v4")  # what "all" trains


def checkpoint_name(experiment: Experiment, stage: Stage, data: str) -> str:
    """The file name of a stage's model: DESIGN's names for v1…v4, `<experiment>_<data set>.pt` for others."""
    if experiment.name in STORY:
        return f"best_model_{stage.name}_affectnet_{experiment.name}.pt"
    return f"{experiment.name}_{data}.pt"


def default_folder(data: str) -> Path:
    """Where checkpoints go: `models` for AffectNet, `models/<data set>` for another data set."""
    return Path("models") if "affectnet" in data.lower() else Path("models") / data


@dataclass(frozen=True)
class Run:
    """An experiment on a data set, and the places of its files.

    data:         the data set's name.
    out, results: the folders that `affect.training.train_experiment` is given.
    identity:     what makes it this very run, see `identity_of`.
    """

    experiment: Experiment
    data: str
    out: Path
    results: Path
    identity: dict[str, Any]

    @property
    def name(self) -> str:
        """The experiment's name, with that of the mistake that is switched on."""
        name, mistake = self.experiment.name, self.experiment.mistake
        return name if mistake is None else f"{name}__{mistake}"

    @property
    def folder(self) -> Path:
        """Of its checkpoints."""
        return self.out if self.experiment.mistake is None else self.out / "mistakes" / self.name

    @property
    def home(self) -> Path:
        """Of its history, and of a folder of figures for each stage."""
        results = self.results / self.data
        return (results if self.experiment.mistake is None else results / "mistakes") / self.name

    @property
    def state_path(self) -> Path:
        """What it is continued from. It goes when the last figure is there."""
        return self.folder / f".{self.name}_{self.data}.resume.pt"

    @property
    def scratch(self) -> Path:
        """The folder of what it puts aside while it trains."""
        return cache_folder() / "features" / hashlib.sha256(str(self.state_path.resolve()).encode()).hexdigest()[:16]

    @property
    def checkpoints(self) -> list[Path]:
        """Of the stages that are kept, each of its best epoch."""
        return [self.checkpoint(stage) for stage in self.experiment.stages if stage.keep]

    def checkpoint(self, stage: Stage) -> Path:
        """Of a stage's best epoch."""
        return self.folder / checkpoint_name(self.experiment, stage, self.data)

    def last_epoch(self, stage: Stage) -> tuple[Path, Path] | None:
        """The checkpoint of a stage's last epoch and the folder of its figures; None where only the best is kept.

        v1…v4 keep it to measure what keeping it, as the first version did, would have cost.
        """
        if self.experiment.mistake is not None or self.experiment.name not in STORY:
            return None
        place = Path("mistakes") / f"{self.name}__last-epoch"
        file = checkpoint_name(self.experiment, stage, self.data)
        return self.out / place / file, self.results / self.data / place / stage.name

    def is_finished(self) -> bool:
        """Whether this very run was trained and measured before."""
        return all(map(self._made, self.checkpoints)) and not self._saved()

    def _made(self, path: Path) -> bool:
        return path.is_file() and load_checkpoint(path).provenance.get("identity") == self.identity

    def _saved(self) -> bool:
        """Whether the saved state of this very run is there."""
        try:
            return self.state_path.is_file() and bool(load_progress(self.state_path, self.identity))
        except AffectError:
            return False


def identity_of(
    experiment: Experiment,
    manifest: Manifest,
    seed: int,
    init_weights: str,
    limit: int | None = None,
    teachers: Sequence[Path] = (),
) -> dict[str, Any]:
    """What makes a run this very run: finished work of the same is not repeated, and another's is not continued."""
    identity: dict[str, Any] = {
        "experiment": repr(experiment),
        "seed": seed,
        "init_weights": Path(init_weights).name,
        "data": _digest(manifest, limit),
    }
    if teachers:
        identity["teachers"] = [sha256_of(path) for path in teachers]
    return identity


def _digest(manifest: Manifest, limit: int | None) -> str:
    """Which pictures with which labels: changes when the data do."""
    rows = manifest.table[["pth", "label", "split"]].to_csv(index=False)
    return hashlib.sha256(f"{limit}\n{rows}".encode()).hexdigest()[:16]
