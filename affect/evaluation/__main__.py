"""Command line that evaluates a checkpoint: `python -m affect.evaluation`."""

from __future__ import annotations

import argparse
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from affect.command_line import CommandParser, exit_code_of
from affect.errors import as_shown
from affect.evaluation.measure import OVERALL, add_measured, evaluate_pictures, measured_data, write_evaluation
from affect.evaluation.metrics import occurring


def main(arguments: list[str] | None = None) -> int:
    """Run the command line. Returns the exit code."""
    parser = CommandParser(
        prog="python -m affect.evaluation",
        description="Measure a checkpoint on a data set: per-class table with 95 % bootstrap intervals on stdout, "
        "files with --out.",
        epilog="example: python -m affect.evaluation --model models/starter_ferplus.pt --data ferplus.zip "
        "--split val --out results/ferplus/starter_ferplus",
    )
    parser.add_argument("--model", type=Path, required=True, metavar="FILE.pt")
    add_measured(parser)
    parser.add_argument(
        "--crop",
        choices=("as-live", "whole"),
        help="as-live: the largest face that is found, as the live program sees it; whole: the picture as it is "
        "(default: as the model was trained)",
    )
    parser.add_argument(
        "--mirrored",
        action="store_true",
        help="mean with each picture's mirror image (test-time flip), in twice the time",
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="write metrics.json, predictions.csv and figures")
    options = parser.parse_args(arguments)

    def work() -> None:
        manifest, split = measured_data(options, parser)
        evaluation = evaluate_pictures(options.model, manifest, split, mirrored=options.mirrored, crop=options.crop)
        evaluation = replace(evaluation, metrics=evaluation.metrics | {"command": command_of(options, split)})
        if options.out is not None:
            write_evaluation(evaluation, options.out)
        told = [evaluation.origin, told_crop(evaluation.metrics), told_either(evaluation.metrics)]
        print("\n".join(filter(None, told)), table_of(evaluation.metrics), sep="\n\n")

    return exit_code_of(work)


def command_of(options: argparse.Namespace, split: str) -> str:
    """The command that measures the same again, for `metrics.json`; of paths only what is no folder of this machine."""
    model = options.model if not options.model.is_absolute() and ".." not in options.model.parts else options.model.name
    words: list[object] = ["--model", model, "--data", Path(options.data).name, "--split", split]
    given = {"--labels": options.labels, "--classes": options.classes, "--split-mode": options.split_mode}
    given |= {"--crop": options.crop, "--mirrored": options.mirrored}
    for option, value in given.items():
        if value and (option, value) != ("--labels", "folder"):
            words += [option] if value is True else [option, value]
    return as_shown(shlex.join(["python", "-m", "affect.evaluation", *map(str, words)]))


def table_of(metrics: dict[str, Any]) -> str:
    """Metrics as text: a table of the occurring classes, the absent classes, and the overall metrics.

    95 % confidence intervals are included if `metrics` has them.
    """
    present = occurring(metrics)
    rows = pd.DataFrame({name: metrics["per_class"][name] for name in present}).T.astype({"support": int})
    missing = [name for name in metrics["per_class"] if name not in present]
    note = [f"no pictures of: {', '.join(missing)}; means are over the other {len(present)}"] if missing else []
    intervals = metrics.get("intervals", {})
    rows["f1 95 %"] = [_bracket(intervals.get(f"f1_{name}")) for name in rows.index]
    overall = [
        f"{name:<18} {_number(metrics.get(name))}  {_bracket(intervals.get(name))}".rstrip()
        for name in OVERALL
        if name in metrics
    ]
    return "\n".join([rows.to_string(float_format="{:.3f}".format), *note, "", *overall, f"{'n':<18} {metrics['n']}"])


def told_crop(metrics: dict[str, Any]) -> str:
    """Sentence that states how the pictures were cropped, and the option for the other crop."""
    if metrics["crop"] == "whole":
        return "It was shown whole pictures (--crop as-live: the face that is found, as the live program sees it)."
    return (
        "It was shown the largest face of each picture, found and cropped as the live program does; in "
        f"{metrics['faceless']:,} pictures none was found, and they are left out (--crop whole: pictures as they are)."
    )


def told_either(metrics: dict[str, Any]) -> str:
    """Sentences that state which class stands for those of a partial label; "" if there are none."""
    stands = [(classes.replace("/", " or "), classes.split("/")[0]) for classes in metrics.get("either", [])]
    return " ".join(
        f"Labels that mean {classes} are counted as {first}, and so are answers." for classes, first in stands
    )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _bracket(interval: list[float] | None) -> str:
    return "" if interval is None else f"[{interval[0]:.3f}, {interval[1]:.3f}]"


if __name__ == "__main__":
    raise SystemExit(main())
