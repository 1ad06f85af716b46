"""Probabilities that do not tremble: an exponential average over seconds, separately for each face."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Probabilities = npt.NDArray[np.float32]


class ProbabilitySmoother:
    """An exponential moving average with a time constant in seconds: the same at 10 and at 60 frames a second.

    time_constant_s: after a sudden change, 63 % of it is shown after this time. 0 does not smooth.
    """

    def __init__(self, time_constant_s: float = 0.4) -> None:
        self._time_constant_s = time_constant_s
        self._state: dict[int, tuple[float, Probabilities]] = {}

    def update(self, face_id: int, probabilities: Probabilities, timestamp_s: float) -> Probabilities:
        """The smoothed probabilities of one face.

        probabilities: float32 (8,), sum 1.   timestamp_s: seconds, not decreasing.   Returns float32 (8,), sum 1.
        """
        known = self._state.get(face_id)
        if known is None or self._time_constant_s <= 0:
            smoothed = probabilities
        else:
            last_s, last = known
            weight = -math.expm1(-max(0.0, timestamp_s - last_s) / self._time_constant_s)
            smoothed = np.asarray(last + weight * (probabilities - last), np.float32)
        self._state[face_id] = (timestamp_s, smoothed)
        return smoothed

    def keep_only(self, face_ids: set[int]) -> None:
        """Forget every other face."""
        self._state = {k: v for k, v in self._state.items() if k in face_ids}
