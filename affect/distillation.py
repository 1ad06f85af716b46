"""What trained models say about pictures, as something that another one learns from. Called by training."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from affect.data.cache import prepare_pictures
from affect.data.loading import FaceDataset, target_distributions
from affect.data.manifest import Manifest
from affect.errors import AffectError
from affect.evaluation import predict_logits, probabilities_of
from affect.files import atomic_path, cache_folder, sha256_of
from affect.model import load_checkpoint
from affect.trunk import placed


def teacher_targets(teachers: list[Path], manifest: Manifest, rows: pd.DataFrame) -> npt.NDArray[np.float32]:
    """The mean calibrated probabilities of the teachers for each picture and its mirror image, float32 (n, 8).

    rows: n rows of the manifest.   Each teacher sees the pictures as its own preprocessing wants them; its answers are
    kept in the cache. Raises AffectError where a picture cannot be prepared for one of them.
    """
    return np.asarray(np.mean([_answers(path, manifest, rows) for path in teachers], axis=0), np.float32)


def _answers(path: Path, manifest: Manifest, rows: pd.DataFrame) -> npt.NDArray[np.float32]:
    names = hashlib.sha256("\n".join([str(manifest.source.path.resolve()), *rows["pth"]]).encode()).hexdigest()
    kept = cache_folder() / "teachers" / f"{sha256_of(path)[:16]}-{names[:16]}.npy"
    if not kept.is_file():
        checkpoint = load_checkpoint(path)
        pictures, seen = prepare_pictures(manifest, rows, checkpoint.preprocessing, f"pictures for {path.name}")
        if len(seen) < len(rows):
            raise AffectError(
                f"The teacher {path} can look at {len(seen):,} of the {len(rows):,} pictures only. Choose teachers "
                "whose pictures are prepared as the experiment's."
            )
        model = placed(checkpoint.build())
        targets = target_distributions(seen, soft=False)
        answers = [
            probabilities_of(
                predict_logits(model, FaceDataset(shown, targets, checkpoint.preprocessing)), checkpoint.temperature
            )
            for shown in (pictures, pictures[:, :, ::-1])
        ]
        with atomic_path(kept) as part, part.open("wb") as file:
            np.save(file, np.mean(answers, axis=0).astype(np.float32))
    return np.asarray(np.load(kept), np.float32)
