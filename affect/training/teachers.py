"""Teacher models for knowledge distillation: cached targets for each picture, or outputs for each batch.

Called by `affect.training.train`.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch

from affect.data.cache import prepare_pictures
from affect.data.loading import FaceDataset, target_distributions
from affect.data.manifest import Manifest
from affect.errors import AffectError
from affect.evaluation.measure import predict_logits
from affect.faces.preprocessing import Image, Preprocessing
from affect.files import atomic_path, cache_folder, sha256_of
from affect.model.checkpoint import Checkpoint, load_checkpoint
from affect.model.frozen import Trunk, placed

SETTLED_ON = 512  # pictures from which the teacher features' mean and deviation are estimated


def teacher_targets(teachers: list[Path], manifest: Manifest, rows: pd.DataFrame) -> npt.NDArray[np.float32]:
    """The teachers' mean calibrated probabilities over each picture and its horizontal flip, float32 (n, 8).

    rows: n rows of the manifest.   Each teacher uses its own preprocessing; its outputs are cached. Raises AffectError
    if a picture cannot be prepared for one of them.
    """
    return np.asarray(np.mean([_answers(path, manifest, rows) for path in teachers], axis=0), np.float32)


def _answers(path: Path, manifest: Manifest, rows: pd.DataFrame) -> npt.NDArray[np.float32]:
    """A teacher's probabilities, cached under a hash of its file and its preprocessed pictures."""
    checkpoint = load_checkpoint(path)
    pictures, seen = prepare_pictures(manifest, rows, checkpoint.preprocessing, f"pictures for {path.name}")
    if len(seen) < len(rows):
        raise AffectError(
            f"The teacher {path} can look at {len(seen):,} of the {len(rows):,} pictures only. Choose teachers "
            "whose pictures are prepared as the experiment's."
        )
    kept = cache_folder() / "teachers" / f"{sha256_of(path)[:16]}-{_content(pictures)[:16]}.npy"
    if not kept.is_file():
        model = placed(checkpoint.build())
        targets = target_distributions(seen, soft=False)
        answers = [
            checkpoint.calibration.probabilities(
                predict_logits(model, FaceDataset(shown, targets, checkpoint.preprocessing))
            )
            for shown in (pictures, pictures[:, :, ::-1])
        ]
        with atomic_path(kept) as part, part.open("wb") as file:
            np.save(file, np.mean(answers, axis=0).astype(np.float32))
    return np.asarray(np.load(kept), np.float32)


def _content(pictures: Image) -> str:
    """SHA-256 of the pictures' pixels, in order, as 64 hexadecimal digits."""
    digest = hashlib.sha256(repr(pictures.shape).encode())
    for start in range(0, len(pictures), 1024):  # in parts, since the mapped file may exceed the memory
        digest.update(pictures[start : start + 1024].tobytes())
    return digest.hexdigest()


class Answer(NamedTuple):
    """The teachers' outputs for a batch: mean calibrated probabilities and the first one's standardised features.

    probabilities: float32 (n, 8).   features: float32 (n, width).
    """

    probabilities: torch.Tensor
    features: torch.Tensor


class Teachers:
    """Ensemble of teacher models that is applied to each training batch of the student.

    preprocessing: the student's.   device: the student's.
    pictures:      training pictures without augmentation; the mean and standard deviation of the first teacher's
                   features are estimated from 512 of them.
    Input: float32 (n, 3, side, side) of any side, normalised by that preprocessing, augmented and mixed. Output: an
    Answer on the same device. Each teacher sees the batch resized to its own size.
    Raises AffectError if a teacher's preprocessing is incompatible.
    """

    def __init__(
        self, paths: list[Path], preprocessing: Preprocessing, device: torch.device, pictures: FaceDataset
    ) -> None:
        self._mean, self._std = _statistics(preprocessing, device)
        self._teachers = [_Teacher(load_checkpoint(path), device) for path in paths]
        for path, teacher in zip(paths, self._teachers, strict=True):
            theirs = teacher.preprocessing
            if any(getattr(theirs, what) != getattr(preprocessing, what) for what in ("color", "detail", "find_face")):
                raise AffectError(
                    f"The teacher {path} was trained on pictures prepared in another way (grey, detail or found "
                    "faces). Choose teachers whose pictures are prepared as the experiment's."
                )

        some = np.linspace(0, len(pictures) - 1, min(len(pictures), SETTLED_ON)).astype(int).tolist()
        parts = [pictures.__getitems__(some[i : i + 64])[0].to(device) for i in range(0, len(some), 64)]
        with torch.inference_mode():
            seen = torch.cat([self._teachers[0](faces * self._std + self._mean).features for faces in parts])
            self._center, self._spread = seen.mean(0), seen.std(0, correction=0).clamp_min(1e-3)

    @property
    def width(self) -> int:
        """Number of features of the first teacher."""
        return self._center.numel()

    def __call__(self, faces: torch.Tensor) -> Answer:
        """The Answer to a batch of the student's input."""
        with torch.inference_mode():
            levels = faces * self._std + self._mean
            answers = [teacher(levels) for teacher in self._teachers]
            probabilities = torch.stack([a.probabilities for a in answers]).mean(0)
            features = (answers[0].features - self._center) / self._spread
        return Answer(probabilities.clone(), features.clone())  # cloned outside inference mode, for use in autograd


class _Teacher:
    """One teacher model: input levels 0…1, float32 (n, 3, side, side); its features are not standardised."""

    def __init__(self, checkpoint: Checkpoint, device: torch.device) -> None:
        self.preprocessing = checkpoint.preprocessing
        self._temperature = checkpoint.temperature
        self._offset = torch.from_numpy(checkpoint.calibration.offset).float().to(device)
        self._mean, self._std = _statistics(checkpoint.preprocessing, device)
        model = placed(checkpoint.build()).to(device)
        self._trunk, self._classifier = Trunk(model, None, device), model.classifier

    def __call__(self, levels: torch.Tensor) -> Answer:
        side = self.preprocessing.image_size
        if levels.shape[-1] != side:
            levels = torch.nn.functional.interpolate(levels, size=(side, side), mode="bilinear", antialias=True)
        features = self._trunk((levels - self._mean) / self._std)
        logits: torch.Tensor = self._classifier(features)  # type: ignore[operator]
        return Answer((logits.float() / self._temperature + self._offset).softmax(1), features)


def _statistics(preprocessing: Preprocessing, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and standard deviation of the channels, float32 (3, 1, 1) each."""
    mean, std = (torch.tensor(v, device=device).view(3, 1, 1) for v in (preprocessing.mean, preprocessing.std))
    return mean, std
