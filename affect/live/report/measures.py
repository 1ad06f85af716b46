"""Statistics of a session's timelines: shares of time, episodes, comparison before and after a marker, coverage."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from affect.emotions import EMOTIONS, UNCERTAIN
from affect.live.report.session_folder import LABELS, Floats
from affect.live.report.timeline import NONE, STEP_S, Clock, Mask, Timeline

EPISODE_S: Final = 0.5  # minimum duration of an episode, and of an interruption
LISTED: Final = 40  # maximum number of episodes in a table; with more, only the longest of each expression
LISTED_EACH: Final = 5
AROUND_S: Final = 10.0  # time analysed before and after a marker
ENOUGH_S: Final = 1.0  # minimum time with a face on one side of a marker
CHANGE: Final = 0.05  # minimum change of a mean probability at a marker
WEAK_RECALL: Final = 0.5


@dataclass(frozen=True)
class Episode:
    """An episode: a period in which one expression was shown.

    label: one of EMOTIONS.   start_s, end_s: on the session's clock.
    confidence: mean probability of the expression in the episode, 0…1.
    """

    label: str
    start_s: float
    end_s: float
    confidence: float

    @property
    def length_s(self) -> float:
        """Duration in seconds, including short interruptions."""
        return self.end_s - self.start_s


@dataclass(frozen=True)
class Side:
    """Statistics before or after a marker: the most frequent label, its share of the time seen, mean probabilities."""

    label: str
    share: float
    means: Floats


@dataclass(frozen=True)
class Around:
    """Comparison of a face before and after a marker.

    before, after: None if the face was seen for less than ENOUGH_S.
    changes: the expressions with the largest increase and the largest decrease of the mean probability, with the
             difference (−1…1); only differences of at least CHANGE; empty if a side is missing.
    """

    before: Side | None
    after: Side | None
    changes: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Coverage:
    """Time with a face, and time without a reading for each reason in GAPS, in seconds; they add up to the session."""

    face_s: float
    gaps_s: dict[str, float]

    @property
    def analysed_s(self) -> float:
        """Analysed time in seconds, with and without a face."""
        return self.face_s + self.gaps_s["none"]

    @property
    def total_s(self) -> float:
        """Length of the session in seconds."""
        return self.face_s + sum(self.gaps_s.values())


def shares(timeline: Timeline) -> dict[str, float]:
    """Share of the counted time for each of LABELS, 0…1, sum 1; all 0 if there is none (see `Timeline.counted`)."""
    counts = np.bincount(timeline.labels[timeline.counted], minlength=len(LABELS))
    return {name: float(count) / max(1, int(counts.sum())) for name, count in zip(LABELS, counts, strict=True)}


def mean_probabilities(timeline: Timeline) -> dict[str, float]:
    """Mean probability of each expression over the counted time, sum 1; all 0 if there is none."""
    counted = timeline.counted
    shown = timeline.probabilities.T
    means = [float(column[counted].mean(dtype=float)) if counted.any() else 0.0 for column in shown]
    return {name: float(mean) for name, mean in zip(EMOTIONS, means, strict=True)}


@dataclass(frozen=True)
class Valence:
    """Derived valence over the counted time: its mean, −1…1, and the shares of time above and below 0, 0…1."""

    mean: float
    above: float
    below: float


def valence(timeline: Timeline) -> Valence | None:
    """Compute the derived valence of a face; None if no time is counted."""
    derived = timeline.valence[timeline.counted]
    return (
        Valence(float(derived.mean(dtype=float)), float((derived > 0).mean()), float((derived < 0).mean()))
        if len(derived)
        else None
    )


def thirds(timeline: Timeline) -> list[Timeline]:
    """Cut a timeline into three equal parts; fewer if it has fewer than three steps."""
    bounds = np.linspace(0, len(timeline.labels), 4).round().astype(int).tolist()
    return [timeline.part(slice(start, end)) for start, end in pairwise(bounds) if end > start]


def episodes(timeline: Timeline) -> list[Episode]:
    """Find the episodes of all expressions, in order of time and without overlap.

    Runs shorter than EPISODE_S are dropped, also of "uncertain"; neighbouring runs of one expression are then merged
    if less than EPISODE_S lies between them.
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
            float(np.nanmean(timeline.probabilities[start:end, label], dtype=float)),
        )
        for label, start, end in joined
        if LABELS[label] != UNCERTAIN
    ]


def listed(found: list[Episode]) -> list[Episode]:
    """Select the episodes for a table: all, or the LISTED_EACH longest of each expression if more than LISTED."""
    if len(found) <= LISTED:
        return found
    longest = sorted(found, key=lambda episode: -episode.length_s)
    kept = [e for name in EMOTIONS for e in [e for e in longest if e.label == name][:LISTED_EACH]]
    return sorted(kept, key=lambda episode: episode.start_s)


def around(timeline: Timeline, time_s: float) -> Around:
    """Compare a face in the AROUND_S seconds before and after a moment."""
    at, reach = round(time_s / STEP_S), round(AROUND_S / STEP_S)
    before, after = _side(timeline, max(0, at - reach), at), _side(timeline, at, at + reach)
    if before is None or after is None:
        return Around(before, after, ())
    change = after.means - before.means
    extremes = [(int(change.argmax()), 1), (int(change.argmin()), -1)]
    changes = tuple((EMOTIONS[i], float(change[i])) for i, sign in extremes if sign * change[i] >= CHANGE)
    return Around(before, after, changes)


def gaps_around(gaps: dict[str, Mask], time_s: float) -> dict[str, Mask]:
    """Cut the gap masks to the steps from AROUND_S before a moment to AROUND_S after it.

    gaps: of `Clock.gaps`.   Returns the same keys, (2 · AROUND_S / STEP_S,); steps outside the session are
    "unrecorded".
    """
    at, reach = round(time_s / STEP_S), round(AROUND_S / STEP_S)
    return {
        name: np.pad(mask, reach, constant_values=name == "unrecorded")[at : at + 2 * reach]
        for name, mask in gaps.items()
    }


def coverage(seen: Mask, clock: Clock) -> Coverage:
    """Compute the duration of each state of a session.   seen: where any face was seen, (steps,)."""
    gaps_s = {name: float(mask.sum()) * STEP_S for name, mask in clock.gaps(seen).items()}
    return Coverage(float(seen.sum()) * STEP_S, gaps_s)


def weak_classes(per_class: dict[str, dict[str, float]]) -> list[str]:
    """Expressions whose recall is below WEAK_RECALL in the model's own metrics, lowest first."""
    weak = [name for name in EMOTIONS if name in per_class and per_class[name]["recall"] < WEAK_RECALL]
    return sorted(weak, key=lambda name: per_class[name]["recall"])


def _runs(timeline: Timeline) -> list[tuple[int, int, int]]:
    """Runs of equal labels: (label, first step, step after the last)."""
    labels = timeline.labels
    bounds = [0, *(np.flatnonzero(np.diff(labels)) + 1).tolist(), len(labels)]
    return [(int(labels[start]), start, end) for start, end in pairwise(bounds)]


def _side(timeline: Timeline, start: int, end: int) -> Side | None:
    labels = timeline.labels[start:end]
    seen = labels != NONE
    if seen.sum() < round(ENOUGH_S / STEP_S):
        return None
    counts = np.bincount(labels[seen], minlength=len(LABELS))
    means = timeline.probabilities[start:end][seen].mean(axis=0, dtype=float)
    return Side(LABELS[int(counts.argmax())], float(counts.max() / counts.sum()), means)
