"""Resampling of a session to even time steps: its state, and each face's label and probabilities.

All statistics and drawings of the report are based on these steps, so they agree with one another.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from affect.emotions import EMOTIONS, valence
from affect.live.pipeline.quality import BELIEVED
from affect.live.report.session_folder import Floats, Rows, Session
from affect.live.sources import watch
from affect.live.sources.clock import HELD_S, longest_step_s
from affect.live.sources.watch import ENDS

STEP_S: Final = 0.1
# A face seen for less than either of these, in seconds or as a share of the analysed time, is only passing.
PASSING_S: Final = 2.0
PASSING_SHARE: Final = 0.01
NONE: Final = -1
BLOCK: Final = 100_000  # steps that are looked at together, so that a session of days needs little memory

GAPS: Final = ("none", "paused", "lost", "unrecorded", "excluded")

Mask = npt.NDArray[np.bool_]
Indices = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Timeline:
    """Labels and probabilities of one face per step; step k covers the time from k to k + 1 times STEP_S.

    labels:        indices in LABELS, NONE where the face was not seen, int8 (steps,).
    probabilities: NaN where it was not seen, float32 (steps, 8).
    quality:       NaN where it was not seen, and in older recordings, float32 (steps,).
    Small types, as a session of days has millions of steps; sums over many of them are made in float64.
    """

    labels: npt.NDArray[np.integer[Any]]
    probabilities: Floats
    quality: Floats

    @classmethod
    def unseen(cls, steps: int) -> Timeline:
        """Create the timeline of a face that was never seen."""
        return cls(
            np.full(steps, NONE, np.int8),
            np.full((steps, len(EMOTIONS)), np.nan, np.float32),
            np.full(steps, np.nan, np.float32),
        )

    @property
    def seen(self) -> Mask:
        """Where the face was seen, (steps,)."""
        return self.labels != NONE

    @property
    def doubtful(self) -> Mask:
        """Where the face was seen, but its picture was of too low a quality to be believed, (steps,)."""
        return self.quality < BELIEVED

    @property
    def counted(self) -> Mask:
        """Where the face was seen well enough to be counted in shares and means, (steps,)."""
        return self.seen & ~self.doubtful

    def part(self, chosen: slice | Mask) -> Timeline:
        """The steps of a slice or of a mask."""
        return Timeline(self.labels[chosen], self.probabilities[chosen], self.quality[chosen])

    @property
    def valence(self) -> Floats:
        """Derived valence, −1…1, NaN where the face was not seen, (steps,); see `affect.emotions.valence`."""
        return valence(self.probabilities)

    @property
    def seen_s(self) -> float:
        """Time in which the face was seen, in seconds."""
        return float(self.seen.sum()) * STEP_S


@dataclass(frozen=True)
class Clock:
    """State of the session in each step, independent of faces; bool masks (steps,).

    paused: by the user.   lost: no picture, a black one or a frozen one, whose rows are outdated.
    unrecorded: no frame was analysed.   excluded: by somebody, afterwards.   All other steps are analysed.
    """

    paused: Mask
    lost: Mask
    unrecorded: Mask
    excluded: Mask

    @property
    def analysed(self) -> Mask:
        """Analysed steps, in which a face could be seen, (steps,)."""
        return ~(self.paused | self.lost | self.unrecorded | self.excluded)

    def gaps(self, seen: Mask) -> dict[str, Mask]:
        """Masks of the steps without a reading, by reason; "none" means no face. The reasons do not overlap.

        seen: where a face was seen, (steps,).
        """
        masks = (self.analysed & ~seen, self.paused, self.lost, self.unrecorded, self.excluded)
        return dict(zip(GAPS, masks, strict=True))


@dataclass(frozen=True)
class People:
    """Timelines of the people in a session.

    timelines: by face id, longest seen first; the id 0 if only a single face was tracked.
    passing:   number of other people, who were only passing.   passing_s: their total time, seconds.
    """

    timelines: dict[int, Timeline]
    passing: int
    passing_s: float


def steps_of(session: Session) -> int:
    """Number of steps of a session, at least one."""
    return max(1, math.ceil(session.duration_s / STEP_S - 1e-6))


def clock_of(session: Session) -> Clock:
    """Compute the state of a session in each step from its events and gaps."""
    excluded = _mask(session, (span[:2] for span in session.excluded))
    paused = _mask(session, stretches(session, "pause", "resume")) & ~excluded
    lost = _mask(session, (span for ends in ENDS.items() for span in stretches(session, *ends))) & ~paused & ~excluded
    return Clock(paused, lost, _mask(session, session.gaps_s) & ~paused & ~lost & ~excluded, excluded)


def people_of(session: Session, clock: Clock) -> People:
    """Compute the timelines of the people in a session.

    If only one face at a time was tracked, all rows count as one person's: new ids then only mean that the face was
    lost for a while.
    """
    if session.told["settings"].get("faces") == 1:
        timeline = sample(session.rows, clock.analysed)
        return People({0: timeline} if timeline.seen.any() else {}, 0, 0.0)
    # without their timelines, as a long session may have thousands of passing people
    seen_s = {int(face): _seen_s(session.rows.of(face), clock.analysed) for face in np.unique(session.rows.faces)}
    ranked = sorted((face for face in seen_s if seen_s[face]), key=lambda face: -seen_s[face])
    least_s = max(PASSING_S, PASSING_SHARE * float(clock.analysed.sum()) * STEP_S)
    staying = [face for face in ranked if seen_s[face] >= least_s] or ranked[:1]
    passing = ranked[len(staying) :]
    return People(
        {face: sample(session.rows.of(face), clock.analysed) for face in staying},
        len(passing),
        sum(seen_s[face] for face in passing),
    )


def seen_by_anyone(session: Session, clock: Clock) -> Mask:
    """Mask of the steps in which any face was seen, including passing ones, (steps,)."""
    return _seen(session.rows, clock.analysed)


def baseline_of(session: Session, told: dict[str, Any], clock: Clock) -> tuple[Mask, Mask, Mask]:
    """Masks, (steps,): a baseline was applied; any face was seen meanwhile; the baseline's own face was.

    told: a baseline of session.json.
    """
    steps = np.arange(steps_of(session)) * STEP_S + session.start_s
    undone_s = told.get("undone_at_s")
    set_ = (steps >= told["to_s"] - STEP_S / 2) & (steps < (np.inf if undone_s is None else undone_s - STEP_S / 2))
    own = _seen(session.rows.of(told["face_id"]), clock.analysed)
    return set_, seen_by_anyone(session, clock) & set_, own & set_


def sample(rows: Rows, analysed: Mask) -> Timeline:
    """Resample rows to even steps; each step takes the row that is valid at its middle.

    rows: in order of time.   analysed: mask (steps,); other steps stay empty.
    A row is valid until the next one, if that follows within HELD_S (`longest_step_s` for a slow source), or until the
    analysis stops, if that follows within HELD_S. Before a longer gap, a row is valid for the usual frame interval.
    """
    held, at = _held(rows, analysed)
    timeline = Timeline.unseen(len(analysed))
    timeline.labels[held] = rows.labels[at]
    timeline.quality[held] = rows.quality[at]
    for place in range(len(EMOTIONS)):  # one by one: all of them would take eight times the memory at once
        timeline.probabilities[held, place] = rows.probabilities[at, place]
    return timeline


def _seen(rows: Rows, analysed: Mask) -> Mask:
    """Where the face of some rows was seen, (steps,); see `sample`."""
    seen = np.zeros(len(analysed), bool)
    seen[_held(rows, analysed)[0]] = True
    return seen


def _seen_s(rows: Rows, analysed: Mask) -> float:
    """Time in which the face of some rows was seen, in seconds; see `sample`."""
    return len(_held(rows, analysed)[0]) * STEP_S


def _held(rows: Rows, analysed: Mask) -> tuple[Indices, Indices]:
    """The steps in which a row is valid, and the index of that row in each of them; see `sample`."""
    if not len(rows.times_s):
        return np.zeros(0, np.int32), np.zeros(0, np.int32)
    intervals = np.diff(rows.times_s, append=np.inf)
    usual = intervals[(intervals > 0) & (intervals < np.inf)]
    frame_s = float(np.median(usual)) if len(usual) else STEP_S
    longest_s = longest_step_s(frame_s)
    stops_s = np.append(np.flatnonzero(np.diff(analysed, prepend=True) & ~analysed) * STEP_S, np.inf)
    to_stop_s = stops_s[np.searchsorted(stops_s, rows.times_s)] - rows.times_s
    lone = np.where(to_stop_s <= HELD_S + STEP_S / 2, to_stop_s, min(frame_s, longest_s))  # + rounding to steps
    lasts = np.where(intervals <= longest_s, intervals, lone)
    ends_s = rows.times_s[-1] + lasts[-1]
    first, last = int(rows.times_s[0] / STEP_S), min(len(analysed), math.ceil(ends_s / STEP_S) + 1)
    found = []
    for start in range(first, max(first + 1, last), BLOCK):
        steps = np.arange(start, min(start + BLOCK, last), dtype=np.int32)
        middles = (steps + 0.5) * STEP_S
        at = np.searchsorted(rows.times_s, middles, side="right") - 1
        held = (at >= 0) & (middles - rows.times_s[at] < lasts[at]) & analysed[steps]
        found.append((steps[held], at[held].astype(np.int32)))
    return np.concatenate([steps for steps, _ in found]), np.concatenate([at for _, at in found])


def stretches(session: Session, opening: str, closing: str) -> list[tuple[float, float]]:
    """Pair a session's opening and closing events into intervals (start, end), in seconds; see `watch.stretches`."""
    return watch.stretches(((e.timestamp_s, e.event) for e in session.events), opening, closing, session.duration_s)


def _mask(session: Session, spans: Iterable[tuple[float, float]]) -> Mask:
    """Mask of the steps inside intervals (start, end) given in seconds."""
    inside = np.zeros(steps_of(session), bool)
    for from_s, to_s in spans:
        last = len(inside) if to_s >= session.duration_s else round(to_s / STEP_S)
        inside[max(0, round(from_s / STEP_S)) : max(0, last)] = True
    return inside
