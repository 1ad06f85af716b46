"""Which run of an experiment this is: by what it is known again, what its files are called, and where they lie."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from affect.data.manifest import Manifest
from affect.errors import AffectError
from affect.files import cache_folder, sha256_of
from affect.model.checkpoint import load_checkpoint
from affect.model.network import START_WORDS
from affect.training.experiments import Experiment, Stage
from affect.training.state import identity_in

STORY = ("v1", "v2", "v3", "v4")  # what "all" trains
Standing = Literal["new", "interrupted", "finished"]

# What makes two runs different ones, as `identity_of` names it and as a person does.
DIFFERENCES = {
    "experiment": "the experiment's settings",
    "seed": "the seed",
    "init_weights": "the initial weights",
    "data": "the pictures, their labels, split or limit",
    "teachers": "the teachers",
}


def checkpoint_name(experiment: Experiment, stage: Stage, data: str) -> str:
    """The file name of a stage's model: `checkpoint_file`'s for v1…v4, for others `<experiment>_<data set>.pt`, and
    where they keep several stages `<experiment>_<stage>_<data set>.pt`."""
    if experiment.name in STORY:
        return checkpoint_file(experiment.name, stage.name)
    several = sum(s.keep for s in experiment.stages) > 1
    return f"{experiment.name}_{stage.name}_{data}.pt" if several else f"{experiment.name}_{data}.pt"


def default_folder(data: str) -> Path:
    """Where checkpoints go: `models` for AffectNet, `models/<data set>` for another data set."""
    return Path("models") if is_affectnet(data) else Path("models") / data


@dataclass(frozen=True)
class Run:
    """An experiment on a data set, and the places of its files.

    data:         the data set's name.
    out, results: the folders that `affect.training.train.train_experiment` is given.
    identity:     what makes it this very run, see `identity_of`.
    settings:     what its checkpoints and `metrics.json` say of it, see `settings_of`.
    """

    experiment: Experiment
    data: str
    out: Path
    results: Path
    identity: dict[str, Any]
    settings: dict[str, Any] = field(default_factory=dict)

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

    def standing(self, *, resume: bool, overwrite: bool) -> Standing:
        """How far this very run has come, for a training that is to begin; "new" where it is not to be gone on with.

        resume: go on with it.   overwrite: what lies in its place may be replaced.
        Raises AffectError where the training would replace something and must not.
        """
        saved = _identity_in_state(self.state_path)
        if resume and saved == self.identity:
            return "interrupted"
        if resume and not self.state_path.is_file() and self.checkpoints and all(map(self._made, self.checkpoints)):
            return "finished"
        if not overwrite:
            self._check_state(saved)
            self._check_checkpoints(resume)
            self._check_results(resume)
        return "new"

    def _made(self, path: Path) -> bool:
        return path.is_file() and _identity_in_checkpoint(path) == self.identity

    def _check_state(self, saved: dict[str, Any]) -> None:
        path = self.state_path
        if not path.is_file():
            return
        if not saved:
            raise AffectError(f"{path} is damaged. Train again with --overwrite.")
        if saved == self.identity:
            raise AffectError(
                f"{path} is the state of this run, unfinished. Go on with --resume, or begin anew with --overwrite."
            )
        raise AffectError(
            f"{path} is the state of an unfinished run with other settings ({self._differences(saved)}). Give the same "
            "arguments as then and --resume, replace it with --overwrite, or name another --out and --results."
        )

    def _check_checkpoints(self, resume: bool) -> None:
        for path in filter(Path.is_file, self.checkpoints):
            saved = _identity_in_checkpoint(path)
            if saved != self.identity:
                raise AffectError(
                    f"{path} is the model of another run ({self._differences(saved)}). Replace it with --overwrite "
                    "(in a notebook: RESUME = False), or name another --out and --results."
                )
            if not resume:
                raise AffectError(
                    f"{path} was trained with the same settings and data. --resume reads it, --overwrite trains it "
                    "again; for another beside it, name another --out and --results."
                )

    def _check_results(self, resume: bool) -> None:
        """A run that is gone on with writes what it wrote before; where its models lie elsewhere, nobody knows whose
        results these are."""
        if not resume and (self.home / "history.csv").is_file():
            raise AffectError(
                f"{self.home} holds the results of a run whose models lie elsewhere. Name another --results, or "
                "replace them with --overwrite."
            )

    def _differences(self, saved: dict[str, Any]) -> str:
        """In what the run that left this identity, {} where nobody knows it, is another one."""
        if not saved:
            return "it does not say which"
        return ", ".join(told for key, told in DIFFERENCES.items() if saved.get(key) != self.identity.get(key))


def _identity_in_state(path: Path) -> dict[str, Any]:
    """Of the run that a saved state is of; {} where there is none, or a damaged one."""
    try:
        return identity_in(path) if path.is_file() else {}
    except AffectError:
        return {}


def _identity_in_checkpoint(path: Path) -> dict[str, Any]:
    """Of the run that a checkpoint is from; {} where it does not say so, or is none."""
    try:
        return dict(load_checkpoint(path).provenance.get("identity") or {})
    except AffectError:
        return {}


def settings_of(
    experiment: Experiment, manifest: Manifest, seed: int, init_weights: str, limit: int | None = None
) -> dict[str, Any]:
    """What a person wants to know of a run to compare it with others, in plain values; of paths the last part only."""
    return {
        "image_size": experiment.preprocessing.image_size,
        "epochs": {stage.name: stage.epochs for stage in experiment.stages},
        "seed": seed,
        "init_weights": Path(init_weights).name,
        "limit": limit,
        "labels": manifest.labels,
        "split": manifest.split,
        "classes": manifest.classes,
    }


def identity_of(
    experiment: Experiment,
    manifest: Manifest,
    seed: int,
    init_weights: str,
    limit: int | None = None,
    teachers: Sequence[Path] = (),
) -> dict[str, Any]:
    """What makes a run this very run: finished work of the same is not repeated, and another's is not continued.

    Weights to begin with and teachers are known by their files' SHA-256, whatever the files are called.
    """
    identity: dict[str, Any] = {
        "experiment": repr(experiment),
        "seed": seed,
        "init_weights": sha256_of(init_weights) if _is_named_file(init_weights) else init_weights,
        "data": manifest.digest(limit),
    }
    if teachers:
        identity["teachers"] = [sha256_of(path) for path in teachers]
    return identity


def _is_named_file(init_weights: str) -> bool:
    return init_weights not in START_WORDS and Path(init_weights).is_file()


DATA: Final = "AffectNet"


def is_affectnet(data: str) -> bool:
    """Whether a data set is called AffectNet, so that the reported figures are about such pictures."""
    return DATA.lower() in data.lower()


def checkpoint_file(experiment: str, stage: str) -> str:
    """The file name of this project's checkpoint of one of the six models, on whatever data it was trained."""
    return f"best_model_{stage}_affectnet_{experiment}.pt"
