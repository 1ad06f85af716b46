"""Reader of a model's metrics from its model card. Recordings store them, and the report shows them.

`affect.comparison.model_card` writes the card. That module imports PyTorch, which would slow down a live start.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from affect.files import sha256_of

HASH = re.compile(r"^\| SHA-256 \| `([0-9a-f]{64})` \|$", re.M)
MEASURED_ON = re.compile(r"^On (.+) (\w+), n = ([\d,]+):$", re.M)
KEPT = ("accuracy", "f1_macro", "ece")


def figures_of(model: Path) -> dict[str, Any] | None:
    """Read the metrics on a checkpoint's model card (`models/x.md` beside `models/x.pt`).

    Returns data, split (str), n (int), accuracy, f1_macro, ece (float, 0…1), and per_class: for each expression
    precision, recall, f1 (0…1) and support (int). Returns None if there is no card, the card has no metrics, or it
    belongs to another checkpoint (the SHA-256 differs).
    """
    try:
        card = model.with_suffix(".md").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    described, measured = HASH.search(card), MEASURED_ON.search(card)
    if described is None or measured is None or described[1] != sha256_of(model):
        return None
    tables = card[measured.end() :]
    overall, per_class = _rows_below("accuracy", tables), _rows_below("class", tables)
    if not per_class:
        return None
    try:
        values = dict(zip(overall[0], overall[1], strict=True))
        return {
            "data": measured[1],
            "split": measured[2],
            "n": int(measured[3].replace(",", "")),
            **{name: float(values[name]) for name in KEPT},
            "per_class": {
                name: {"precision": float(p), "recall": float(r), "f1": float(f1), "support": int(support)}
                for name, p, r, f1, support in per_class[1:]
            },
        }
    except (IndexError, KeyError, ValueError):
        return None  # the card was edited by hand


def _rows_below(first: str, text: str) -> list[list[str]]:
    """Rows of the Markdown table whose first column is named `first`: the header, then the values."""
    rows: list[list[str]] = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if rows and not line.startswith("|"):
            break
        if (rows and not set(cells[0]) <= set("-")) or (line.startswith("|") and cells[0] == first):
            rows.append(cells)
    return rows
