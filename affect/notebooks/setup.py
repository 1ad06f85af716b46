"""Parameters of a notebook, and the data set that they name."""

from __future__ import annotations

import os
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path

from affect.comparison.original_results import PICTURES
from affect.data.manifest import Labels, Manifest, SplitMode, overview, read_manifest
from affect.datasets.sample import sample_data_set
from affect.errors import as_shown
from affect.notebooks.display import progress
from affect.training.experiments import EXPERIMENTS, Experiment, adapted
from affect.training.run import default_folder, is_affectnet


@dataclass(frozen=True)
class Setup:
    """Parameters of a notebook, with the manifest of its data set.

    models:     folder of the checkpoints.
    results:    folder of all data sets' results; `home` is this data set's.
    drawn:      whether the data set is the drawn sample set, because none was named.
    The others are `affect.training`'s arguments; None means the experiment's own value.
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
        """Folder of the results on this data set."""
        return self.results / self.manifest.name

    @property
    def as_reported(self) -> bool:
        """Whether pictures, labels and split are those of the originally reported results."""
        data = self.manifest
        named = is_affectnet(data.name) and data.labels == "folder" and data.split == "original"
        return named and len(data.table) + len(data.skipped) == PICTURES

    def experiment(self, experiment: str | Experiment) -> Experiment:
        """An experiment with this notebook's image size and epochs: one of EXPERIMENTS by its name, or your own.

        setup.experiment(replace(V1, name="mine", batch_size=64))
        """
        chosen = EXPERIMENTS[experiment] if isinstance(experiment, str) else experiment
        return adapted(chosen, self.epochs, self.image_size)

    def chosen(self) -> dict[str, str]:
        """The parameters that differ from the notebooks' defaults, by their notebook names, with shortened paths."""
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
        """The equivalent training command line, with shortened paths."""
        options = self.chosen() | ({"MISTAKE": mistake} if mistake else {})
        words = [f"--{name.lower().replace('_', '-')} {shlex.quote(value)}" for name, value in options.items()]
        return " ".join(["python -m affect.training", experiment, *words])


def _shown(path: Path) -> str:
    """A path relative to the working folder, else "…/" and its name, since outputs of notebooks are published."""
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
    """Read a notebook's data set, print its overview, and return the notebook's parameters.

    data: a folder or a .zip; None: the environment variable AFFECTNET_DIR, else the drawn sample set.
    Raises AffectError if the data set is unusable.
    """
    named = data or os.environ.get("AFFECTNET_DIR")
    with progress():
        manifest = read_manifest(named or sample_data_set(), labels, split_mode, classes=classes).limited(limit, seed)
        print(*map(as_shown, overview(manifest)), sep="\n", file=sys.stderr)
    folder = default_folder(manifest.name) if models is None else Path(models)
    return Setup(
        manifest, folder, Path(results), labels, split_mode, epochs, image_size, seed, init_weights, limit, resume,
        show_faces, drawn=named is None,
    )  # fmt: skip
