"""Command line that evaluates a checkpoint: `python -m affect.evaluation`."""

from __future__ import annotations

import os
from pathlib import Path

from affect.command_line import CommandParser, exit_code_of
from affect.data.manifest import add_labelling, manifest_of
from affect.errors import as_lines
from affect.evaluation.measure import evaluate_pictures, table_of, told_crop, told_either, write_evaluation


def main(arguments: list[str] | None = None) -> int:
    """Run the command line. Returns the exit code."""
    parser = CommandParser(
        prog="python -m affect.evaluation",
        description="Measure a checkpoint on a data set: per-class table with 95 % bootstrap intervals on stdout, "
        "files with --out.",
        epilog="example: python -m affect.evaluation --model models/starter_ferplus.pt --data ferplus.zip "
        "--split val --out results/ferplus/starter",
    )
    parser.add_argument("--model", type=Path, required=True, metavar="FILE.pt")
    parser.add_argument(
        "--data",
        type=Path,
        default=os.environ.get("AFFECTNET_DIR"),
        metavar="DIR_OR_ZIP",
        help="default: the environment variable AFFECTNET_DIR",
    )
    parser.add_argument(
        "--split", choices=("train", "val", "test", "all"), help="default: val; where there is none, test, or all"
    )
    add_labelling(parser)
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
    if options.data is None:
        parser.error("name the data set with --data DIR_OR_ZIP")

    def work() -> None:
        manifest = manifest_of(options)
        if options.out is not None:
            options.out.mkdir(parents=True, exist_ok=True)
        evaluation = evaluate_pictures(
            options.model, manifest, options.split or manifest.judged, mirrored=options.mirrored, crop=options.crop
        )
        if options.out is not None:
            write_evaluation(evaluation, options.out)
        told = [evaluation.origin, told_crop(evaluation.metrics), told_either(evaluation.metrics)]
        print(as_lines("\n".join(filter(None, told)) + "\n\n" + table_of(evaluation.metrics)))

    return exit_code_of(work)


if __name__ == "__main__":
    raise SystemExit(main())
