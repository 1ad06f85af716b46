"""Text and small shapes as pictures, rendered with Pillow and cached. Used by the overlay of saved videos.

OpenCV's own fonts have no accents; DejaVu Sans has them. Colours here are (blue, green, red).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFont

from affect.emotions import color_rgb, takes_dark_ink
from affect.faces.preprocessing import Image
from affect.live.bundled import MEDIA

Bgr = tuple[int, int, int]
INK: Final[Bgr] = (245, 245, 245)
DIM: Final[Bgr] = (176, 168, 162)
PANEL: Final[Bgr] = (38, 33, 30)
GROUND: Final[Bgr] = (24, 20, 18)
TRACK: Final[Bgr] = (72, 65, 60)  # empty bars


def color_bgr(label: str) -> Bgr:
    """Colour of an expression or of "uncertain", (blue, green, red)."""
    red, green, blue = color_rgb(label)
    return blue, green, red


def ink_on(ground: Bgr) -> Bgr:
    """Text colour, dark or light, that is more legible on a background colour."""
    return GROUND if takes_dark_ink(*ground[::-1]) else INK


@lru_cache(maxsize=1024)
def line(text: str, size: int, ink: Bgr, ground: Bgr, bold: bool = False) -> Image:
    """Render a line of text on a plain background, uint8 BGR (height, width, 3).

    All lines of a font size have the same height.   size: font size in pixels.
    """
    letters = font(size, bold)
    ascent, descent = letters.getmetrics()
    image = PillowImage.new("L", (max(1, round(letters.getlength(text))), ascent + descent))
    ImageDraw.Draw(image).text((0, 0), text, 255, letters)
    return _mixed(np.asarray(image), ink, ground)


@lru_cache(maxsize=512)
def chip(text: str, size: int, ground: Bgr) -> Image:
    """Render bold text on a filled rectangle."""
    pad = max(2, size // 3)
    return _padded(line(text, size, ink_on(ground), ground, bold=True), pad // 2, pad, ground)


@lru_cache(maxsize=64)
def badge(number: int, size: int, ground: Bgr, behind: Bgr) -> Image:
    """Render a person's number on a disc.   ground: colour of the disc.   behind: colour of the background."""
    text = line(str(number), round(size * 0.85), ink_on(ground), ground, bold=True)
    side = max(text.shape[:2]) + 2
    disc = plain(side, side, ground)
    put(disc, text, (side - text.shape[1]) // 2, (side - text.shape[0]) // 2)
    return _rounded_on(disc, side // 2, behind)


def beside(pieces: Sequence[Image], gap: int, ground: Bgr) -> Image:
    """Join pieces side by side in one picture, vertically centred."""
    height = max(p.shape[0] for p in pieces)
    made = plain(height, sum(p.shape[1] for p in pieces) + gap * (len(pieces) - 1), ground)
    put_row(made, pieces, 0, 0, height, gap)
    return made


def put_row(canvas: Image, pieces: Sequence[Image], left: int, top: int, height: int, gap: int) -> int:
    """Draw pieces side by side, vertically centred in a row. Returns the x position after them."""
    for piece in pieces:
        put(canvas, piece, left, top + (height - piece.shape[0]) // 2)
        left += piece.shape[1] + gap
    return left


def plain(height: int, width: int, color: Bgr) -> Image:
    """Create a picture of one colour, uint8 BGR (height, width, 3)."""
    return np.full((max(0, height), max(0, width), 3), color, np.uint8)


def fill(canvas: Image, left: int, top: int, right: int, bottom: int, color: Bgr) -> None:
    """Fill a rectangle, clipped to the canvas."""
    canvas[max(0, top) : max(0, bottom), max(0, left) : max(0, right)] = color


def put(canvas: Image, piece: Image, left: int, top: int) -> None:
    """Draw a picture onto the canvas, clipped to it."""
    area = canvas[max(0, top) : max(0, top + piece.shape[0]), max(0, left) : max(0, left + piece.shape[1])]
    area[:] = piece[max(0, -top) :, max(0, -left) :][: area.shape[0], : area.shape[1]]


def _padded(piece: Image, above: int, beside: int, color: Bgr) -> Image:
    made = plain(piece.shape[0] + 2 * above, piece.shape[1] + 2 * beside, color)
    put(made, piece, beside, above)
    return made


def _rounded_on(piece: Image, radius: int, behind: Bgr) -> Image:
    height, width = piece.shape[:2]
    fine = 4  # supersampling factor, as Pillow's shapes have no anti-aliasing
    shape = PillowImage.new("L", (width * fine, height * fine))
    ImageDraw.Draw(shape).rounded_rectangle((0, 0, width * fine - 1, height * fine - 1), radius * fine, 255)
    opacity = np.asarray(shape.reduce(fine))[:, :, None] / 255.0
    return np.asarray(piece * opacity + np.array(behind) * (1 - opacity), np.uint8)


def _mixed(opacity: Image, ink: Bgr, ground: Bgr) -> Image:
    share = opacity[:, :, None] / 255.0
    return np.asarray(np.array(ground) * (1 - share) + np.array(ink) * share, np.uint8)


@lru_cache(maxsize=32)
def font(size: int, bold: bool = False) -> ImageFont.FreeTypeFont:
    """Load DejaVu Sans in a font size in pixels, at least 8."""
    return ImageFont.truetype(str(MEDIA / f"DejaVuSans{'-Bold' * bold}.ttf"), max(8, size))
