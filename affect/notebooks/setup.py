"""A notebook's parameters, and the data set that they name."""

from __future__ import annotations

import os
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path

from affect.comparison.original_results import PICTURES
from affect.data.manifest import Labels, Manifest, SplitMode, overview, read_manifest
from affect.datasets.sample import sample_data_set
from affect.notebooks.display import progress
from affect.training.experiments import EXPERIMENTS, Experiment, adapted
from affect.training.run import default_folder, is_affectnet


@dataclass(frozen=True)
class Setup:
    """A notebook's parameters, and the data set that they name.

    models:     folder of the checkpoints.
    results:    folder of all data sets' results; `home` is this data set's.
    drawn:      whether nobody named a data set, so that it is the drawn sample set (its faces are nobody's).
    The others are `affect.training`'s arguments; None stands for the experiment's own.
    """

    manifest: Manifest
    models: Path
    results: Path
    labels: Labels = "folder"
    split_mode: SplitMode | None = None
    epochs: int | None = None
    image_size: int = 224
    seed: int = 42
    init_weights: str = "imagenet"
    limit: int | None = None
    resume: bool = True
    show_faces: bool = False
    drawn: bool = False

    @property
    def name(self) -> str:
        """The data set's name."""
        return self.manifest.name

    @property
    def home(self) -> Path:
        """Where the results on this data set go."""
        return self.results / self.manifest.name

    @property
    def as_reported(self) -> bool:
        """Whether pictures, labels and split are those that the reported figures are about."""
        data = self.manifest
        named = is_affectnet(data.name) and data.labels == "folder" and data.split == "original"
        return named and len(data.table) + len(data.skipped) == PICTURES

    def experiment(self, experiment: str | Experiment) -> Experiment:
        """An experiment with this notebook's picture size and epochs: one of EXPERIMENTS by its name, or one's own.

        setup.experiment(replace(V1, name="mine", batch_size=64))
        """
        chosen = EXPERIMENTS[experiment] if isinstance(experiment, str) else experiment
        return adapted(chosen, self.epochs, self.image_size)

    def chosen(self) -> dict[str, str]:
        """The parameters that differ from a notebook's defaults, by their names there; paths as `_shown` has them."""
        given = {
            "DATA": None if self.drawn else _shown(self.manifest.source.path),
            "LABELS": self.labels if self.labels != "folder" else None,
            "CLASSES": self.manifest.classes,
            "SPLIT_MODE": self.split_mode,
            "EPOCHS": self.epochs,
            "IMAGE_SIZE": self.image_size if self.image_size != 224 else None,
            "INIT_WEIGHTS": _shown(Path(self.init_weights)) if self.init_weights != "imagenet" else None,
            "LIMIT": self.limit,
            "SEED": self.seed if self.seed != 42 else None,
        }
        return {name: str(value) for name, value in given.items() if value is not None}

    def command(self, experiment: str, mistake: str | None = None) -> str:
        """The command line that trains the same; paths as `_shown` has them."""
        options = self.chosen() | ({"MISTAKE": mistake} if mistake else {})
        words = [f"--{name.lower().replace('_', '-')} {shlex.quote(value)}" for name, value in options.items()]
        return " ".join(["python -m affect.training", experiment, *words])


def _shown(path: Path) -> str:
    """A path from the working folder, for outputs that others see; of one that lies elsewhere "…/" and its name."""
    if not path.is_absolute():
        return str(path)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else f"…/{path.name}"


def prepare(
    data: str | Path | None = None,
    *,
    labels: Labels = "folder",
    classes: str | None = None,
    split_mode: SplitMode | None = None,
    epochs: int | None = None,
    image_size: int = 224,
    seed: int = 42,
    init_weights: str = "imagenet",
    limit: int | None = None,
    models: str | Path | None = None,
    results: str | Path = "results",
    resume: bool = True,
    show_faces: bool = False,
) -> Setup:
    """A notebook's parameters made ready; what the data set is like is told in a few lines.

    data: a folder or a .zip; None: the environment variable AFFECTNET_DIR, else the drawn sample set.
    Raises AffectError where the data set cannot be used.
    """
    named = data or os.environ.get("AFFECTNET_DIR")
    with progress():
        manifest = read_manifest(named or sample_data_set(), labels, split_mode, classes=classes).limited(limit, seed)
        print(*overview(manifest), sep="\n", file=sys.stderr)
    folder = default_folder(manifest.name) if models is None else Path(models)
    return Setup(
        manifest, folder, Path(results), labels, split_mode, epochs, image_size, seed, init_weights, limit, resume,
        show_faces, drawn=named is None,
    )  # fmt: skip
