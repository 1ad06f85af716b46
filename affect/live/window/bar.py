"""Status bar below the picture, with the session's state and the keys or the open question; and the help page."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from affect.faces.preprocessing import Image
from affect.live.texts import YES, clock, percent, text
from affect.live.window.control import Question, Status
from affect.live.window.keys import COMMANDS
from affect.live.window.lettering import (
    DIM,
    GROUND,
    INK,
    PANEL,
    TRACK,
    Bgr,
    beside,
    chip,
    fill,
    key_cap,
    line,
    plain,
    put,
    put_row,
    rows,
    space,
    words,
)


@lru_cache(maxsize=2)
def help_page(language: str, width: int, height: int, size: int) -> Image:
    """Draw the help page, uint8 BGR (height, width, 3).   size: font size in pixels, reduced until all fits."""
    page = plain(height, width, GROUND)
    content = _content(language, width, size)
    while content.shape[0] > height and size > 8:
        size -= 1
        content = _content(language, width, size)
    put(page, content, (width - content.shape[1]) // 2, max(0, (height - content.shape[0]) // 2))
    return page


def _content(language: str, width: int, size: int) -> Image:
    column = min(width - 2 * size, 46 * size)
    caps = {name: key_cap(NAMES[name], size, GROUND) for name in SHOWN}
    other = {"pause": text("space", language), "leave": "Esc"}
    caps |= {n: beside([caps[n], key_cap(o, size, GROUND)], size // 3, GROUND) for n, o in other.items()}
    indent = max(cap.shape[1] for cap in caps.values()) + size
    row, gap = round(size * 1.8), space(size)
    blocks: list[tuple[Image | None, list[list[Image]]]] = [
        (None, [[line(text("help_title", language), round(size * 1.5), INK, GROUND, bold=True)]])
    ]
    for name in SHOWN:
        said = _said(text(f"help_{name}", language), column - indent, size, INK)
        blocks.append((caps[name], said))
    for key in ("help_meaning", "help_close"):
        ink = INK if key == "help_meaning" else DIM
        blocks.append((None, _said(text(key, language), column, size, ink)))
    made = plain(sum(len(said) for _, said in blocks) * row + (len(blocks) + 1) * size // 2, column, GROUND)
    y = size // 2
    for cap, said in blocks:
        if cap is not None:
            put(made, cap, 0, y + (row - cap.shape[0]) // 2)
        for line_ in said:
            put_row(made, line_, 0 if cap is None else indent, y, row, gap)
            y += row
        y += size // 2
    return made


def _said(sentence: str, width: int, size: int, ink: Bgr) -> list[list[Image]]:
    return rows(words(sentence, width, size, ink, GROUND), width, space(size))


RED: Final[Bgr] = (40, 40, 214)
ASKING: Final[Bgr] = (84, 56, 30)  # background of a question, blue
FIELD: Final[Bgr] = (120, 84, 50)
# Keys by importance: in a narrow window, the last ones are shown on the help page only.
KEYS: Final = ("help", "leave", "record", "pause", "mark", "baseline", "snapshot", "language")
SHOWN: Final = ("mark", "pause", "baseline", "record", "snapshot", "language", "help", "leave")
NAMES: Final = {c.value: letter.upper() for letter, c in COMMANDS.items() if letter.isalpha()}


@lru_cache(maxsize=8)
def bar(status: Status, typed: str, width: int, size: int) -> Image:
    """Draw the status bar, uint8 BGR (height, width, 3); its height depends on the number of rows.

    typed: answer to a "text" question as typed so far.   size: font size in pixels.
    """
    ground = ASKING if status.question else PANEL
    pad, gap, height, ground = size, space(size), round(size * 2), ASKING if status.question else PANEL
    inner = max(1, width - 2 * pad)
    fps = [] if status.fps is None else [line(f"{status.fps:.0f} fps", size, DIM, PANEL)]
    reserved = sum(p.shape[1] for p in fps) + size
    state = rows(_state(status, size, inner - reserved), inner - reserved, gap)
    if status.question:
        below = rows(_question(status.question, typed, status.language, size, inner), inner, gap)
    elif status.message and len(state) > 1:  # a long message temporarily replaces the keys
        below = []
    else:
        below = _keys(status, size, inner)
    edge = size // 4
    middle = edge + len(state) * height
    made = plain(middle + len(below) * height + (2 * edge if below else edge), width, PANEL)
    fill(made, 0, 0, width, max(2, size // 6), RED if status.recording_s is not None else TRACK)
    fill(made, 0, middle, width, made.shape[0], ground)
    for i, row in enumerate(state):
        put_row(made, row, pad, edge + i * height, height, gap)
    put_row(made, fps, width - pad - reserved + size, edge, height, gap)
    for i, row in enumerate(below):
        put_row(made, row, pad, middle + edge // 2 + i * height, height, gap)
    return made


def _state(status: Status, size: int, width: int) -> list[Image]:
    """Render the state: recording, pause, baseline and message."""
    language = status.language
    if status.recording_s is None:
        pieces = [line(text("not_recording", language), size, DIM, PANEL)]
    else:
        pieces = [chip(f"● REC {clock(status.recording_s, status.language)}", size, RED, PANEL)]
    if status.paused:
        pieces.append(chip(text("paused", language), size, INK, PANEL))
    if status.baseline is not None and status.baseline < 1:
        asked = line(text("baseline_running", language), size, INK, PANEL)
        pieces.append(beside([asked, _gauge(status.baseline, language, size)], size // 2, PANEL))
    elif status.baseline is not None:
        told = f"✓ {text('baseline_on', language)}" if status.baseline_acts else text("baseline_off", language)
        pieces.append(line(told, size, DIM if status.baseline_acts else INK, PANEL))
    return [_spaced(p, size, PANEL) for p in pieces] + words(status.message, width, size, INK, PANEL, bold=True)


def _question(question: Question, typed: str, language: str, size: int, width: int) -> list[Image]:
    """Render the question, the input field of a text answer, and the keys that answer."""
    pieces = words(question.text, width, size, INK, ASKING, bold=True)
    if question.kind == "yes-no":
        answers = ((YES[language][0].upper(), "key_yes"), ("N", "key_no"))
    else:
        answers = ((text("enter", language), "key_done"), ("Esc", "key_skip"))
        pieces.append(_field(typed, size, min(width, 24 * size)))
    return pieces + [_hint(name, text(label, language), size, ASKING) for name, label in answers]


def _field(typed: str, size: int, width: int) -> Image:
    """Render the input field with its caret; of a long text, the end is visible."""
    made = plain(round(size * 1.7), width, FIELD)
    written = line(typed, size, INK, FIELD) if typed else plain(size, 0, FIELD)
    pad = size // 3
    room = width - 3 * pad
    written = written[:, max(0, written.shape[1] - room) :]
    put(made, written, pad, (made.shape[0] - written.shape[0]) // 2)
    caret = pad + written.shape[1] + 1
    fill(made, caret, pad, caret + max(1, size // 8), made.shape[0] - pad, INK)
    return made


def _keys(status: Status, size: int, width: int) -> list[list[Image]]:
    """Render as many key hints as fit into two rows, in order of importance."""
    labels = {name: f"key_{name}" for name in SHOWN}
    if status.recording_s is not None:
        labels["record"] = "key_record_end"
    if status.paused:
        labels["pause"] = "key_resume"
    if status.baseline is not None:
        labels["baseline"] = "key_baseline_undo"
    for count in range(len(KEYS), 0, -1):
        shown = [n for n in SHOWN if n in KEYS[:count]]
        hints = [_hint(NAMES[n], text(labels[n], status.language), size, PANEL) for n in shown]
        laid = rows(hints, width, space(size))
        if len(laid) <= 2:
            break
    return laid


def _hint(name: str, label: str, size: int, ground: Bgr) -> Image:
    """Render a key and its description."""
    return _spaced(
        beside([key_cap(name, size, ground), line(label, size, INK, ground)], size // 3, ground), size, ground
    )


def _gauge(share: float, language: str, size: int) -> Image:
    made = plain(size // 2, size * 6, TRACK)
    fill(made, 0, 0, round(made.shape[1] * share), made.shape[0], INK)
    return beside([made, line(percent(share, language), size, INK, PANEL)], size // 2, PANEL)


def _spaced(piece: Image, size: int, ground: Bgr) -> Image:
    """Add a margin on the right of a piece."""
    return beside([piece, plain(1, size // 2, ground)], 0, ground)
