"""Teacher models for knowledge distillation: their answers to each batch. Called by `affect.training.train`."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from affect.data.loading import FaceDataset
from affect.errors import AffectError
from affect.faces.preprocessing import Preprocessing
from affect.model.checkpoint import Checkpoint, load_checkpoint
from affect.model.frozen import Trunk, placed

SETTLED_ON = 512  # pictures from which the teacher features' mean and deviation are estimated


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
    Input: float32 (n, 3, side, side) of any side, normalised by that preprocessing, augmented and mixed; and the log of
    the classes' shares that the answers assume, float32 (n, 8), or (n, 0) for each teacher's own. Output: an Answer on
    the same device. Each teacher sees the batch resized to its own size.
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
            none = torch.empty(0, 0, device=device)
            seen = torch.cat([self._teachers[0](faces * self._std + self._mean, none).features for faces in parts])
            self._center, self._spread = seen.mean(0), seen.std(0, correction=0).clamp_min(1e-3)

    @property
    def width(self) -> int:
        """Number of features of the first teacher."""
        return self._center.numel()

    def __call__(self, faces: torch.Tensor, log_shares: torch.Tensor) -> Answer:
        """The Answer to a batch of the student's input."""
        with torch.inference_mode():
            levels = faces * self._std + self._mean
            answers = [teacher(levels, log_shares) for teacher in self._teachers]
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

    def __call__(self, levels: torch.Tensor, log_shares: torch.Tensor) -> Answer:
        side = self.preprocessing.image_size
        if levels.shape[-1] != side:
            levels = torch.nn.functional.interpolate(levels, size=(side, side), mode="bilinear", antialias=True)
        features = self._trunk((levels - self._mean) / self._std)
        logits: torch.Tensor = self._classifier(features)  # type: ignore[operator]
        assumed = log_shares if log_shares.shape[1] else self._offset
        return Answer((logits.float() / self._temperature + assumed).softmax(1), features)


def _statistics(preprocessing: Preprocessing, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and standard deviation of the channels, float32 (3, 1, 1) each."""
    mean, std = (torch.tensor(v, device=device).view(3, 1, 1) for v in (preprocessing.mean, preprocessing.std))
    return mean, std
