"""Command line of the report: `python -m affect.live.report DIR`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from affect.command_line import CommandParser, exit_code_of
from affect.emotions import LANGUAGES
from affect.errors import AffectError, as_shown
from affect.live.exports import write_exports
from affect.live.exports.group_table import write_group_table
from affect.live.report import write_report
from affect.live.report.session_folder import session_folders
from affect.live.terminal import language_of
from affect.live.texts import TextError, text, told


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    language = language_of(arguments)
    parser = CommandParser(
        language=language,
        prog="python -m affect.live.report",
        description=text("option_report", language),
        epilog=text("option_report_examples", language),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folders", type=Path, nargs="+", metavar="DIR", help=text("option_report_folders", language))
    parser.add_argument("--compare", action="store_true", help=text("option_report_compare", language))
    parser.add_argument("--table", action="store_true", help=text("option_report_table", language))
    parser.add_argument("--lang", choices=LANGUAGES, default=language, help=text("option_lang", language))
    parser.add_argument("--out", type=Path, metavar="FILE", help=text("option_report_out", language))
    options = parser.parse_args(arguments)
    return exit_code_of(lambda: _write(options))


def _write(options: argparse.Namespace) -> None:
    """Write the reports and print their paths. Raises AffectError with a message in the user's language."""
    try:
        if options.table:
            made = write_group_table(_folders(options), options.out)
            print(made if options.out is None else as_shown(str(options.out)), end="" if options.out is None else "\n")
            return
        for path in _written(options):
            print(as_shown(str(path)), flush=True)
    except AffectError as error:
        raise AffectError(told(error, options.lang)) from error


def _folders(options: argparse.Namespace) -> list[Path]:
    return list(dict.fromkeys(found for folder in options.folders for found in session_folders(folder)))


def _written(options: argparse.Namespace) -> Iterator[Path]:
    folders = _folders(options)
    if options.compare:
        if len(folders) < 2:
            raise TextError("compare_needs_two")
        yield write_report(folders, options.lang, options.out)
        return
    if options.out and len(folders) > 1:
        raise TextError("out_names_one", count=len(folders))
    for folder in folders:
        yield write_report([folder], options.lang, options.out)
        if options.out is None:
            yield from write_exports(folder, options.lang)


if __name__ == "__main__":
    sys.exit(main())
