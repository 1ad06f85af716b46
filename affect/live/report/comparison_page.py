"""Comparison page of several sessions of one person: the same statistics side by side, on common scales."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from affect.emotions import EMOTIONS
from affect.live.report import drawings
from affect.live.report.face_section import without_reading
from affect.live.report.measures import Coverage, Episode, coverage, episodes, shares
from affect.live.report.model_quality import model_quality_view
from affect.live.report.scale import common_scale, measured_at, on_scale
from affect.live.report.session_folder import LABELS, Session
from affect.live.report.timeline import GAPS, STEP_S, Mask, Timeline, clock_of, people_of, seen_by_anyone
from affect.live.report.writing import Writer


@dataclass(frozen=True)
class _Measured:
    """Statistics of a session for the comparison, of the face that was seen longest."""

    session: Session
    timeline: Timeline
    gaps: dict[str, Mask]
    people: int
    spent: Coverage
    shares: dict[str, float]
    episodes: list[Episode]

    @property
    def minutes(self) -> float:
        return self.timeline.seen_s / 60

    def rate(self, label: str | None = None) -> float:
        """Episodes per minute of time seen, of one expression or, for None, of all."""
        count = sum(label in (None, episode.label) for episode in self.episodes)
        return count / self.minutes if self.minutes else 0.0


def comparison_view(sessions: Sequence[Session], writer: Writer) -> dict[str, Any]:
    """Template values for `comparison.html`.   sessions: in order of their dates."""
    scale = common_scale(sessions)
    measured = [_measure(session if scale is None else on_scale(session, scale)) for session in sessions]
    top = math.ceil(10 * max(0.1, *(max(m.shares.values()) for m in measured))) / 10
    longest = max(len(m.timeline.labels) for m in measured)
    names = {name: writer.name(name) for name in LABELS}
    models = {m.session.told["model"]["sha256"]: m.session.told for m in measured}
    return {
        "warnings": _warnings(measured, len(models), scale is not None, writer),
        "scale": ""
        if scale is None
        else writer.text("one_scale", code=sessions[0].told["person"], date=writer.date(scale.measured)),
        "sessions": [
            {
                "number": number,
                "date": _date(m.session, writer),
                "file": m.session.file,
                "name": " · ".join(filter(None, (m.session.file, _date(m.session, writer)))),
                "baselines": _baselines(m.session, writer),
                "duration": writer.span(m.session.duration_s),
                "face": writer.percent(m.spent.face_s / max(STEP_S, m.spent.analysed_s)),
                "rate": writer.number(m.rate(), 1),
                "markers": len(m.session.events_of("marker")),
                "ground": drawings.ground(m.gaps, [], longest),
                "band": drawings.band(
                    m.timeline, names, writer.text("band_label") + without_reading(m.gaps, writer), longest
                ),
            }
            for number, m in enumerate(measured, 1)
        ],
        "axis": drawings.axis(
            longest * STEP_S, [(time_s, writer.clock(time_s)) for time_s in drawings.ticks(longest * STEP_S)]
        ),
        "gaps": [(name, writer.text(f"legend_{name}")) for name in GAPS if any(m.gaps[name].any() for m in measured)],
        "top": writer.percent(top),
        "shares": [
            {
                "label": name,
                "bars": [
                    (number, drawings.bar(m.shares[name], name, top), writer.percent(m.shares[name]))
                    for number, m in enumerate(measured, 1)
                ],
                "change": _change(name, measured, writer),
            }
            for name in LABELS
        ],
        "rates": [
            {"label": name, "rates": [writer.number(m.rate(name), 1) for m in measured]} for name in (*EMOTIONS, None)
        ],
        "model_qualities": [model_quality_view(told, writer) for told in models.values()],
    }


def _measure(session: Session) -> _Measured:
    clock = clock_of(session)
    people = people_of(session, clock)
    timeline = next(iter(people.timelines.values()), Timeline.unseen(len(clock.paused)))
    return _Measured(
        session,
        timeline,
        clock.gaps(timeline.seen),
        len(people.timelines),
        coverage(seen_by_anyone(session, clock), clock),
        shares(timeline),
        episodes(timeline),
    )


def _change(name: str, measured: Sequence[_Measured], writer: Writer) -> str:
    """Change of a label's share from the first session to the last; "" if one of them has no face."""
    first, last = measured[0], measured[-1]
    if not (first.people and last.people):
        return ""
    return writer.text("change", change=writer.points(last.shares[name] - first.shares[name]))


def _date(session: Session, writer: Writer) -> str:
    """Date of the session or, for a file of unknown recording time, of its analysis."""
    date = writer.date(session.when)
    return writer.text("analysed_on", date=date) if session.file and session.recorded is None else date


def _baselines(session: Session, writer: Writer) -> str:
    """The dates of the baselines that a session was recorded with; "" if there was none."""
    dates = [writer.date(measured_at(session, entry)) for entry in session.told.get("baseline") or []]
    return ", ".join(dict.fromkeys(dates))


def _warnings(measured: Sequence[_Measured], models: int, one_scale: bool, writer: Writer) -> list[str]:
    told = [writer.text("other_models")] if models > 1 else []
    if len(codes := sorted({m.session.told.get("person", "") for m in measured} - {""})) > 1:
        told.append(writer.text("other_people", list=writer.row(codes)))
    based = [bool(m.session.told.get("baseline")) for m in measured]
    for key, which in (
        ("some_baseline", based if not all(based) and not one_scale else []),
        ("some_cut_off", [m.session.cut_off for m in measured]),
        ("some_people", [m.people > 1 for m in measured]),
        ("some_unseen", [m.people == 0 for m in measured]),
    ):
        if any(which):
            numbers = [str(i) for i, yes in enumerate(which, 1) if yes]
            told.append(writer.counted(key, len(numbers), list=writer.row(numbers)))
    return told
