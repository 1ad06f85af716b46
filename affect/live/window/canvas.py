"""Composition of the window's content: the frame, a side column with result panels, and the status bar below.

It is drawn at the window's size, so that text is sharp whatever the frame's size. Nothing covers a face.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np

from affect.emotions import LANGUAGES
from affect.faces.detection import FaceBox
from affect.faces.preprocessing import Image
from affect.live.frame import FaceResult
from affect.live.texts import text
from affect.live.window.bar import bar, help_page
from affect.live.window.control import Status
from affect.live.window.lettering import DIM, GROUND, INK, PANEL, line, plain, put, put_row, rows, space, words
from affect.live.window.overlay import Area, Overlay
from affect.live.window.panel import draw_panel, draw_short, numbered, panel_size, short_height

FIRST = (960, 540)  # size of the frame in a new window, pixels; with column and bar it fits a laptop's screen
LETTERS = 15  # font size in pixels in a window of 1000×600; it grows less than in proportion to the window
LEAST = 12  # minimum font size in pixels


class View(NamedTuple):
    """Everything that the window shows beside a frame; equal views of a frame look the same.

    size:  width and height of the window, in pixels.
    typed: answer to a question as typed so far.   help_shown: the help page replaces the frame.
    """

    status: Status
    size: tuple[int, int]
    typed: str = ""
    help_shown: bool = False


class Canvas:
    """Composes the window's content in a reused buffer: the picture returned by `draw` is valid until the next call."""

    def __init__(self) -> None:
        self._canvas: Image = np.empty((0, 0, 3), np.uint8)
        self._place: Area | None = None  # where the frame is drawn
        self._overlays = {language: Overlay(language) for language in LANGUAGES}

    def draw(self, picture: Image, results: list[FaceResult], view: View) -> Image:
        """Draw the window's content, uint8 BGR in the window's size.   picture: uint8 BGR.   results: its faces."""
        status, (width, height), typed, help_shown = view
        letters = letter_size(width, height)
        strip = bar(status, typed, width, letters)
        above = max(0, height - strip.shape[0])
        column = panel_size(letters)[0]
        if width < 3 * column:
            column = 0  # the panels are drawn into the frame, where they fit
        room = Area(0, 0, width - column, above)
        place = _fitted(picture.shape[1], picture.shape[0], room)
        self._prepare(width, height, place)
        self._canvas[above:] = strip[: height - above]
        if help_shown:
            self._canvas[:above] = help_page(status.language, width, above, letters)
            self._place = None
            return self._canvas
        shown = [] if status.paused or status.no_picture else results
        if place.width and place.height:
            area = self._canvas[place.top : place.top + place.height, place.left : place.left + place.width]
            _scale(picture, area)
            scaled = [_scaled(r, place.width / picture.shape[1]) for r in shown]
            overlay = self._overlays[status.language]
            draw = overlay.mark if column else overlay.draw_faces
            draw(area, scaled, letters)
        if column:
            _column(self._canvas[:above, room.width :], shown, status, letters)
        return self._canvas

    def _prepare(self, width: int, height: int, place: Area) -> None:
        """Create the canvas, or clear it after the frame's position changed; margins are drawn only once."""
        if self._canvas.shape[:2] != (height, width) or place != self._place:
            self._canvas = plain(height, width, GROUND)
            self._place = place


def first_size(picture: Image) -> tuple[int, int]:
    """Initial width and height of the window for frames of this picture's size."""
    frame = _fitted(picture.shape[1], picture.shape[0], Area(0, 0, *FIRST))
    width = max(720, frame.width + panel_size(LETTERS)[0])
    return width, frame.height + bar(Status("es"), "", width, LETTERS).shape[0]


def letter_size(width: int, height: int) -> int:
    """Font size in pixels for a window of this size."""
    return max(LEAST, round(LETTERS * min(width / 1000, height / 600) ** 0.75))


def _fitted(width: int, height: int, room: Area) -> Area:
    """Largest centred rectangle with a picture's aspect ratio inside an area."""
    scale = max(0.0, min(room.width / width, room.height / height))
    wide, high = round(width * scale), round(height * scale)
    return Area(room.left + (room.width - wide) // 2, room.top + (room.height - high) // 2, wide, high)


def _scale(picture: Image, area: Image) -> None:
    """Scale a picture into an area of the canvas; large ones are first halved repeatedly, which is fast and exact."""
    while picture.shape[0] >= 2 * area.shape[0] and picture.shape[1] >= 2 * area.shape[1]:
        height, width = picture.shape[0] // 2, picture.shape[1] // 2
        even = picture[: 2 * height, : 2 * width]
        picture = np.asarray(cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    area[:] = cv2.resize(picture, (area.shape[1], area.shape[0]), interpolation=cv2.INTER_LINEAR)


def _scaled(result: FaceResult, scale: float) -> FaceResult:
    x, y, width, height = (round(v * scale) for v in result.box)
    return replace(result, box=FaceBox(x, y, width, height))


def _column(area: Image, results: list[FaceResult], status: Status, letters: int) -> None:
    """Draw the side column: one panel per person, in order of appearance; short forms where space runs out."""
    put(area, _ground(*area.shape[:2]), 0, 0)
    pad, gap, row = letters, space(letters), round(letters * 1.4)
    inner = area.shape[1] - 2 * pad
    note = rows(words(text("perceived", status.language), inner, letters, DIM, PANEL), inner, gap)
    end = area.shape[0] - pad // 2 - len(note) * row
    persons = sorted(results, key=lambda r: r.face_id)
    high, low = panel_size(letters)[1], short_height(letters)
    full = min(len(persons), max(0, (end - pad - len(persons) * low) // (high - low)))
    y = pad // 2
    for i, person in enumerate(persons):
        draw = draw_panel if i < full else draw_short
        draw(area, person, 0, y, status.language, letters, numbered(results))
        y += high if i < full else low
    if not persons:
        said = ["paused", "paused_means"] if status.paused else ["no_picture" if status.no_picture else "no_face"]
        for key, size, ink in zip(said, (round(letters * 1.3), letters), (INK, DIM), strict=False):
            put(area, line(text(key, status.language), size, ink, PANEL), pad, y + pad // 2)
            y += 2 * letters
    if y <= end:
        for i, words_ in enumerate(note):
            put_row(area, words_, pad, end + i * row, row, gap)


@lru_cache(maxsize=2)
def _ground(height: int, width: int) -> Image:
    """Background of the side column; cached, as copying is much faster than filling with a colour."""
    return plain(height, width, PANEL)
