"""A session's numbers in the forms of other programs: a spreadsheet, and episodes for ELAN and BORIS.

    2026-11-25_10-00-00/session.xlsx   summary, a row per second, markers, notes: Excel, LibreOffice
                        session.eaf    tiers of expressions, markers and quality: ELAN
                        episodes.tsv   a row per episode: BORIS, R, pandas

The live program calls `write_exports` when a recording ends, `python -m affect.live.report DIR` at any time, and with
`--table` that command makes one table of many sessions (`group_table`).
"""

from __future__ import annotations

from pathlib import Path

from affect.files import atomic_path
from affect.live.texts import TextError


def write_exports(folder: Path, language: str) -> list[Path]:
    """Write a session's exports into its folder, readable only by its owner, and return their paths.

    folder: of a recorded session.   language: "en" or "es", of the texts in them.
    Raises AffectError if the folder is no recorded session, or a file cannot be written.
    """
    from affect.live.exports.annotation import write_eaf, write_episodes
    from affect.live.exports.spreadsheet import write_spreadsheet
    from affect.live.report.session_folder import read_session
    from affect.live.report.timeline import clock_of, people_of

    session = read_session(folder)
    clock = clock_of(session)
    people = people_of(session, clock)
    paths = []
    for name, write in (
        ("session.xlsx", write_spreadsheet),
        ("session.eaf", write_eaf),
        ("episodes.tsv", write_episodes),
    ):
        paths.append(folder / name)
        try:
            with atomic_path(paths[-1], mode=0o600, make_folder=False) as part:
                write(part, session, clock, people, language)
        except OSError as error:
            raise TextError("report_unwritable", path=paths[-1], reason=error.strerror or error) from error
    return paths
