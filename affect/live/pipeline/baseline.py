"""Neutral baseline: a per-person bias correction measured on the face at rest.

A shift for each class is added to its log-probability before smoothing, so that a resting face that resembles sadness
is not labelled sad. Log-probabilities equal the logits up to a constant, so this is vector scaling with only its bias
(Guo et al. 2017, arXiv:1706.04599, section 4.2), fitted to one face.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from affect.emotions import EMOTIONS
from affect.live.texts import TextError

Values = npt.NDArray[np.float32]

SECONDS = 10.0
# A frame is weighted by the time since the frame before, up to this limit: gaps without frames do not count, and a
# baseline rests on at least twenty frames.
LONGEST_FRAME_S = 0.5
LEAST_SHARE = 0.5  # share of the elapsed time that must show the face; below it, the measurement is cancelled
# Target probability of neutral at rest, close to the bundled model's mean of 0.76 on the 1,304 neutral faces of FER+'s
# val split (results/ferplus/starter_ferplus/predictions.csv). The other classes share the rest evenly.
NEUTRAL_AT_REST = 0.75
# A factor of at most 4.5 per class. Neutral then leads wherever it had 0.05 at rest, and an expression with a
# probability of 0.95 still leads after the largest shift.
LARGEST_SHIFT = 1.5
ROUNDING_S = 1e-6  # tolerance for rounding errors in the sum of many short durations
LEAST_PROBABILITY = 1e-4  # lower bound before the logarithm, so that one frame's 0 does not dominate the mean


@dataclass(frozen=True)
class Shift:
    """A measured baseline: the shift of each class's log-probability for one face.

    from_s, to_s:  start and end of the measurement on the source's clock; the face was seen for SECONDS of it.
    frames:        number of frames that showed the face.
    values:        float32 (8,), added to the log-probabilities.
    before, after: float32 (8,), the face at rest before and after the shift: geometric mean of its probabilities,
                   weighted by time.
    measured:      date and time of its measurement, ISO 8601, if that was in an earlier session; else "".
    """

    face_id: int
    from_s: float
    to_s: float
    frames: int
    values: Values
    before: Values
    after: Values
    measured: str = ""


class Baseline:
    """Measures one face's baseline over SECONDS, then shifts that face's probabilities until `undo` is called."""

    def __init__(self) -> None:
        self.applied: Shift | None = None
        self._earlier: Shift | None = None  # of an earlier session, which the next face gets
        self._face_id: int | None = None  # the face that is being measured
        self._from_s = self._now_s = 0.0
        self._told_s = 0.0  # time covered by frames since the start
        self._shown: Values | None = None  # the measured face's probabilities in the current frame
        self._seen: list[tuple[Values, float]] = []  # the face's probabilities, each with its duration

    @property
    def share(self) -> float | None:
        """Progress of the measurement, 0…0.99; 1 once a shift is applied; None if neither is the case."""
        if self.applied is not None:
            return 1.0
        if self._face_id is None:
            return None
        return min(0.99, self._seen_s / SECONDS)

    @property
    def _seen_s(self) -> float:
        return sum(length_s for _, length_s in self._seen)

    def begin(self, face_id: int, timestamp_s: float) -> None:
        """Start measuring a face and remove any earlier shift."""
        self.undo()
        self._face_id, self._from_s, self._now_s = face_id, timestamp_s, timestamp_s

    def apply_to_next(self, shift: Shift) -> None:
        """Apply a shift that was measured before to the next face, from its first frame on."""
        self.undo()
        self._earlier = shift

    def undo(self) -> None:
        """Remove the shift, cancel any measurement and reset the state."""
        self.applied, self._earlier, self._face_id = None, None, None
        self._told_s, self._shown, self._seen = 0.0, None, []

    def update(self, face_id: int, probabilities: Values) -> Values:
        """Return a face's probabilities, shifted if the applied baseline is this face's.

        probabilities: as the model gives them, float32 (8,), sum 1; collected if this face is being measured.
        """
        if face_id == self._face_id:
            self._shown = probabilities
        if self.applied is None and self._earlier is not None:
            self.applied = replace(self._earlier, face_id=face_id)
        if self.applied is not None and face_id == self.applied.face_id:
            return shifted(probabilities, self.applied.values)
        return probabilities

    def settle(self, timestamp_s: float) -> Shift | None:
        """Finish the frame, and return the shift in the frame that completes the measurement. Call after every frame.

        An earlier session's shift is returned in the first frame in which it acts.
        Raises TextError and cancels the measurement if at least SECONDS have passed and the face was seen for less
        than LEAST_SHARE of them.
        """
        if self.applied is not None and self._earlier is not None:
            self.applied, self._earlier = replace(self.applied, from_s=timestamp_s, to_s=timestamp_s), None
            return self.applied
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
    """Compute the shift that moves a resting face to neutral: log(target) - mean(log p), clipped for each class.

    The range is 0…LARGEST_SHIFT for neutral and -LARGEST_SHIFT…0 for the other classes. A baseline can thus never
    raise an expression, and hardly shifts a face that is already read as neutral.

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
    """Add `values` (8,) to the logarithms of probabilities (8,) and renormalise to sum 1."""
    moved = probabilities * np.exp(values)
    return np.asarray(moved / moved.sum(), np.float32)
