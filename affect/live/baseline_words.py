"""What a measured baseline does, in a sentence for the person."""

from __future__ import annotations

import numpy as np

from affect.emotions import EMOTIONS, label_name
from affect.live.baseline import Shift
from affect.live.texts import certainty, text

TOLD_SHIFT = 0.1  # a class that a baseline moves by less is not mentioned


def told_baseline(shift: Shift, language: str) -> str:
    """What a baseline does to the face at rest: for the classes that it moves most, and, where the face does not look
    neutral even so, for the class that it looks like."""
    leading = int(shift.after.argmax())
    instead = None if leading == EMOTIONS.index("neutral") else leading
    change = np.abs(shift.after - shift.before)
    told = []
    for i in sorted(range(len(EMOTIONS)), key=lambda i: (i != instead, -float(change[i])))[:3]:
        before, after = (certainty(float(side[i]), language) for side in (shift.before, shift.after))
        if i == instead or (abs(float(shift.values[i])) >= TOLD_SHIFT and before != after):
            told.append(f"{label_name(EMOTIONS[i], language)} {before} → {after}")
    if not told:
        return text("baseline_unmoved", language)
    key = "baseline_applied" if instead is None else "baseline_not_neutral"
    return text(key, language, changes=", ".join(told))
