"""Temporal smoothing for each face: moving average of probabilities, label hysteresis, One-Euro filter for boxes.

The pipeline calls all three once per face and frame. Time constants are in seconds, not in frames.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from affect.emotions import EMOTIONS, UNCERTAIN
from affect.faces.detection import FaceBox

Probabilities = npt.NDArray[np.float32]


class ProbabilitySmoother:
    """Exponential moving average of class probabilities; its time constant in seconds does not depend on frame rate.

    time_constant_s: time after which 63 % of a step change is reached; 0 disables smoothing.
    """

    def __init__(self, time_constant_s: float = 0.4) -> None:
        self.time_constant_s = time_constant_s
        self._state: dict[int, tuple[float, Probabilities]] = {}

    def update(self, face_id: int, probabilities: Probabilities, timestamp_s: float) -> Probabilities:
        """Update one face's average and return its smoothed probabilities.

        probabilities: float32 (8,), sum 1.   timestamp_s: seconds, not decreasing.   Returns float32 (8,), sum 1.
        """
        known = self._state.get(face_id)
        if known is None or self.time_constant_s <= 0:
            smoothed = probabilities
        else:
            last_s, last = known
            weight = -math.expm1(-max(0.0, timestamp_s - last_s) / self.time_constant_s)
            smoothed = np.asarray(last + weight * (probabilities - last), np.float32)
        self._state[face_id] = (timestamp_s, smoothed)
        return smoothed

    def keep_only(self, face_ids: set[int]) -> None:
        """Drop the state of every face that is not in `face_ids`."""
        self._state = {k: v for k, v in self._state.items() if k in face_ids}


class LabelChooser:
    """Chooses each face's label from its smoothed probabilities, with hysteresis against flicker.

    An expression is shown once it has at least `least` and leads every other one by `lead`. It stays while it is the
    most probable one, or was within the last `hold_s`, as long as it has at least `keeps` and no other one leads it by
    `lead`. Otherwise the label is "uncertain". The report, the guide and README state this rule in the same words.
    The pipeline also labels a face "uncertain" while its mouth seems covered.

    lead, least: probabilities, 0…1; `keeps` is 0.1 below `least`.   hold_s: seconds.
    """

    def __init__(self, lead: float = 0.1, least: float = 0.3, hold_s: float = 0.5) -> None:
        self.lead = lead
        self.least = least
        self.keeps = max(0.0, round(least - 0.1, 6))  # rounded: session.json tells it
        self.hold_s = hold_s
        self._labels: dict[int, tuple[str, float]] = {}  # label, and when its class was last the most probable one

    def update(self, face_id: int, probabilities: Probabilities, timestamp_s: float) -> str:
        """Return one face's label: one of `EMOTIONS`, or "uncertain".

        probabilities: smoothed, float32 (8,), sum 1.   timestamp_s: seconds, not decreasing.
        """
        second, first = (int(i) for i in np.argsort(probabilities)[-2:])
        label, largest_s = self._labels.get(face_id, (UNCERTAIN, timestamp_s))
        highest = float(probabilities[first])
        if highest >= self.least and highest - float(probabilities[second]) >= self.lead:
            label = EMOTIONS[first]
        if label != UNCERTAIN:
            own = float(probabilities[EMOTIONS.index(label)])
            if own == highest:
                largest_s = timestamp_s
            if own < self.keeps or highest - own >= self.lead or timestamp_s - largest_s > self.hold_s:
                label = UNCERTAIN
        self._labels[face_id] = label, largest_s
        return label

    def keep_only(self, face_ids: set[int]) -> None:
        """Drop the state of every face that is not in `face_ids`."""
        self._labels = {k: v for k, v in self._labels.items() if k in face_ids}


class BoxSmoother:
    """One-Euro filter for bounding boxes: a low-pass filter whose cutoff frequency rises with the face's speed.

    It filters the box centre, in box sides, and the logarithm of the side. Casiez, Roussel and Vogel, CHI 2012.

    cutoff_hz:  cutoff for a face at rest, Hz.   per_speed: Hz added to it for each box side per second of speed.
    """

    SPEED_CUTOFF_HZ = 1.0  # cutoff of the filter for the speed, as in the paper

    def __init__(self, cutoff_hz: float = 1.5, per_speed: float = 10.0) -> None:
        self._cutoff_hz = cutoff_hz
        self._per_speed = per_speed
        self._state: dict[int, tuple[float, npt.NDArray[np.float64], npt.NDArray[np.float64]]] = {}

    def update(self, face_id: int, box: FaceBox, timestamp_s: float) -> FaceBox:
        """Filter one face's box and return it, aspect ratio unchanged.   timestamp_s: seconds, not decreasing."""
        side = max(1.0, math.sqrt(box.width * box.height))
        now = np.array([box.x + box.width / 2, box.y + box.height / 2, math.log(side)])
        speed = np.zeros(3)
        known = self._state.get(face_id)
        if known is not None:
            last_s, last, last_speed = known
            passed_s = timestamp_s - last_s
            if passed_s <= 0:
                now, speed = last, last_speed
            else:
                step = (now - last) / (side, side, 1.0)
                speed = last_speed + _weight(self.SPEED_CUTOFF_HZ, passed_s) * (step / passed_s - last_speed)
                cutoff_hz = self._cutoff_hz + self._per_speed * float(np.abs(speed).max())
                now = last + _weight(cutoff_hz, passed_s) * (now - last)
        self._state[face_id] = (timestamp_s, now, speed)
        return _box(now, box)

    def rescale(self, across: float, down: float) -> None:
        """Rescale all filter states after a change of frame size.   across, down: new size divided by old size."""
        factors, sides = np.array([across, down, 1.0]), np.array([0.0, 0.0, math.log(across * down) / 2])
        self._state = {k: (when, box * factors + sides, speed) for k, (when, box, speed) in self._state.items()}

    def keep_only(self, face_ids: set[int]) -> None:
        """Drop the state of every face that is not in `face_ids`."""
        self._state = {k: v for k, v in self._state.items() if k in face_ids}


def _box(state: npt.NDArray[np.float64], like: FaceBox) -> FaceBox:
    """Box of a filter state: centre x, centre y and logarithm of the side.   like: has the box's aspect ratio."""
    scale = math.exp(state[2]) / max(1.0, math.sqrt(like.width * like.height))
    width, height = like.width * scale, like.height * scale
    return FaceBox(round(state[0] - width / 2), round(state[1] - height / 2), round(width), round(height))


def _weight(cutoff_hz: float, passed_s: float) -> float:
    """Weight, 0…1, of a new sample in a first-order low-pass filter, `passed_s` seconds after the last sample."""
    return -math.expm1(-2 * math.pi * cutoff_hz * passed_s)
