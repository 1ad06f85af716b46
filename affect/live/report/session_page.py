"""Session page of the report: collects the template values (sentences, table cells and drawings)."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import numpy as np

from affect.cells import as_cell
from affect.emotions import EMOTIONS, UNCERTAIN
from affect.errors import as_shown
from affect.live.report import drawings
from affect.live.report.face_section import face_name, face_view, markers_of, markers_view
from affect.live.report.measures import Coverage, coverage, episodes, shares
from affect.live.report.model_quality import model_quality_view
from affect.live.report.scale import measured_at
from affect.live.report.session_folder import LABELS, Session
from affect.live.report.timeline import (
    STEP_S,
    Clock,
    People,
    Timeline,
    baseline_of,
    clock_of,
    people_of,
    seen_by_anyone,
    stretches,
)
from affect.live.report.writing import Writer
from affect.live.sources.watch import ENDS

_KINDS: Final = ("camera", "video", "image", "stream", "screen", "demo")


def warnings(session: Session, writer: Writer) -> list[str]:
    """Warnings at the top of the page: limits that a reader must know before any number."""
    told = []
    if session.cut_off:
        told.append(writer.text("incomplete" if session.told.get("complete") is False else "cut_off"))
    if session.rows.damaged:
        told.append(writer.counted("damaged", session.rows.damaged))
    if session.rows.changed:
        told.append(writer.text("changed"))
    if session.events_of("cut") and session.told["settings"].get("faces") == 1:
        told.append(writer.text("cuts_warning"))
    if session.told.get("baseline"):
        told.append(writer.text("baseline_warning"))
    return told


def facts(session: Session, writer: Writer) -> list[tuple[str, list[str]]]:
    """Facts about source, model and consent: pairs of a name and its lines."""
    told = session.told
    model, settings = told["model"], told["settings"]
    lines = _source(told["source"], writer)
    lines += [writer.text("clock_source")] if told.get("clock") == "source" else []
    measured = [model["file"]]
    if model.get("figures"):
        measured.append(f"{model['figures']['data']}, n = {writer.number(model['figures']['n'])}")
    found = [
        (writer.text("duration"), [writer.span(session.duration_s)]),
        *([(writer.text("analysed"), [writer.date(session.started)])] if session.file else []),
        (writer.text("source"), lines),
        (writer.text("model"), measured),
    ]
    if told.get("person"):
        found.append((writer.text("person_code"), [told["person"]]))
    if isinstance(settings.get("faces"), int):
        found.append((writer.text("followed"), [writer.counted("followed", settings["faces"])]))
    if consent := told.get("consent"):
        at = f"{datetime.fromisoformat(consent['given_at']):%H:%M}"
        key = "consent_asked" if consent["how"] == "asked" else "consent_option"
        found.append((writer.text("consent"), [writer.text(key, when=at, how=consent["how"])]))
    return found


def technical(session: Session, writer: Writer) -> list[tuple[str, list[str]]]:
    """Technical facts, for the end of the page: the model's fingerprint, settings, versions."""
    told = session.told
    model, settings = told["model"], told["settings"]
    chosen = [
        writer.text(name, name=settings[name]) for name in ("detector", "backend", "sensitivity") if name in settings
    ]
    if model.get("temperature") is not None:
        chosen.append(writer.text("temperature", value=writer.number(model["temperature"], 3)))
    return [
        (writer.text("model"), [model["file"], writer.text("fingerprint", short=model["sha256"])]),
        (writer.text("settings"), [", ".join(chosen)]),
        (writer.text("versions"), [", ".join(f"{name} {told['versions'][name]}" for name in told["versions"])]),
    ]


def _source(told: dict[str, Any], writer: Writer) -> list[str]:
    """Kind and name of the source, each as a line."""
    kind = str(told.get("kind"))
    if kind not in _KINDS:
        return [str(told["description"])] if told.get("description") else []
    return [writer.text(f"source_{kind}"), *([str(told["name"])] if told.get("name") else [])]


DRAWN: Final = 4  # maximum number of faces with a section of their own
NAMED: Final = 3  # maximum number of expressions in the summary
TIMES: Final = 20  # maximum number of cuts listed


def session_view(session: Session, writer: Writer) -> dict[str, Any]:
    """Template values for `session.html`."""
    writer = replace(writer, origin_s=session.start_s)
    clock = clock_of(session)
    people = people_of(session, clock)
    spent = coverage(seen_by_anyone(session, clock), clock)
    drawn = list(people.timelines)[:DRAWN]
    nobody = np.zeros_like(clock.paused)
    view: dict[str, Any] = {
        "date": writer.date(session.when),
        "folder": as_shown(session.folder.name),  # not where it lies
        "comment": session.comment,
        "excluded": _excluded_table(session),
        "warnings": warnings(session, writer) + ([] if people.timelines else [writer.text("never_seen")]),
        "facts": facts(session, writer),
        "technical": technical(session, writer),
        "summary": _summary(session, people, spent, writer),
        "people": _people(people, spent, writer),
        "faces": [face_view(session, face, people.timelines[face], clock, writer) for face in drawn],
        "bare_markers": [] if drawn else markers_view(session, writer, clock.gaps(nobody)),
        "coverage": _coverage(session, spent, writer),
        "baselines": [_baseline(told, session, clock, writer) for told in session.told.get("baseline") or []],
        "model_quality": model_quality_view(session.told, writer),
    }
    return view | {"to_paste": _to_paste(view, writer)}


def _excluded_table(session: Session) -> str:
    """The content of exclude.csv so far, which the page's form adds a line to."""
    lines = io.StringIO()
    table = csv.writer(lines, lineterminator="\n")
    table.writerow(("start", "end", "reason"))
    for start_s, end_s, reason in session.excluded:
        times = (f"{session.start_s + at_s:.1f}" for at_s in (start_s, end_s))
        table.writerow((*times, as_cell(reason)))
    return lines.getvalue()


def read_as(timeline: Timeline, writer: Writer) -> str:
    """Summary of a face's labels in one or two sentences."""
    parts = shares(timeline)
    top = sorted((name for name in EMOTIONS if parts[name] >= 0.005), key=lambda name: -parts[name])[:NAMED]
    told = [writer.text("summary_part", name=writer.name(name), percent=writer.percent(parts[name])) for name in top]
    sentences = [writer.text("summary_read", list=writer.row(told))] if told else []
    if parts[UNCERTAIN]:
        sentences.append(writer.text("summary_uncertain", percent=writer.percent(parts[UNCERTAIN])))
    return " ".join(sentences)


def _summary(session: Session, people: People, spent: Coverage, writer: Writer) -> list[str]:
    told = [
        writer.text(
            "summary_seen",
            seen=writer.span(spent.face_s),
            analysed=writer.span(spent.analysed_s),
            percent=writer.percent(spent.face_s / max(STEP_S, spent.analysed_s)),
        )
    ]
    for name, seconds in spent.gaps_s.items():
        if seconds and name != "none":
            told.append(writer.text(f"summary_{name}", **{name: writer.span(seconds)}))
    if marked := markers_of(session):
        told.append(writer.counted("markers_set", len(marked)))
    told = [" ".join(told)]
    for face, timeline in list(people.timelines.items())[:DRAWN]:
        who = writer.text("summary_person", face=face, seen=writer.span(timeline.seen_s)) + " " if face else ""
        told.append(f"{who}{read_as(timeline, writer)} {writer.counted('episodes', len(episodes(timeline)))}")
    return told


def _people(people: People, spent: Coverage, writer: Writer) -> dict[str, Any] | None:
    """Template values for the table of several faces; None if only one was seen or tracked."""
    if 0 in people.timelines or (len(people.timelines) < 2 and not people.passing):
        return None
    rows = []
    for face, timeline in people.timelines.items():
        parts = shares(timeline)
        most = max(LABELS, key=lambda name: parts[name])
        rows.append(
            {
                "name": face_name(face, writer),
                "seen": writer.span(timeline.seen_s),
                "share": writer.percent(timeline.seen_s / max(STEP_S, spent.analysed_s)),
                "label": most,
                "percent": writer.percent(parts[most]),
            }
        )
    notes = [writer.text("people_how")]
    if people.passing:
        notes.append(writer.counted("passing", people.passing, time=writer.span(people.passing_s)))
    if len(people.timelines) > DRAWN:
        notes.append(writer.text("not_drawn", count=DRAWN))
    return {"rows": rows, "notes": notes}


def _coverage(session: Session, spent: Coverage, writer: Writer) -> dict[str, Any]:
    parts = [("face", spent.face_s, "#52606d"), *((name, s, f"url(#{name})") for name, s in spent.gaps_s.items())]
    told = session.told
    notes = []
    if told.get("frames") is not None and told.get("frames_with_face") is not None:
        with_face = writer.number(told["frames_with_face"])
        notes.append(writer.counted("coverage_frames", told["frames"], with_face=with_face))
    notes.append(writer.text("coverage_how"))
    if spent.gaps_s["unrecorded"]:
        notes.append(writer.text("unrecorded_how"))
    notes += _interruptions(session, writer) + _excluded(session, writer)
    if taken := session.events_of("snapshot"):
        listed = ", ".join(f"{event.text} ({writer.clock(event.timestamp_s)})" for event in taken)
        notes.append(writer.text("snapshots", list=listed))
    return {
        "bar": drawings.split_bar([(seconds / spent.total_s, fill) for _, seconds, fill in parts if seconds]),
        "rows": [
            (
                drawings.square(fill),
                writer.text(f"coverage_{name}"),
                writer.span(seconds),
                writer.percent(seconds / spent.total_s),
            )
            for name, seconds, fill in parts
            if seconds or name == "face"
        ],
        "notes": notes,
    }


def _excluded(session: Session, writer: Writer) -> list[str]:
    """Sentence that lists what somebody has excluded, with the reasons."""
    spans = [
        f"{writer.clock(start_s)}\N{EN DASH}{writer.clock(end_s)}" + (f" ({reason})" if reason else "")
        for start_s, end_s, reason in session.excluded
    ]
    return [writer.text("excluded_list", list=", ".join(spans))] if spans else []


def _to_paste(view: dict[str, Any], writer: Writer) -> str:
    """The session in plain words, to be pasted into one's own file."""
    lines = [f"{writer.text('title')}, {view['date']}. {writer.text('caveat')}", *view["summary"]]
    lines += [f"{face['title']} {face['valence']}".strip() for face in view["faces"] if face["valence"]]
    faces = view["faces"] or [{"markers": view["bare_markers"]}]
    for marker in faces[0]["markers"]:
        sides = [f"{side['when']} {side['text']}".strip() for side in marker.get("sides", [])]
        lines.append(f"{marker['time']} {marker['clock']} {marker['text']}: {', '.join(sides)}".replace("  ", " "))
    return "\n".join(lines)


def _interruptions(session: Session, writer: Writer) -> list[str]:
    """Sentences that list signal problems and shot cuts, one for each kind."""
    told = []
    for opening, closing in ENDS.items():
        if found := stretches(session, opening, closing):
            spans = [f"{writer.clock(from_s)}\N{EN DASH}{writer.clock(to_s)}" for from_s, to_s in found]
            told.append(writer.text(f"interrupted_{opening}", list=", ".join(spans)))
    if cuts := [writer.clock(event.timestamp_s) for event in session.events_of("cut")]:
        told.append(writer.text("cuts", list=", ".join(cuts[:TIMES]) + (" …" if len(cuts) > TIMES else "")))
    return told


def _baseline(told: dict[str, Any], session: Session, clock: Clock, writer: Writer) -> dict[str, Any]:
    start, end = (writer.clock(told[name] - session.start_s) for name in ("from_s", "to_s"))
    frames = writer.counted("frames", told["frames"])
    if told.get("measured"):
        date = writer.date(measured_at(session, told))
        sentences = [writer.text("baseline_earlier", date=date, frames=frames, start=start)]
    else:
        sentences = [writer.text("baseline_how", start=start, end=end, frames=frames)]
    if told.get("kept") and not told.get("measured"):
        sentences.append(writer.text("baseline_kept", code=session.told.get("person")))
    _, seen, own = baseline_of(session, told, clock)
    if seen.any():
        sentences.append(
            writer.text(
                "baseline_acted",
                seen=writer.span(float(seen.sum()) * STEP_S),
                acted=writer.span(float(own.sum()) * STEP_S),
                percent=writer.percent(float(own.sum() / seen.sum())),
            )
        )
    if told.get("undone_at_s") is not None:
        sentences.append(writer.text("baseline_undone", time=writer.clock(told["undone_at_s"] - session.start_s)))
    return {
        "title": "" if session.told["settings"].get("faces") == 1 else face_name(told["face_id"], writer),
        "sentences": sentences,
        "shift": [
            (name, f"×\u202f{writer.number(math.exp(told['shift'][name]), 2)}")
            for name in EMOTIONS
            if name in told["shift"]
        ],
    }
