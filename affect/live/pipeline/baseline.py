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
from affect.live.texts import TextError

Values = npt.NDArray[np.float32]

SECONDS = 10.0
# A frame stands for the time since the one before, but for no more than this: seconds without a picture are not
# measured, and there are at least twenty frames.
LONGEST_FRAME_S = 0.5
LEAST_SHARE = 0.5  # of the time that it takes must show the face; else it is given up
# At rest neutral gets this probability: what the bundled model gives the 1,304 faces of FER+'s val split that people
# called neutral, on average 0.76 (results/ferplus/starter/predictions.csv). The other classes share the rest evenly.
NEUTRAL_AT_REST = 0.75
# A factor of 4.5 at most. Neutral then leads wherever it had a twentieth at rest, and an expression that the model
# gives 0.95 still leads after the largest shift.
LARGEST_SHIFT = 1.5
ROUNDING_S = 1e-6  # what adding many short times loses
LEAST_PROBABILITY = 1e-4  # a single frame's 0 must not decide the mean of logarithms


@dataclass(frozen=True)
class Shift:
    """A measured baseline.

    from_s, to_s:  when it was measured, on the source's clock: SECONDS of the face lie between.
    frames:        that showed the face.
    values:        float32 (8,), added to the log-probabilities.
    before, after: float32 (8,), the face at rest: geometric mean of its probabilities over the time that it was seen,
                   as measured and when shifted.
    """

    face_id: int
    from_s: float
    to_s: float
    frames: int
    values: Values
    before: Values
    after: Values


class Baseline:
    """Measures one face until it has been seen for ten seconds, then shifts what is said of it, until it is undone."""

    def __init__(self) -> None:
        self.applied: Shift | None = None
        self._face_id: int | None = None  # of the face that is being measured
        self._from_s = self._now_s = 0.0
        self._told_s = 0.0  # how much of the time since then had a picture
        self._shown: Values | None = None  # by the face in the frame that is being analysed
        self._seen: list[tuple[Values, float]] = []  # what the face showed, and for how long

    @property
    def share(self) -> float | None:
        """The share of the ten seconds for which the face was seen; 1: a shift is in use; None: neither."""
        if self.applied is not None:
            return 1.0
        if self._face_id is None:
            return None
        return min(0.99, self._seen_s / SECONDS)

    @property
    def _seen_s(self) -> float:
        return sum(length_s for _, length_s in self._seen)

    def begin(self, face_id: int, timestamp_s: float) -> None:
        """Start to measure a face; an earlier shift ends."""
        self.undo()
        self._face_id, self._from_s, self._now_s = face_id, timestamp_s, timestamp_s

    def undo(self) -> None:
        """Stop shifting, and stop measuring: everything is as if there had been no baseline."""
        self.applied, self._face_id = None, None
        self._told_s, self._shown, self._seen = 0.0, None, []

    def update(self, face_id: int, probabilities: Values) -> Values:
        """A face's probabilities as the model gives them, float32 (8,), sum 1 → the same, shifted where it is its."""
        if face_id == self._face_id:
            self._shown = probabilities
        if self.applied is not None and face_id == self.applied.face_id:
            return shifted(probabilities, self.applied.values)
        return probabilities

    def settle(self, timestamp_s: float) -> Shift | None:
        """Called after every frame: the shift, in use from now on, once the face has been seen for ten seconds.

        Raises TextError, and measures no longer, where ten seconds or more have passed and less than LEAST_SHARE of
        them showed the face.
        """
        if self._face_id is None:
            return None
        length_s = min(LONGEST_FRAME_S, max(0.0, timestamp_s - self._now_s))
        self._now_s = timestamp_s
        self._told_s += length_s
        if self._shown is not None:
            self._seen.append((self._shown, length_s))
            self._shown = None
        passed_s, seen_s = timestamp_s - self._from_s, self._seen_s
        if passed_s >= SECONDS and seen_s < LEAST_SHARE * passed_s:
            missing = "picture" if self._told_s < LEAST_SHARE * passed_s else "face"
            self.undo()
            raise TextError(f"baseline_too_little_{missing}", seen=seen_s, passed=passed_s)
        if seen_s < SECONDS - ROUNDING_S:
            return None
        face_id, (shown, lengths_s) = self._face_id, zip(*self._seen, strict=True)
        self.undo()
        logs = np.average(np.log(np.clip(np.stack(shown), LEAST_PROBABILITY, 1)), axis=0, weights=lengths_s)
        values = shift_of(logs)
        before = shifted(np.asarray(np.exp(logs), np.float32), np.zeros(len(EMOTIONS), np.float32))
        self.applied = Shift(face_id, self._from_s, timestamp_s, len(shown), values, before, shifted(before, values))
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
