"""How a command line is told which labels and which split of a data set it works on."""

from __future__ import annotations

import argparse


def add_labelling(parser: argparse.ArgumentParser) -> None:
    """Add `--labels` and `--split-mode`, which `read_manifest` takes as `labels` and `split_mode`.

    A model is measured on the split that it did not learn from only where both are as they were in training.
    """
    parser.add_argument(
        "--labels", choices=("folder", "csv"), default="folder",
        help="what names a picture's class, where the data set has both (default: folder)",
    )  # fmt: skip
    parser.add_argument(
        "--split-mode", choices=("original", "stratified"),
        help="part the data set anew (default: its own split, else the first version's random 80/20)",
    )  # fmt: skip
