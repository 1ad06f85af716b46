"""Numbers on a command line, checked where they are read. Imports nothing heavy: the live program starts with it."""

from __future__ import annotations

import argparse
from contextlib import suppress

LARGEST_SEED = 2**32 - 1  # of numpy's RandomState, with which pandas draws rows


def positive(text: str) -> int:
    """A whole number of 1 or more, for an argument parser's `type`. Raises argparse.ArgumentTypeError for any other."""
    with suppress(ValueError):
        if (value := int(text)) >= 1:
            return value
    raise argparse.ArgumentTypeError(f"{text} is no whole number of 1 or more")


def seed_number(text: str) -> int:
    """A seed, 0 … LARGEST_SEED, for an argument parser's `type`. Raises argparse.ArgumentTypeError for any other."""
    with suppress(ValueError):
        if 0 <= (value := int(text)) <= LARGEST_SEED:
            return value
    raise argparse.ArgumentTypeError(f"{text} is no seed: give a whole number from 0 to {LARGEST_SEED}")
