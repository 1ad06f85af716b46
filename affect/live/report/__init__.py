"""Report on recorded sessions as one self-contained HTML file, for screen and paper.

The live program calls `write_report` when a recording ends; `python -m affect.live.report DIR` makes one at any time.
Data flow: `session_folder` reads a folder, `timeline` resamples it to even steps, `measures` computes statistics,
`drawings` makes the SVG, `session_page` or `comparison_page` collect the template values, formatted by `writing`.
"""

from __future__ import annotations

import re
from base64 import b64encode
from datetime import datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from affect import __version__
from affect.files import atomic_path, is_file, may_replace
from affect.live.texts import TextError

if TYPE_CHECKING:
    from jinja2 import Environment

    from affect.live.report.session_folder import Session

# The beginning of a report: what a page of another program has not.
REPORT = re.compile(rb"<!doctype html>.{,200}content=\"default-src 'none'; style-src 'unsafe-inline'", re.DOTALL)


def write_report(folders: list[Path], language: str, out: Path | None = None) -> Path:
    """Write the report of one session, or of several sessions of one person side by side.

    folders:  of recorded sessions.   language: "en" or "es".
    out:      the file to write (default: report.html in the folder; of several, comparison.html in the latest one).
    Returns the file's path; only its owner can read it. Raises AffectError if a folder is no recorded session, `out`
    is a file of another kind, or it cannot be written.
    """
    from affect.live.report.session_folder import read_session
    from affect.live.report.writing import Writer

    writer = Writer(language)
    sessions = _in_order([read_session(folder) for folder in folders])
    if len(sessions) == 1:
        name, page = "report.html", _session_page(sessions[0], writer)
    else:
        name, page = "comparison.html", _comparison_page(sessions, writer)
    path = out or sessions[-1].folder / name
    if out is not None and out.exists() and not out.is_dir() and not (is_file(out) and may_replace(out, REPORT)):
        raise TextError("report_replaces", path=out)
    try:
        with atomic_path(path, mode=0o600, make_folder=out is not None) as part:
            part.write_text(page, encoding="utf-8", errors="backslashreplace")  # names of files may be no valid text
    except OSError as error:
        raise TextError("report_unwritable", path=path, reason=error.strerror) from error
    return path


def _in_order(sessions: list[Session]) -> list[Session]:
    """Sort sessions by recording time or, if any file's recording time is unknown, all by the start of analysis."""
    known = all(session.recorded for session in sessions if session.file)

    def key(session: Session) -> tuple[float, str, str]:
        return (session.when if known else session.started).timestamp(), session.file, session.folder.name

    return sorted(sessions, key=key)


def _session_page(session: Any, writer: Any) -> str:
    """The page; of scripts, its policy allows its own by its hash, and nothing can be loaded or sent."""
    from markupsafe import Markup

    from affect.live.report.session_page import session_view

    script = Markup((Path(__file__).parent / "templates" / "page.js").read_text(encoding="utf-8"))  # noqa: S704
    source = f"; script-src 'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'"
    view, date = session_view(session, writer), writer.date(session.when)
    return _laid_out("session.html", writer, view=view, date=date, script=script, script_source=source)


def _comparison_page(sessions: list[Any], writer: Any) -> str:
    from affect.live.report.comparison_page import comparison_view

    times = sorted((session.when for session in sessions), key=datetime.timestamp)
    view, date = comparison_view(sessions, writer), f"{writer.date(times[0])} – {writer.date(times[-1])}"
    return _laid_out("comparison.html", writer, view=view, date=date, script_source="")


def _laid_out(template: str, writer: Any, **values: Any) -> str:
    """Render a template with autoescaping, as markers contain text typed by the user."""
    from affect.live.report import drawings

    made = writer.text("made", when=writer.date(datetime.now()), version=__version__)
    page = _templates().get_template(template)
    return page.render(writer=writer, t=writer.text, drawings=drawings, made=made, **values)


@cache
def _templates() -> Environment:
    """The templates, compiled once: to compile them takes three times as long as to fill them in."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    loader = FileSystemLoader(Path(__file__).parent / "templates")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
