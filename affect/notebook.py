"""What the five notebooks share, so that their cells stay short: the setting, one call that trains, one that measures.

The words that read a figure are in `affect.readings`; everything else is done by the module that it belongs to.
"""

from __future__ import annotations

import io
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from IPython.core.getipython import get_ipython
from IPython.display import Image as ShownImage
from IPython.display import Markdown, clear_output, display
from matplotlib.figure import Figure

from affect import plots
from affect.data.augmentation import augment
from affect.data.cache import prepare_pictures
from affect.data.framing import Framing, measure_framing
from affect.data.loading import FaceDataset, hard_labels, target_distributions
from affect.data.manifest import Labels, Manifest, SplitMode, read_manifest
from affect.data.report import data_report
from affect.data.sample import sample_data_set
from affect.emotions import EMOTIONS
from affect.errors import AffectError
from affect.evaluation import Evaluation, evaluate_pictures, write_evaluation
from affect.experiments import EXPERIMENTS, Experiment
from affect.gradcam import mean_maps
from affect.model import BLOCKS, build_model, load_checkpoint
from affect.preprocessing import Image
from affect.reported import MODELS, Reported
from affect.training import adapted, default_folder, rows_of, train_experiment

DPI = 96  # of a figure in a notebook; `plots.save` writes 150
REDRAW_S = 0.5  # a progress bar in a notebook is redrawn so often, seconds


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
    def is_affectnet(self) -> bool:
        """Whether the data set is called AffectNet, so that the reported figures are about such pictures."""
        return "affectnet" in self.manifest.name.lower()

    def experiment(self, name: str) -> Experiment:
        """One of EXPERIMENTS with this notebook's picture size and epochs."""
        return adapted(EXPERIMENTS[name], self.epochs, self.image_size)

    def chosen(self) -> dict[str, str]:
        """The parameters that differ from a notebook's defaults, by their names there; of paths the last part only."""
        given = {
            "DATA": None if self.drawn else self.manifest.source.path.name,
            "LABELS": self.labels if self.labels != "folder" else None,
            "SPLIT_MODE": self.split_mode,
            "EPOCHS": self.epochs,
            "IMAGE_SIZE": self.image_size if self.image_size != 224 else None,
            "INIT_WEIGHTS": Path(self.init_weights).name if self.init_weights != "imagenet" else None,
            "LIMIT": self.limit,
            "SEED": self.seed if self.seed != 42 else None,
        }
        return {name: str(value) for name, value in given.items() if value is not None}

    def command(self, experiment: str, mistake: str | None = None) -> str:
        """The command line that trains the same; of paths the last part only."""
        options = self.chosen() | ({"MISTAKE": mistake} if mistake else {})
        words = [f"--{name.lower().replace('_', '-')} {value}" for name, value in options.items()]
        return " ".join(["python -m affect.training", experiment, *words])


def prepare(
    data: str | Path | None = None,
    *,
    labels: Labels = "folder",
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
    """A notebook's parameters made ready.

    data: a folder or a .zip; None: the environment variable AFFECTNET_DIR, else the drawn sample set.
    Raises AffectError where the data set cannot be used.
    """
    named = data or os.environ.get("AFFECTNET_DIR")
    with progress():
        manifest = read_manifest(named or sample_data_set(), labels, split_mode)
    folder = default_folder(manifest.name) if models is None else Path(models)
    return Setup(
        manifest, folder, Path(results), labels, split_mode, epochs, image_size, seed, init_weights, limit, resume,
        show_faces, drawn=named is None,
    )  # fmt: skip


def say(text: str) -> None:
    """Show words (Markdown) under a cell."""
    display(Markdown(text))


def titled(table: pd.DataFrame, title: str) -> pd.DataFrame:
    """The table with a name above its rows."""
    return table.rename_axis(columns=title)


def show(figure: Figure, path: Path | None = None) -> None:
    """Show a figure under a cell, and save it where a path is given. Its title is the picture's alternative text."""
    if path is not None:
        plots.save(figure, path)
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", dpi=DPI, bbox_inches="tight")
    display(ShownImage(drawn.getvalue(), format="png", alt=figure.get_suptitle().replace("\n", ". ")))


class Lines(io.TextIOBase):
    """Reads what progress bars write as a terminal does: a carriage return begins the line again.

    lines: the lines that stay.   text: those, and the bar as it stands.
    """

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._bar = ""
        self._handle: Any = None
        self._drawn = 0.0

    @property
    def text(self) -> str:
        return "\n".join([*self.lines, self._bar] if self._bar.strip() else self.lines)

    def write(self, text: str) -> int:
        *ended, bar = (self._bar + text.replace("\x1b[A", "")).split("\n")
        self.lines += [line for line in map(_last_written, ended) if line]
        self._bar = _last_written(bar)
        if get_ipython() is not None and time.monotonic() - self._drawn > REDRAW_S:
            self.draw()
        return len(text)

    def draw(self) -> None:
        """Show the text in place of what was shown before."""
        self._drawn = time.monotonic()
        shown = {"text/plain": self.text}
        if self._handle is None:
            self._handle = display(shown, raw=True, display_id=True)
        else:
            self._handle.update(shown, raw=True)

    def close(self) -> None:
        """Leave the lines that stay, or, where there are none, nothing."""
        self._bar = ""
        if get_ipython() is None or (self._handle is None and not self.lines):
            return
        if self.lines:
            self.draw()
        else:
            clear_output()


def _last_written(line: str) -> str:
    return line.rstrip("\r").rsplit("\r", 1)[-1].rstrip()


@contextmanager
def progress() -> Iterator[Lines]:
    """In a notebook, bars and messages of what runs inside are drawn in one place; only whole lines stay."""
    lines = Lines()
    if get_ipython() is None:
        yield lines
        return
    try:
        with redirect_stderr(lines), redirect_stdout(lines):
            yield lines
    finally:
        lines.close()


def train(setup: Setup, experiment: Experiment) -> dict[str, Path]:
    """Train an experiment, with a progress bar and a line an epoch; returns each kept stage's checkpoint.

    With `setup.resume`, a finished run is read and not repeated, and an interrupted one continues.
    """
    with progress() as lines:
        paths = train_experiment(
            experiment, setup.manifest, setup.models, setup.results, seed=setup.seed,
            init_weights=setup.init_weights, resume=setup.resume, limit=setup.limit,
        )  # fmt: skip
        if get_ipython() is not None and not lines.lines:
            print("Trained before with the same settings and data: read, not repeated.")
    return dict(zip([s.name for s in experiment.stages if s.keep], paths, strict=True))


def history_of(setup: Setup, experiment: Experiment) -> pd.DataFrame:
    """The run's `history.csv`, a row an epoch. Raises AffectError where it is gone."""
    path = setup.home / experiment.name / "history.csv"
    if not path.is_file():
        raise AffectError(f"{path} is gone, though the run is finished. Train again with RESUME = False.")
    return pd.read_csv(path)


def stages_of(experiment: Experiment) -> pd.DataFrame:
    """An experiment's stages as a table: what learns, how much that is, for how long, and what chooses the epoch."""
    features, classifier = build_model().features, build_model().classifier
    assert features is not None  # noqa: S101  torchvision's network has both

    def learned(blocks: int) -> int:
        parts = [*list(features)[BLOCKS - blocks :], classifier]  # type: ignore[arg-type]
        return sum(p.numel() for part in parts for p in part.parameters())

    rows = {
        s.name: {
            "learns": f"head and last {s.trained_blocks} of {BLOCKS} blocks" if s.trained_blocks else "head only",
            "parameters that learn": f"{learned(s.trained_blocks):,}",
            "epochs at most": s.epochs,
            "learning rate": f"{s.learning_rate:g}",
            "best epoch by": s.monitor.replace("_", " "),
            "patience": s.patience,
        }
        for s in experiment.stages
    }
    return pd.DataFrame.from_dict(rows, orient="index")


def sample_rows(rows: pd.DataFrame, per_class: int, seed: int) -> pd.DataFrame:
    """At most so many rows of each class, drawn with `seed`, in their own order."""
    drawn = [part.sample(min(per_class, len(part)), random_state=seed) for _, part in rows.groupby("label")]
    return pd.concat(drawn).sort_index().reset_index(drop=True)


def varied_pictures(
    setup: Setup, experiment: Experiment, per_class: int = 100
) -> tuple[Image, Image, npt.NDArray[np.int64]]:
    """Training pictures as they are and as the experiment varies them, uint8 (n, side, side, channels), and labels."""
    rows = sample_rows(setup.manifest.rows("train"), per_class, setup.seed)
    with progress():
        pictures, rows = prepare_pictures(setup.manifest, rows, experiment.preprocessing)
    size = experiment.preprocessing.image_size
    varied = [
        augment(p, experiment.augmentation, size, np.random.default_rng((setup.seed, i)))
        for i, p in enumerate(pictures)
    ]
    return pictures, np.stack(varied), hard_labels(rows)


def evaluate(setup: Setup, experiment: Experiment, stage: str, path: Path) -> Evaluation:
    """Measure a stage's checkpoint on the val split; its files are written where they are not those of this model."""
    folder = setup.home / experiment.name / stage
    with progress():
        evaluation = evaluate_pictures(path, setup.manifest, "val")
    saved = folder / "metrics.json"
    if (
        not saved.is_file()
        or json.loads(saved.read_text(encoding="utf-8"))["accuracy"] != (evaluation.metrics["accuracy"])
    ):
        write_evaluation(evaluation, folder)
    return evaluation


def attention_of(setup: Setup, path: Path, evaluation: Evaluation, per_class: int = 60) -> tuple[Any, Figure]:
    """The mean Grad-CAM maps of the classes, float32 (8, side, side), and their figure."""
    checkpoint = load_checkpoint(path)
    with progress():
        pictures, rows = prepare_pictures(setup.manifest, evaluation.rows, checkpoint.preprocessing)
    dataset = FaceDataset(pictures, target_distributions(rows, soft=False), checkpoint.preprocessing)
    maps = mean_maps(checkpoint.build(), dataset, evaluation.labels, per_class)
    origin = f"{evaluation.origin}; at most {per_class} maps a class"
    return maps, plots.gradcam_maps(maps, pictures, evaluation.labels, origin)


def pictures_of(setup: Setup, evaluation: Evaluation, path: Path, index: pd.Index) -> Image:
    """Single pictures as the model saw them. For a notebook whose SHOW_FACES is set, and for no other."""
    pictures, _ = prepare_pictures(setup.manifest, evaluation.rows, load_checkpoint(path).preprocessing)
    return pictures[index.to_numpy()]


def duplicates(setup: Setup) -> pd.DataFrame:
    """The pictures that have a copy (see `DataReport.duplicates`), from the data analysis' files or, where they are
    not there or of another split or labels, by looking at every picture once and writing them."""
    path = setup.home / "eda" / "duplicates.csv"
    if path.is_file():
        known = pd.read_csv(path)
        current = known[["pth"]].merge(setup.manifest.table, how="left", on="pth")
        if (known[["label", "split"]] == current[["label", "split"]]).all(axis=None):
            return known
    with progress():
        report = data_report(setup.manifest)
    report.write(path.parent)
    return report.duplicates


def copied_from_train(table: pd.DataFrame) -> frozenset[str]:
    """The val pictures that have a near-duplicate in train, by `pth`.   table: `duplicates(setup)`."""
    in_train = set(table.loc[table["split"] == "train", "near_group"])
    judged = table[(table["split"] == "val") & table["near_group"].isin(in_train)]
    return frozenset(judged["pth"])


def predictions_of(setup: Setup, model: Reported) -> pd.DataFrame | None:
    """`pth, label, predicted` of one of the six models on this data set, or None where it was not measured."""
    path = setup.home / model.experiment / model.stage / "predictions.csv"
    return pd.read_csv(path)[["pth", "label", "predicted"]] if path.is_file() else None


def without_copies(setup: Setup, models: tuple[Reported, ...] = MODELS) -> pd.DataFrame:
    """Each measured model's accuracy on all val pictures and on those without a near-duplicate in train.

    Columns: `model, accuracy, n, accuracy_without_copies, n_without_copies`.
    """
    copied, rows = copied_from_train(duplicates(setup)), []
    for model in models:
        if (table := predictions_of(setup, model)) is None:
            continue
        right, own = table["label"] == table["predicted"], ~table["pth"].isin(copied)
        rows.append((model.name, right.mean(), len(right), right[own].mean(), int(own.sum())))
    columns = ["model", "accuracy", "n", "accuracy_without_copies", "n_without_copies"]
    return pd.DataFrame(rows, columns=columns)


@dataclass(frozen=True)
class Step:
    """Two models on the pictures that both saw: accuracies, their difference, and its 95 % interval (bootstrap)."""

    before: Reported
    after: Reported
    n: int
    accuracy_before: float
    accuracy_after: float
    low: float
    high: float

    @property
    def difference(self) -> float:
        """After minus before, as a share."""
        return self.accuracy_after - self.accuracy_before


def step_between(setup: Setup, before: Reported, after: Reported, resamples: int = 2000) -> Step | None:
    """From one model to another, paired over the val pictures that both saw; None where one was not measured."""
    tables = [predictions_of(setup, model) for model in (before, after)]
    if tables[0] is None or tables[1] is None:
        return None
    both = tables[0].merge(tables[1], on=["pth", "label"], suffixes=("_before", "_after"))
    if both.empty:
        return None
    right = [(both[f"predicted_{which}"] == both["label"]).to_numpy(float) for which in ("before", "after")]
    gain, rng = right[1] - right[0], np.random.default_rng(0)
    means = [rng.choice(gain, len(gain)).mean() for _ in range(resamples)]
    low, high = np.percentile(means, [2.5, 97.5])
    return Step(before, after, len(both), right[0].mean(), right[1].mean(), float(low), float(high))


def held_out(path: Path) -> int:
    """How many pictures chose the epoch of a checkpoint."""
    return int(load_checkpoint(path).provenance["pictures"]["val"])


def framing_of(setup: Setup, experiment: Experiment) -> Framing:
    """How much the pictures that an experiment learns from show around a face, as its training measures it."""
    train_rows, _ = rows_of(experiment, setup.manifest, setup.seed, setup.limit)
    with progress():
        return measure_framing(setup.manifest, train_rows, seed=setup.seed)


def differences(first: Experiment, second: Experiment) -> pd.DataFrame:
    """The settings in which two experiments differ, a row a setting; the name and the question are left out."""
    flat = [_flat(e) for e in (first, second)]
    rows = {
        key: {e.name: f[key] for e, f in zip((first, second), flat, strict=True)}
        for key in flat[0]
        if flat[0][key] != flat[1][key]
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=[first.name, second.name])


def _flat(experiment: Experiment) -> dict[str, str]:
    plain = vars(replace(experiment, name="", question=""))
    flat: dict[str, str] = {}
    for key, value in plain.items():
        if key == "stages":
            flat[key] = "; ".join(f"{s.name}: {s.trained_blocks} blocks, {s.epochs} epochs" for s in value)
        elif hasattr(value, "__dataclass_fields__"):
            flat |= {f"{key}.{k}": str(v) for k, v in vars(value).items()}
        else:
            flat[key] = str(value)
    return flat


def class_counts(manifest: Manifest) -> pd.DataFrame:
    """Pictures by class (rows) and split (columns), with totals."""
    counts = pd.crosstab(manifest.table["label"], manifest.table["split"])
    order = [s for s in ("train", "val", "test", "") if s in counts.columns]
    counts = counts.reindex(index=list(EMOTIONS), columns=order, fill_value=0).rename(columns={"": "no split"})
    counts["total"] = counts.sum(axis=1)
    counts.loc["total"] = counts.sum()
    return counts.rename_axis(index=None, columns=None)
