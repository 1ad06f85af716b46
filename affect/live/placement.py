"""Where something can lie in a picture without hiding a face."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from affect.faces import FaceBox


class Area(NamedTuple):
    """A rectangle in a picture, in pixels."""

    left: int
    top: int
    width: int
    height: int

    def shared_with(self, other: Area) -> int:
        """The pixels that both cover."""
        width = min(self.left + self.width, other.left + other.width) - max(self.left, other.left)
        height = min(self.top + self.height, other.top + other.height) - max(self.top, other.top)
        return max(0, width) * max(0, height)

    def within(self, bounds: Area) -> bool:
        """Does it lie wholly in the other?"""
        return self.shared_with(bounds) == self.width * self.height

    def grown(self, by: int) -> Area:
        """The rectangle with a margin around it."""
        return Area(self.left - by, self.top - by, self.width + 2 * by, self.height + 2 * by)


def area_of(box: FaceBox) -> Area:
    """A face's box."""
    return Area(box.x, box.y, box.width, box.height)


def first_free(candidates: Iterable[Area], bounds: Area, taken: Sequence[Area]) -> Area | None:
    """The first candidate that lies within the bounds and touches nothing that is taken; None: there is none."""
    free = (c for c in candidates if c.within(bounds) and not any(c.shared_with(t) for t in taken))
    return next(free, None)


def corners(width: int, height: int, bounds: Area, margin: int) -> list[Area]:
    """A rectangle of a size in each corner of the bounds: top right, top left, bottom right, bottom left."""
    left, right = bounds.left + margin, bounds.left + bounds.width - margin - width
    top, bottom = bounds.top + margin, bounds.top + bounds.height - margin - height
    return [Area(x, y, width, height) for y in (top, bottom) for x in (right, left)]


def around(width: int, height: int, box: Area, bounds: Area, gap: int) -> list[Area]:
    """A rectangle of a size above, below, right and left of a box, pushed along the box's side into the bounds."""
    x = max(bounds.left, min(box.left, bounds.left + bounds.width - width))
    y = max(bounds.top, min(box.top, bounds.top + bounds.height - height))
    return [
        Area(x, box.top - gap - height, width, height),
        Area(x, box.top + box.height + gap, width, height),
        Area(box.left + box.width + gap, y, width, height),
        Area(box.left - gap - width, y, width, height),
    ]
