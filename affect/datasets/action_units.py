"""The expressions of drawn faces as action units of the Facial Action Coding System (Ekman and Friesen 1978).

Each emotion has the combination usually given for it (EMFACS).
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np


@dataclass(frozen=True)
class ActionUnits:
    """Intensities of facial action units, 0…1 (above 1: exaggerated). The comments give FACS's numbers."""

    inner_brow: float = 0.0  # 1: inner brows up
    outer_brow: float = 0.0  # 2: outer brows up
    brow_lower: float = 0.0  # 4: brows down and together
    lid_raise: float = 0.0  # 5: eyes wide
    lid_tight: float = 0.0  # 6 and 7: eyes narrowed
    nose_wrinkle: float = 0.0  # 9: nose wrinkled, upper lip up
    lip_corner: float = 0.0  # 12: mouth corners up
    one_corner: float = 0.0  # 12 and 14 on one side only
    corner_down: float = 0.0  # 15: mouth corners down
    lip_stretch: float = 0.0  # 20: mouth wide and flat
    lip_press: float = 0.0  # 23 and 24: lips thin
    jaw_drop: float = 0.0  # 26 and 27: mouth open


EXPRESSIONS = {
    "anger": ActionUnits(brow_lower=1, lid_raise=0.2, lid_tight=0.5, lip_press=1, corner_down=0.25),
    "contempt": ActionUnits(one_corner=1, lid_tight=0.25),
    "disgust": ActionUnits(brow_lower=0.5, lid_tight=0.8, nose_wrinkle=1, corner_down=0.5),
    "fear": ActionUnits(inner_brow=1, outer_brow=0.3, brow_lower=0.3, lid_raise=1, lip_stretch=1, jaw_drop=0.35),
    "happy": ActionUnits(lip_corner=1, lid_tight=0.5, jaw_drop=0.25),
    "neutral": ActionUnits(),
    "sad": ActionUnits(inner_brow=0.9, brow_lower=0.2, lid_tight=0.3, corner_down=1),
    "surprise": ActionUnits(inner_brow=0.9, outer_brow=1, lid_raise=1, jaw_drop=1),
}


def varied(units: ActionUnits, rng: np.random.Generator) -> ActionUnits:
    """A random variation of an expression: another overall intensity, and small additional movements."""
    strength = rng.uniform(0.75, 1.15)
    values = {f.name: getattr(units, f.name) * strength for f in fields(units)}
    return ActionUnits(**{name: max(0.0, value + rng.normal(0, 0.05)) for name, value in values.items()})
