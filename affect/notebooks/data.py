"""Data set views for the notebooks: class counts, samples, augmented examples and framing."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from affect.data import report
from affect.data.augmentation import augment
from affect.data.cache import prepare_pictures
from affect.data.framing import Framing, measure_framing
from affect.data.loading import hard_labels
from affect.data.manifest import Manifest
from affect.faces.preprocessing import Image
from affect.notebooks.display import progress
from affect.notebooks.setup import Setup
from affect.training.experiments import Experiment
from affect.training.train import rows_of


def class_counts(manifest: Manifest) -> pd.DataFrame:
    """Pictures by class (rows) and split (columns), with totals."""
    return report.class_counts(manifest.table).rename(columns={"none": "no split"}).rename_axis(index=None)


def sample_rows(rows: pd.DataFrame, per_class: int, seed: int) -> pd.DataFrame:
    """A random sample of at most `per_class` rows of each class, in their original order."""
    drawn = [part.sample(min(per_class, len(part)), random_state=seed) for _, part in rows.groupby("label")]
    return pd.concat(drawn).sort_index().reset_index(drop=True)


def varied_pictures(
    setup: Setup, experiment: Experiment, per_class: int = 100
) -> tuple[Image, Image, npt.NDArray[np.int64]]:
    """Training pictures before and after augmentation, uint8 (n, side, side, channels) each, and labels, int (n,)."""
    rows = sample_rows(setup.manifest.rows("train"), per_class, setup.seed)
    with progress():
        pictures, rows = prepare_pictures(setup.manifest, rows, experiment.preprocessing)
    size = experiment.preprocessing.image_size
    varied = [
        augment(p, experiment.augmentation, size, np.random.default_rng((setup.seed, i)))
        for i, p in enumerate(pictures)
    ]
    return pictures, np.stack(varied), hard_labels(rows)


def framing_of(setup: Setup, experiment: Experiment) -> Framing:
    """The framing of an experiment's training pictures, measured as in its training."""
    train_rows, _ = rows_of(experiment, setup.manifest, setup.seed)
    with progress():
        return measure_framing(setup.manifest, train_rows, seed=setup.seed)
