"""What is drawn on a frame: box, label, confidence, eight bars, frames per second.

Text is drawn with Pillow, because OpenCV's own fonts have no accents, in DejaVu Sans, which comes with matplotlib.
Each piece of text is drawn once and kept.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFont

from affect.emotions import EMOTIONS, UNCERTAIN, color_rgb, label_name
from affect.errors import AffectError
from affect.live.results import FaceResult
from affect.preprocessing import Image

Bgr = tuple[int, int, int]
INK: Bgr = (245, 245, 245)
DARK: Bgr = (28, 24, 22)


class Overlay:
    """Draws results on frames. `language`: "en" or "es"."""

    NO_FACE = {"en": "no face", "es": "ninguna cara"}  # noqa: RUF012

    def __init__(self, language: str = "en") -> None:
        self._language = language

    def draw(self, picture: Image, results: list[FaceResult], fps: float | None) -> Image:
        """A copy of the frame with every face's box, label and bars, and the frame rate (None: not shown)."""
        canvas = picture.copy()
        unit = max(0.4, min(canvas.shape[0] / 720, canvas.shape[1] / 960))  # sizes below are for 720 lines
        edge = round(12 * unit)
        for result in results:
            self._face(canvas, result, unit)
        if fps is not None:
            label = _chip(f"{fps:.0f} fps", round(17 * unit), DARK)
            _put(canvas, label, canvas.shape[1] - label.shape[1] - edge, edge)
        if not results:
            _put(canvas, _chip(self.NO_FACE[self._language], round(20 * unit), DARK), edge, edge)
        return canvas

    def _face(self, canvas: Image, result: FaceResult, unit: float) -> None:
        color = _bgr(result.emotion)
        box = result.box
        corner = (box.x + box.width, box.y + box.height)
        cv2.rectangle(canvas, (box.x, box.y), corner, DARK, max(2, round(5 * unit)))
        cv2.rectangle(canvas, (box.x, box.y), corner, color, max(1, round(3 * unit)))
        name = label_name(result.emotion, self._language)
        title = name if result.emotion == UNCERTAIN else f"{name}  {result.confidence:.0%}"
        label = _chip(title, round(24 * unit), color)
        _put(canvas, label, min(max(0, box.x), canvas.shape[1] - label.shape[1]), max(0, box.y - label.shape[0]))
        self._bars(canvas, result, unit)

    def _bars(self, canvas: Image, result: FaceResult, unit: float) -> None:
        """Eight bars on a dark panel beside the face: at its right, or at its left where there is no room."""
        row, pad, gauge = round(25 * unit), round(10 * unit), round(110 * unit)
        size = round(16 * unit)
        labels = [_ink(label_name(e, self._language), size) for e in EMOTIONS]
        name_width = max(label.shape[1] for label in labels)
        width = name_width + gauge + _ink("100%", size).shape[1] + 4 * pad
        height = len(EMOTIONS) * row + 2 * pad
        left = result.box.x + result.box.width + pad
        if left + width > canvas.shape[1]:
            left = min(result.box.x - pad - width, canvas.shape[1] - width)
        left = max(0, left)
        top = max(0, min(result.box.y, canvas.shape[0] - height))
        panel = canvas[top : top + height, left : left + width]
        panel[:] = cv2.addWeighted(panel, 0.3, _plain(panel.shape[0], panel.shape[1], DARK), 0.7, 0)
        bar = left + 2 * pad + name_width
        for i, emotion in enumerate(EMOTIONS):
            y = top + pad + i * row
            number = _ink(f"{result.probabilities[i]:.0%}", size)
            end = bar + round(gauge * float(result.probabilities[i]))
            _write(canvas, labels[i], left + pad, y + (row - labels[i].shape[0]) // 2)
            _write(canvas, number, bar + gauge + pad, y + (row - number.shape[0]) // 2)
            _fill(canvas, bar, y + row // 4, bar + gauge, y + 3 * row // 4, (80, 76, 74))
            _fill(canvas, bar, y + row // 4, end, y + 3 * row // 4, _bgr(emotion))


def _bgr(label: str) -> Bgr:
    red, green, blue = color_rgb(label)
    return blue, green, red


def _ink_on(color: Bgr) -> Bgr:
    """Dark or light text, whichever is read better on a colour (its luma, ITU-R BT.601)."""
    blue, green, red = color
    return DARK if 0.114 * blue + 0.587 * green + 0.299 * red > 120 else INK


def _fill(canvas: Image, left: int, top: int, right: int, bottom: int, color: Bgr) -> None:
    canvas[max(0, top) : max(0, bottom), max(0, left) : max(0, right)] = color


def _put(canvas: Image, label: Image, left: int, top: int) -> None:
    """Lay a label over the canvas; what lies outside is cut off."""
    area = canvas[max(0, top) : max(0, top + label.shape[0]), max(0, left) : max(0, left + label.shape[1])]
    area[:] = label[max(0, -top) :, max(0, -left) :][: area.shape[0], : area.shape[1]]


def _write(canvas: Image, text: Image, left: int, top: int) -> None:
    """Light text over a dark ground: the lighter of the two is seen. What lies outside is cut off."""
    area = canvas[max(0, top) : max(0, top + text.shape[0]), max(0, left) : max(0, left + text.shape[1])]
    np.maximum(area, text[max(0, -top) :, max(0, -left) :][: area.shape[0], : area.shape[1]], out=area)


@lru_cache(maxsize=512)
def _chip(text: str, size: int, ground: Bgr) -> Image:
    """A label on a filled rectangle, uint8 BGR (height, width, 3)."""
    pad = max(1, size // 3)
    opacity = np.pad(_text(text, size), pad)[:, :, None] / 255.0
    return np.asarray(np.array(ground) * (1 - opacity) + np.array(_ink_on(ground)) * opacity, np.uint8)


@lru_cache(maxsize=512)
def _ink(text: str, size: int) -> Image:
    """Light text on black, uint8 BGR (height, width, 3)."""
    return np.asarray(_text(text, size)[:, :, None] / 255.0 * np.array(INK), np.uint8)


@lru_cache(maxsize=8)
def _plain(height: int, width: int, color: Bgr) -> Image:
    return np.full((height, width, 3), color, np.uint8)


def _text(text: str, size: int) -> Image:
    """Text as opacity, uint8 (height, width); all texts of a size have the same height."""
    font = _font(size)
    ascent, descent = font.getmetrics()
    image = PillowImage.new("L", (max(1, round(font.getlength(text))), ascent + descent))
    ImageDraw.Draw(image).text((0, 0), text, 255, font)
    return np.asarray(image, np.uint8)


@lru_cache(maxsize=16)
def _font(size: int) -> ImageFont.FreeTypeFont:
    spec = find_spec("matplotlib")  # found, not imported: a live start does not pay for plots
    if spec is None or spec.origin is None:
        raise AffectError("matplotlib is missing. Install it: pip install -r requirements.txt")
    folder = Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf"
    return ImageFont.truetype(str(folder / "DejaVuSans.ttf"), max(8, size))
