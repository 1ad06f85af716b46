"""Every model on every data set in one figure: `python -m affect.comparison.data_sets results`."""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from affect import figure_style
from affect.command_line import CommandParser, exit_code_of
from affect.comparison.figures import data_sets
from affect.errors import AffectError
from affect.evaluation.figures import MOST
from affect.evaluation.results import read_metrics
from affect.files import atomic_path

METRICS = ("accuracy", "balanced_accuracy")


def measured(results: Path, models: list[str]) -> pd.DataFrame:
    """Table of the models' metrics in `results/<data set>/<model>/`, a row per data set and model.

    models: stems of checkpoints, in order; none: all that are there, sorted. Where a model was measured on the faces
    as live as well (`as_live/`), that is taken.
    Returns `data` (name, split), `model`, `n`, `crop`, and of each of METRICS the value, `_low` and `_high` (95 %
    bootstrap). Raises AffectError if nothing is found, a file has another format, or there are over four models.
    """
    paths = sorted(results.glob("*/*/metrics.json"))
    stems = models or sorted(
        {p.parent.name for p in paths if Path(read_metrics(p).get("model", "")).stem == p.parent.name}
    )
    rows = []
    for path in paths:
        if path.parent.name not in stems:
            continue
        live = path.parent / "as_live" / path.name
        told = read_metrics(live if live.is_file() else path)
        row = {
            "data": f"{told['data']} {told['split']}",
            "model": path.parent.name,
            "n": told["n"],
            "crop": told.get("crop", ""),
        }
        for name in METRICS:
            low, high = told["intervals"][name]
            row |= {name: told[name], f"{name}_low": low, f"{name}_high": high}
        rows.append(row)
    lacking = [stem for stem in stems if stem not in {row["model"] for row in rows}]
    if lacking or not rows:
        raise AffectError(
            f"There are no results of {', '.join(lacking) or 'a model'} in {results}. Make them with "
            "python -m affect.evaluation … --out RESULTS/DATA_SET/MODEL."
        )
    if len(stems) > MOST:
        raise AffectError(
            f"{len(stems)} models in one figure; at most {MOST} can be told apart. Name them with --models."
        )
    table = pd.DataFrame(rows)
    return table.sort_values("model", key=lambda column: column.map(stems.index), kind="stable").reset_index(drop=True)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line. Returns the exit code."""
    parser = CommandParser(
        prog="python -m affect.comparison.data_sets",
        description="Accuracy and balanced accuracy of models on every data set, with 95 % intervals: data_sets.csv "
        "and data_sets.png in the results' folder.",
        epilog="example: python -m affect.comparison.data_sets results --models starter_ferplus",
    )
    parser.add_argument("results", type=Path, metavar="DIR", help="with DATA_SET/MODEL/metrics.json in it")
    parser.add_argument(
        "--models", nargs="+", default=[], metavar="NAME", help="files' names without .pt (default: all)"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="default: the same folder")
    options = parser.parse_args(arguments)

    def work() -> None:
        table, out = measured(options.results, options.models), options.out or options.results
        with atomic_path(out / "data_sets.csv") as part:
            table.to_csv(part, index=False, float_format="%.6f")
        figure_style.save(data_sets(table), out / "data_sets.png")
        print(table[["data", "model", "n", *METRICS]].to_string(index=False, float_format="{:.3f}".format))

    return exit_code_of(work)


if __name__ == "__main__":
    sys.exit(main())
