"""Generation of a model card's results section from the files that the commands wrote.

    python -m affect.comparison.model_card models/starter_ferplus.pt \\
        --metrics results/ferplus/starter_ferplus/metrics.json

fills the template `model_card.md`, writes it between two markers of the card beside the checkpoint
(`models/starter_ferplus.md`), and writes the checkpoint's row into the table of the folder's `README.md`, if there is
one. Optional input files, beside the metrics: `predictions.csv`, `robustness.csv`, `ablation.md`,
`../eda/duplicates.csv`; and where the metrics are `results/<data set>/<model>/metrics.json`: the same model's on other
data sets and below (`results/*/<model>/`, `results/*/<model>/*/`), each with its `groups.csv` and `groups.md`, and
`results/calibration/<model>/risk_coverage.csv` and `prior_strength.csv`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jinja2 import Environment, StrictUndefined

from affect.command_line import CommandParser, exit_code_of
from affect.comparison.measured import copied_from_train
from affect.data.tables import markdown_table, read_table
from affect.emotions import EMOTIONS
from affect.errors import AffectError, as_shown
from affect.evaluation.measure import OVERALL
from affect.evaluation.metrics import intervals_of, metrics_of, occurring
from affect.evaluation.results import of_another_model, read_metrics, read_predictions
from affect.evaluation.robustness import CONDITION, table_of
from affect.files import sha256_of, write_between
from affect.model.checkpoint import Checkpoint, load_checkpoint

BEGIN = "<!-- figures: written by python -m affect.comparison.model_card -->"
END = "<!-- end of figures -->"
INDEX_BEGIN = "<!-- models: a row each, written by python -m affect.comparison.model_card -->"
INDEX_END = "<!-- end of models -->"
INDEX_ROW = (
    "| [`{file.name}`]({file.stem}.md) | {trained[data]}, {trained[pictures][train]:,} pictures "
    "| {m[accuracy]:.3f} [{interval[0]:.3f}, {interval[1]:.3f}] | {m[f1_macro]:.3f} | {m[ece]:.3f} "
    "| {m[data]} {m[split]}, {m[n]:,} | {input.image_size}×{input.image_size} {input.color} | {size} |"
)
SAME = 0.001  # tolerance: accuracies of one model on one split differ by less between measurements
CONFIDENCES = (0.0, 0.3, 0.5, 0.7, 0.9)  # rows of the card's table; the model's own is added
STRENGTHS = (0.0, 0.25, 0.5, 0.75, 1.0)
CURVES = ("accuracy", "balanced_accuracy", "neutral_recall")
CALIBRATED = tuple(name for name in OVERALL if name != "ece_uncalibrated")
MEASURED = (*CALIBRATED, "data", "split", "n", "per_class", "intervals")  # fields that a card takes from the metrics
TRAINED = ("data", "pictures", "seed", "init_weights", "best", "versions")  # … and from the checkpoint's provenance


def write_card(path: Path, metrics_path: Path) -> Path:
    """Update the results in the card beside a checkpoint, and its row in the folder's README; other text is kept.

    Returns the card's path. Raises AffectError if the card or its markers are missing, the checkpoint has no
    provenance, or the metrics or the files beside them have another format or are another model's.
    """
    if not metrics_path.is_file():
        raise AffectError(f"{metrics_path} does not exist. Make it with python -m affect.evaluation … --out DIR.")
    metrics, checkpoint, folder = _metrics(metrics_path, path), _trained(path), metrics_path.parent
    parameters = sum(v.numel() for k, v in checkpoint.state_dict.items() if k.endswith((".weight", ".bias")))
    size = f"{path.stat().st_size / 1e6:.1f} MB, {parameters / 1e6:.2f} M"
    about = {"file": path, "trained": checkpoint.provenance, "input": checkpoint.preprocessing, "size": size}
    ablation, calibrated = folder / "ablation.md", folder.parents[1] / "calibration" / path.stem
    everywhere = {folder: metrics} | {p.parent: _metrics(p, path) for p in _elsewhere(folder, path)}
    environment = Environment(undefined=StrictUndefined, trim_blocks=True)  # noqa: S701  Markdown, of our own files
    figures = environment.from_string(Path(__file__).with_suffix(".md").read_text(encoding="utf-8")).render(
        about,
        sha256=sha256_of(path),
        calibration=checkpoint.calibration,
        shares=", ".join(f"{name} {p:.1%}" for name, p in zip(EMOTIONS, checkpoint.prior or (), strict=False)),
        metrics=metrics,
        overall=CALIBRATED,
        without_copies=_without_copies(folder),
        everywhere=list(everywhere.values()),
        groups=[_groups(place, m, path) for place, m in everywhere.items() if (place / "groups.csv").is_file()],
        coverage=_coverage(calibrated / "risk_coverage.csv", list(everywhere.values()), checkpoint.sure_from),
        strengths=_strengths(calibrated / "prior_strength.csv", checkpoint.prior_strength),
        calibration_folder=_linked(calibrated, path),
        robustness=_robustness(folder / "robustness.csv", path, metrics["accuracy"]),
        ablation=ablation.read_text(encoding="utf-8").strip() if ablation.is_file() else "",
        occurring=occurring,
        emotions=EMOTIONS,
        missing=lambda m: ", ".join(name for name in EMOTIONS if name not in occurring(m)),
        table_of=table_of,
    )
    card, index = path.with_suffix(".md"), path.parent / "README.md"
    row = INDEX_ROW.format(**about, m=metrics, interval=metrics["intervals"]["accuracy"])
    write_between(card, BEGIN, END, lambda _: figures)
    if index.is_file():
        write_between(index, INDEX_BEGIN, INDEX_END, lambda rows: _with_row(rows, row))
    return card


def _metrics(path: Path, model: Path) -> dict[str, Any]:
    """Read a `metrics.json` of this model. Raises AffectError if it has another format or is another model's."""
    metrics = read_metrics(path)
    if not set(MEASURED) <= metrics.keys():
        raise AffectError(f"{path} is not what affect.evaluation writes. Make it again with --out.")
    own, name = sha256_of(model), as_shown(model.name)
    if metrics.get("model", name) != name or (metrics.get("model_sha256") or own) != own:
        raise of_another_model(path, "affect.evaluation")
    return metrics


def _elsewhere(folder: Path, model: Path) -> list[Path]:
    """The same model's other metrics, on any data set; none unless its folder is named after the model."""
    if folder.name != model.stem:
        return []
    found = [p for below in ("", "*/") for p in folder.parents[1].glob(f"*/{model.stem}/{below}metrics.json")]
    return sorted(path for path in found if path.parent != folder)


def _linked(path: Path, model: Path) -> str:
    """The path as a link in the model's card."""
    return Path(os.path.relpath(path, model.parent)).as_posix()


def _groups(folder: Path, metrics: dict[str, Any], model: Path) -> tuple[str, str]:
    """The text of a `groups.md` and the link to its figure. Raises AffectError if its recalls are not the metrics'."""
    table = read_table(folder / "groups.csv")
    recalls = table[table["kind"] == "all"].set_index("class")["recall"]
    if not all(abs(recalls.get(c, np.nan) - metrics["per_class"][c]["recall"]) <= SAME for c in occurring(metrics)):
        raise of_another_model(folder / "groups.csv", "affect.evaluation.groups")
    return (folder / "groups.md").read_text(encoding="utf-8").strip(), _linked(folder / "groups.png", model)


def _coverage(path: Path, measured: list[dict[str, Any]], sure_from: float | None) -> str | None:
    """Markdown table of a `risk_coverage.csv` at some confidences; None if there is none.

    Raises AffectError if the accuracy of all answers is in none of the metrics of that data set.
    """
    if not path.is_file():
        return None
    table = read_table(path)
    known = {(f"{m['data']} {m['split']}", m["n"]): m["accuracy"] for m in measured}
    for row in table[table["confidence"] == 0].itertuples():
        if not abs(known.get((row.set, row.n), np.nan) - row.accuracy) <= SAME:
            raise of_another_model(path, "affect.evaluation.calibrate")
    names, rows = list(dict.fromkeys(table["set"])), []
    for least in sorted({*CONFIDENCES, *([] if sure_from is None else [sure_from])}):
        at = table[np.isclose(table["confidence"], least)].set_index("set")
        cells = [f"{at['answered'][name]:.0%}, {_percent(at['accuracy'][name])} right" for name in names]
        rows.append([f"**{least:.2f}**" if least == sure_from else f"{least:.2f}", *cells])
    return markdown_table(["confidence", *names], rows)


def _strengths(path: Path, chosen: float) -> str | None:
    """Markdown table of a `prior_strength.csv` at some strengths; None if there is none."""
    if not path.is_file():
        return None
    table = read_table(path)
    names, rows = list(dict.fromkeys(table["set"])), []
    for strength in sorted({*STRENGTHS, chosen}):
        at = table[np.isclose(table["strength"], strength)].set_index("set")
        cells = [", ".join(_percent(at[c][name]) for c in CURVES) for name in names]
        rows.append([f"**{strength:g}**" if strength == chosen else f"{strength:g}", *cells])
    return markdown_table(["strength", *(f"{name}: accuracy, balanced, neutral" for name in names)], rows)


def _percent(share: float) -> str:
    return "–" if np.isnan(share) else f"{share:.1%}"


def _robustness(path: Path, model: Path, accuracy: float) -> pd.DataFrame | None:
    """Read a `robustness.csv`, with its rounded accuracies restored to exact shares of n; None if there is none.

    Raises AffectError if its first row, the clean pictures, lacks a column of this model or has another accuracy.
    """
    if not path.is_file():
        return None
    try:
        table = read_table(path, dtype={"setting": str})
        clean = float(table.loc[table["corruption"] == "clean", as_shown(model.stem)].iloc[0])
    except (ValueError, KeyError, IndexError):
        clean = np.nan
    if not abs(clean - accuracy) <= SAME:
        raise of_another_model(path, "affect.evaluation.robustness")
    n = table["n"]
    return table.apply(lambda c: (c * n).round() / n if c.name not in (*CONDITION, "n") else c)  # 0.825499… is 0.825500


def _without_copies(folder: Path) -> dict[str, Any] | None:
    """The metrics without the pictures that have a near-duplicate in train; None if an input file is missing.

    folder: the metrics' folder with `predictions.csv`; the data analysis is in the folder `eda` beside it.
    """
    predictions, duplicates = folder / "predictions.csv", folder.parent / "eda" / "duplicates.csv"
    if not predictions.is_file() or not duplicates.is_file():
        return None
    table = read_predictions(predictions)
    own = table[~table.index.isin(copied_from_train(read_table(duplicates)))]
    probabilities = own.drop(columns="label").to_numpy(np.float64)
    labels = own["label"].map({e: i for i, e in enumerate(EMOTIONS)}).to_numpy(np.int64)
    return {**metrics_of(probabilities, labels), "intervals": intervals_of(probabilities, labels)}


def _trained(path: Path) -> Checkpoint:
    """Load a checkpoint and check that its provenance has what a card needs."""
    checkpoint = load_checkpoint(path)
    if missing := [name for name in TRAINED if name not in checkpoint.provenance]:
        raise AffectError(
            f"{path} does not say where it comes from (it lacks {', '.join(missing)}). "
            "A card is written for what python -m affect.training made."
        )
    return checkpoint


def _with_row(rows: str, row: str) -> str:
    """The rows of a Markdown table with a checkpoint's row in place of its earlier one, or at the end."""
    link, lines = row.partition("]")[0], rows.strip().splitlines()
    known = [line.startswith(link) for line in lines]
    return "\n".join([row if old else line for line, old in zip(lines, known, strict=True)] + [row] * (not any(known)))


def main(arguments: list[str] | None = None) -> int:
    """Run the command line. Returns the exit code."""
    parser = CommandParser(
        prog="python -m affect.comparison.model_card", description="Renew the figures in a checkpoint's model card."
    )
    parser.add_argument("model", type=Path, metavar="FILE.pt")
    parser.add_argument("--metrics", type=Path, required=True, metavar="metrics.json")
    options = parser.parse_args(arguments)
    return exit_code_of(lambda: print(as_shown(str(write_card(options.model, options.metrics)))))


if __name__ == "__main__":
    sys.exit(main())
