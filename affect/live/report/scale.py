"""Sessions of one person on one scale: all relative to the same neutral baseline. For the comparison page."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np

from affect.arrays import Floats
from affect.emotions import EMOTIONS, UNCERTAIN
from affect.live.pipeline.smoothing import LabelChooser
from affect.live.report.session_folder import LABELS, Integers, Session

ROUNDING: Final = 2e-4  # of a shift in session.json


@dataclass(frozen=True)
class Scale:
    """A person's neutral baseline.   measured: when.   shift: (8,), added to the log-probabilities."""

    measured: datetime
    shift: Floats


def common_scale(sessions: Sequence[Session]) -> Scale | None:
    """The latest kept baseline of sessions that have one person's code, model and sensitivity; None for others."""
    told = [session.told for session in sessions]
    same = {(t.get("person"), t["model"]["sha256"], t["settings"].get("sensitivity")) for t in told}
    if len(same) > 1 or not told[0].get("person") or any(t["settings"].get("faces") != 1 for t in told):
        return None
    kept = [
        Scale(measured_at(session, entry), _shift(entry))
        for session in sessions
        for entry in session.told.get("baseline") or []
        if entry.get("kept")
    ]
    return max(kept, key=lambda scale: scale.measured.timestamp(), default=None)


def measured_at(session: Session, entry: dict[str, Any]) -> datetime:
    """When a baseline of session.json was measured, maybe in an earlier session."""
    if entry.get("measured"):
        return datetime.fromisoformat(entry["measured"])
    with suppress(OverflowError):  # a date or a time that no recording writes
        return session.started + timedelta(seconds=entry["to_s"] - session.start_s)
    return session.started


def on_scale(session: Session, scale: Scale) -> Session:
    """A session whose probabilities and labels are relative to a baseline, whichever acted in it, if any.

    Probabilities are shifted by the difference of the two baselines. As they are smoothed already, that is exact for a
    face that rests, and close within the smoothing's 0.4 s after a change. Labels are chosen anew by the rule that the
    session was recorded with; what was uncertain for another reason than the rule, a covered mouth, stays so.
    """
    rows = session.rows
    wanted = np.broadcast_to(scale.shift, rows.probabilities.shape).copy()
    for entry in session.told.get("baseline") or []:
        wanted[_acting(session, entry)] = scale.shift - _shift(entry)
    if (np.abs(wanted) <= ROUNDING).all():
        return session
    moved = rows.probabilities.astype(float) * np.exp(wanted)
    moved /= np.maximum(moved.sum(axis=1, keepdims=True), np.finfo(float).tiny)
    covered = (rows.labels == LABELS.index(UNCERTAIN)) & (_labels(session, rows.probabilities) != rows.labels)
    labels = np.where(covered, rows.labels, _labels(session, moved))
    return replace(session, rows=replace(rows, probabilities=moved, labels=labels))


def _acting(session: Session, entry: dict[str, Any]) -> Any:
    """Mask of the rows, (n,), that a baseline of session.json has shifted."""
    times_s, undone_s = session.rows.times_s + session.start_s, entry.get("undone_at_s")
    half_s = 5e-4  # of the rounding; a measurement's last frame is not shifted yet
    begun = times_s > entry["to_s"] + (-half_s if entry.get("measured") else half_s)
    here = begun & (times_s < (np.inf if undone_s is None else undone_s - half_s))
    return here & (session.rows.faces == entry["face_id"])


def _shift(entry: dict[str, Any]) -> Floats:
    return np.array([entry["shift"].get(name, 0.0) for name in EMOTIONS], float)


def _labels(session: Session, probabilities: Floats) -> Integers:
    """The label of each row by the session's rule, as indices in LABELS, (n,).   probabilities: (n, 8)."""
    settings, rows = session.told["settings"], session.rows
    chooser = LabelChooser(
        settings.get("label_lead", 0.1), settings.get("label_least", 0.3), settings.get("label_hold_s", 0.5)
    )
    each = zip(rows.faces.tolist(), probabilities, rows.times_s.tolist(), strict=True)
    return np.array([LABELS.index(chooser.update(face, row, time_s)) for face, row, time_s in each], np.int64)
