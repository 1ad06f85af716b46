"""Result panel of one person in a saved video: the label and a bar chart of the eight probabilities."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from affect.emotions import EMOTIONS, NAMES, UNCERTAIN, label_name
from affect.faces.preprocessing import Image
from affect.live.frame import FaceResult
from affect.live.recording.lettering import DIM, INK, PANEL, TRACK, Bgr, badge, color_bgr, fill, line, plain, put
from affect.live.texts import certainty

# Pale colours, unlike those of the expressions. Each person also has a number, for any kind of colour vision.
PERSONS: Final[tuple[Bgr, ...]] = (
    (255, 255, 255),
    (214, 250, 196),
    (255, 214, 214),
    (205, 208, 255),
    (255, 246, 190),
    (190, 226, 255),
)


def person_color(face_id: int) -> Bgr:
    """Colour of a person, (blue, green, red).   face_id: 1, 2, …; the colours repeat."""
    return PERSONS[(face_id - 1) % len(PERSONS)]


def numbered(results: list[FaceResult]) -> bool:
    """Whether persons are shown with their number: once there has been more than one."""
    return len(results) > 1 or any(r.face_id > 1 for r in results)


def panel_size(size: int) -> tuple[int, int]:
    """Width and height of a panel in pixels, the same in all languages.   size: font size in pixels."""
    pad, row, head, bar, gauge = _measures(size)
    figure = line(certainty(1, "es"), size, DIM, PANEL).shape[1]
    return bar + gauge + size // 2 + figure + pad, head + len(EMOTIONS) * row + pad // 2


def draw_panel(canvas: Image, result: FaceResult, left: int, top: int, language: str, size: int, number: bool) -> None:
    """Draw a person's label and bars on a dark background.   size: font size in pixels.   number: show the number."""
    put(canvas, _form(language, size), left, top)
    pad, row, head, bar, gauge = _measures(size)
    _head(canvas, result, left + pad, top + pad // 2, language, size, number)
    end = left + panel_size(size)[0] - pad
    for i, emotion in enumerate(EMOTIONS):
        y = top + head + i * row
        share = float(result.probabilities[i])
        ink = INK if emotion == result.emotion else DIM
        if ink is INK:
            put(canvas, line(label_name(emotion, language), size, INK, PANEL), left + pad, y)
        edge = row // 5
        fill(canvas, left + bar, y + edge, left + bar + round(gauge * share), y + row - edge, color_bgr(emotion))
        figure = line(certainty(share, language), size, ink, PANEL)
        put(canvas, figure, end - figure.shape[1], y)


def _head(canvas: Image, result: FaceResult, left: int, top: int, language: str, size: int, number: bool) -> None:
    """Draw the panel's head: person's number, the expression's colour and name, and its probability on the right."""
    large = round(size * 1.3)
    width = panel_size(size)[0] - 2 * _measures(size)[0]
    name = line(label_name(result.emotion, language), large, INK, PANEL, bold=True)
    height, x = name.shape[0], left
    if number:
        mark = badge(result.face_id, size, person_color(result.face_id), PANEL)
        put(canvas, mark, x, top + (height - mark.shape[0]) // 2)
        x += mark.shape[1] + size // 2
    swatch = round(size * 0.8)
    y = top + (height - swatch) // 2
    fill(canvas, x, y, x + swatch, y + swatch, color_bgr(result.emotion))
    put(canvas, name, x + swatch + size // 2, top)
    if result.emotion != UNCERTAIN:
        figure = line(certainty(result.confidence, language), large, INK, PANEL, bold=True)
        put(canvas, figure, left + width - figure.shape[1], top)


@lru_cache(maxsize=32)
def _measures(size: int) -> tuple[int, int, int, int, int]:
    """Layout of a panel in pixels: margin, row height, head height, left edge and length of the bars."""
    names = max(line(name, size, DIM, PANEL).shape[1] for known in NAMES.values() for name in known.values())
    pad, row = size, line("0", size, DIM, PANEL).shape[0] + size // 4
    head = pad // 2 + line("0", round(size * 1.3), INK, PANEL, bold=True).shape[0] + size // 2
    return pad, row, head, pad + names + size // 2, round(size * 6.5)


@lru_cache(maxsize=32)
def _form(language: str, size: int) -> Image:
    """Draw the constant background of a panel: expression names and empty bars."""
    pad, row, head, bar, gauge = _measures(size)
    width, height = panel_size(size)
    form = plain(height, width, PANEL)
    for i, emotion in enumerate(EMOTIONS):
        y = head + i * row
        put(form, line(label_name(emotion, language), size, DIM, PANEL), pad, y)
        fill(form, bar, y + row // 5, bar + gauge, y + row - row // 5, TRACK)
    return form
