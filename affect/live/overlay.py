"""What is drawn on a frame: box, label, confidence, eight bars, frames per second.

Text is drawn with Pillow, because OpenCV's own fonts have no accents, in DejaVu Sans, which comes with matplotlib.
Each piece of text is drawn once and kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFont

from affect.emotions import EMOTIONS, NAMES, color_rgb
from affect.errors import AffectError
from affect.faces import FaceBox
from affect.preprocessing import Image

Bgr = tuple[int, int, int]
INK: Bgr = (245, 245, 245)
DARK: Bgr = (28, 24, 22)


@dataclass(frozen=True)
class FaceResult:
    """What is known of one face in one frame: its id, its box, and its smoothed probabilities, float32 (8,)."""

    face_id: int
    box: FaceBox
    probabilities: npt.NDArray[np.float32]

    @property
    def emotion(self) -> str:
        """The most probable class."""
        return EMOTIONS[int(self.probabilities.argmax())]

    @property
    def confidence(self) -> float:
        """The probability of that class, 0…1."""
        return float(self.probabilities.max())


class Overlay:
    """Draws results on frames. `language`: "en" or "es"."""

    def __init__(self, language: str = "en") -> None:
        self._names = NAMES[language]

    def draw(self, picture: Image, results: list[FaceResult], fps: float | None) -> Image:
        """A copy of the frame with every face's box, label and bars, and the frame rate (None: not shown)."""
        canvas = picture.copy()
        unit = max(0.4, min(canvas.shape[0] / 720, canvas.shape[1] / 960))  # sizes below are for 720 lines
        for result in results:
            self._face(canvas, result, unit)
        if fps is not None:
            label = _text(f"{fps:.0f} fps", round(17 * unit))
            _chip(
                canvas,
                label,
                canvas.shape[1] - label.shape[1] - round(24 * unit),
                round(12 * unit),
                DARK,
                INK,
                unit,
            )
        if not results:
            text = {"en": "no face", "es": "ninguna cara"}["es" if self._names is NAMES["es"] else "en"]
            _chip(
                canvas,
                _text(text, round(20 * unit)),
                round(12 * unit),
                round(12 * unit),
                DARK,
                INK,
                unit,
            )
        return canvas

    def _face(self, canvas: Image, result: FaceResult, unit: float) -> None:
        color = _bgr(result.emotion)
        box = result.box
        corner = (box.x + box.width, box.y + box.height)
        cv2.rectangle(canvas, (box.x, box.y), corner, DARK, max(2, round(5 * unit)), cv2.LINE_AA)
        cv2.rectangle(canvas, (box.x, box.y), corner, color, max(1, round(3 * unit)), cv2.LINE_AA)
        title = _text(f"{self._names[result.emotion]}  {result.confidence:.0%}", round(24 * unit))
        above = box.y - title.shape[0] - round(14 * unit)
        _chip(canvas, title, max(0, box.x), max(0, above), color, _ink_on(color), unit)
        self._bars(canvas, result, unit)

    def _bars(self, canvas: Image, result: FaceResult, unit: float) -> None:
        """Eight bars on a dark panel beside the face: at its right, or at its left where there is no room."""
        row, pad, gauge = round(25 * unit), round(10 * unit), round(110 * unit)
        size = round(16 * unit)
        labels = [_text(self._names[e], size) for e in EMOTIONS]
        numbers = [_text(f"{p:.0%}", size) for p in result.probabilities]
        name_width = max(label.shape[1] for label in labels)
        width = name_width + gauge + _text("100%", size).shape[1] + 4 * pad
        height = len(EMOTIONS) * row + 2 * pad
        left = result.box.x + result.box.width + pad
        if left + width > canvas.shape[1]:
            left = min(result.box.x - pad - width, canvas.shape[1] - width)
        left = max(0, left)
        top = max(0, min(result.box.y, canvas.shape[0] - height))
        panel = canvas[top : top + height, left : left + width]
        panel[:] = cv2.addWeighted(panel, 0.3, np.full_like(panel, DARK), 0.7, 0)
        for i, emotion in enumerate(EMOTIONS):
            y = top + pad + i * row
            bar = left + 2 * pad + name_width
            probability = float(result.probabilities[i])
            _paste(canvas, labels[i], left + pad, y + (row - labels[i].shape[0]) // 2, INK)
            cv2.rectangle(canvas, (bar, y + row // 4), (bar + gauge, y + 3 * row // 4), (80, 76, 74), -1)
            end = bar + round(gauge * probability)
            cv2.rectangle(canvas, (bar, y + row // 4), (end, y + 3 * row // 4), _bgr(emotion), -1)
            _paste(canvas, numbers[i], bar + gauge + pad, y + (row - numbers[i].shape[0]) // 2, INK)


def _bgr(emotion: str) -> Bgr:
    red, green, blue = color_rgb(emotion)
    return blue, green, red


def _ink_on(color: Bgr) -> Bgr:
    """Dark or light text, whichever is read better on a colour (its luma, ITU-R BT.601)."""
    blue, green, red = color
    return DARK if 0.114 * blue + 0.587 * green + 0.299 * red > 120 else INK


def _chip(canvas: Image, label: Image, left: int, top: int, ground: Bgr, ink: Bgr, unit: float) -> None:
    """A label on a filled rectangle."""
    pad = round(6 * unit)
    left = max(0, min(left, canvas.shape[1] - label.shape[1] - 2 * pad))
    lower = (left + label.shape[1] + 2 * pad, top + label.shape[0] + 2 * pad)
    cv2.rectangle(canvas, (left, top), lower, ground, -1)
    _paste(canvas, label, left + pad, top + pad, ink)


def _paste(canvas: Image, label: Image, left: int, top: int, ink: Bgr) -> None:
    """Blend a label (opacity 0…255) into the canvas; what lies outside is cut off."""
    area = canvas[max(0, top) : top + label.shape[0], max(0, left) : left + label.shape[1]]
    if area.size == 0:
        return
    opacity = label[max(0, -top) :, max(0, -left) :][: area.shape[0], : area.shape[1], None] / 255.0
    area[:] = (area * (1 - opacity) + np.array(ink) * opacity).astype(np.uint8)


@lru_cache(maxsize=512)
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
