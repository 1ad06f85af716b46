"""Training, evaluation and Grad-CAM of one experiment, in one call each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
from IPython.core.getipython import get_ipython
from matplotlib.figure import Figure

from affect.data.cache import prepare_pictures
from affect.data.loading import FaceDataset, target_distributions
from affect.data.tables import read_table
from affect.errors import AffectError
from affect.evaluation import figures
from affect.evaluation.attention import mean_maps
from affect.evaluation.measure import Evaluation, evaluate_pictures, write_evaluation
from affect.faces.preprocessing import Image
from affect.model.checkpoint import load_checkpoint
from affect.notebooks.display import progress
from affect.notebooks.setup import Setup
from affect.training.experiments import Experiment
from affect.training.train import train_experiment


def train(setup: Setup, experiment: Experiment) -> dict[str, Path]:
    """Train an experiment, with a progress bar and a line per epoch; returns each kept stage's checkpoint by name.

    With `setup.resume`, a finished run is reused and an interrupted one resumed; models with other settings raise
    AffectError. Without it, existing files are replaced.
    """
    with progress() as lines:
        paths = train_experiment(
            experiment, setup.manifest, setup.models, setup.results, seed=setup.seed,
            init_weights=setup.init_weights, resume=setup.resume, overwrite=not setup.resume, limit=setup.limit,
        )  # fmt: skip
        if get_ipython() is not None and not lines.lines:
            print("Trained before with the same settings and data: read, not repeated.")
    return dict(zip([s.name for s in experiment.stages if s.keep], paths, strict=True))


def history_of(setup: Setup, experiment: Experiment) -> pd.DataFrame:
    """Read the run's `history.csv`, one row per epoch. Raises AffectError if it is missing."""
    path = setup.home / experiment.name / "history.csv"
    if not path.is_file():
        raise AffectError(f"{path} is gone, though the run is finished. Train again with RESUME = False.")
    return read_table(path)


def held_out(path: Path) -> int:
    """Number of pictures that chose a checkpoint's epoch."""
    return int(load_checkpoint(path).provenance["pictures"]["val"])


def evaluate(setup: Setup, experiment: Experiment, stage: str, path: Path) -> Evaluation:
    """Evaluate a stage's checkpoint on the val split; result files are written unless they are this model's already."""
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
    return maps, figures.gradcam_maps(maps, pictures, evaluation.labels, origin)


def pictures_of(setup: Setup, evaluation: Evaluation, path: Path, index: pd.Index) -> Image:
    """Single preprocessed pictures of an evaluation. Shows faces: only for a notebook with SHOW_FACES set."""
    pictures, _ = prepare_pictures(setup.manifest, evaluation.rows, load_checkpoint(path).preprocessing)
    return pictures[index.to_numpy()]
