"""The head of a session's page: what was measured and by what, and what a reader must know before any number."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from affect.live.report.folder import Session
from affect.live.report.words import Words
from affect.live.source_texts import SOURCE_TEXTS

_KINDS: Final = ("camera", "video", "image", "stream", "screen", "demo")


def warnings(session: Session, words: Words) -> list[str]:
    """What a reader must know before any number."""
    told = []
    if session.cut_off:
        told.append(words.text("cut_off"))
    if session.rows.damaged:
        told.append(words.counted("damaged", session.rows.damaged))
    if session.events_of("cut") and session.told["settings"].get("faces") == 1:
        told.append(words.text("cuts_warning"))
    if session.told.get("baseline"):
        told.append(words.text("baseline_warning"))
    return told


def facts(session: Session, words: Words) -> list[tuple[str, list[str]]]:
    """What was measured, and by what: names, each with its lines."""
    told = session.told
    model, settings = told["model"], told["settings"]
    lines = _source(told["source"], words)
    lines += [words.text("clock_source")] if told.get("clock") == "source" else []
    measured = [model["file"], words.text("fingerprint", short=model["sha256"][:12])]
    if model.get("figures"):
        measured.append(f"{model['figures']['data']}, n = {words.number(model['figures']['n'])}")
    found = [
        (words.text("duration"), [words.span(session.duration_s)]),
        *([(words.text("analysed"), [words.date(session.started)])] if session.file else []),
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


def _source(told: dict[str, Any], words: Words) -> list[str]:
    """What kind of source it was, and which one of its kind."""
    kind = str(told.get("kind"))
    if kind not in _KINDS:
        return [str(told["description"])] if told.get("description") else []
    named = words.text(f"source_{kind}")
    which = str(told["name"]) if "name" in told else _name_in(str(told.get("description", "")), kind)
    return [named, which] if which else [named]


def _name_in(description: str, kind: str) -> str:
    """What a description says beside the kind, in the language of the session: older versions told nothing else."""
    if kind == "demo":
        return ""
    for sentence in SOURCE_TEXTS[kind].values():  # "camera {index}"
        if description.startswith(word := sentence.split("{")[0]):
            return description.removeprefix(word).strip()
    return description
