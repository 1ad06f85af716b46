"""Episodes of a session as a table (BORIS, R, pandas) and as an annotation file of ELAN (.eaf)."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import ElementTree

import numpy as np

from affect.emotions import label_name
from affect.errors import as_shown
from affect.live.exports.texts import export_text
from affect.live.pipeline.quality import BELIEVED
from affect.live.report.drawings import runs
from affect.live.report.measures import EPISODE_S, episodes
from affect.live.report.session_folder import Session
from affect.live.report.timeline import STEP_S, Clock, People

COLUMNS: Final = ("start_s", "end_s", "duration_s", "label", "mean_confidence", "face")
MOMENT_MS: Final = 100  # length of a marker's annotation: ELAN has none without a length


def write_episodes(path: Path, session: Session, clock: Clock, people: People, language: str) -> None:
    """Write the episodes of all people as tab-separated values, in order of time; see `measures.episodes`.

    Times are seconds on the clock of emotions.csv; labels are in English in every language, for programs.
    """
    found = [(episode, face) for face, timeline in people.timelines.items() for episode in episodes(timeline)]
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, delimiter="\t", lineterminator="\n")
        table.writerow(COLUMNS)
        for episode, face in sorted(found, key=lambda pair: pair[0].start_s):
            times = (session.start_s + episode.start_s, session.start_s + episode.end_s, episode.length_s)
            table.writerow([*(f"{time:.1f}" for time in times), episode.label, f"{episode.confidence:.3f}", face or 1])


def write_eaf(path: Path, session: Session, clock: Clock, people: People, language: str) -> None:
    """Write an annotation file of ELAN with tiers of expressions, markers and low quality; times as in emotions.csv."""
    from pympi.Elan import Eaf, to_adocument

    document = Eaf(author="affect")
    document.remove_tier("default")
    for face, timeline in people.timelines.items():
        suffix = f" {face}" if face else ""
        tier = export_text("expressions", language) + suffix
        document.add_tier(tier)
        for episode in episodes(timeline):
            name = label_name(episode.label, language)
            document.add_annotation(tier, _ms(session, episode.start_s), _ms(session, episode.end_s), name)
        tier = export_text("low_quality", language) + suffix
        document.add_tier(tier)
        for start, end in runs(timeline.quality < BELIEVED, round(EPISODE_S / STEP_S)):
            mean = f"{float(np.nanmean(timeline.quality[start:end])):.2f}"
            document.add_annotation(tier, _ms(session, start * STEP_S), _ms(session, end * STEP_S), mean)
    tier = export_text("markers", language)
    document.add_tier(tier)
    for number, event in enumerate(session.events_of("marker"), 1):
        start = _ms(session, event.timestamp_s)
        document.add_annotation(tier, start, start + MOMENT_MS, as_shown(event.text) or str(number))
    # pympi's own writing would rename the file that only its owner can read, and make another
    ElementTree(to_adocument(document, True)).write(str(path), encoding="UTF-8", xml_declaration=True)


def _ms(session: Session, time_s: float) -> int:
    """A time of the session, in seconds, in milliseconds on the clock of emotions.csv."""
    return round(1000 * (session.start_s + time_s))
