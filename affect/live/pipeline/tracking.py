"""Which face is which: boxes of this frame are matched with those of the last ones, so that a face keeps its id."""

from __future__ import annotations

import math
from dataclasses import dataclass

from affect.faces.detection import FaceBox


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


@dataclass(eq=False)
class TrackedFace:
    """A face with its id, its box in this frame, and when it was last seen.

    face_id: 1, 2, … in the order in which faces were first followed; 0: not followed so far.
    """

    face_id: int
    box: FaceBox
    seen_s: float


class FaceTracker:
    """Gives detected boxes the ids of the faces they belong to, by place and size: it recognises nobody.

    One rule, however long a face was away: a box belongs to the face whose last box it overlaps, else to one that was
    within one box side of it and about as large. Faces that were seen last come first, so that one who is in the
    picture is not taken for one who left it; among those, the best match.

    max_faces:   only so many of the largest faces are followed.
    min_overlap: intersection over union that makes two boxes the same face.
    memory_s:    a face that is not found is looked for where it was for so long.
    return_s:    for so long a face that is not found keeps its id.
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
        self._followed: list[TrackedFace] = []  # in the last frame
        self._next_id = 1
        self._last_s = 0.0

    def update(self, boxes: list[FaceBox], timestamp_s: float) -> list[TrackedFace]:
        """The faces of this frame, largest first.

        boxes: from a search, largest first.   timestamp_s: seconds, not decreasing.
        Faces beyond `max_faces` are remembered for memory_s too: whoever takes a followed face's place beside it does
        not take its id.
        """
        boxes = list(dict.fromkeys(boxes))  # the same box twice is one face
        self._known = [
            f for f in self._known if timestamp_s - f.seen_s <= (self._return_s if f.face_id else self._memory_s)
        ]
        matched = self._matched(boxes)
        faces = [matched.get(box) or TrackedFace(0, box, timestamp_s) for box in boxes]
        self._known += [face for face in faces if face not in self._known]
        for face, box in zip(faces, boxes, strict=True):
            face.box, face.seen_s = box, timestamp_s
        self._last_s = timestamp_s
        self._followed = self._chosen(faces)
        for face in self._followed:
            if not face.face_id:
                face.face_id = self._next_id
                self._next_id += 1
        return list(self._followed)

    def forget(self) -> None:
        """Whoever is seen from now on is somebody else: every face gets a new id."""
        self._known, self._followed = [], []

    def rescale(self, across: float, down: float) -> None:
        """The pictures have another size from now on, so many times as wide and as high: faces keep their places."""
        for face in self._known:
            face.box = rescaled(face.box, across, down)

    def _matched(self, boxes: list[FaceBox]) -> dict[FaceBox, TrackedFace]:
        """Each box with the known face that it belongs to; boxes of new faces are left out."""
        matched: dict[FaceBox, TrackedFace] = {}
        taken: set[int] = set()
        for likeness, least in ((intersection_over_union, self._min_overlap), (_nearness, 0.0)):
            pairs = [
                (face.seen_s, likeness(box, face.box), i, j)
                for i, box in enumerate(boxes)
                for j, face in enumerate(self._known)
                if box not in matched and j not in taken
            ]
            for _, like, i, j in sorted(pairs, reverse=True):
                if like >= least and boxes[i] not in matched and j not in taken:
                    matched[boxes[i]] = self._known[j]
                    taken.add(j)
        return matched

    def _chosen(self, faces: list[TrackedFace]) -> list[TrackedFace]:
        """The largest faces, as many as are followed; one that is followed already counts for more than its size."""

        def rank(face: TrackedFace) -> float:
            return face.box.width * face.box.height * (self.KEPT_FACTOR if face in self._followed else 1.0)

        chosen = sorted(faces, key=rank, reverse=True)[: self._max_faces]
        return [face for face in faces if face in chosen]

    def boxes_of_last_frame(self) -> list[FaceBox]:
        """Boxes of the faces that the last `update` returned."""
        return [face.box for face in self._followed]

    def boxes_of_lost(self) -> list[FaceBox]:
        """Last boxes of faces that were seen within memory_s but not in the latest frame."""
        return [
            f.box
            for f in self._known
            if f.face_id and f.seen_s != self._last_s and self._last_s - f.seen_s <= self._memory_s
        ]

    @property
    def ids(self) -> set[int]:
        """The ids that are still remembered."""
        return {face.face_id for face in self._known if face.face_id}


def _nearness(box: FaceBox, before: FaceBox) -> float:
    """1 for the same place and size, 0 for a middle one box side away or sides that differ by half; less beyond.

    Somebody who looks down or leans aside for a while comes back within that.
    """
    side, other = math.sqrt(box.width * box.height), math.sqrt(before.width * before.height)
    across = (box.x + box.width / 2) - (before.x + before.width / 2)
    down = (box.y + box.height / 2) - (before.y + before.height / 2)
    apart = math.hypot(across, down) / max(side, other)
    return 1 - max(apart, abs(math.log(side / other)) / math.log(1.5))
