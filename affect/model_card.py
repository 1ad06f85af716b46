"""Write the figures of a model card from what the commands measured.

    python -m affect.model_card models/starter_ferplus.pt --metrics results/ferplus/starter/metrics.json

fills the template `model_card.md` and puts it between two markers of the card beside the checkpoint
(`models/starter_ferplus.md`), and the checkpoint's row into the table of the folder's `README.md`, where there is one.
It reads, where they are there: beside the metrics `predictions.csv`, `robustness.csv`, `ablation.md` and
`on_<data set>/metrics.json`, and `../eda/duplicates.csv`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jinja2 import Environment, StrictUndefined

from affect.arguments import CommandParser
from affect.comparison.measured import copied_from_train, read_metrics, read_predictions
from affect.emotions import EMOTIONS
from affect.errors import AffectError
from affect.exit_codes import exit_code_of
from affect.files import atomic_path, sha256_of
from affect.metrics import intervals_of, metrics_of, occurring
from affect.model import Checkpoint, load_checkpoint
from affect.robustness import CONDITION, table_of

BEGIN = "<!-- figures: written by python -m affect.model_card -->"
END = "<!-- end of figures -->"
INDEX_BEGIN = "<!-- models: a row each, written by python -m affect.model_card -->"
INDEX_END = "<!-- end of models -->"
INDEX_ROW = (
    "| [`{file.name}`]({file.stem}.md) | {trained[data]}, {trained[pictures][train]:,} pictures "
    "| {m[accuracy]:.3f} [{interval[0]:.3f}, {interval[1]:.3f}] | {m[f1_macro]:.3f} | {m[ece]:.3f} "
    "| {m[data]} {m[split]}, {m[n]:,} | {input.image_size}×{input.image_size} {input.color} | {size} |"
)
SAME = 0.001  # of accuracy: two measurements of one model on one split differ by less
OVERALL = ("accuracy", "balanced_accuracy", "f1_weighted", "f1_macro", "auc_macro", "ece")
MEASURED = (*OVERALL, "data", "split", "n", "per_class", "intervals")  # what a card takes from the metrics
TRAINED = ("data", "pictures", "seed", "init_weights", "best", "versions")  # … and from the checkpoint's provenance


def write_card(path: Path, metrics_path: Path) -> Path:
    """Renew the figures in the card beside a checkpoint, and its row in the folder's README. Words around them stay.

    Returns the card's path. Raises AffectError where the card or its markers are missing, the checkpoint does not say
    where it comes from, or the metrics or what stands beside them are not what the commands write, or another model's.
    """
    if not metrics_path.is_file():
        raise AffectError(f"{metrics_path} does not exist. Make it with python -m affect.evaluation … --out DIR.")
    metrics, checkpoint, folder = _metrics(metrics_path, path), _trained(path), metrics_path.parent
    parameters = sum(v.numel() for k, v in checkpoint.state_dict.items() if k.endswith((".weight", ".bias")))
    size = f"{path.stat().st_size / 1e6:.1f} MB, {parameters / 1e6:.2f} M"
    about = {"file": path, "trained": checkpoint.provenance, "input": checkpoint.preprocessing, "size": size}
    ablation = folder / "ablation.md"
    environment = Environment(undefined=StrictUndefined, trim_blocks=True)  # noqa: S701  Markdown, of our own files
    figures = environment.from_string(Path(__file__).with_suffix(".md").read_text(encoding="utf-8")).render(
        about,
        sha256=sha256_of(path),
        temperature=checkpoint.temperature,
        metrics=metrics,
        overall=OVERALL,
        without_copies=_without_copies(folder),
        elsewhere=[_metrics(found, path) for found in sorted(folder.glob("on_*/metrics.json"))],
        robustness=_robustness(folder / "robustness.csv", path, metrics["accuracy"]),
        ablation=ablation.read_text(encoding="utf-8").strip() if ablation.is_file() else "",
        occurring=occurring,
        missing=lambda m: ", ".join(name for name in EMOTIONS if name not in occurring(m)),
        table_of=table_of,
    )
    card, index = path.with_suffix(".md"), path.parent / "README.md"
    row = INDEX_ROW.format(**about, m=metrics, interval=metrics["intervals"]["accuracy"])
    _replace(card, BEGIN, END, lambda _: figures)
    if index.is_file():
        _replace(index, INDEX_BEGIN, INDEX_END, lambda rows: _with_row(rows, row))
    return card


def _metrics(path: Path, model: Path) -> dict[str, Any]:
    """A `metrics.json` of this model. Raises AffectError where it is something else, or of another model."""
    metrics = read_metrics(path)
    if not set(MEASURED) <= metrics.keys():
        raise AffectError(f"{path} is not what affect.evaluation writes. Make it again with --out.")
    own = sha256_of(model)
    if metrics.get("model", model.name) != model.name or (metrics.get("model_sha256") or own) != own:
        raise _of_another_model(path, "affect.evaluation")
    return metrics


def _robustness(path: Path, model: Path, accuracy: float) -> pd.DataFrame | None:
    """A `robustness.csv` with its accuracies as exact shares of the n pictures again; None without one.

    Raises AffectError where its first row, the clean pictures, has no column of this model, or another accuracy in it.
    """
    if not path.is_file():
        return None
    try:
        table = pd.read_csv(path, dtype={"setting": str})
        clean = float(table.loc[table["corruption"] == "clean", model.stem].iloc[0])
    except (ValueError, KeyError, IndexError):
        clean = np.nan
    if not abs(clean - accuracy) <= SAME:
        raise _of_another_model(path, "affect.robustness")
    n = table["n"]
    return table.apply(lambda c: (c * n).round() / n if c.name not in (*CONDITION, "n") else c)  # 0.825499… is 0.825500


def _of_another_model(path: Path, command: str) -> AffectError:
    return AffectError(f"{path} was measured on another model. Run {command} again.")


def _without_copies(folder: Path) -> dict[str, Any] | None:
    """The figures without the pictures that have a near-duplicate in train.

    folder: of the metrics, with their `predictions.csv`; the data analysis is in `eda` beside it. None without either.
    """
    predictions, duplicates = folder / "predictions.csv", folder.parent / "eda" / "duplicates.csv"
    if not predictions.is_file() or not duplicates.is_file():
        return None
    table = read_predictions(predictions)
    own = table[~table.index.isin(copied_from_train(pd.read_csv(duplicates)))]
    probabilities = own.drop(columns="label").to_numpy(np.float64)
    labels = own["label"].map({e: i for i, e in enumerate(EMOTIONS)}).to_numpy(np.int64)
    return {**metrics_of(probabilities, labels), "intervals": intervals_of(probabilities, labels)}


def _trained(path: Path) -> Checkpoint:
    """A checkpoint that says what it was trained and chosen on."""
    checkpoint = load_checkpoint(path)
    if missing := [name for name in TRAINED if name not in checkpoint.provenance]:
        raise AffectError(
            f"{path} does not say where it comes from (it lacks {', '.join(missing)}). "
            "A card is written for what python -m affect.training made."
        )
    return checkpoint


def _with_row(rows: str, row: str) -> str:
    """The lines of a table with a checkpoint's row, the last, in place of the one that it had."""
    link = row.partition("]")[0]
    return "\n".join([line for line in rows.strip().splitlines() if not line.startswith(link)] + [row])


def _replace(path: Path, begin: str, end: str, renewed: Callable[[str], str]) -> None:
    """Renew what stands between two markers of a file. Raises AffectError where it does not have them."""
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    if begin not in text or end not in text:
        raise AffectError(f"{path} has no place for figures. Write it with the lines {begin!r} and {end!r}.")
    before, _, rest = text.partition(begin)
    inside, _, after = rest.partition(end)
    with atomic_path(path) as part:
        part.write_text(f"{before}{begin}\n{renewed(inside)}\n{end}{after}", encoding="utf-8")


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
