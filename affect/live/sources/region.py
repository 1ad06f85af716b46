"""Capture rectangle of the screen source: parsing, check against the monitors, and saving for the next start."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

from platformdirs import user_config_path

from affect.errors import AffectError
from affect.files import atomic_path
from affect.live.texts import text

SMALLEST = 64  # minimum side in pixels: in a smaller rectangle, a face is smaller than the training images


class Region(NamedTuple):
    """A rectangle in pixels of the desktop; x and y are negative on a monitor left of or above the main one.

    On a Mac with a Retina display, the unit is macOS's points.
    """

    x: int
    y: int
    width: int
    height: int

    def __str__(self) -> str:
        return ",".join(str(value) for value in self)

    @property
    def right(self) -> int:
        """The first column right of the rectangle."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """The first row below the rectangle."""
        return self.y + self.height

    def common(self, other: Region) -> Region:
        """Intersection of two rectangles; its width or height is 0 if they do not overlap."""
        x, y = max(self.x, other.x), max(self.y, other.y)
        return Region(x, y, max(0, min(self.right, other.right) - x), max(0, min(self.bottom, other.bottom) - y))


class Desktop(NamedTuple):
    """Layout of all monitors.   bounds: their bounding box.   monitors: each of them, the main one first."""

    bounds: Region
    monitors: tuple[Region, ...]

    def shows(self, region: Region) -> bool:
        """Whether every pixel of a rectangle lies on a monitor; monitors of different sizes leave gaps in between."""
        parts = [p for m in self.monitors if (p := m.common(region)).width and p.height]
        columns = sorted({region.x, region.right, *(e for p in parts for e in (p.x, p.right))})
        rows = sorted({region.y, region.bottom, *(e for p in parts for e in (p.y, p.bottom))})
        return all(
            any(p.x <= x < p.right and p.y <= y < p.bottom for p in parts) for x in columns[:-1] for y in rows[:-1]
        )


def parse_region(given: str, language: str) -> Region:
    """Parse a rectangle given as "X,Y,W,H". Raises AffectError if it is malformed or smaller than SMALLEST."""
    try:
        region = Region(*(int(value) for value in given.split(",")))
    except (ValueError, TypeError):
        region = None
    if region is None or min(region.width, region.height) < SMALLEST:
        raise AffectError(text("screen_malformed", language, given=given, smallest=SMALLEST))
    return region


def region_file() -> Path:
    """Path of the saved rectangle: `screen.json` in the user's configuration folder."""
    return user_config_path("affect") / "screen.json"


def remember(region: Region, desktop: Desktop) -> None:
    """Save a rectangle for the next start. Raises OSError if the file cannot be written."""
    with atomic_path(region_file(), mode=0o600) as part:
        part.write_text(json.dumps({"region": region, "desktop": desktop.bounds}), encoding="utf-8")


def remembered(desktop: Desktop) -> Region | None:
    """Load the saved rectangle; None if there is none, or it no longer fits the monitors."""
    try:
        kept = json.loads(region_file().read_text(encoding="utf-8"))
        region, bounds = (Region(*(int(value) for value in kept[name])) for name in ("region", "desktop"))
    except (OSError, ValueError, TypeError, KeyError):  # if the file is missing or damaged, the user draws it again
        return None
    fits = bounds == desktop.bounds and min(region.width, region.height) >= SMALLEST and desktop.shows(region)
    return region if fits else None
