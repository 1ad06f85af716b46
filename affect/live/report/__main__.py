"""The command line: `python -m affect.live.report DIR`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from affect.emotions import LANGUAGES
from affect.errors import AffectError
from affect.exit_codes import exit_code_of
from affect.live.report import write_report
from affect.live.report.folder import session_folders
from affect.live.texts import default_language

EXAMPLES = """\
examples:
  python -m affect.live.report sessions/2026-11-25_10-00-00           report.html in that folder
  python -m affect.live.report sessions --lang es                     a report in each session's folder
  python -m affect.live.report sessions/K07 --compare --out all.html  one person's sessions side by side
exit codes: 0 done, 2 a folder that is no recorded session, or a file that cannot be written"""


def main(arguments: list[str] | None = None) -> int:
    """The command line. Returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m affect.live.report",
        description="Make the report of recorded sessions: one HTML file that needs no network and prints on A4.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "folders", type=Path, nargs="+", metavar="DIR", help="a session's folder, or one that holds several of them"
    )
    parser.add_argument("--compare", action="store_true", help="one page with all sessions side by side, by date")
    parser.add_argument("--lang", choices=LANGUAGES, help="language of the report (default: that of the system)")
    parser.add_argument("--out", type=Path, metavar="FILE", help="the file to write (default: in the session's folder)")
    options = parser.parse_args(arguments)
    return exit_code_of(lambda: _write(options, options.lang or default_language()))


def _write(options: argparse.Namespace, language: str) -> None:
    """Write the reports and print their paths."""
    folders = list(dict.fromkeys(found for folder in options.folders for found in session_folders(folder)))
    if options.compare:
        if len(folders) < 2:
            raise AffectError("--compare needs two sessions or more. Name their folders.")
        print(write_report(folders, language, options.out))
        return
    if options.out and len(folders) > 1:
        raise AffectError(f"--out names one file, but there are {len(folders)} sessions. Add --compare for one page.")
    for folder in folders:
        print(write_report([folder], language, options.out))


if __name__ == "__main__":
    sys.exit(main())
