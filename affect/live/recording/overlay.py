"""Overlay on a saved video's frame: corner marks and label of each face, panels in free corners, and the frame rate."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from affect.emotions import UNCERTAIN, label_name
from affect.faces.detection import FaceBox
from affect.faces.preprocessing import Image
from affect.live.frame import FaceResult
from affect.live.recording.lettering import GROUND, INK, Bgr, beside, chip, color_bgr, fill, line, put
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
        canvas = picture.copy()
        size = max(8, round(16 * min(canvas.shape[0] / 720, canvas.shape[1] / 960)))
        taken = self._draw_faces(canvas, results, size) + [area_of(r.box) for r in results]
        if not results:
            self._note(canvas, text("no_face", self._language), size, taken)
        if fps is not None:
            self._note(canvas, f"{fps:.0f} fps", size, taken)
        return canvas

    def _draw_faces(self, canvas: Image, results: list[FaceResult], size: int) -> list[Area]:
        """Draw corner marks, all labels, and panels where they fit. Returns the areas of labels and panels.

        size: font size in pixels.
        """
        covered = self._bars(canvas, results, size)
        homeless = self._mark(canvas, results, size, covered)
        bounds = Area(0, 0, canvas.shape[1], canvas.shape[0])
        for result in homeless:
            label = self._label(result, size, numbered(results))
            places = corners(label.shape[1], label.shape[0], bounds, size // 2)
            taken = [*covered, *(area_of(r.box) for r in results)]
            place = min(places, key=lambda p: sum(p.shared_with(t) for t in taken))
            put(canvas, label, place.left, place.top)
            covered.append(place)
        return covered

    def _mark(self, canvas: Image, results: list[FaceResult], size: int, covered: list[Area]) -> list[FaceResult]:
        """Draw corner marks and labels, and return the faces whose label does not fit.

        covered: areas that labels must not overlap; the labels' areas are appended.
        """
        bounds = Area(0, 0, canvas.shape[1], canvas.shape[0])
        faces = [area_of(r.box) for r in results]
        homeless = []
        for result, face in zip(results, faces, strict=True):
            _corner_marks(canvas, face.grown(size // 4), person_color(result.face_id), max(1, size // 6))
            label = self._label(result, size, numbered(results))
            places = around(label.shape[1], label.shape[0], face, bounds, size // 2)
            free = first_free(places, bounds, [*faces, *covered])
            if free is None:
                homeless.append(result)
            else:
                put(canvas, label, free.left, free.top)
                covered.append(free)
        return homeless

    def _bars(self, canvas: Image, results: list[FaceResult], size: int) -> list[Area]:
        """Draw the panels of as many persons as fit into a corner without faces. Returns their area, if any."""
        width, height = panel_size(size)
        bounds = Area(0, 0, canvas.shape[1], canvas.shape[0])
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

    def _label(self, result: FaceResult, size: int, number: bool) -> Image:
        name = label_name(result.emotion, self._language)
        if result.emotion != UNCERTAIN:
            name = f"{name} {certainty(result.confidence, self._language)}"
        label = chip(name, round(size * 1.2), color_bgr(result.emotion))
        if not number:
            return label
        return beside([chip(str(result.face_id), round(size * 1.2), person_color(result.face_id)), label], 0, GROUND)

    def _note(self, canvas: Image, words: str, size: int, taken: list[Area]) -> None:
        """Draw a short text in a free corner, if there is one."""
        note = line(f" {words} ", size, INK, GROUND)
        bounds = Area(0, 0, canvas.shape[1], canvas.shape[0])
        free = first_free(corners(note.shape[1], note.shape[0], bounds, size // 2), bounds, taken)
        if free is not None:
            put(canvas, note, free.left, free.top)
            taken.append(free)


def _corner_marks(canvas: Image, box: Area, color: Bgr, thick: int) -> None:
    """Draw the four corners of a box in light with a dark edge, visible on any picture without covering the face."""
    reach = min(box.width, box.height) // 5
    for edge, shade in ((max(1, thick // 2), GROUND), (0, color)):
        for x, inward in ((box.left, 1), (box.left + box.width, -1)):
            for y, downward in ((box.top, 1), (box.top + box.height, -1)):
                _stroke(canvas, x, y, x + inward * reach, y + downward * thick, edge, shade)
                _stroke(canvas, x, y, x + inward * thick, y + downward * reach, edge, shade)


def _stroke(canvas: Image, x: int, y: int, to_x: int, to_y: int, edge: int, color: Bgr) -> None:
    left, right = sorted((x, to_x))
    top, bottom = sorted((y, to_y))
    fill(canvas, left - edge, top - edge, right + edge, bottom + edge, color)
