"""Command line of the comparison: `python -m affect.comparison --results results/ferplus`."""

from __future__ import annotations

import sys
from pathlib import Path

from affect.command_line import CommandParser, exit_code_of
from affect.comparison import write_comparison
from affect.comparison.mistakes import mistakes_text
from affect.comparison.models import models_text
from affect.errors import as_shown


def main(arguments: list[str] | None = None) -> int:
    """Run the command line. Returns the exit code."""
    parser = CommandParser(
        prog="python -m affect.comparison",
        description="Put the six models, and the mistakes, side by side: comparison.* and mistakes.* (CSV, Markdown, "
        "PNG). Prints the tables; what is not measured yet is named on stderr.",
        epilog="example: python -m affect.comparison --results results/ferplus",
    )
    parser.add_argument("--results", type=Path, required=True, metavar="DIR", help="results/<data set>")
    parser.add_argument("--out", type=Path, metavar="DIR", help="default: the same folder")
    options = parser.parse_args(arguments)

    def work() -> None:
        models, mistakes = write_comparison(options.results, options.out or options.results)
        print(models_text(models))
        if not mistakes.table.empty:
            print(mistakes_text(mistakes))
        for what in (*models.missing, *mistakes.missing):
            print(f"not measured yet: {as_shown(what)}", file=sys.stderr)

    return exit_code_of(work)


if __name__ == "__main__":
    sys.exit(main())
