"""Multi-face tracker: matches detected boxes with those of earlier frames, so that a face keeps its id."""

from __future__ import annotations

import math
from dataclasses import dataclass

from affect.faces.detection import FaceBox


def intersection_over_union(a: FaceBox, b: FaceBox) -> float:
    """Intersection over union of two boxes, 0…1."""
    width = min(a.x + a.width, b.x + b.width) - max(a.x, b.x)
    height = min(a.y + a.height, b.y + b.height) - max(a.y, b.y)
    if width <= 0 or height <= 0:
        return 0.0
    both = width * height
    return both / (a.width * a.height + b.width * b.height - both)


def rescaled(box: FaceBox, across: float, down: float) -> FaceBox:
    """Rescale a box after a change of frame size; its aspect ratio is kept.   across, down: new size by old size."""
    middle_x, middle_y = (box.x + box.width / 2) * across, (box.y + box.height / 2) * down
    width, height = (max(1.0, side * math.sqrt(across * down)) for side in (box.width, box.height))
    return FaceBox(round(middle_x - width / 2), round(middle_y - height / 2), round(width), round(height))


@dataclass(eq=False)
class TrackedFace:
    """A track: a face's id, its last box, and the time at which it was last seen.

    face_id: 1, 2, … in the order in which faces were first tracked; 0: detected, but not tracked so far.
    """

    face_id: int
    box: FaceBox
    seen_s: float


class FaceTracker:
    """Assigns face ids to detected boxes by position and size; it does not recognise people.

    A box is matched with the face whose last box it overlaps, else with one that was within one box side and of
    similar size. Faces seen most recently are matched first, so that a person in the picture is not confused with one
    who has left; among those, the best match wins.

    max_faces:   only the largest so many faces are tracked.
    min_overlap: minimum intersection over union of two boxes of the same face.
    memory_s:    how long a lost face is searched for around its last box, seconds.
    return_s:    how long a lost face keeps its id, seconds.
    """

    KEPT_FACTOR = 1.5  # a tracked face is replaced only by one with this many times its area

    def __init__(
        self, max_faces: int = 4, min_overlap: float = 0.3, memory_s: float = 1.0, return_s: float = 30.0
    ) -> None:
        self._max_faces = max_faces
        self._min_overlap = min_overlap
        self._memory_s = memory_s
        self._return_s = return_s
        self._known: list[TrackedFace] = []
        self._followed: list[TrackedFace] = []  # faces tracked in the last frame
        self._next_id = 1
        self._last_s = 0.0

    def update(self, boxes: list[FaceBox], timestamp_s: float) -> list[TrackedFace]:
        """Match a frame's boxes with the known faces and return the tracked faces, largest first.

        boxes: detected boxes, largest first.   timestamp_s: seconds, not decreasing.
        Faces beyond `max_faces` are also kept for memory_s, so that they cannot take the id of a tracked face nearby.
        """
        boxes = list(dict.fromkeys(boxes))  # removes duplicates
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
        """Reset the tracker: every face seen from now on gets a new id."""
        self._known, self._followed = [], []

    def rescale(self, across: float, down: float) -> None:
        """Rescale all known boxes after a change of frame size.   across, down: new size divided by old size."""
        for face in self._known:
            face.box = rescaled(face.box, across, down)

    def _matched(self, boxes: list[FaceBox]) -> dict[FaceBox, TrackedFace]:
        """Assign boxes to known faces, first by overlap, then by distance; boxes of new faces are left out."""
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
        """Select the `max_faces` largest faces; the area of a face tracked already is multiplied by KEPT_FACTOR."""

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
        """Ids of all faces that the tracker still keeps."""
        return {face.face_id for face in self._known if face.face_id}


def _nearness(box: FaceBox, before: FaceBox) -> float:
    """Similarity of two boxes in position and size: 1 for equal boxes, 0 at the limit of a match, negative beyond.

    The limit is a centre distance of one box side, or sides that differ by half: a person who looks down or leans
    aside for a while comes back within it.
    """
    side, other = math.sqrt(box.width * box.height), math.sqrt(before.width * before.height)
    across = (box.x + box.width / 2) - (before.x + before.width / 2)
    down = (box.y + box.height / 2) - (before.y + before.height / 2)
    apart = math.hypot(across, down) / max(side, other)
    return 1 - max(apart, abs(math.log(side / other)) / math.log(1.5))
