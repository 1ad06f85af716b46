"""Overlay on a saved video's frame: corner marks and label of each face, panels in free corners, and the frame rate."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from typing import NamedTuple

import numpy as np
from PIL import Image as PillowImage
from PIL.ImageDraw import ImageDraw

from affect.emotions import UNCERTAIN, label_name
from affect.faces.detection import FaceBox
from affect.faces.preprocessing import Image
from affect.live.frame import FaceResult
from affect.live.recording.lettering import GROUND, Bgr, Chip, chips_size, color_bgr, draw_chips, fill
from affect.live.recording.panel import draw_panel, numbered, panel_size, person_color
from affect.live.texts import certainty, text


class Area(NamedTuple):
    """A rectangle in a picture, in pixels."""

    left: int
    top: int
    width: int
    height: int

    def shared_with(self, other: Area) -> int:
        """Area of the intersection with another rectangle, in pixels."""
        width = min(self.left + self.width, other.left + other.width) - max(self.left, other.left)
        height = min(self.top + self.height, other.top + other.height) - max(self.top, other.top)
        return max(0, width) * max(0, height)

    def within(self, bounds: Area) -> bool:
        """Whether the rectangle lies completely inside the other."""
        return self.shared_with(bounds) == self.width * self.height

    def grown(self, by: int) -> Area:
        """Return the rectangle enlarged by a margin of `by` pixels on each side."""
        return Area(self.left - by, self.top - by, self.width + 2 * by, self.height + 2 * by)


def area_of(box: FaceBox) -> Area:
    """Convert a face's bounding box to an Area."""
    return Area(box.x, box.y, box.width, box.height)


def first_free(candidates: Iterable[Area], bounds: Area, taken: Sequence[Area]) -> Area | None:
    """First candidate that lies within the bounds and overlaps no taken area; None if there is none."""
    free = (c for c in candidates if c.within(bounds) and not any(c.shared_with(t) for t in taken))
    return next(free, None)


def corners(width: int, height: int, bounds: Area, margin: int) -> list[Area]:
    """Candidate rectangles in the corners of the bounds: top right, top left, bottom right, bottom left."""
    left, right = bounds.left + margin, bounds.left + bounds.width - margin - width
    top, bottom = bounds.top + margin, bounds.top + bounds.height - margin - height
    return [Area(x, y, width, height) for y in (top, bottom) for x in (right, left)]


def around(width: int, height: int, box: Area, bounds: Area, gap: int) -> list[Area]:
    """Candidate rectangles above, below, right and left of a box, shifted along its side to stay in the bounds."""
    x = max(bounds.left, min(box.left, bounds.left + bounds.width - width))
    y = max(bounds.top, min(box.top, bounds.top + bounds.height - height))
    return [
        Area(x, box.top - gap - height, width, height),
        Area(x, box.top + box.height + gap, width, height),
        Area(box.left + box.width + gap, y, width, height),
        Area(box.left - gap - width, y, width, height),
    ]


class Overlay:
    """Draws results on frames without covering faces.   language: "en" or "es"."""

    def __init__(self, language: str = "en") -> None:
        self._language = language
        self._corner = 0  # corner of the panels; they move only when a face comes there

    def draw(self, picture: Image, results: list[FaceResult], fps: float | None) -> Image:
        """Return a copy of the frame with corner marks, labels, panels and the frame rate (None: not shown).

        If a face fills the frame, its label is placed in the corner that covers least of it.
        """
        image = PillowImage.fromarray(picture)
        canvas, bounds = ImageDraw(image), Area(0, 0, image.width, image.height)
        size = max(8, round(16 * min(image.height / 720, image.width / 960)))
        faces, number = [area_of(r.box) for r in results], numbered(results)
        covered = self._bars(canvas, results, bounds, size)
        homeless = []
        for result, face in zip(results, faces, strict=True):
            _corner_marks(canvas, face.grown(size // 4), person_color(result.face_id), max(1, size // 6))
            label = self._label(result, number)
            places = around(*chips_size(label, round(size * 1.2)), face, bounds, size // 2)
            if (free := first_free(places, bounds, [*faces, *covered])) is None:
                homeless.append(label)
            else:
                draw_chips(canvas, label, free.left, free.top, round(size * 1.2))
                covered.append(free)
        for label in homeless:
            places = corners(*chips_size(label, round(size * 1.2)), bounds, size // 2)
            place = min(places, key=lambda p: sum(p.shared_with(t) for t in [*covered, *faces]))
            draw_chips(canvas, label, place.left, place.top, round(size * 1.2))
            covered.append(place)
        notes = [*([] if results else [text("no_face", self._language)]), *([] if fps is None else [f"{fps:.0f} fps"])]
        for note in ([(words, GROUND)] for words in notes):
            free = first_free(corners(*chips_size(note, size), bounds, size // 2), bounds, [*covered, *faces])
            if free is not None:
                draw_chips(canvas, note, free.left, free.top, size)
                covered.append(free)
        return np.array(image)

    def _bars(self, canvas: ImageDraw, results: list[FaceResult], bounds: Area, size: int) -> list[Area]:
        """Draw the panels of as many persons as fit into a corner without faces. Returns their area, if any."""
        width, height = panel_size(size)
        faces = [area_of(r.box).grown(size // 2) for r in results]
        heads = [area_of(r.box).grown(r.box.width // 4) for r in results]  # preferably keeps hair and chin free, too
        persons, alone = sorted(results, key=lambda r: r.face_id), len(results) == 1
        for count in range(len(persons), 0, -1):
            places = corners(width, count * height, bounds, size // 2)
            places = [places[self._corner], *places]
            free = first_free(places, bounds, heads) or (first_free(places, bounds, faces) if alone else None)
            if free is None:
                continue
            self._corner = places.index(free, 1) - 1
            for i, result in enumerate(persons[:count]):
                top = free.top + i * height
                draw_panel(canvas, result, free.left, top, self._language, size, numbered(results))
            return [free]
        return []

    def _label(self, result: FaceResult, number: bool) -> list[Chip]:
        name = label_name(result.emotion, self._language)
        if result.emotion != UNCERTAIN:
            name = f"{name} {certainty(result.confidence, self._language)}"
        person = [(str(result.face_id), person_color(result.face_id))] if number else []
        return [*person, (name, color_bgr(result.emotion))]


def _corner_marks(canvas: ImageDraw, box: Area, color: Bgr, thick: int) -> None:
    """Draw the four corners of a box in light with a dark edge, visible on any picture without covering the face."""
    reach = min(box.width, box.height) // 5
    for edge, shade in ((max(1, thick // 2), GROUND), (0, color)):
        for right, below, (width, height) in product((0, 1), (0, 1), ((reach, thick), (thick, reach))):
            left, top = box.left + right * (box.width - width), box.top + below * (box.height - height)
            fill(canvas, left - edge, top - edge, width + 2 * edge, height + 2 * edge, shade)
