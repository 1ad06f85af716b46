"""What the page of one session says, ready to be laid out: sentences, cells and drawings."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, Final

from affect.emotions import EMOTIONS, UNCERTAIN
from affect.live.report import plots
from affect.live.report.folder import LABELS, Session
from affect.live.report.header import facts, warnings
from affect.live.report.measures import (
    Around,
    Coverage,
    Episode,
    Side,
    around,
    coverage,
    episodes,
    listed,
    mean_probabilities,
    shares,
)
from affect.live.report.timeline import (
    STEP_S,
    Clock,
    People,
    Timeline,
    clock_of,
    people_of,
    seen_by_anyone,
    stretches,
)
from affect.live.report.words import Words
from affect.live.report.worth import weak_note, worth_view
from affect.live.watch import ENDS

DRAWN: Final = 4  # faces that get a section of their own
ONE_TABLE: Final = 12  # rows, above which a table of episodes is set as two
NAMED: Final = 3  # expressions in the summary


def session_view(session: Session, words: Words) -> dict[str, Any]:
    """Everything that `session.html` lays out."""
    words = replace(words, origin_s=session.start_s)
    clock = clock_of(session)
    people = people_of(session, clock)
    spent = coverage(seen_by_anyone(session, clock), clock)
    drawn = list(people.timelines)[:DRAWN]
    return {
        "warnings": warnings(session, words) + ([] if people.timelines else [words.text("never_seen")]),
        "facts": facts(session, words),
        "summary": _summary(session, people, spent, words),
        "people": _people(people, spent, words),
        "faces": [_face(session, face, people.timelines[face], clock, words) for face in drawn],
        "bare_markers": [] if drawn else [_marker(number, e, words) for number, e in enumerate(_marked(session), 1)],
        "coverage": _coverage(session, spent, words),
        "baselines": [_baseline(told, session, words) for told in session.told.get("baseline") or []],
        "worth": worth_view(session.told, words),
    }


def _marked(session: Session) -> list[tuple[float, str]]:
    return [(event.time_s, event.text.strip()) for event in session.events_of("marker")]


def face_name(face: int, words: Words) -> str:
    """What a face is called; nothing where only one was followed."""
    return words.text("face", face=face) if face else ""


def read_as(timeline: Timeline, words: Words) -> str:
    """A sentence or two on what a face was read as."""
    parts = shares(timeline)
    top = sorted((name for name in EMOTIONS if parts[name] >= 0.005), key=lambda name: -parts[name])[:NAMED]
    told = [words.text("summary_part", name=words.name(name), percent=words.percent(parts[name])) for name in top]
    sentences = [words.text("summary_read", list=words.row(told))] if told else []
    if parts[UNCERTAIN]:
        sentences.append(words.text("summary_uncertain", percent=words.percent(parts[UNCERTAIN])))
    return " ".join(sentences)


def _summary(session: Session, people: People, spent: Coverage, words: Words) -> list[str]:
    told = [
        words.text(
            "summary_seen",
            seen=words.span(spent.face_s),
            analysed=words.span(spent.analysed_s),
            percent=words.percent(spent.face_s / max(STEP_S, spent.analysed_s)),
        )
    ]
    if spent.paused_s:
        told.append(words.text("summary_paused", paused=words.span(spent.paused_s)))
    if spent.lost_s:
        told.append(words.text("summary_lost", lost=words.span(spent.lost_s)))
    if marked := _marked(session):
        told.append(words.counted("markers_set", len(marked)))
    told = [" ".join(told)]
    for face, timeline in list(people.timelines.items())[:DRAWN]:
        who = words.text("summary_person", face=face, seen=words.span(timeline.seen_s)) + " " if face else ""
        told.append(f"{who}{read_as(timeline, words)} {words.counted('episodes', len(episodes(timeline)))}")
    return told


def _people(people: People, spent: Coverage, words: Words) -> dict[str, Any] | None:
    """The table of several faces; None where there is one, or where one was followed."""
    if 0 in people.timelines or (len(people.timelines) < 2 and not people.passing):
        return None
    rows = []
    for face, timeline in people.timelines.items():
        parts = shares(timeline)
        most = max(LABELS, key=lambda name: parts[name])
        rows.append(
            {
                "name": face_name(face, words),
                "seen": words.span(timeline.seen_s),
                "share": words.percent(timeline.seen_s / max(STEP_S, spent.analysed_s)),
                "label": most,
                "percent": words.percent(parts[most]),
            }
        )
    notes = [words.text("people_how")]
    if people.passing:
        notes.append(words.counted("passing", people.passing, time=words.span(people.passing_s)))
    if len(people.timelines) > DRAWN:
        notes.append(words.text("not_drawn", count=DRAWN))
    return {"rows": rows, "notes": notes}


def _face(session: Session, face: int, timeline: Timeline, clock: Clock, words: Words) -> dict[str, Any]:
    found = episodes(timeline)
    kept = listed(found)
    marked = _marked(session)
    return {
        "title": face_name(face, words),
        "timeline": _timeline(session, face, timeline, clock, words),
        "seen": words.span(timeline.seen_s),
        "shares": _shares(timeline, words),
        "weak": weak_note(session.told, words),
        "episodes": _halves([_episode(episode, words) for episode in kept]),
        "episodes_cut": len(kept) < len(found)
        and words.text("episodes_cut", shown=len(kept), all=words.number(len(found))),
        "markers": [_marker(number, e, words, timeline) for number, e in enumerate(marked, 1)],
    }


def _episode(episode: Episode, words: Words) -> dict[str, str]:
    return {
        "label": episode.label,
        "start": words.clock(episode.start_s, tenths=True),
        "end": words.clock(episode.end_s, tenths=True),
        "length": words.span(episode.length_s),
        "confidence": words.percent(episode.confidence),
    }


def _halves(rows: list[dict[str, str]]) -> list[list[dict[str, str]]]:
    """A long table as two that stand side by side."""
    middle = -(-len(rows) // 2)
    return [rows[:middle], rows[middle:]] if len(rows) > ONE_TABLE else [rows] if rows else []


def _timeline(session: Session, face: int, timeline: Timeline, clock: Clock, words: Words) -> dict[str, Any]:
    steps = len(timeline.labels)
    total_s = steps * STEP_S
    marked = [time_s for time_s, _ in _marked(session)]
    unseen = clock.analysed & ~timeline.seen
    start_s = session.start_s
    applied = [
        (told["to_s"] - start_s, total_s if told.get("undone_at_s") is None else told["undone_at_s"] - start_s)
        for told in session.told.get("baseline") or []
        if not face or told["face_id"] == face
    ]
    means = mean_probabilities(timeline)
    highest = dict(zip(EMOTIONS, timeline.probabilities[timeline.seen].max(axis=0).tolist(), strict=True))
    per = plots.steps_per_point(steps)
    return {
        "ground": plots.ground(clock, unseen, marked),
        "markers": plots.marker_row(marked, applied, steps) if marked or applied else None,
        "marked": bool(marked),
        "band": plots.band(timeline, {name: words.name(name) for name in LABELS}, words.text("band_label")),
        "ridges": [
            (
                name,
                plots.ridge(
                    timeline,
                    name,
                    words.text(
                        "plot_label",
                        name=words.name(name),
                        mean=words.percent(means[name]),
                        highest=words.percent(highest[name]),
                    ),
                ),
            )
            for name in EMOTIONS
        ],
        "axis": plots.axis(total_s, [(time_s, words.clock(time_s)) for time_s in plots.ticks(total_s)]),
        "points": words.text("timeline_columns", span=words.span(per * STEP_S)) if per > 1 else "",
        "gaps": [
            (name, words.text(f"legend_{name}"))
            for name, mask in (("none", unseen), ("paused", clock.paused), ("lost", clock.lost))
            if mask.any()
        ],
        "uncertain": bool((timeline.labels == LABELS.index(UNCERTAIN)).any()),
        "baseline": bool(applied),
    }


def _shares(timeline: Timeline, words: Words) -> list[dict[str, Any]]:
    parts, means, found = shares(timeline), mean_probabilities(timeline), episodes(timeline)
    ranked = sorted(EMOTIONS, key=lambda name: -parts[name])
    return [
        {
            "label": name,
            "bar": plots.bar(parts[name], name),
            "percent": words.percent(parts[name]),
            "time": words.span(parts[name] * timeline.seen_s),
            "episodes": "–" if name == UNCERTAIN else sum(episode.label == name for episode in found),
            "mean": "–" if name == UNCERTAIN else words.percent(means[name]),
        }
        for name in (*ranked, UNCERTAIN)
    ]


def _marker(number: int, event: tuple[float, str], words: Words, timeline: Timeline | None = None) -> dict[str, Any]:
    time_s, said = event
    told = {"number": number, "time": words.clock(time_s), "text": said or words.text("no_text"), "plot": None}
    if timeline is None:
        return told
    seen: Around = around(timeline, time_s)
    changes = [f"{words.name(name)} {words.points(change)}" for name, change in seen.changes]
    if seen.before and seen.after and not changes:
        changes = [words.text("no_change")]
    return told | {
        "plot": plots.around_plot(timeline, time_s, words.text("around_label")),
        "sides": [_side("before", seen.before, words), _side("after", seen.after, words)],
        "changes": ", ".join(changes),
    }


def _side(key: str, side: Side | None, words: Words) -> dict[str, Any]:
    told = {"when": words.text(key), "label": None, "text": words.text("no_face_side")}
    if side is None:
        return told
    return told | {"label": side.label, "text": f"{words.name(side.label)} {words.percent(side.share)}"}


def _coverage(session: Session, spent: Coverage, words: Words) -> dict[str, Any]:
    parts = [
        ("coverage_face", spent.face_s, "#52606d"),
        ("coverage_none", spent.no_face_s, "url(#none)"),
        ("coverage_paused", spent.paused_s, "url(#paused)"),
        ("coverage_lost", spent.lost_s, "url(#lost)"),
    ]
    told = session.told
    notes = []
    if told.get("frames") is not None and told.get("frames_with_face") is not None:
        frames, with_face = words.number(told["frames"]), words.number(told["frames_with_face"])
        notes.append(words.text("coverage_frames", frames=frames, with_face=with_face))
    notes.append(words.text("coverage_how"))
    notes += _interruptions(session, words)
    if taken := session.events_of("snapshot"):
        notes.append(
            words.text("snapshots", list=", ".join(f"{event.text} ({words.clock(event.time_s)})" for event in taken))
        )
    return {
        "bar": plots.split_bar([(seconds / spent.total_s, fill) for _, seconds, fill in parts]),
        "rows": [
            (plots.square(fill), words.text(key), words.span(seconds), words.percent(seconds / spent.total_s))
            for key, seconds, fill in parts
            if seconds or key == "coverage_face"
        ],
        "notes": notes,
    }


def _interruptions(session: Session, words: Words) -> list[str]:
    """When the source showed nothing, a sentence for each kind."""
    told = []
    for opening, closing in ENDS.items():
        if found := stretches(session, opening, closing):
            spans = [f"{words.clock(from_s)}\N{EN DASH}{words.clock(to_s)}" for from_s, to_s in found]
            told.append(words.text(f"interrupted_{opening}", list=", ".join(spans)))
    return told


def _baseline(told: dict[str, Any], session: Session, words: Words) -> dict[str, Any]:
    sentences = [
        words.text(
            "baseline_how",
            start=words.clock(told["from_s"] - session.start_s),
            end=words.clock(told["to_s"] - session.start_s),
            frames=words.number(told["frames"]),
        )
    ]
    if told.get("undone_at_s") is not None:
        sentences.append(words.text("baseline_undone", time=words.clock(told["undone_at_s"] - session.start_s)))
    return {
        "title": "" if session.told["settings"].get("faces") == 1 else face_name(told["face_id"], words),
        "sentences": sentences,
        "shift": [
            (name, f"×\u202f{words.number(math.exp(told['shift'][name]), 2)}")
            for name in EMOTIONS
            if name in told["shift"]
        ],
    }
