"""Which face is which: boxes of this frame are matched with those of the last ones, so that a face keeps its id."""

from __future__ import annotations

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


@dataclass
class TrackedFace:
    """A face with its id (1, 2, … in order of appearance), its box in this frame, and when it was last seen."""

    face_id: int
    box: FaceBox
    seen_s: float


class FaceTracker:
    """Gives detected boxes the ids of the faces they belong to.

    max_faces:   only so many of the largest faces are followed.
    min_overlap: intersection over union that makes two boxes the same face.
    memory_s:    a face that is not found keeps its id for so long.
    """

    def __init__(self, max_faces: int = 4, min_overlap: float = 0.3, memory_s: float = 1.0) -> None:
        self._max_faces = max_faces
        self._min_overlap = min_overlap
        self._memory_s = memory_s
        self._known: list[TrackedFace] = []
        self._next_id = 1
        self._last_s = 0.0

    def update(self, boxes: list[FaceBox], timestamp_s: float) -> list[TrackedFace]:
        """The faces of this frame, largest first.

        boxes: from a search, largest first.   timestamp_s: seconds, not decreasing.
        The best overlapping pair of a box and a known face is matched first; what is left over is a new face.
        """
        boxes = boxes[: self._max_faces]
        self._last_s = timestamp_s
        self._known = [f for f in self._known if timestamp_s - f.seen_s <= self._memory_s]
        pairs = sorted(
            (
                (intersection_over_union(box, face.box), i, j)
                for i, box in enumerate(boxes)
                for j, face in enumerate(self._known)
            ),
            reverse=True,
        )
        matched: dict[int, TrackedFace] = {}
        taken: set[int] = set()
        for overlap, i, j in pairs:
            if overlap >= self._min_overlap and i not in matched and j not in taken:
                matched[i] = self._known[j]
                taken.add(j)
        for i, box in enumerate(boxes):
            if i in matched:
                matched[i].box, matched[i].seen_s = box, timestamp_s
            else:
                matched[i] = TrackedFace(self._next_id, box, timestamp_s)
                self._known.append(matched[i])
                self._next_id += 1
        return [matched[i] for i in range(len(boxes))]

    def boxes_of_last_frame(self) -> list[FaceBox]:
        """Where the faces of the last `update` were."""
        return [face.box for face in self._known if face.seen_s == self._last_s]

    def boxes_of_lost(self) -> list[FaceBox]:
        """Where remembered faces were, that the last `update` did not have."""
        return [face.box for face in self._known if face.seen_s != self._last_s]

    @property
    def ids(self) -> set[int]:
        """The ids that are still remembered."""
        return {face.face_id for face in self._known}
