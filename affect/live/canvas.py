"""The whole picture in the window: the frame, a column with figures beside it, the bar below. Nothing hides a face.

It is drawn at the window's own size, so that letters are sharp whatever the frame's size is.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from affect.emotions import LANGUAGES
from affect.faces import FaceBox
from affect.live.bar import bar
from affect.live.control import Status
from affect.live.help import help_page
from affect.live.lettering import DIM, GROUND, INK, PANEL, fill, line, put, put_row, rows, space, words
from affect.live.overlay import Overlay
from affect.live.panel import draw_panel, draw_short, numbered, panel_size, short_height
from affect.live.placement import Area
from affect.live.results import FaceResult
from affect.live.texts import text
from affect.preprocessing import Image

FIRST = (960, 540)  # the frame's place in a new window, pixels; with column and bar it fits a laptop's screen
LETTERS = 15  # pixels, in a window of 1000×600; larger in a larger one, though less than in proportion
LEAST = 12


class Canvas:
    """Composes what the window shows. The picture that `draw` returns is valid until the next call."""

    def __init__(self) -> None:
        self._canvas: Image = np.empty((0, 0, 3), np.uint8)
        self._overlays = {language: Overlay(language) for language in LANGUAGES}

    def draw(
        self,
        picture: Image,
        results: list[FaceResult],
        status: Status,
        size: tuple[int, int],
        typed: str = "",
        help_shown: bool = False,
    ) -> Image:
        """uint8 BGR of the window's size.

        picture: the frame, uint8 BGR.   results: its faces.   size: width and height of the window.
        typed: the answer to a question so far.   help_shown: show the help page in the frame's place.
        """
        width, height = size
        if self._canvas.shape[:2] != (height, width):
            self._canvas = np.empty((height, width, 3), np.uint8)
        canvas, letters = self._canvas, letter_size(width, height)
        strip = bar(status, typed, width, letters)
        above = max(0, height - strip.shape[0])
        canvas[above:] = strip[: height - above]
        if help_shown:
            canvas[:above] = help_page(status.language, width, above, letters)
            return canvas
        shown = [] if status.paused else results
        column = panel_size(letters)[0]
        if width < 3 * column:
            column = 0
        room = Area(0, 0, width - column, above)
        frame = _fitted(picture.shape[1], picture.shape[0], room)
        if frame.width and frame.height:
            self._frame(canvas, room, frame, picture, shown, status.language, letters, bool(column))
        if column:
            _column(canvas[:above, width - column :], shown, status, letters)
        return canvas

    def _frame(
        self,
        canvas: Image,
        room: Area,
        frame: Area,
        picture: Image,
        results: list[FaceResult],
        language: str,
        letters: int,
        column: bool,
    ) -> None:
        """The frame in its room, with what is drawn on it; the bars as well where there is no column for them."""
        right, bottom = frame.left + frame.width, frame.top + frame.height
        fill(canvas, 0, 0, frame.left, room.height, GROUND)
        fill(canvas, right, 0, room.width, room.height, GROUND)
        fill(canvas, frame.left, 0, right, frame.top, GROUND)
        fill(canvas, frame.left, bottom, right, room.height, GROUND)
        area = canvas[frame.top : bottom, frame.left : right]
        _scale(picture, area)
        scaled = [_scaled(r, frame.width / picture.shape[1]) for r in results]
        if column:
            self._overlays[language].mark(area, scaled, letters, [])
        else:
            self._overlays[language].draw_faces(area, scaled, letters)


def first_size(picture: Image) -> tuple[int, int]:
    """Width and height of a new window for frames like this one."""
    frame = _fitted(picture.shape[1], picture.shape[0], Area(0, 0, *FIRST))
    width = max(720, frame.width + panel_size(LETTERS)[0])
    return width, frame.height + bar(Status("es"), "", width, LETTERS).shape[0]


def letter_size(width: int, height: int) -> int:
    """The size of the letters in a window of a size, in pixels."""
    return max(LEAST, round(LETTERS * min(width / 1000, height / 600) ** 0.75))


def _fitted(width: int, height: int, room: Area) -> Area:
    """The largest rectangle of a picture's proportions in the middle of a room."""
    scale = max(0.0, min(room.width / width, room.height / height))
    wide, high = round(width * scale), round(height * scale)
    return Area(room.left + (room.width - wide) // 2, room.top + (room.height - high) // 2, wide, high)


def _scale(picture: Image, area: Image) -> None:
    """Scale a picture into an area of the canvas: halved while it is twice too large, as halving is fast and exact."""
    while picture.shape[0] >= 2 * area.shape[0] and picture.shape[1] >= 2 * area.shape[1]:
        height, width = picture.shape[0] // 2, picture.shape[1] // 2
        even = picture[: 2 * height, : 2 * width]
        picture = np.asarray(cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    area[:] = cv2.resize(picture, (area.shape[1], area.shape[0]), interpolation=cv2.INTER_LINEAR)


def _scaled(result: FaceResult, scale: float) -> FaceResult:
    x, y, width, height = (round(v * scale) for v in result.box)
    return replace(result, box=FaceBox(x, y, width, height))


def _column(area: Image, results: list[FaceResult], status: Status, letters: int) -> None:
    """A panel for each person, in the order of appearance: with bars as long as there is room, then in short."""
    area[:] = PANEL
    pad, gap, row = letters, space(letters), round(letters * 1.4)
    inner = area.shape[1] - 2 * pad
    note = rows(words(text("perceived", status.language), inner, letters, DIM, PANEL), inner, gap)
    end = area.shape[0] - pad // 2 - len(note) * row
    for i, line_ in enumerate(note):
        put_row(area, line_, pad, end + i * row, row, gap)
    persons = sorted(results, key=lambda r: r.face_id)
    high, low = panel_size(letters)[1], short_height(letters)
    full = min(len(persons), max(0, (end - pad - len(persons) * low) // (high - low)))
    y = pad // 2
    for i, person in enumerate(persons):
        draw = draw_panel if i < full else draw_short
        draw(area, person, 0, y, status.language, letters, numbered(results))
        y += high if i < full else low
    if not persons:
        said = ["paused", "paused_means"] if status.paused else ["no_face"]
        for i, key in enumerate(said):
            large, ink = (letters, DIM) if i else (round(letters * 1.3), INK)
            put(area, line(text(key, status.language), large, ink, PANEL), pad, pad + 2 * i * letters)
