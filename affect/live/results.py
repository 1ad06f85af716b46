"""What is known of one face in one frame: the pipeline makes it; window, CSV, video and summary take it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from affect.emotions import EMOTIONS, UNCERTAIN
from affect.faces import FaceBox


@dataclass(frozen=True)
class FaceResult:
    """One face in one frame.

    face_id:       1, 2, … in order of appearance.
    box:           in pixels of the frame; steadied.
    probabilities: float32 (8,) in the order of `EMOTIONS`, smoothed and calibrated, sum 1.
    emotion:       the label that is shown: one of `EMOTIONS`, or "uncertain".
    """

    face_id: int
    box: FaceBox
    probabilities: npt.NDArray[np.float32]
    emotion: str

    @property
    def confidence(self) -> float:
        """The probability of the label, 0…1; of the most probable class where the label is "uncertain"."""
        if self.emotion == UNCERTAIN:
            return float(self.probabilities.max())
        return float(self.probabilities[EMOTIONS.index(self.emotion)])
