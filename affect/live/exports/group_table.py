"""Table of many sessions for statistics (R, SPSS, pandas): a row per session, and one per marker text in it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np

from affect.cells import as_cell
from affect.emotions import EMOTIONS
from affect.files import may_replace, write_text
from affect.live.report.measures import episodes, shares, valence
from affect.live.report.session_folder import LABELS, Session, read_session
from affect.live.report.timeline import STEP_S, Clock, Mask, Timeline, clock_of, people_of
from affect.live.texts import TextError

WHOLE: Final = "(whole session)"  # in the column `part`
TABLE: Final = re.compile(rb"(\xef\xbb\xbf)?\"?session,part\b")  # the beginning of such a table
COLUMNS: Final = (
    *("session", "part", "started", "file", "model", "model_sha256", "baseline"),
    *("duration_s", "analysed_s", "seen_s", "seen_share", "low_quality_share", "quality"),
    *("valence", "valence_above_0", "valence_below_0"),
    *(f"share_{name}" for name in LABELS),
    *(f"episodes_per_min_{name}" for name in EMOTIONS),
    "person",
)


def write_group_table(folders: list[Path], out: Path | None = None) -> str:
    """Make the table of sessions as CSV, and write it to `out`, if given. Returns its content.

    folders: of recorded sessions. The face that was seen longest stands for the session. A marker's part lasts from the
    marker to the next one of any text, or to the end; parts of one text are taken together. Shares are of the time in
    which the face was seen well enough. Numbers have a decimal point in every language; unknown ones are empty.
    Raises AffectError if a folder is no recorded session, `out` is a file of another kind, or cannot be written.
    """
    lines = io.StringIO()
    table = csv.DictWriter(lines, COLUMNS, restval="", lineterminator="\n")
    table.writeheader()
    for folder in folders:
        table.writerows(_rows(read_session(folder)))
    if out is not None:
        if not may_replace(out, TABLE):
            raise TextError("report_replaces", path=out)
        try:
            write_text(out, lines.getvalue(), mode=0o600)
        except OSError as error:
            raise TextError("report_unwritable", path=out, reason=error.strerror) from error
    return lines.getvalue()


def _rows(session: Session) -> Iterator[dict[str, object]]:
    clock = clock_of(session)
    steps = len(clock.paused)
    timeline = next(iter(people_of(session, clock).timelines.values()), Timeline.unseen(steps))
    told = session.told
    known = {
        "session": as_cell(session.folder.name),
        "started": told["started"],
        "file": as_cell(session.file),
        "model": as_cell(told["model"]["file"]),
        "model_sha256": told["model"]["sha256"],
        "baseline": int(bool(told.get("baseline"))),
        "person": as_cell(told.get("person", "")),
    }
    for name, mask in {WHOLE: np.ones(steps, bool), **_parts(session, steps)}.items():
        yield {**known, "part": as_cell(name), **_numbers(timeline, clock, mask)}


def _parts(session: Session, steps: int) -> dict[str, Mask]:
    """Find the steps after the markers of each text, up to the next marker of any or no text."""
    markers = session.events_of("marker")
    starts = [min(steps, round(event.timestamp_s / STEP_S)) for event in markers]
    masks: dict[str, Mask] = {}
    for event, start, end in zip(markers, starts, [*starts[1:], steps], strict=False):
        if event.text:
            masks.setdefault(event.text, np.zeros(steps, bool))[start:end] = True
    return masks


def _numbers(timeline: Timeline, clock: Clock, mask: Mask) -> dict[str, object]:
    """The measures of the steps of a mask."""
    part = timeline.part(mask)
    analysed_s = float((clock.analysed & mask).sum()) * STEP_S
    found: dict[str, object] = {
        "duration_s": f"{mask.sum() * STEP_S:.1f}",
        "analysed_s": f"{analysed_s:.1f}",
        "seen_s": f"{part.seen_s:.1f}",
    }
    if analysed_s:
        found["seen_share"] = f"{part.seen_s / analysed_s:.4f}"
    if not part.seen.any():
        return found
    found["low_quality_share"] = f"{part.doubtful.sum() / part.seen.sum():.4f}"
    if np.isfinite(part.quality).any():
        found["quality"] = f"{np.nanmean(part.quality, dtype=float):.4f}"
    if (derived := valence(part)) is not None:
        found |= {"valence": f"{derived.mean:.4f}", "valence_above_0": f"{derived.above:.4f}"}
        found |= {"valence_below_0": f"{derived.below:.4f}"}
        found |= {f"share_{name}": f"{share:.4f}" for name, share in shares(part).items()}
    begun = [episode.label for episode in episodes(timeline) if mask[round(episode.start_s / STEP_S)]]
    return found | {f"episodes_per_min_{name}": f"{60 * begun.count(name) / part.seen_s:.3f}" for name in EMOTIONS}
