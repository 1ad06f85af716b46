"""The head of a session's page: what was measured and by what, and what a reader must know before any number."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from affect.live.report.folder import Session
from affect.live.report.words import Words

_SOURCES: Final = tuple(f"source_{kind}" for kind in ("camera", "video", "image", "stream", "screen", "demo"))


def warnings(session: Session, words: Words) -> list[str]:
    """What a reader must know before any number."""
    told = []
    if session.cut_off:
        told.append(words.text("cut_off"))
    if session.rows.damaged:
        told.append(words.counted("damaged", session.rows.damaged))
    if session.told.get("baseline"):
        told.append(words.text("baseline_warning"))
    return told


def facts(session: Session, words: Words) -> list[tuple[str, list[str]]]:
    """What was measured, and by what: names, each with its lines."""
    told = session.told
    source, model, settings = told["source"], told["model"], told["settings"]
    kind = str(source.get("kind"))
    which = str(source.get("description", "")).removeprefix(kind).strip()  # "camera 0" is camera, and 0
    lines = [words.text(f"source_{kind}")] if f"source_{kind}" in _SOURCES else []
    lines += [which] if which and kind != "demo" else []
    lines += [words.text("clock_source")] if told.get("clock") == "source" else []
    measured = [model["file"], words.text("fingerprint", short=model["sha256"][:12])]
    if model.get("figures"):
        measured.append(f"{model['figures']['data']}, n = {words.number(model['figures']['n'])}")
    found = [
        (words.text("duration"), [words.span(session.duration_s)]),
        (words.text("source"), lines),
        (words.text("model"), measured),
    ]
    if isinstance(settings.get("faces"), int):
        found.append((words.text("followed"), [words.counted("followed", settings["faces"])]))
    if consent := told.get("consent"):
        at = f"{datetime.fromisoformat(consent['given_at']):%H:%M}"
        key = "consent_asked" if consent["how"] == "asked" else "consent_option"
        found.append((words.text("consent"), [words.text(key, when=at, how=consent["how"])]))
    technical = [words.text(name, name=settings[name]) for name in ("detector", "backend") if name in settings]
    if model.get("temperature") is not None:
        technical.append(words.text("temperature", value=words.number(model["temperature"], 3)))
    found.append((words.text("settings"), [", ".join(technical)]))
    found.append((words.text("versions"), [", ".join(f"{name} {told['versions'][name]}" for name in told["versions"])]))
    return found
