"""Which face is which: boxes of this frame are matched with those of the last ones, so that a face keeps its id."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from affect.faces import FaceBox


def intersection_over_union(a: FaceBox, b: FaceBox) -> float:
    """The share of two boxes' joint area that both cover, 0…1."""
    width = min(a.x + a.width, b.x + b.width) - max(a.x, b.x)
    height = min(a.y + a.height, b.y + b.height) - max(a.y, b.y)
    if width <= 0 or height <= 0:
        return 0.0
    both = width * height
    return both / (a.width * a.height + b.width * b.height - both)


def rescaled(box: FaceBox, across: float, down: float) -> FaceBox:
    """A box in the same picture at another size, so many times as wide and as high; a square stays a square."""
    middle_x, middle_y = (box.x + box.width / 2) * across, (box.y + box.height / 2) * down
    width, height = (max(1.0, side * math.sqrt(across * down)) for side in (box.width, box.height))
    return FaceBox(round(middle_x - width / 2), round(middle_y - height / 2), round(width), round(height))


@dataclass
class TrackedFace:
    """A face with its id (1, 2, … in order of appearance), its box in this frame, and when it was last seen."""

    face_id: int
    box: FaceBox
    seen_s: float


class FaceTracker:
    """Gives detected boxes the ids of the faces they belong to, by place and size: it recognises nobody.

    max_faces:   only so many of the largest faces are followed.
    min_overlap: intersection over union that makes two boxes the same face.
    memory_s:    a face that is not found is looked for where it was for so long.
    return_s:    one that comes back within this time, near where it was and about as large, gets its id again.
    """

    KEPT_FACTOR = 1.5  # a followed face gives its place up to one whose area is so many times its own

    def __init__(
        self, max_faces: int = 4, min_overlap: float = 0.3, memory_s: float = 1.0, return_s: float = 30.0
    ) -> None:
        self._max_faces = max_faces
        self._min_overlap = min_overlap
        self._memory_s = memory_s
        self._return_s = return_s
        self._known: list[TrackedFace] = []
        self._next_id = 1
        self._last_s = 0.0

    def update(self, boxes: list[FaceBox], timestamp_s: float) -> list[TrackedFace]:
        """The faces of this frame, largest first.

        boxes: from a search, largest first.   timestamp_s: seconds, not decreasing.
        The best overlapping pair of a box and a known face is matched first, faces of the last moments before those
        that were away for longer; what is left over is a new face.
        """
        boxes = self._followed(list(dict.fromkeys(boxes)))  # the same box twice is one face
        self._last_s = timestamp_s
        self._known = [f for f in self._known if timestamp_s - f.seen_s <= self._return_s]
        recent = [f for f in self._known if timestamp_s - f.seen_s <= self._memory_s]
        matched = _matched(boxes, recent, intersection_over_union, self._min_overlap)
        left = [box for box in boxes if box not in matched]
        away = [f for f in self._known if timestamp_s - f.seen_s > self._memory_s]
        matched |= _matched(left, away, _nearness, 0.0)
        faces = []
        for box in boxes:
            face = matched.get(box)
            if face is None:
                face = TrackedFace(self._next_id, box, timestamp_s)
                self._known.append(face)
                self._next_id += 1
            face.box, face.seen_s = box, timestamp_s
            faces.append(face)
        return faces

    def rescale(self, across: float, down: float) -> None:
        """The pictures have another size from now on, so many times as wide and as high: faces keep their places."""
        for face in self._known:
            face.box = rescaled(face.box, across, down)

    def _followed(self, boxes: list[FaceBox]) -> list[FaceBox]:
        """The largest boxes, as many as are followed; one that is followed already counts for more than its size."""
        if len(boxes) <= self._max_faces:
            return boxes
        last = self.boxes_of_last_frame()

        def rank(box: FaceBox) -> float:
            kept = any(intersection_over_union(box, other) >= self._min_overlap for other in last)
            return box.width * box.height * (self.KEPT_FACTOR if kept else 1.0)

        chosen = sorted(boxes, key=rank, reverse=True)[: self._max_faces]
        return [box for box in boxes if box in chosen]

    def boxes_of_last_frame(self) -> list[FaceBox]:
        """Where the faces of the last `update` were."""
        return [face.box for face in self._known if face.seen_s == self._last_s]

    def boxes_of_lost(self) -> list[FaceBox]:
        """Where faces were that the last `update` did not have, and that were there a moment ago."""
        return [f.box for f in self._known if f.seen_s != self._last_s and self._last_s - f.seen_s <= self._memory_s]

    @property
    def ids(self) -> set[int]:
        """The ids that are still remembered."""
        return {face.face_id for face in self._known}


def _matched(
    boxes: list[FaceBox],
    faces: list[TrackedFace],
    likeness: Callable[[FaceBox, FaceBox], float],
    least: float,
) -> dict[FaceBox, TrackedFace]:
    """Each box with the face it is most like, the best pair first; a pair below `least` is none."""
    pairs = [(likeness(box, face.box), i, j) for i, box in enumerate(boxes) for j, face in enumerate(faces)]
    matched: dict[FaceBox, TrackedFace] = {}
    taken: set[int] = set()
    for like, i, j in sorted(pairs, reverse=True):
        if like >= least and boxes[i] not in matched and j not in taken:
            matched[boxes[i]] = faces[j]
            taken.add(j)
    return matched


def _nearness(box: FaceBox, before: FaceBox) -> float:
    """1 for the same place and size, 0 for a middle one box side away or sides that differ by half; less beyond.

    Somebody who looks down or leans aside for a while comes back within that.
    """
    side, other = math.sqrt(box.width * box.height), math.sqrt(before.width * before.height)
    across = (box.x + box.width / 2) - (before.x + before.width / 2)
    down = (box.y + box.height / 2) - (before.y + before.height / 2)
    apart = math.hypot(across, down) / max(side, other)
    return 1 - max(apart, abs(math.log(side / other)) / math.log(1.5))
