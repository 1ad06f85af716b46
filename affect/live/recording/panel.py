"""Result panel of one person in a saved video: the label and a bar chart of the eight probabilities."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from PIL.ImageDraw import ImageDraw

from affect.emotions import EMOTIONS, NAMES, UNCERTAIN, label_name
from affect.live.frame import FaceResult
from affect.live.recording.lettering import (
    DIM,
    INK,
    PANEL,
    TRACK,
    Bgr,
    chips_size,
    color_bgr,
    draw_chips,
    fill,
    font,
    height_of,
    width_of,
)
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
    return bar + gauge + size // 2 + width_of(certainty(1, "es"), size) + pad, head + len(EMOTIONS) * row + pad // 2


def draw_panel(
    canvas: ImageDraw, result: FaceResult, left: int, top: int, language: str, size: int, number: bool
) -> None:
    """Draw a person's label and bars on a dark background.   size: font size in pixels.   number: show the number."""
    pad, row, head, bar, gauge = _measures(size)
    width, height = panel_size(size)
    fill(canvas, left, top, width, height, PANEL)
    _head(canvas, result, left + pad, top + pad // 2, language, size, number)
    edge, letters = row // 5, font(size)
    for i, emotion in enumerate(EMOTIONS):
        y, share = top + head + i * row, float(result.probabilities[i])
        ink = INK if emotion == result.emotion else DIM
        canvas.text((left + pad, y), label_name(emotion, language), ink, letters)
        fill(canvas, left + bar, y + edge, gauge, row - 2 * edge, TRACK)
        fill(canvas, left + bar, y + edge, round(gauge * share), row - 2 * edge, color_bgr(emotion))
        canvas.text((left + width - pad, y), certainty(share, language), ink, letters, "ra")


def _head(canvas: ImageDraw, result: FaceResult, left: int, top: int, language: str, size: int, number: bool) -> None:
    """Draw the panel's head: person's number, the expression's colour and name, and its probability on the right."""
    large, swatch = round(size * 1.3), round(size * 0.8)
    letters, height, end = font(large, True), height_of(large), left + panel_size(size)[0] - 2 * _measures(size)[0]
    if number:
        chip = [(str(result.face_id), person_color(result.face_id))]
        width, high = chips_size(chip, swatch)
        draw_chips(canvas, chip, left, top + (height - high) // 2, swatch)
        left += width + size // 2
    fill(canvas, left, top + (height - swatch) // 2, swatch, swatch, color_bgr(result.emotion))
    canvas.text((left + swatch + size // 2, top), label_name(result.emotion, language), INK, letters)
    if result.emotion != UNCERTAIN:
        canvas.text((end, top), certainty(result.confidence, language), INK, letters, "ra")


@lru_cache(maxsize=32)
def _measures(size: int) -> tuple[int, int, int, int, int]:
    """Layout of a panel in pixels: margin, row height, head height, left edge and length of the bars."""
    names = max(width_of(name, size) for known in NAMES.values() for name in known.values())
    pad, row = size, height_of(size) + size // 4
    head = pad // 2 + height_of(round(size * 1.3)) + size // 2
    return pad, row, head, pad + names + size // 2, round(size * 6.5)
