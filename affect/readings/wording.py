"""How a reading words a difference, a number of things, and several things. Called by the readings of every subject."""

from __future__ import annotations

from collections.abc import Sequence


def points(share: float, sign: bool = True) -> str:
    """A difference of shares in percentage points, e.g. "+1.4 points"."""
    return f"{100 * share:{'+' if sign else ''}.1f} points"


def counted(n: int, noun: str) -> str:
    """ "1 epoch", "2 epochs"."""
    return f"{n:,} {noun}" + ("" if n == 1 else "s")


def listed(words: Sequence[str], last: str = "and") -> str:
    """ "a, b and c", or with another word before the last."""
    return f" {last} ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
