"""A session on even steps of time: what was analysed, and whose face showed what in each step.

Everything that the report counts and draws comes from these steps, so that its parts agree.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from affect.emotions import EMOTIONS
from affect.live.report.session_folder import Floats, Integers, Rows, Session
from affect.live.sources import watch
from affect.live.sources.clock import HELD_S, longest_step_s
from affect.live.sources.watch import ENDS

STEP_S: Final = 0.1
# A face that is seen for less than either of these only passes.
PASSING_S: Final = 2.0
PASSING_SHARE: Final = 0.01
NONE: Final = -1

GAPS: Final = ("none", "paused", "lost", "unrecorded")

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Timeline:
    """What one face showed in each step; step k is the time from k to k + 1 times STEP_S.

    labels:        places in LABELS, NONE where the face was not seen, (steps,).
    probabilities: NaN where it was not seen, (steps, 8).
    """

    labels: Integers
    probabilities: Floats

    @property
    def seen(self) -> Mask:
        """Where the face was seen, (steps,)."""
        return self.labels != NONE

    @property
    def seen_s(self) -> float:
        """For how long it was seen."""
        return float(self.seen.sum()) * STEP_S


@dataclass(frozen=True)
class Clock:
    """What was going on in each step, whoever was there: bool (steps,) each.

    paused: by the person.   lost: the source gave no picture, a black one, or a frozen one, whose rows say what a face
    once showed and not what it shows.   unrecorded: nothing is known of that time, as no frame of it was analysed.
    None of these: analysed.
    """

    paused: Mask
    lost: Mask
    unrecorded: Mask

    @property
    def analysed(self) -> Mask:
        """Where a face could have been seen."""
        return ~(self.paused | self.lost | self.unrecorded)

    def gaps(self, seen: Mask) -> dict[str, Mask]:
        """Where there is no reading, by the reason why: "none" is no face; each step has one reason at most.

        seen: where a face was, (steps,).
        """
        masks = (self.analysed & ~seen, self.paused, self.lost, self.unrecorded)
        return dict(zip(GAPS, masks, strict=True))


@dataclass(frozen=True)
class People:
    """Whose faces a session shows.

    timelines: by face id, whoever was seen longest first; one without an id (0) where a single face was followed.
    passing:   how many others were seen only in passing.   passing_s: for how long, together.
    """

    timelines: dict[int, Timeline]
    passing: int
    passing_s: float


def steps_of(session: Session) -> int:
    """How many steps the session has, at least one."""
    return max(1, math.ceil(session.duration_s / STEP_S - 1e-6))


def clock_of(session: Session) -> Clock:
    """When the session was paused, or without a picture in which a face could be read, or without any."""
    paused = _mask(session, stretches(session, "pause", "resume"))
    lost = _mask(session, (span for ends in ENDS.items() for span in stretches(session, *ends))) & ~paused
    return Clock(paused, lost, _mask(session, session.gaps_s) & ~paused & ~lost)


def people_of(session: Session, clock: Clock) -> People:
    """The people of a session.

    Where one face at a time was followed, all rows are taken as one person's: the ids that a face gets when it is
    lost and found again mean nothing then.
    """
    if session.told["settings"].get("faces") == 1:
        timeline = sample(session.rows, clock.analysed)
        return People({0: timeline} if timeline.seen.any() else {}, 0, 0.0)
    everyone = {int(face): sample(session.rows.of(face), clock.analysed) for face in np.unique(session.rows.faces)}
    ranked = sorted((face for face in everyone if everyone[face].seen.any()), key=lambda face: -everyone[face].seen_s)
    least_s = max(PASSING_S, PASSING_SHARE * float(clock.analysed.sum()) * STEP_S)
    staying = [face for face in ranked if everyone[face].seen_s >= least_s] or ranked[:1]
    passing = [face for face in ranked if face not in staying]
    return People(
        {face: everyone[face] for face in staying}, len(passing), sum(everyone[face].seen_s for face in passing)
    )


def seen_by_anyone(session: Session, clock: Clock) -> Mask:
    """Where any face was seen, passing ones too, (steps,)."""
    return sample(session.rows, clock.analysed).seen


def baseline_of(session: Session, told: dict[str, Any], clock: Clock) -> tuple[Mask, Mask, Mask]:
    """Where a baseline was set, where a face was seen while it was, and where that was the one it acts on, (steps,).

    told: a baseline of session.json.
    """
    steps = np.arange(steps_of(session)) * STEP_S + session.start_s
    undone_s = told.get("undone_at_s")
    set_ = (steps >= told["to_s"] - STEP_S / 2) & (steps < (np.inf if undone_s is None else undone_s - STEP_S / 2))
    own = sample(session.rows.of(told["face_id"]), clock.analysed).seen
    return set_, seen_by_anyone(session, clock) & set_, own & set_


def sample(rows: Rows, analysed: Mask) -> Timeline:
    """Rows on even steps: a step takes the row that was in force at its middle.

    rows: in the order of time.   analysed: (steps,); elsewhere nothing is seen.
    A row is in force until the next one, or until nothing is analysed any more, where that follows within HELD_S (of a
    slow source, `longest_step_s`); the last row before a longer gap, for the usual interval.
    """
    steps = len(analysed)
    labels = np.full(steps, NONE, np.int64)
    probabilities = np.full((steps, len(EMOTIONS)), np.nan)
    if not len(rows.times_s):
        return Timeline(labels, probabilities)
    intervals = np.diff(rows.times_s, append=np.inf)
    usual = intervals[(intervals > 0) & (intervals < np.inf)]
    frame_s = float(np.median(usual)) if len(usual) else STEP_S
    longest_s = longest_step_s(frame_s)
    stops_s = np.append(np.flatnonzero(np.diff(analysed, prepend=True) & ~analysed) * STEP_S, np.inf)
    to_stop_s = stops_s[np.searchsorted(stops_s, rows.times_s)] - rows.times_s
    lone = np.where(to_stop_s <= HELD_S + STEP_S / 2, to_stop_s, min(frame_s, longest_s))  # a step is rounded by a half
    lasts = np.where(intervals <= longest_s, intervals, lone)
    middles = (np.arange(steps) + 0.5) * STEP_S
    at = np.searchsorted(rows.times_s, middles, side="right") - 1
    held = (at >= 0) & (middles - rows.times_s[at] < lasts[at]) & analysed
    labels[held] = rows.labels[at[held]]
    probabilities[held] = rows.probabilities[at[held]]
    return Timeline(labels, probabilities)


def stretches(session: Session, opening: str, closing: str) -> list[tuple[float, float]]:
    """From when to when, seconds: each event of one kind, and the next of the other or, without one, the end."""
    return watch.stretches(((e.timestamp_s, e.event) for e in session.events), opening, closing, session.duration_s)


def _mask(session: Session, spans: Iterable[tuple[float, float]]) -> Mask:
    """The steps in some stretches of time."""
    inside = np.zeros(steps_of(session), bool)
    for from_s, to_s in spans:
        last = len(inside) if to_s >= session.duration_s else round(to_s / STEP_S)
        inside[max(0, round(from_s / STEP_S)) : max(0, last)] = True
    return inside
