"""A small data set that can be learned in seconds, and a small experiment to learn it, for the tests of training."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from affect.data.augmentation import Augmentation
from affect.emotions import EMOTIONS
from affect.faces.preprocessing import Preprocessing
from affect.model.frozen import Trunk
from affect.training import outputs, train
from affect.training.experiments import Experiment, Stage

TINY = Experiment(
    name="tiny",
    question="Does it run?",
    preprocessing=Preprocessing(image_size=32, color="grey"),
    stages=(Stage("head", 0, 1, 1e-3, views=2, keep=False), Stage("all", 19, 2, 3e-3)),
    augmentation=Augmentation(flip=0.5, rotation=10, erase=0.3),
    optimizer="adamw",
    schedule="one-cycle",
    soft_labels=True,
    batch_size=16,
    chosen_on="val",
)


def train_quickly(set_attribute: Callable[[object, str, object], None] = setattr) -> None:
    """Leave away what takes most of a small training's time: figures, and the export of frozen layers."""
    set_attribute(train, "draw_history", lambda *_: None)
    set_attribute(outputs, "write_evaluation", outputs.write_metrics)
    set_attribute(Trunk, "_on_onnxruntime", lambda trunk: trunk._in_torch)


def write_patterns(root: Path, train: int, val: int) -> Path:
    """Write eight patterns, one a class: a bright bar at one of eight heights, with noise. Returns the folder.

    train, val: pictures of each class in each split, always the same ones.
    """
    rng = np.random.default_rng(0)
    for split, n in (("train", train), ("val", val)):
        for c, emotion in enumerate(EMOTIONS):
            folder = root / split / emotion
            folder.mkdir(parents=True)
            for i in range(n):
                picture = rng.integers(0, 80, (32, 32, 3), dtype=np.uint8)
                picture[4 * c : 4 * c + 4] += 150
                cv2.imwrite(str(folder / f"{i}.png"), picture)
    return root
