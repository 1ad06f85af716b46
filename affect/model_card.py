"""The figures of a model card, written by a run and not by hand.

    python -m affect.model_card models/starter_ferplus.pt --metrics results/ferplus/starter/metrics.json

replaces what stands between the two markers in the card beside the checkpoint (`models/starter_ferplus.md`).
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from affect.errors import AffectError
from affect.files import atomic_path, sha256_of
from affect.model import Checkpoint, load_checkpoint

BEGIN = "<!-- figures: written by python -m affect.model_card -->"
END = "<!-- end of figures -->"
OVERALL = ("accuracy", "balanced_accuracy", "f1_weighted", "f1_macro", "auc_macro", "ece")


def figures(path: Path, checkpoint: Checkpoint, metrics: dict[str, Any]) -> str:
    """The generated part of a card, Markdown: file, training, overall and per-class figures."""
    provenance, settings = checkpoint.provenance, checkpoint.preprocessing
    best, side = provenance["best"], settings.image_size
    parameters = sum(v.numel() for k, v in checkpoint.state_dict.items() if k.endswith((".weight", ".bias")))
    lines = [
        BEGIN,
        "",
        f"| | {path.name} |",
        "|---|---|",
        f"| SHA-256 | `{sha256_of(path)}` |",
        f"| size | {path.stat().st_size / 1e6:.1f} MB, {parameters / 1e6:.2f} M parameters |",
        f"| input | {side}×{side} px, {settings.color}, detail up to {settings.detail} px, "
        f"crop margin {settings.crop_margin:+.3f}, shift {settings.crop_shift:+.3f} face boxes |",
        f"| trained on | {provenance['data']}, {provenance['pictures']['train']:,} pictures, "
        f"seed {provenance['seed']}, from {provenance['init_weights']} |",
        f"| chosen on | {provenance['data']} val, {provenance['pictures']['val']:,} pictures: "
        f"stage {best['stage']}, epoch {best['epoch']} |",
        f"| temperature | {checkpoint.temperature:.3f} (fitted on the same val split) |",
        f"| versions | {', '.join(f'{k} {v}' for k, v in provenance['versions'].items())} |",
        "",
        f"On {provenance['data']} val, n = {metrics['n']:,}:",
        "",
        "| " + " | ".join(OVERALL) + " |",
        "|" + "---|" * len(OVERALL),
        "| " + " | ".join(f"{metrics[name]:.4f}" for name in OVERALL) + " |",
        "",
        "| class | precision | recall | F1 | support |",
        "|---|---|---|---|---|",
    ]
    for name, row in metrics["per_class"].items():
        lines.append(f"| {name} | {row['precision']:.3f} | {row['recall']:.3f} | {row['f1']:.3f} | {row['support']} |")
    return "\n".join([*lines, "", END])


def write_card(path: Path, metrics_path: Path) -> Path:
    """Renew the figures in the card beside a checkpoint; the words around them stay.

    Returns the card's path. Raises AffectError where the card or its markers are missing.
    """
    card = path.with_suffix(".md")
    text = card.read_text(encoding="utf-8") if card.is_file() else ""
    if BEGIN not in text or END not in text:
        raise AffectError(f"{card} has no place for figures. Write the card with the lines {BEGIN!r} and {END!r}.")
    if not metrics_path.is_file():
        raise AffectError(f"{metrics_path} does not exist. Make it with python -m affect.evaluation … --out DIR.")
    metrics = json.loads(metrics_path.read_text(encoding="utf-8"))
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    with atomic_path(card) as part:
        part.write_text(before + figures(path, load_checkpoint(path), metrics) + after, encoding="utf-8")
    return card


def main(arguments: list[str] | None = None) -> int:
    """The command line. Returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m affect.model_card", description="Renew the figures in a checkpoint's model card."
    )
    parser.add_argument("model", type=Path, metavar="FILE.pt")
    parser.add_argument("--metrics", type=Path, required=True, metavar="metrics.json")
    options = parser.parse_args(arguments)
    try:
        print(write_card(options.model, options.metrics))
    except AffectError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
