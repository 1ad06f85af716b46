"""The outlines that a drawn face is made of, as points: ellipses, almonds, arches, strokes."""

from __future__ import annotations

import numpy as np

Point = tuple[float, float]


def ellipse(x: float, y: float, half_width: float, half_height: float) -> list[Point]:
    """48 points of an ellipse around (x, y)."""
    angles = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    return [(x + half_width * float(np.cos(a)), y + half_height * float(np.sin(a))) for a in angles]


def almond(x: float, y: float, half_width: float, above: float, below: float) -> list[Point]:
    """An eye's outline: pointed at both ends, `above` and `below` high."""
    steps = np.linspace(-1, 1, 17)
    upper = [(x + half_width * float(s), y - above * float(1 - s * s)) for s in steps]
    return upper + [(x + half_width * float(s), y + below * float(1 - s * s)) for s in steps[::-1]]


def arch(start: Point, end: Point, peak: float, *, upwards: bool) -> list[Point]:
    """A curve from start to end whose middle lies at the height `peak`; flat at the top for lips."""
    steps = np.linspace(0, 1, 15)
    power = 2.4 if upwards else 2.0
    points = []
    for s in steps:
        base = start[1] + (end[1] - start[1]) * float(s)
        rise = 1 - abs(2 * float(s) - 1) ** power
        points.append((start[0] + (end[0] - start[0]) * float(s), base + (peak - (start[1] + end[1]) / 2) * rise))
    return points


def band(points: list[Point], half_width: float) -> list[Point]:
    """A stroke of some width, thinner at its ends, along a smooth curve through two or three points."""
    path = np.array(points)
    steps = np.linspace(0, 1, 17)
    if len(path) == 2:
        curve = path[0] + steps[:, None] * (path[1] - path[0])
    else:
        control = 2 * path[1] - (path[0] + path[2]) / 2  # the curve passes through the middle point
        curve = (
            ((1 - steps) ** 2)[:, None] * path[0]
            + (2 * steps * (1 - steps))[:, None] * control
            + (steps**2)[:, None] * path[2]
        )
    along = np.gradient(curve, axis=0)
    normal = np.stack([-along[:, 1], along[:, 0]], 1) / np.maximum(np.linalg.norm(along, axis=1), 1e-6)[:, None]
    offset = normal * (half_width * (0.35 + 0.65 * np.sin(np.pi * steps)))[:, None]
    outline = np.concatenate([curve + offset, (curve - offset)[::-1]])
    return [(float(x), float(y)) for x, y in outline]
