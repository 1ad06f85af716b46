"""What is counted on the timelines: shares of time, episodes, what happened around a marker, coverage."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from affect.emotions import EMOTIONS, UNCERTAIN
from affect.live.report.session_folder import LABELS, Floats
from affect.live.report.timeline import NONE, STEP_S, Clock, Mask, Timeline

EPISODE_S: Final = 0.5  # shorter is no episode, and interrupts none
LISTED: Final = 40  # episodes in a table; where there are more, the longest of each expression
LISTED_EACH: Final = 5
AROUND_S: Final = 10.0
ENOUGH_S: Final = 1.0  # of a face, before anything is said of one side of a marker
CHANGE: Final = 0.05  # of a mean probability, below which a marker's two sides count as the same
WEAK_RECALL: Final = 0.5


@dataclass(frozen=True)
class Episode:
    """A stretch of one expression.

    label: one of EMOTIONS.   start_s, end_s: on the session's clock.
    confidence: the mean probability of the expression in it, 0…1.
    """

    label: str
    start_s: float
    end_s: float
    confidence: float

    @property
    def length_s(self) -> float:
        """From start to end, short interruptions counted in."""
        return self.end_s - self.start_s


@dataclass(frozen=True)
class Side:
    """The time before or after a marker: the commonest label, its share of the time seen, and mean probabilities."""

    label: str
    share: float
    means: Floats


@dataclass(frozen=True)
class Around:
    """What a face showed around a marker.

    before, after: None where the face was seen for less than ENOUGH_S.
    changes: the expression that rose most and the one that fell most, with the difference of their mean
             probabilities (−1…1); fewer where nothing changed by CHANGE, none where a side is missing.
    """

    before: Side | None
    after: Side | None
    changes: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Coverage:
    """How the time of a session was spent, in seconds; together they are its length."""

    face_s: float
    no_face_s: float
    paused_s: float
    lost_s: float
    unrecorded_s: float = 0.0

    @property
    def analysed_s(self) -> float:
        """The time in which a face could be seen."""
        return self.face_s + self.no_face_s

    @property
    def total_s(self) -> float:
        """The session's length."""
        return self.analysed_s + self.paused_s + self.lost_s + self.unrecorded_s


def shares(timeline: Timeline) -> dict[str, float]:
    """The share of the time seen that each of LABELS was shown, 0…1, sum 1; all 0 where the face was never seen."""
    counts = np.bincount(timeline.labels[timeline.seen], minlength=len(LABELS))
    return {name: float(count) / max(1, int(counts.sum())) for name, count in zip(LABELS, counts, strict=True)}


def mean_probabilities(timeline: Timeline) -> dict[str, float]:
    """The mean probability of each expression over the time seen, sum 1; 0 where the face was never seen."""
    seen = timeline.probabilities[timeline.seen]
    means = seen.mean(axis=0) if len(seen) else np.zeros(len(EMOTIONS))
    return {name: float(mean) for name, mean in zip(EMOTIONS, means, strict=True)}


def episodes(timeline: Timeline) -> list[Episode]:
    """The episodes of every expression, in order; they never overlap.

    Stretches shorter than EPISODE_S are left out, "uncertain" ones too; two neighbours of one expression are joined
    where less than EPISODE_S lies between them.
    """
    least = round(EPISODE_S / STEP_S)
    joined: list[tuple[int, int, int]] = []
    for label, start, end in _runs(timeline):
        if end - start < least or label == NONE:
            continue
        if joined and joined[-1][0] == label and start - joined[-1][2] < least:
            start = joined.pop()[1]
        joined.append((label, start, end))
    return [
        Episode(
            LABELS[label],
            start * STEP_S,
            end * STEP_S,
            float(np.nanmean(timeline.probabilities[start:end, label])),
        )
        for label, start, end in joined
        if LABELS[label] != UNCERTAIN
    ]


def listed(found: list[Episode]) -> list[Episode]:
    """The episodes that a table shows, in order: all, or the LISTED_EACH longest of each expression where many."""
    if len(found) <= LISTED:
        return found
    longest = sorted(found, key=lambda episode: -episode.length_s)
    kept = [e for name in EMOTIONS for e in [e for e in longest if e.label == name][:LISTED_EACH]]
    return sorted(kept, key=lambda episode: episode.start_s)


def around(timeline: Timeline, time_s: float) -> Around:
    """What a face showed in the AROUND_S before and after a moment."""
    at, reach = round(time_s / STEP_S), round(AROUND_S / STEP_S)
    before, after = _side(timeline, max(0, at - reach), at), _side(timeline, at, at + reach)
    if before is None or after is None:
        return Around(before, after, ())
    change = after.means - before.means
    extremes = [(int(change.argmax()), 1), (int(change.argmin()), -1)]
    changes = tuple((EMOTIONS[i], float(change[i])) for i, sign in extremes if sign * change[i] >= CHANGE)
    return Around(before, after, changes)


def gaps_around(gaps: dict[str, Mask], time_s: float) -> dict[str, Mask]:
    """Why there is no reading in the steps from AROUND_S before a moment to AROUND_S after it.

    gaps: of `Clock.gaps`.   Returns the same keys, (2 · AROUND_S / STEP_S,); what is before the session's start or
    after its end is "unrecorded".
    """
    at, reach = round(time_s / STEP_S), round(AROUND_S / STEP_S)
    return {
        name: np.pad(mask, reach, constant_values=name == "unrecorded")[at : at + 2 * reach]
        for name, mask in gaps.items()
    }


def coverage(seen: Mask, clock: Clock) -> Coverage:
    """How the time was spent.   seen: where any face was seen, (steps,)."""
    return Coverage(*(float(mask.sum()) * STEP_S for mask in (seen, *clock.gaps(seen).values())))


def weak_classes(per_class: dict[str, dict[str, float]]) -> list[str]:
    """The expressions of which a model found less than half, weakest first, from its own figures."""
    weak = [name for name in EMOTIONS if name in per_class and per_class[name]["recall"] < WEAK_RECALL]
    return sorted(weak, key=lambda name: per_class[name]["recall"])


def _runs(timeline: Timeline) -> list[tuple[int, int, int]]:
    """Stretches of one label: (label, first step, step after the last)."""
    labels = timeline.labels
    bounds = [0, *(np.flatnonzero(np.diff(labels)) + 1).tolist(), len(labels)]
    return [(int(labels[start]), start, end) for start, end in pairwise(bounds)]


def _side(timeline: Timeline, start: int, end: int) -> Side | None:
    labels = timeline.labels[start:end]
    seen = labels != NONE
    if seen.sum() < round(ENOUGH_S / STEP_S):
        return None
    counts = np.bincount(labels[seen], minlength=len(LABELS))
    means = timeline.probabilities[start:end][seen].mean(axis=0)
    return Side(LABELS[int(counts.argmax())], float(counts.max() / counts.sum()), means)
