"""The figures of a model card, written by a run and not by hand.

    python -m affect.model_card models/starter_ferplus.pt --metrics results/ferplus/starter/metrics.json

replaces what stands between the two markers in the card beside the checkpoint (`models/starter_ferplus.md`), and the
checkpoint's row in the table of the folder's `README.md`, where there is one. What `affect.robustness` wrote beside the
metrics stands in the card as well, and so do `ablation.md` and the figures on other data sets,
`on_<data set>/metrics.json`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from affect.arguments import CommandParser
from affect.comparison.measured import copied_from_train, read_metrics, read_predictions
from affect.emotions import EMOTIONS
from affect.errors import AffectError
from affect.exit_codes import exit_code_of
from affect.files import atomic_path, sha256_of
from affect.metrics import intervals_of, metrics_of, occurring
from affect.model import Checkpoint, load_checkpoint

BEGIN = "<!-- figures: written by python -m affect.model_card -->"
END = "<!-- end of figures -->"
INDEX_BEGIN = "<!-- models: a row each, written by python -m affect.model_card -->"
INDEX_END = "<!-- end of models -->"
BESIDE = {  # tables that other commands write into the folder of the metrics
    "robustness.md": "Under what a webcam does to a picture",
    "ablation.md": "What each ingredient of the recipe brings",
}
OTHER_DATA = "On other data sets"
SAME = 0.001  # of accuracy: two measurements of one model on one split differ by less
OVERALL = ("accuracy", "balanced_accuracy", "f1_weighted", "f1_macro", "auc_macro", "ece")
MEASURED = (*OVERALL, "data", "split", "n", "per_class", "intervals")  # what a card takes from the metrics
TRAINED = ("data", "pictures", "seed", "init_weights", "best", "versions")  # … and from the checkpoint's provenance


def figures(
    path: Path, checkpoint: Checkpoint, metrics: dict[str, Any], tables: dict[str, str], beside: Sequence[str] = ()
) -> str:
    """The generated part of a card, Markdown: file, training, overall and per-class figures, then `tables` by title.

    beside: sentences that stand by the overall figures.
    """
    provenance, settings = checkpoint.provenance, checkpoint.preprocessing
    best, side = provenance["best"], settings.image_size
    chosen = provenance.get("chosen_on", "val")  # the first checkpoints, all chosen on val, do not say it
    chosen_on = f"{provenance['data']} val" if chosen == "val" else f"{provenance['data']}, {chosen}"
    fitted_on = "val split" if chosen == "val" else "pictures"
    detail = "" if settings.detail is None else f"detail up to {settings.detail} px, "
    lines = [
        BEGIN,
        "",
        f"| | {path.name} |",
        "|---|---|",
        f"| SHA-256 | `{sha256_of(path)}` |",
        f"| size | {path.stat().st_size / 1e6:.1f} MB, {_parameters(checkpoint) / 1e6:.2f} M parameters |",
        f"| input | {side}×{side} px, {settings.color}, {detail}"
        f"crop margin {settings.crop_margin:+.3f}, shift {settings.crop_shift:+.3f} face boxes |",
        f"| trained on | {provenance['data']}, {provenance['pictures']['train']:,} pictures, "
        f"seed {provenance['seed']}, from {provenance['init_weights']} |",
        f"| chosen on | {chosen_on}, {provenance['pictures']['val']:,} pictures: "
        f"stage {best['stage']}, epoch {best['epoch']} |",
        f"| temperature | {checkpoint.temperature:.3f} (fitted on the same {fitted_on}) |",
        f"| versions | {', '.join(f'{k} {v}' for k, v in provenance['versions'].items())} |",
        "",
        f"On {metrics['data']} {metrics['split']}, n = {metrics['n']:,}:",
        "",
        "| " + " | ".join(OVERALL) + " |",
        "|" + "---|" * len(OVERALL),
        "| " + " | ".join(_figure(metrics[name]) for name in OVERALL) + " |",
        *(line for sentence in beside for line in ("", sentence)),
        "",
        "| class | precision | recall | F1 | support |",
        "|---|---|---|---|---|",
    ]
    present = occurring(metrics)
    for name in present:
        row = metrics["per_class"][name]
        lines.append(f"| {name} | {row['precision']:.3f} | {row['recall']:.3f} | {row['f1']:.3f} | {row['support']} |")
    if missing := [name for name in metrics["per_class"] if name not in present]:
        lines += ["", f"No picture of: {', '.join(missing)}. Means are over the other {len(present)} classes."]
    for title, table in tables.items():
        lines += ["", f"### {title}", "", table]
    return "\n".join([*lines, "", END])


def index_row(path: Path, checkpoint: Checkpoint, metrics: dict[str, Any]) -> str:
    """The checkpoint's row in the table of models, Markdown."""
    provenance, settings = checkpoint.provenance, checkpoint.preprocessing
    low, high = metrics["intervals"]["accuracy"]
    cells = (
        f"[`{path.name}`]({path.with_suffix('.md').name})",
        f"{provenance['data']}, {provenance['pictures']['train']:,} pictures",
        f"{metrics['accuracy']:.3f} [{low:.3f}, {high:.3f}]",
        f"{metrics['f1_macro']:.3f}",
        f"{metrics['ece']:.3f}",
        f"{metrics['data']} {metrics['split']}, {metrics['n']:,}",
        f"{settings.image_size}×{settings.image_size} {settings.color}",
        f"{path.stat().st_size / 1e6:.1f} MB, {_parameters(checkpoint) / 1e6:.2f} M",
    )
    return f"| {' | '.join(cells)} |"


def _figure(value: float | None) -> str:
    """A figure with four digits; a dash for the area under the curve of pictures that are all of one class."""
    return "–" if value is None else f"{value:.4f}"


def _parameters(checkpoint: Checkpoint) -> int:
    return sum(v.numel() for k, v in checkpoint.state_dict.items() if k.endswith((".weight", ".bias")))


def write_card(path: Path, metrics_path: Path) -> Path:
    """Renew the figures in the card beside a checkpoint, and its row in the folder's README. Words around them stay.

    Returns the card's path. Raises AffectError where the card or its markers are missing, the checkpoint does not say
    where it comes from, or the metrics or what stands beside them are not what the commands write.
    """
    card = path.with_suffix(".md")
    if not metrics_path.is_file():
        raise AffectError(f"{metrics_path} does not exist. Make it with python -m affect.evaluation … --out DIR.")
    metrics, checkpoint = _metrics(metrics_path, path), _trained(path)
    folder = metrics_path.parent
    if (folder / "robustness.md").is_file():
        _check_robustness(folder, path, metrics["accuracy"])
    elsewhere = [_metrics(found, path) for found in sorted(folder.glob("on_*/metrics.json"))]
    tables = {OTHER_DATA: _other_data(elsewhere)} if elsewhere else {}
    tables |= {title: _table(folder / name) for name, title in BESIDE.items() if (folder / name).is_file()}
    before, _, after = _parts(card, BEGIN, END)
    with atomic_path(card) as part:
        part.write_text(
            before + figures(path, checkpoint, metrics, tables, _without_copies(folder)) + after, encoding="utf-8"
        )
    index = path.parent / "README.md"
    if index.is_file():
        before, inside, after = _parts(index, INDEX_BEGIN, INDEX_END)
        row = index_row(path, checkpoint, metrics)
        kept = [line for line in inside.strip().splitlines() if not line.startswith(f"| [`{path.name}`]")]
        with atomic_path(index) as part:
            part.write_text("\n".join([f"{before}{INDEX_BEGIN}", *kept, row, INDEX_END]) + after, encoding="utf-8")
    return card


def _metrics(path: Path, model: Path) -> dict[str, Any]:
    """A `metrics.json` of this model. Raises AffectError where it is something else, or of another model."""
    metrics = read_metrics(path)
    if not set(MEASURED) <= metrics.keys():
        raise AffectError(f"{path} is not what affect.evaluation writes. Make it again with --out.")
    name, digest = metrics.get("model", model.name), metrics.get("model_sha256") or sha256_of(model)
    if name != model.name or digest != sha256_of(model):
        raise _of_another_model(path, "affect.evaluation")
    return metrics


def _check_robustness(folder: Path, model: Path, accuracy: float) -> None:
    """Raises AffectError where a `robustness.csv` or `.md` has no column of this model, or of another of its name."""
    try:
        table = pd.read_csv(folder / "robustness.csv")
        clean = float(table.loc[table["corruption"] == "clean", model.stem].iloc[0])
    except (OSError, ValueError, KeyError, IndexError):
        clean = np.nan
    told = (folder / "robustness.md").read_text(encoding="utf-8")
    if not abs(clean - accuracy) <= SAME or not {f" {model.stem} ", f" **{clean:.3f}** "} <= set(told.split("|")):
        raise _of_another_model(folder / "robustness.md", "affect.robustness")


def _of_another_model(path: Path, command: str) -> AffectError:
    return AffectError(f"{path} was measured on another model. Run {command} again.")


def _without_copies(folder: Path) -> list[str]:
    """What the figures are without the pictures that have a near-duplicate in train, as a sentence.

    folder: of the metrics, with their `predictions.csv`; the data analysis lies in `eda` beside it. [] without either.
    """
    predictions, duplicates = folder / "predictions.csv", folder.parent / "eda" / "duplicates.csv"
    if not predictions.is_file() or not duplicates.is_file():
        return []
    table = read_predictions(predictions)
    own = table[~table.index.isin(copied_from_train(pd.read_csv(duplicates)))]
    probabilities = own.drop(columns="label").to_numpy(np.float64)
    labels = own["label"].map({e: i for i, e in enumerate(EMOTIONS)}).to_numpy(np.int64)
    metrics = {**metrics_of(probabilities, labels), "intervals": intervals_of(probabilities, labels)}
    return [
        f"Without the {len(table) - len(own):,} of these pictures that have a near-duplicate in train, n = "
        f"{len(own):,}: accuracy {_with_interval(metrics, 'accuracy')}, macro F1 {_with_interval(metrics, 'f1_macro')}."
    ]


def _other_data(measured: list[dict[str, Any]]) -> str:
    """A row for each other data set, Markdown."""
    lines = ["| data | n | accuracy | macro F1 | balanced accuracy | no pictures of |", "|---|---|---|---|---|---|"]
    for metrics in measured:
        missing = [name for name in EMOTIONS if name not in occurring(metrics)]
        cells = [_with_interval(metrics, name) for name in ("accuracy", "f1_macro", "balanced_accuracy")]
        cells = [f"{metrics['data']} {metrics['split']}", f"{metrics['n']:,}", *cells, ", ".join(missing) or "–"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, "", "In brackets: 95 % bootstrap intervals over the pictures."])


def _with_interval(metrics: dict[str, Any], name: str) -> str:
    low, high = metrics["intervals"][name]
    return f"{metrics[name]:.3f} [{low:.3f}, {high:.3f}]"


def _trained(path: Path) -> Checkpoint:
    """A checkpoint that says what it was trained and chosen on."""
    checkpoint = load_checkpoint(path)
    if missing := [name for name in TRAINED if name not in checkpoint.provenance]:
        raise AffectError(
            f"{path} does not say where it comes from (it lacks {', '.join(missing)}). "
            "A card is written for what python -m affect.training made."
        )
    return checkpoint


def _table(path: Path) -> str:
    """A file's Markdown without its own title."""
    return "\n".join(
        line.lstrip("# ") if line.startswith("# ") else line for line in path.read_text(encoding="utf-8").splitlines()
    ).strip()


def _parts(path: Path, begin: str, end: str) -> tuple[str, str, str]:
    """A file's text before, between and after two markers."""
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    if begin not in text or end not in text:
        raise AffectError(f"{path} has no place for figures. Write it with the lines {begin!r} and {end!r}.")
    before, _, rest = text.partition(begin)
    inside, _, after = rest.partition(end)
    return before, inside, after


def main(arguments: list[str] | None = None) -> int:
    """The command line. Returns the exit code."""
    parser = CommandParser(
        prog="python -m affect.model_card", description="Renew the figures in a checkpoint's model card."
    )
    parser.add_argument("model", type=Path, metavar="FILE.pt")
    parser.add_argument("--metrics", type=Path, required=True, metavar="metrics.json")
    options = parser.parse_args(arguments)
    return exit_code_of(lambda: print(write_card(options.model, options.metrics)))


if __name__ == "__main__":
    sys.exit(main())
