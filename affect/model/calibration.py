"""How a model's logits become probabilities: temperature scaling, and the class shares that are assumed.

Imports no PyTorch: the live program uses it as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, get_args

import numpy as np
import numpy.typing as npt

from affect.arrays import Floats

Sensitivity = Literal["low", "normal", "high"]
SENSITIVITIES: Final = get_args(Sensitivity)


@dataclass(frozen=True)
class Calibration:
    """Turns logits into probabilities: softmax(logits / temperature + prior_strength · log(prior)).

    temperature:    divides the logits (Guo et al. 2017, arXiv:1706.04599).
    prior:          the assumed share of each class, 8 numbers above 0 with sum 1, for a model that learned the classes
                    free of their shares (balanced softmax, Menon et al. 2021, arXiv:2007.07314); None: no shares.
    prior_strength: 0 assumes that all classes are equally frequent, 1 assumes `prior`.
    sure_from:      the confidence below which the live program calls a face "uncertain", 0…1; None: its own threshold.
    """

    temperature: float = 1.0
    prior: tuple[float, ...] | None = None
    prior_strength: float = 1.0
    sure_from: float | None = None

    @property
    def offset(self) -> npt.NDArray[np.float64]:
        """What is added to the scaled logits, float64 (8,), or a 0 where no shares are assumed."""
        return np.zeros(1) if self.prior is None else self.prior_strength * np.log(self.prior)

    def with_sensitivity(self, sensitivity: Sensitivity) -> Calibration:
        """The same calibration with another strength: how readily rare classes are named.

        low: `prior` is assumed as it is, so that a rare class is named only where it is clear; normal: unchanged;
        high: with half of the strength.
        """
        strength = {"low": 1.0, "normal": self.prior_strength, "high": self.prior_strength / 2}[sensitivity]
        return replace(self, prior_strength=strength)

    def probabilities(self, logits: Floats) -> npt.NDArray[np.float64]:
        """Probabilities, float64 (n, 8), rows sum to 1.   logits: float (n, 8)."""
        scaled = logits.astype(np.float64) / self.temperature + self.offset
        powers = np.exp(scaled - scaled.max(1, keepdims=True))
        return np.asarray(powers / powers.sum(1, keepdims=True))


def is_prior(values: object, classes: int) -> bool:
    """Whether values are class shares: as many numbers as classes, each above 0, with sum 1."""
    return (
        isinstance(values, Sequence)
        and len(values) == classes
        and all(type(v) is float and 0 < v < 1 for v in values)
        and abs(sum(values) - 1) < 1e-3
    )
