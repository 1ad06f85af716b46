"""A training run: its identity for resuming, its file names, and its folders."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from affect.data.manifest import Manifest
from affect.errors import AffectError
from affect.files import cache_folder, remove_leftovers, sha256_of
from affect.model.checkpoint import load_checkpoint
from affect.model.network import START_WORDS
from affect.training.experiments import Experiment, Stage
from affect.training.state import identity_in

STORY = ("v1", "v2", "v3", "v4")  # the experiments of "all"
Standing = Literal["new", "interrupted", "finished"]

# Keys of a run's identity (see `identity_of`), with their names in messages.
DIFFERENCES = {
    "experiment": "the experiment's settings",
    "seed": "the seed",
    "init_weights": "the initial weights",
    "data": "the pictures, their labels, split or limit",
    "also": "the further data sets",
    "teachers": "the teachers",
}


def checkpoint_name(experiment: Experiment, stage: Stage, data: str) -> str:
    """The file name of a stage's checkpoint.

    `checkpoint_file`'s for v1…v4; `<experiment>_<data set>.pt` for others, or `<experiment>_<stage>_<data set>.pt` if
    they keep several stages.
    """
    if experiment.name in STORY:
        return checkpoint_file(experiment.name, stage.name)
    several = sum(s.keep for s in experiment.stages) > 1
    return f"{experiment.name}_{stage.name}_{data}.pt" if several else f"{experiment.name}_{data}.pt"


def default_folder(data: str) -> Path:
    """The default folder of checkpoints: `models` for AffectNet, `models/<data set>` for another data set."""
    return Path("models") if is_affectnet(data) else Path("models") / data


@dataclass(frozen=True)
class Run:
    """A training run of an experiment on a data set, with the paths of its files.

    data:         the data set's name.
    out, results: the folders given to `affect.training.train.train_experiment`.
    identity:     values that identify the run, see `identity_of`.
    settings:     values for its checkpoints and `metrics.json`, see `settings_of`.
    """

    experiment: Experiment
    data: str
    out: Path
    results: Path
    identity: dict[str, Any]
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The experiment's name, followed by the mistake's if it has one."""
        name, mistake = self.experiment.name, self.experiment.mistake
        return name if mistake is None else f"{name}__{mistake}"

    @property
    def folder(self) -> Path:
        """Folder the checkpoints are written to."""
        return self.out if self.experiment.mistake is None else self.out / "mistakes" / self.name

    @property
    def home(self) -> Path:
        """Folder of the run's history and of a results folder for each stage."""
        results = self.results / self.data
        return (results if self.experiment.mistake is None else results / "mistakes") / self.name

    @property
    def state_path(self) -> Path:
        """Path of the resume file, which is deleted when all results are written."""
        return self.folder / f".{self.name}_{self.data}.resume.pt"

    @property
    def scratch(self) -> Path:
        """Folder of temporary files during training (cached activations)."""
        return cache_folder() / "features" / hashlib.sha256(str(self.state_path.resolve()).encode()).hexdigest()[:16]

    @property
    def checkpoints(self) -> list[Path]:
        """Paths of the checkpoints of the kept stages' best epochs."""
        return [self.checkpoint(stage) for stage in self.experiment.stages if stage.keep]

    def checkpoint(self, stage: Stage) -> Path:
        """Path of the checkpoint of a stage's best epoch."""
        return self.folder / checkpoint_name(self.experiment, stage, self.data)

    def last_epoch(self, stage: Stage) -> tuple[Path, Path] | None:
        """Paths of the checkpoint of a stage's last epoch and of its results folder; None if only the best is kept.

        v1…v4 save the last epoch as well, to measure the cost of reporting it, as the first version did.
        """
        if self.experiment.mistake is not None or self.experiment.name not in STORY:
            return None
        place = Path("mistakes") / f"{self.name}__last-epoch"
        file = checkpoint_name(self.experiment, stage, self.data)
        return self.out / place / file, self.results / self.data / place / stage.name

    @property
    def _lasts(self) -> list[tuple[Path, Path]]:
        return [last for stage in self.experiment.stages if (last := self.last_epoch(stage)) is not None]

    @property
    def written(self) -> list[Path]:
        """Paths of all checkpoints that the run writes, the last epochs' as well."""
        return [*self.checkpoints, *(file for file, _ in self._lasts)]

    @property
    def locks(self) -> list[Path]:
        """Paths of the lock files that a training of this run holds, one in each folder that it writes to."""
        return [self.state_path.with_suffix(".lock"), self.home / ".training.lock"]

    def remove_leftovers(self) -> None:
        """Remove the temporary files that a killed training of this run has left."""
        stages = (self.home / stage.name for stage in self.experiment.stages)
        folders = (self.home, *stages, *(folder for _, folder in self._lasts))
        for path in (self.state_path, *self.written, *(folder / "*" for folder in folders)):
            remove_leftovers(path)

    def standing(self, *, resume: bool, overwrite: bool) -> Standing:
        """State of this run on disk, before training: "new", "interrupted" or "finished"; without `resume` "new".

        resume: continue the same run.   overwrite: files of another run may be replaced.
        Raises AffectError if training would replace files without `overwrite`.
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
        """Raise AffectError if the results folder holds a history and the run is not resumed.

        Without checkpoints beside it, the results cannot be attributed to a run.
        """
        if not resume and (self.home / "history.csv").is_file():
            raise AffectError(
                f"{self.home} holds the results of a run whose models lie elsewhere. Name another --results, or "
                "replace them with --overwrite."
            )

    def _differences(self, saved: dict[str, Any]) -> str:
        """Text that names the differences between a saved identity ({} if unknown) and this run's."""
        if not saved:
            return "it does not say which"
        return ", ".join(told for key, told in DIFFERENCES.items() if saved.get(key) != self.identity.get(key))


def _identity_in_state(path: Path) -> dict[str, Any]:
    """Identity stored in a resume file; {} if the file is missing or unreadable."""
    try:
        return identity_in(path) if path.is_file() else {}
    except AffectError:
        return {}


def _identity_in_checkpoint(path: Path) -> dict[str, Any]:
    """Identity stored in a checkpoint's provenance; {} if it has none or is unreadable."""
    try:
        return dict(load_checkpoint(path).provenance.get("identity") or {})
    except AffectError:
        return {}


def settings_of(
    experiment: Experiment,
    manifest: Manifest,
    seed: int,
    init_weights: str,
    limit: int | None = None,
    also: Sequence[Manifest] = (),
) -> dict[str, Any]:
    """Settings of a run for comparison with others, as plain values; paths are reduced to their last part."""
    settings = {
        "image_size": experiment.preprocessing.image_size,
        "epochs": {stage.name: stage.epochs for stage in experiment.stages},
        "seed": seed,
        "init_weights": Path(init_weights).name,
        "limit": limit,
        "labels": manifest.labels,
        "split": manifest.split,
        "classes": manifest.classes,
    }
    if also:
        settings["data"] = manifest.name
        settings["also"] = {m.name: {"labels": m.labels, "split": m.split, "classes": m.classes} for m in also}
    return settings


def identity_of(
    experiment: Experiment,
    manifest: Manifest,
    seed: int,
    init_weights: str,
    limit: int | None = None,
    teachers: Sequence[Path] = (),
    also: Sequence[Manifest] = (),
) -> dict[str, Any]:
    """Identity of a run, as plain values: only a run with the same identity is resumed or counts as finished.

    Initial weights and teachers are identified by their files' SHA-256, not by name.
    """
    identity: dict[str, Any] = {
        "experiment": repr(experiment),
        "seed": seed,
        "init_weights": sha256_of(init_weights) if _is_named_file(init_weights) else init_weights,
        "data": manifest.digest(limit),
    }
    if teachers:
        identity["teachers"] = [sha256_of(path) for path in teachers]
    if also:
        identity["also"] = {m.name: m.digest(limit) for m in also}
    return identity


def _is_named_file(init_weights: str) -> bool:
    return init_weights not in START_WORDS and Path(init_weights).is_file()


DATA: Final = "AffectNet"


def is_affectnet(data: str) -> bool:
    """Whether a data set's name is AffectNet's, so that the originally reported results are comparable."""
    return DATA.lower() in data.lower()


def checkpoint_file(experiment: str, stage: str) -> str:
    """The file name of this project's checkpoint of one of the six models, for any training data."""
    return f"best_model_{stage}_affectnet_{experiment}.pt"
