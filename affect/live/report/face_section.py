"""Report section of one face: timeline, shares of expressions, episodes, and comparison around each marker."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from affect.emotions import EMOTIONS, UNCERTAIN
from affect.live.report import drawings
from affect.live.report.measures import (
    Episode,
    Side,
    around,
    episodes,
    gaps_around,
    listed,
    mean_probabilities,
    shares,
    thirds,
    valence,
)
from affect.live.report.model_quality import weak_note
from affect.live.report.session_folder import LABELS, Session
from affect.live.report.timeline import GAPS, STEP_S, Clock, Mask, Timeline, baseline_of
from affect.live.report.writing import Writer
from affect.live.texts import signed

ONE_TABLE: Final = 12  # maximum rows of a table of episodes before it is split in two


def face_name(face: int, writer: Writer) -> str:
    """Name of a face in the report; "" for the id 0, when only one face was tracked."""
    return writer.text("face", face=face) if face else ""


def markers_of(session: Session) -> list[tuple[float, str]]:
    """Time and note of each marker."""
    return [(event.timestamp_s, event.text.strip()) for event in session.events_of("marker")]


def face_view(session: Session, face: int, timeline: Timeline, clock: Clock, writer: Writer) -> dict[str, Any]:
    """Template values for the section of one face."""
    found = episodes(timeline)
    kept = listed(found)
    gaps = clock.gaps(timeline.seen)
    markers = markers_view(session, writer, gaps, timeline)
    return {
        "title": face_name(face, writer),
        "timeline": _timeline(session, face, timeline, clock, writer),
        "seen": writer.span(timeline.seen_s),
        "doubtful": _doubtful(timeline, writer),
        "valence": _valence(timeline, writer),
        "thirds": _thirds(timeline, writer),
        "shares": _shares(timeline, writer),
        "weak": weak_note(session.told, writer),
        "episodes": _halves([_episode(episode, writer) for episode in kept]),
        "episodes_cut": len(kept) < len(found)
        and writer.text("episodes_cut", shown=len(kept), all=writer.number(len(found))),
        "markers": markers,
        "marker_gaps": [
            (name, writer.text(f"legend_{name}")) for name in GAPS if any(name in marker["gaps"] for marker in markers)
        ],
    }


def without_reading(gaps: dict[str, Mask], writer: Writer) -> str:
    """Text alternative for the gap patterns: reasons and durations without a reading; "" without gaps."""
    told = gaps_told(gaps, writer)
    return " " + writer.text("gaps_label", list=told) if told else ""


def gaps_told(gaps: dict[str, Mask], writer: Writer) -> str:
    """List the reasons for gaps with their durations: paused 2.0 s, no face 1.0 s."""
    found = [(name, float(mask.sum()) * STEP_S) for name, mask in gaps.items() if mask.any()]
    return ", ".join(f"{writer.text(f'legend_{name}')} {writer.span(length_s)}" for name, length_s in found)


def _timeline(session: Session, face: int, timeline: Timeline, clock: Clock, writer: Writer) -> dict[str, Any]:
    steps = len(timeline.labels)
    total_s = steps * STEP_S
    marked = [time_s for time_s, _ in markers_of(session)]
    gaps = clock.gaps(timeline.seen)
    applied = [
        span
        for told in session.told.get("baseline") or []
        if not face or told["face_id"] == face
        for span in _acting(session, told, clock)
    ]
    means = mean_probabilities(timeline)
    highest = dict(zip(EMOTIONS, np.nanmax(timeline.probabilities, axis=0).tolist(), strict=True))
    per = drawings.steps_per_point(steps)
    return {
        "ground": drawings.ground(gaps, marked),
        "markers": drawings.marker_row(marked, applied, steps) if marked or applied else None,
        "marked": bool(marked),
        "band": drawings.band(
            timeline,
            {name: writer.name(name) for name in LABELS},
            writer.text("band_label") + without_reading(gaps, writer),
        ),
        "ridges": [
            (
                name,
                drawings.ridge(
                    timeline,
                    name,
                    writer.text(
                        "plot_label",
                        name=writer.name(name),
                        mean=writer.certainty(means[name]),
                        highest=writer.certainty(highest[name]),
                    ),
                ),
            )
            for name in EMOTIONS
        ],
        "valence": drawings.valence_curve(timeline, writer.text("valence_label") + without_reading(gaps, writer)),
        "axis": drawings.axis(
            total_s, [(time_s, writer.clock(time_s)) for time_s in drawings.ticks(total_s, session.start_s)]
        ),
        "points": writer.text("timeline_columns", span=writer.span(per * STEP_S)) if per > 1 else "",
        "gaps": [(name, writer.text(f"legend_{name}")) for name, mask in gaps.items() if mask.any()],
        "uncertain": bool((timeline.labels == LABELS.index(UNCERTAIN)).any()),
        "baseline": bool(applied),
    }


def _doubtful(timeline: Timeline, writer: Writer) -> str:
    """Sentence on the time that is not counted; "" if there is none."""
    if not timeline.doubtful.any():
        return ""
    time_s = float(timeline.doubtful.sum()) * STEP_S
    return writer.text("shares_doubtful", time=writer.span(time_s), percent=writer.percent(time_s / timeline.seen_s))


def _valence(timeline: Timeline, writer: Writer) -> str:
    """Sentence on a face's valence; "" if no time is counted."""
    if (found := valence(timeline)) is None:
        return ""
    shown = {"mean": signed(found.mean, writer.language), "above": writer.percent(found.above)}
    return writer.text("valence_told", **shown, below=writer.percent(found.below))


def _thirds(timeline: Timeline, writer: Writer) -> list[dict[str, str]]:
    rows, start_s = [], 0.0
    for part in thirds(timeline):
        end_s = start_s + len(part.labels) * STEP_S
        told = {"time": f"{writer.clock(start_s)}\N{EN DASH}{writer.clock(end_s)}", "seen": writer.span(part.seen_s)}
        if (found := valence(part)) is not None:
            parts = shares(part)
            most = max(LABELS, key=lambda name: parts[name])
            told |= {
                "label": most,
                "percent": writer.percent(parts[most]),
                "valence": signed(found.mean, writer.language),
            }
        rows.append({"label": "", "valence": "\N{EN DASH}", **told})
        start_s = end_s
    return rows


def _acting(session: Session, told: dict[str, Any], clock: Clock) -> list[tuple[float, float]]:
    """Intervals (start, end), in seconds, in which a baseline was applied and no other face was in view."""
    set_, seen, own = baseline_of(session, told, clock)
    return [(start * STEP_S, end * STEP_S) for start, end in drawings.runs(set_ & ~(seen & ~own), 1)]


def _shares(timeline: Timeline, writer: Writer) -> list[dict[str, Any]]:
    parts, means, found = shares(timeline), mean_probabilities(timeline), episodes(timeline)
    ranked = sorted(EMOTIONS, key=lambda name: -parts[name])
    return [
        {
            "label": name,
            "bar": drawings.bar(parts[name], name),
            "percent": writer.percent(parts[name]),
            "time": writer.span(parts[name] * timeline.seen_s),
            "episodes": "–" if name == UNCERTAIN else sum(episode.label == name for episode in found),
            "mean": "–" if name == UNCERTAIN else writer.certainty(means[name]),
        }
        for name in (*ranked, UNCERTAIN)
    ]


def _episode(episode: Episode, writer: Writer) -> dict[str, str]:
    return {
        "label": episode.label,
        "start": writer.clock(episode.start_s, tenths=True),
        "end": writer.clock(episode.end_s, tenths=True),
        "length": writer.span(episode.length_s),
        "confidence": writer.certainty(episode.confidence),
    }


def _halves(rows: list[dict[str, str]]) -> list[list[dict[str, str]]]:
    """Split a table of more than ONE_TABLE rows in two that stand side by side."""
    middle = -(-len(rows) // 2)
    return [rows[:middle], rows[middle:]] if len(rows) > ONE_TABLE else [rows] if rows else []


def markers_view(
    session: Session, writer: Writer, gaps: dict[str, Mask], timeline: Timeline | None = None
) -> list[dict[str, Any]]:
    """Template values for the markers, in order: the face before and after each, or the reason for a missing side.

    gaps: of `Clock.gaps`.   timeline: of the face; None: no face was seen.
    """
    marked = [_marker(number, event, writer, gaps, timeline) for number, event in enumerate(markers_of(session), 1)]
    for told, (time_s, _) in zip(marked, markers_of(session), strict=True):
        at = session.clock_time(time_s)
        told["clock"] = f"{at:%H:%M:%S}" if at else ""
    return marked


def _marker(
    number: int, event: tuple[float, str], writer: Writer, gaps: dict[str, Mask], timeline: Timeline | None
) -> dict[str, Any]:
    time_s, said = event
    near = gaps_around(gaps, time_s)
    middle = len(near["none"]) // 2
    sides = [{name: mask[side] for name, mask in near.items()} for side in (slice(middle), slice(middle, None))]
    ends = round(time_s / STEP_S) >= len(gaps["none"])  # a marker at the end has the state of the last step
    state = next((name for name, mask in near.items() if mask[middle - ends]), None)
    told = {"number": number, "time": writer.clock(time_s), "text": said or writer.text("no_text"), "plot": None}
    told["gaps"] = [name for name, mask in near.items() if mask.any()]
    told["state"] = writer.text(f"markers_set_{state}") if state else ""
    if timeline is None:
        return told
    seen = around(timeline, time_s)
    changes = [f"{writer.name(name)} {writer.points(change)}" for name, change in seen.changes]
    if seen.before and seen.after and not changes:
        changes = [writer.text("no_change")]
    return told | {
        "plot": drawings.around_plot(
            timeline, time_s, near, writer.text("around_label") + without_reading(near, writer)
        ),
        "sides": [_side("before", seen.before, sides[0], writer), _side("after", seen.after, sides[1], writer)],
        "changes": ", ".join(changes),
    }


def _side(key: str, side: Side | None, gaps: dict[str, Mask], writer: Writer) -> dict[str, Any]:
    told = {"when": writer.text(key), "label": None}
    if side is None:
        return told | {"text": gaps_told(gaps, writer)}
    return told | {"label": side.label, "text": f"{writer.name(side.label)} {writer.percent(side.share)}"}
