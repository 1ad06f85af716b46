"""A neutral baseline: how one person's face looks at rest, so that a resting face that seems sad is not called sad.

A shift for each class, added to its log-probability before smoothing. Log-probabilities are the model's outputs up to
a constant, so this corrects the outputs' bias for one face, as a calibration with a bias for each class does (Guo et
al. 2017, arXiv:1706.04599, section 4.2, vector scaling with only its bias).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from affect.emotions import EMOTIONS
from affect.errors import AffectError

Values = npt.NDArray[np.float32]

SECONDS = 10.0
LEAST_FRAMES = 20
LEAST_SHARE = 0.5  # of the frames in those seconds must show the face
# At rest neutral gets this probability: what the bundled model gives the 1,304 faces of FER+'s val split that people
# called neutral, on average 0.76 (results/ferplus/starter/predictions.csv). The other classes share the rest evenly.
NEUTRAL_AT_REST = 0.75
# A factor of 4.5 at most. Neutral then leads wherever it had a twentieth at rest, and an expression that the model
# gives 0.95 still leads after the largest shift.
LARGEST_SHIFT = 1.5
LEAST_PROBABILITY = 1e-4  # a single frame's 0 must not decide the mean of logarithms


@dataclass(frozen=True)
class Shift:
    """A measured baseline.

    from_s, to_s:  when it was measured, on the source's clock.   frames: that showed the face.
    values:        float32 (8,), added to the log-probabilities.
    before, after: float32 (8,), the face at rest: geometric mean of its probabilities, as measured and when shifted.
    """

    face_id: int
    from_s: float
    to_s: float
    frames: int
    values: Values
    before: Values
    after: Values


class Baseline:
    """Measures one face for ten seconds, then shifts what is said of it, until it is undone."""

    def __init__(self) -> None:
        self.applied: Shift | None = None
        self._face_id: int | None = None  # of the face that is being measured
        self._from_s = self._now_s = 0.0
        self._frames = 0
        self._seen: list[Values] = []

    @property
    def share(self) -> float | None:
        """The share of the ten seconds that have passed; 1: a shift is in use; None: neither."""
        if self.applied is not None:
            return 1.0
        if self._face_id is None:
            return None
        return min(0.99, max(0.0, (self._now_s - self._from_s) / SECONDS))

    def begin(self, face_id: int, timestamp_s: float) -> None:
        """Start to measure a face; an earlier shift ends."""
        self.undo()
        self._face_id, self._from_s, self._now_s = face_id, timestamp_s, timestamp_s

    def undo(self) -> None:
        """Stop shifting, and stop measuring: everything is as if there had been no baseline."""
        self.applied, self._face_id = None, None
        self._frames, self._seen = 0, []

    def update(self, face_id: int, probabilities: Values) -> Values:
        """A face's probabilities as the model gives them, float32 (8,), sum 1 → the same, shifted where it is its."""
        if face_id == self._face_id:
            self._seen.append(probabilities)
        if self.applied is not None and face_id == self.applied.face_id:
            return shifted(probabilities, self.applied.values)
        return probabilities

    def settle(self, timestamp_s: float) -> Shift | None:
        """Called after every frame: the shift, in use from now on, once the ten seconds are over.

        Raises AffectError, and measures no longer, where too few of the frames showed the face.
        """
        if self._face_id is None:
            return None
        self._now_s = timestamp_s
        self._frames += 1
        if timestamp_s - self._from_s < SECONDS:
            return None
        face_id, frames, seen = self._face_id, self._frames, self._seen
        self.undo()
        if len(seen) < max(LEAST_FRAMES, LEAST_SHARE * frames):
            raise AffectError(
                f"The face was seen in {len(seen)} of {frames} frames: too few for a baseline. Measure it again."
            )
        logs = np.log(np.clip(np.stack(seen), LEAST_PROBABILITY, 1)).mean(0)
        values = shift_of(logs)
        before = shifted(np.asarray(np.exp(logs), np.float32), np.zeros(len(EMOTIONS), np.float32))
        self.applied = Shift(face_id, self._from_s, timestamp_s, len(seen), values, before, shifted(before, values))
        return self.applied


def shift_of(resting: npt.NDArray[np.floating]) -> Values:
    """What brings a resting face to neutral: log(target) - mean(log p), in 0…LARGEST_SHIFT for neutral, and in
    -LARGEST_SHIFT…0 for the other classes.

    One-sided, so that a baseline can only take back what the face shows at rest: it never lifts an expression, and a
    face that is read as neutral already is hardly shifted at all.

    resting: (8,), the mean of the face's log-probabilities.   Returns float32 (8,).
    """
    neutral = EMOTIONS.index("neutral")
    target = np.full(len(EMOTIONS), math.log((1 - NEUTRAL_AT_REST) / (len(EMOTIONS) - 1)))
    target[neutral] = math.log(NEUTRAL_AT_REST)
    wanted = target - resting
    values = np.clip(wanted, -LARGEST_SHIFT, 0)
    values[neutral] = np.clip(wanted[neutral], 0, LARGEST_SHIFT)
    return np.asarray(values, np.float32)


def shifted(probabilities: Values, values: Values) -> Values:
    """Probabilities (8,) with `values` (8,) added to their logarithms, and brought back to sum 1."""
    moved = probabilities * np.exp(values)
    return np.asarray(moved / moved.sum(), np.float32)
