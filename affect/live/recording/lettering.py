"""Colours, fonts and labels of saved videos, drawn with Pillow: OpenCV's fonts have no accents, DejaVu Sans has them.

Colours are (blue, green, red), as the frames that are drawn on.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from PIL import ImageFont
from PIL.ImageDraw import ImageDraw

from affect.emotions import color_rgb, takes_dark_ink
from affect.live.bundled import MEDIA

Bgr = tuple[int, int, int]
Chip = tuple[str, Bgr]  # a text, and the colour behind it
INK: Final[Bgr] = (245, 245, 245)
DIM: Final[Bgr] = (176, 168, 162)
PANEL: Final[Bgr] = (38, 33, 30)
GROUND: Final[Bgr] = (24, 20, 18)
TRACK: Final[Bgr] = (72, 65, 60)  # empty bars


def color_bgr(label: str) -> Bgr:
    """Colour of an expression or of "uncertain", (blue, green, red)."""
    red, green, blue = color_rgb(label)
    return blue, green, red


@lru_cache(maxsize=32)
def font(size: int, bold: bool = False) -> ImageFont.FreeTypeFont:
    """Load DejaVu Sans in a font size in pixels, at least 8."""
    return ImageFont.truetype(str(MEDIA / f"DejaVuSans{'-Bold' * bold}.ttf"), max(8, size))


def width_of(text: str, size: int, bold: bool = False) -> int:
    """Width of a line of text in pixels."""
    return max(1, round(font(size, bold).getlength(text)))


def height_of(size: int) -> int:
    """Height of a line in pixels, the same for all texts of a font size."""
    return sum(font(size).getmetrics())


def fill(canvas: ImageDraw, left: int, top: int, width: int, height: int, color: Bgr) -> None:
    """Fill a rectangle; nothing if it has no area."""
    if width > 0 and height > 0:
        canvas.rectangle((left, top, left + width - 1, top + height - 1), color)


def chips_size(chips: Sequence[Chip], size: int) -> tuple[int, int]:
    """Width and height of a row of chips in pixels.   size: font size in pixels."""
    pad = max(2, size // 3)
    return sum(width_of(text, size, True) + 2 * pad for text, _ in chips), height_of(size) + pad // 2 * 2


def draw_chips(canvas: ImageDraw, chips: Sequence[Chip], left: int, top: int, size: int) -> None:
    """Draw bold texts side by side, each on a filled rectangle, in dark or light, whichever is more legible."""
    pad = max(2, size // 3)
    for text, ground in chips:
        width, height = chips_size([(text, ground)], size)
        fill(canvas, left, top, width, height, ground)
        ink = GROUND if takes_dark_ink(*ground[::-1]) else INK
        canvas.text((left + pad, top + pad // 2), text, ink, font(size, True))
        left += width
