"""Formatting of differences, counts and lists in sentences. Called by all modules of `readings`."""

from __future__ import annotations

from collections.abc import Sequence


def points(share: float, sign: bool = True) -> str:
    """A difference of shares in percentage points, e.g. "+1.4 points"."""
    return f"{100 * share:{'+' if sign else ''}.1f} points"


def counted(n: int, noun: str) -> str:
    """A count with its noun, e.g. "1 epoch" or "2 epochs"."""
    return f"{n:,} {noun}" + ("" if n == 1 else "s")


def listed(words: Sequence[str], last: str = "and") -> str:
    """A list in words, e.g. "a, b and c"; `last` is the word before the last item."""
    return f" {last} ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
