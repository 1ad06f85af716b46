"""Charts of the report as inline SVG that scales with the page width, without scaling text and line widths.

Positions on the time axis are percentages; curves are in a nested SVG that is stretched. All names and labels from
outside are escaped.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

import numpy as np
from markupsafe import Markup, escape

from affect.arrays import Floats
from affect.emotions import EMOTIONS, UNCERTAIN, color_hex, color_rgb, takes_dark_ink
from affect.live.report.measures import AROUND_S
from affect.live.report.session_folder import LABELS
from affect.live.report.timeline import NONE, STEP_S, Mask, Timeline

COLUMNS: Final = 480  # maximum points of a timeline; a page cannot resolve more
STACKED: Final = 5  # steps per point in the plot around a marker
NAMED: Final = 0.18  # minimum share of the width from which a segment of the band shows its name
APART: Final = 0.03  # minimum distance of marker numbers, as a share of the width
NARROW: Final = 2.5  # so many times farther apart on a narrow screen
TICKS_S: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 36000)


def steps_per_point(steps: int) -> int:
    """Number of steps per point of a timeline, so that it has at most COLUMNS points."""
    return max(1, -(-steps // COLUMNS))


def edge_of(label: str) -> str:
    """Outline colour of a label, darker than its fill, so that yellow and sky blue stand out from white paper."""
    return "#{:02x}{:02x}{:02x}".format(*(round(0.6 * part) for part in color_rgb(label)))


def chip(label: str) -> Markup:
    """Legend symbol in a label's colour; that of "uncertain" is half as high."""
    y, height = (5, 5) if label == UNCERTAIN else (1.5, 11)
    return Markup(
        '<svg class="chip" width="14" height="14" aria-hidden="true"><rect x="1.5" y="{}" width="11" height="{}" '
        'fill="{}" stroke="{}"/></svg>'
    ).format(y, height, color_hex(label), edge_of(label))


def square(fill: str) -> Markup:
    """Legend symbol with the fill of a coverage bar or a gap pattern."""
    return Markup(
        '<svg class="chip" width="22" height="14" aria-hidden="true"><rect x="0.5" y="0.5" width="21" height="13" '
        'fill="{}" stroke="#8a929b"/></svg>'
    ).format(fill)


def ground(gaps: dict[str, Mask], markers_s: Sequence[float], whole: int | None = None) -> Markup:
    """Background of a timeline: gaps in the pattern of their reason, and a line for each marker.

    gaps: of `Clock.gaps`.   whole: number of steps of the full width (default: that of the gaps).
    """
    steps = len(gaps["none"])
    parts = _patterns(gaps, whole or steps, max(1, steps // COLUMNS))
    parts += [
        f'<line x1="{x}" x2="{x}" y2="100%" stroke="#333" stroke-dasharray="3 3"/>' for x in _at(markers_s, steps)
    ]
    return _drawing("ground", parts)


def marker_row(markers_s: Sequence[float], baselines: Iterable[tuple[float, float]], steps: int) -> Markup:
    """Row of marker numbers at their times, with a line where a baseline is applied."""
    parts = []
    for start_s, end_s in baselines:
        x1, x2 = _at((start_s, end_s), steps)
        parts.append(f'<line x1="{x1}" x2="{x2}" y1="23" y2="23" stroke="#1f2933" stroke-width="3"/>')
    last_s = major_s = -np.inf
    for number, (time_s, x) in enumerate(zip(markers_s, _at(markers_s, steps), strict=True), 1):
        if time_s - last_s < APART * steps * STEP_S:
            continue
        last_s = time_s
        minor = time_s - major_s < NARROW * APART * steps * STEP_S
        kind, major_s = (" minor", major_s) if minor else ("", time_s)
        width = 10 + 6.5 * len(str(number))
        parts.append(
            f'<svg class="pin{kind}" x="{x}" y="10"><rect x="{-width / 2}" y="-9" width="{width}" height="18" '
            f'rx="9" fill="#1f2933"/><text y="4" text-anchor="middle" fill="#fff">{number}</text></svg>'
        )
    return _drawing("markers", parts)


def band(timeline: Timeline, names: dict[str, str], label: str, whole: int | None = None) -> Markup:
    """Colour band of the labels over time; "uncertain" is a thin line.

    names: of each of LABELS, in the reader's language.   label: text alternative.
    whole: number of steps of the full width (default: that of the timeline).
    """
    steps = len(timeline.labels)
    per = steps_per_point(steps)
    columns = _columns(timeline.labels, per, NONE)
    counts = np.stack([(columns == place).sum(axis=1) for place in range(len(LABELS))])
    shown = np.where(counts.sum(axis=0) > 0, counts.argmax(axis=0), NONE)
    bounds = [0, *(np.flatnonzero(np.diff(shown)) + 1).tolist(), len(shown)]
    parts = []
    for start, end in pairwise(bounds):
        if shown[start] == NONE:
            continue
        name = LABELS[shown[start]]
        x, width = start * per / (whole or steps), (min(end * per, steps) - start * per) / (whole or steps)
        y, height = ("42%", "16%") if name == UNCERTAIN else ("0", "100%")
        parts.append(
            f'<rect x="{100 * x:.2f}%" y="{y}" width="{100 * width:.2f}%" height="{height}" fill="{color_hex(name)}"/>'
        )
        if width >= NAMED and name != UNCERTAIN:
            ink = "#000" if takes_dark_ink(*color_rgb(name)) else "#fff"
            parts.append(
                f'<text x="{100 * (x + width / 2):.2f}%" y="50%" dy="4" text-anchor="middle" fill="{ink}">'
                f"{escape(names[name])}</text>"
            )
    return _drawing("band", parts, label)


def ridge(timeline: Timeline, name: str, label: str) -> Markup:
    """Area chart of one expression's probability over time: mean per point, with the maximum behind it.

    name: one of EMOTIONS.   label: text alternative.
    """
    mean, highest, edges = _points_of(timeline.probabilities[:, EMOTIONS.index(name)])
    curves = [
        f'<path d="{_area(mean, edges)}" fill="{color_hex(name)}"/>',
        f'<path d="{_line(mean, edges)}" class="edge" stroke="{edge_of(name)}"/>',
    ]
    if len(mean) < len(timeline.labels):
        curves.insert(0, f'<path d="{_area(highest, edges)}" fill="{color_hex(name)}" opacity="0.35"/>')
    half = '<line x2="100%" y1="50%" y2="50%" class="half"/>'
    return _drawing("ridge", [half, *_stretched(len(timeline.labels), curves)], label)


def valence_curve(timeline: Timeline, label: str) -> Markup:
    """Area chart of derived valence over time, from −1 to 1, with the middle line at 0.   label: text alternative."""
    mean, _, edges = _points_of(timeline.valence)
    heights, zero = (1 + mean) / 2, np.full(len(mean), 0.5)
    curves = [
        f'<path d="{_area(heights, edges, zero)}" fill="#8a929b"/>',
        f'<path d="{_line(heights, edges)}" class="edge" stroke="#1f2933"/>',
    ]
    half = '<line x2="100%" y1="50%" y2="50%" stroke="#52606d"/>'
    return _drawing("ridge", [*_stretched(len(timeline.labels), curves), half], label)


def axis(total_s: float, told: Sequence[tuple[float, str]]) -> Markup:
    """Time axis below a timeline.   told: time in seconds and text of each tick."""
    parts = []
    for number, (time_s, words) in enumerate(told):
        share = time_s / total_s
        anchor = "start" if share < 0.02 else "end" if share > 0.97 else "middle"
        x = f"{100 * share:.2f}%"
        parts.append(f'<line x1="{x}" x2="{x}" y2="5" stroke="#52606d"/>')
        kind = ' class="minor"' if number % 2 else ""  # hidden on a narrow screen
        parts.append(f'<text x="{x}" y="18" text-anchor="{anchor}"{kind}>{escape(words)}</text>')
    return _drawing("axis", parts)


def ticks(total_s: float, origin_s: float = 0.0, most: int = 7) -> list[float]:
    """Choose at most `most` round tick times for an axis of `total_s` seconds, in seconds from its start.

    origin_s: clock time at the start.
    """
    step = next((step for step in TICKS_S if total_s / step < most), total_s)
    first = math.ceil(origin_s / step - 1e-6) * step - origin_s if step else 0.0
    return [float(time_s) for time_s in np.arange(first, total_s + 1e-6, step)]


def bar(share: float, label: str, top: float = 1.0) -> Markup:
    """Horizontal bar in a label's colour.   share: its value, 0…1.   top: value of the full width."""
    return Markup(
        '<svg class="bar" aria-hidden="true"><rect class="track" width="100%" height="100%"/>'
        '<rect width="{:.2f}%" height="100%" fill="{}" stroke="{}"/></svg>'
    ).format(100 * share / top, color_hex(label), edge_of(label))


def split_bar(parts: Sequence[tuple[float, str]]) -> Markup:
    """Stacked horizontal bar.   parts: share (0…1) and fill of each part."""
    drawn, start = [], 0.0
    for share, fill in parts:
        drawn.append(f'<rect x="{100 * start:.2f}%" width="{100 * share:.2f}%" height="100%" fill="{fill}"/>')
        start += share
    drawn.append('<rect width="100%" height="100%" fill="none" stroke="#52606d"/>')
    return _drawing("split", drawn)


def around_plot(timeline: Timeline, time_s: float, gaps: dict[str, Mask], label: str) -> Markup:
    """Stacked area chart of the eight probabilities around a marker, with gaps in the pattern of their reason.

    gaps: of `gaps_around`.   label: text alternative.
    """
    reach = round(AROUND_S / STEP_S)
    at = round(time_s / STEP_S)
    window = np.full((2 * reach, len(EMOTIONS)), np.nan)
    first, last = max(0, at - reach), min(len(timeline.labels), at + reach)
    window[first - at + reach : last - at + reach] = timeline.probabilities[first:last]
    points = window.reshape(-1, STACKED, len(EMOTIONS))
    seen = np.isfinite(points).all(axis=(1, 2))
    means = np.full(points.shape[::2], np.nan)
    means[seen] = points[seen].mean(axis=1, dtype=float)
    tops = np.cumsum(means, axis=1)
    edges = np.arange(len(means) + 1.0)
    parts = []
    for place, name in enumerate(EMOTIONS):
        if seen.any() and np.nanmax(means[:, place]) >= 0.03:
            bottoms = tops[:, place] - means[:, place]
            parts.append(f'<path d="{_area(tops[:, place], edges, bottoms)}" fill="{color_hex(name)}"/>')
    return _drawing(
        "around",
        [
            *_patterns(gaps, 2 * reach, 1),
            *_stretched(len(means), parts),
            '<line x1="50%" x2="50%" y2="100%" stroke="#fff" stroke-width="4"/>',
            '<line x1="50%" x2="50%" y2="100%" stroke="#1f2933" stroke-width="2"/>',
            '<rect width="100%" height="100%" fill="none" stroke="#52606d"/>',
        ],
        label,
    )


def _patterns(gaps: dict[str, Mask], whole: int, least: int) -> list[str]:
    """Rectangles for gaps of at least `least` steps, in the pattern of their reason; `whole` steps fill the width."""
    return [
        f'<rect x="{100 * start / whole:.2f}%" width="{100 * (end - start) / whole:.2f}%" height="100%" '
        f'fill="url(#{pattern})"/>'
        for pattern, mask in gaps.items()
        for start, end in runs(mask, least)
    ]


def _drawing(kind: str, parts: Iterable[str], label: str = "") -> Markup:
    """Assemble an SVG element.   kind: its CSS class.

    parts: SVG in which every text is escaped.   label: text alternative; "" for a decorative drawing.
    """
    told = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    inside = Markup("".join(parts))  # noqa: S704  (numbers, our own names, escaped texts)
    return Markup('<svg class="{}" {}>{}</svg>').format(kind, told, inside)


def _stretched(width: int, curves: Iterable[str]) -> list[str]:
    """Curves in a nested SVG of width × 100 that is stretched to the drawing."""
    return [f'<svg viewBox="0 0 {width} 100" preserveAspectRatio="none" width="100%" height="100%">', *curves, "</svg>"]


def _points_of(values: Floats) -> tuple[Floats, Floats, Floats]:
    """Mean and maximum of each point of a curve, NaN where nothing is known, and the points' edges in steps."""
    per = steps_per_point(len(values))
    columns = _columns(values, per, np.nan)
    seen = np.isfinite(columns).any(axis=1)
    mean, highest = np.full(len(columns), np.nan), np.full(len(columns), np.nan)
    mean[seen], highest[seen] = np.nanmean(columns[seen], axis=1, dtype=float), np.nanmax(columns[seen], axis=1)
    return mean, highest, np.minimum(np.arange(len(columns) + 1) * per, len(values)).astype(float)


def _columns(values: np.ndarray, per: int, filler: float) -> np.ndarray:
    """Reshape values of steps to rows of `per` values; the last row is padded with `filler`."""
    padded = np.full(-(-len(values) // per) * per, filler, values.dtype)
    padded[: len(values)] = values
    return padded.reshape(-1, per)


def _at(times_s: Iterable[float], steps: int) -> list[str]:
    return [f"{100 * min(1.0, max(0.0, time_s / (steps * STEP_S))):.2f}%" for time_s in times_s]


def runs(mask: Mask, least: int) -> list[tuple[int, int]]:
    """Runs of at least `least` true steps in a mask: (first step, step after the last)."""
    bounds = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
    return [(int(a), int(b)) for a, b in zip(bounds[::2], bounds[1::2], strict=True) if b - a >= least]


def _points(heights: Floats, edges: Floats, start: int, end: int) -> list[str]:
    """SVG points of a curve through the column centres, from edge to edge; flat parts are reduced to two points."""
    ys = [round(100 - 100 * float(height)) for height in heights[start:end]]
    xs = [(edges[i] + edges[i + 1]) / 2 for i in range(start, end)]
    xs, ys = [edges[start], *xs, edges[end]], [ys[0], *ys, ys[-1]]
    kept = [i for i in range(len(ys)) if i in (0, len(ys) - 1) or not ys[i - 1] == ys[i] == ys[i + 1]]
    return [f"{xs[i]:g} {ys[i]}" for i in kept]


def _line(heights: Floats, edges: Floats) -> str:
    return "".join("M" + "L".join(_points(heights, edges, start, end)) for start, end in runs(np.isfinite(heights), 1))


def _area(heights: Floats, edges: Floats, bottoms: Floats | None = None) -> str:
    """SVG path of the area between a curve and 0, or another curve; gaps are left open."""
    floor = np.zeros(len(heights)) if bottoms is None else bottoms
    return "".join(
        "M" + "L".join(_points(heights, edges, start, end) + _points(floor, edges, start, end)[::-1]) + "Z"
        for start, end in runs(np.isfinite(heights), 1)
    )
