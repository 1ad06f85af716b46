"""What a measured baseline does, in a sentence for the person."""

from __future__ import annotations

from affect.emotions import EMOTIONS, label_name
from affect.live.baseline import Shift
from affect.live.texts import certainty, text

TOLD_SHIFT = 0.1  # a class that a baseline moves by less is not mentioned


def told_baseline(shift: Shift, language: str) -> str:
    """What a baseline does to the face at rest, for the classes that it moves most."""
    most = sorted(range(len(EMOTIONS)), key=lambda i: -abs(float(shift.after[i] - shift.before[i])))[:3]
    told = []
    for i in most:
        before, after = (certainty(float(side[i]), language) for side in (shift.before, shift.after))
        if abs(float(shift.values[i])) >= TOLD_SHIFT and before != after:
            told.append(f"{label_name(EMOTIONS[i], language)} {before} → {after}")
    if not told:
        return text("baseline_unmoved", language)
    rests = int(shift.after.argmax()) == EMOTIONS.index("neutral")
    return text("baseline_applied" if rests else "baseline_not_neutral", language, changes=", ".join(told))
