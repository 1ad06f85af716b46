"""What each ingredient of the assistant's recipe brings.  `python -m affect.ablation --data ferplus.zip`

A base run, and the base with one ingredient more: the same pictures, stages and seed, each measured on the val split
and set beside the base picture by picture. Runs are kept and not repeated, so it can be stopped and started again.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from affect.arguments import CommandParser, positive, seed_number
from affect.comparison.measured import read_metrics, read_pair
from affect.comparison.table import cell
from affect.data.manifest import Manifest
from affect.data.options import add_labelling, manifest_of
from affect.errors import AffectError
from affect.exit_codes import exit_code_of
from affect.experiments import ASSISTANT, Augmentation, Experiment, Stage, adapted
from affect.files import atomic_path
from affect.metrics import Floats, bootstrap, metrics_of, percentile_interval
from affect.training import train_experiment

METRICS = ("accuracy", "f1_macro", "recall_contempt", "recall_disgust", "ece")
COMPARED = ("accuracy", "f1_macro")  # with the base, on the same pictures
Change = Callable[[Experiment], Experiment]

BASE = Experiment(
    name="base",
    question="How good is plain fine-tuning of the whole network?",
    preprocessing=ASSISTANT.preprocessing,
    stages=(Stage("all", trained_blocks=19, epochs=8, learning_rate=2e-3),),
    augmentation=Augmentation(flip=0.5),
    optimizer="adamw",
    schedule="one-cycle",
    batch_size=64,
    weight_decay=0.01,
    chosen_on="val",
)


def _augmented(**settings: Any) -> Change:
    return lambda e: replace(e, augmentation=replace(e.augmentation, **settings))


def _as_assistant(*names: str) -> Change:
    """These settings of the pictures' variation are the assistant's."""
    return _augmented(**{name: getattr(ASSISTANT.augmentation, name) for name in names})


def _changed(**settings: Any) -> Change:
    return lambda e: replace(e, **settings)


def _sized(pixels: int) -> Change:
    return lambda e: replace(e, preprocessing=replace(e.preprocessing, image_size=pixels))


def _paced(rate: float) -> Change:
    return lambda e: replace(e, stages=tuple(replace(s, learning_rate=rate) for s in e.stages))


def _longer(factor: int) -> Change:
    return lambda e: replace(e, stages=tuple(replace(s, epochs=factor * s.epochs) for s in e.stages))


INGREDIENTS: dict[str, Change] = {
    "soft labels": _changed(soft_labels=True),
    "soft labels of two votes or more": _changed(soft_labels=True, min_votes=2),
    "rotation, shift and scale": _as_assistant("rotation", "shift", "scale"),
    "light and blur": _as_assistant("light", "blur"),
    "random erasing": _as_assistant("erase"),
    "poor camera": _as_assistant("camera"),
    "RandAugment": _augmented(random_ops=2),
    "mixup": _changed(mixup=0.2),
    "cutmix": _changed(cutmix=1.0),
    "averaged weights": _changed(average=ASSISTANT.average),
    "weight decay": _changed(weight_decay=ASSISTANT.weight_decay),
    "sharpness-aware minimisation": _changed(sharpness=0.05),
    "logit adjustment": _changed(imbalance="logit-adjustment", adjustment=0.5),
    "balanced sampling": _changed(balance=ASSISTANT.balance),
    "colour": lambda e: replace(e, preprocessing=replace(e.preprocessing, color="rgb")),
    "96 px": _sized(96),
    "128 px": _sized(128),
    "learning rate 2.5e-4": _paced(2.5e-4),
    "learning rate 7e-4": _paced(7e-4),
    "learning rate 5e-3": _paced(5e-3),
    "batches of 32": _changed(batch_size=32),
    "twice as long": _longer(2),
    "distillation": _changed(distill=0.5),
    "distillation on varied pictures": _changed(distill=0.5, taught_on="varied"),
    "distillation on varied and mixed pictures": _changed(distill=0.5, taught_on="varied", mixup=0.2),
    "distillation on varied pictures with features": _changed(distill=0.5, taught_on="varied", match=1.0),
}
# of the assistant's recipe, all but time, stages, teachers and mixing; "all of the recipe" is the base with these
RECIPE = (
    "soft labels of two votes or more",
    "rotation, shift and scale",
    "light and blur",
    "random erasing",
    "poor camera",
    "averaged weights",
    "weight decay",
    "balanced sampling",
)
TOGETHER = "all of the recipe"
REPEATED = ("base", TOGETHER)  # with every seed; the other runs with the first
INGREDIENTS[TOGETHER] = lambda e: reduce(lambda made, name: INGREDIENTS[name](made), RECIPE, e)
# much variation of the pictures pays where there is time for it: beside "twice as long"
INGREDIENTS[f"{TOGETHER}, twice as long"] = lambda e: INGREDIENTS["twice as long"](INGREDIENTS[TOGETHER](e))


def runs_of(names: Sequence[str], base: Experiment = BASE) -> dict[str, Experiment]:
    """The base, and the base with each named ingredient, by a name that fits a folder.

    Raises AffectError for an ingredient that is not in INGREDIENTS.
    """
    unknown = [n for n in names if n not in INGREDIENTS]
    if unknown:
        raise AffectError(f"There is no ingredient {unknown[0]!r}. Choose from: {', '.join(INGREDIENTS)}.")
    changed = {name: replace(INGREDIENTS[name](base), name=_slug(name)) for name in names}
    return {"base": base, **changed}


def _possible(teachers: Sequence[Path]) -> list[str]:
    """The ingredients that can be tried with these teachers."""
    return [name for name, change in INGREDIENTS.items() if teachers or not change(BASE).distill]


def _slug(name: str) -> str:
    return name.replace(",", "").replace(" ", "-").lower()


def ablate(
    runs: dict[str, Experiment],
    manifest: Manifest,
    out: Path,
    *,
    seeds: Sequence[int] = (42,),
    init_weights: str = "imagenet",
    limit: int | None = None,
    overwrite: bool = False,
    teachers: Sequence[Path] = (),
) -> pd.DataFrame:
    """Train every run and measure it on val; what is finished already is read.

    runs: the first is the base.   seeds: of the runs in REPEATED; the others have the first.
    teachers: checkpoints for the runs that distil; others have none.
    limit: training pictures; averaged weights reach over as many epochs as without it.
    overwrite: replace runs of other settings, which are refused otherwise (AffectError).
    out: for the checkpoints, and `runs/<data set>/…` with each run's history and metrics.
    Returns a row for each run: `ingredient`, `seeds`, the mean over the seeds of each of METRICS, `accuracy_spread`
    (largest minus smallest over the seeds), and for each of COMPARED `_base`, the mean of the base with the same seeds,
    and `_difference`, this run minus that, with `_low` and `_high` (95 %, paired bootstrap over the pictures). In the
    base's row these are NaN, and so is a recall whose class does not occur.
    """
    fewer = 1.0 if limit is None else max(1.0, int((manifest.table["split"] == "train").sum()) / limit)
    folders: dict[str, list[Path]] = {}
    for title, experiment in runs.items():
        folders[title] = []
        for seed in seeds if title in REPEATED else seeds[:1]:
            named = replace(experiment, name=f"{experiment.name}-{seed}", average=experiment.average**fewer)
            train_experiment(
                named, manifest, out, out / "runs",
                seed=seed, init_weights=init_weights, resume=True, overwrite=overwrite, limit=limit,
                teachers=teachers if named.distill else (),
            )  # fmt: skip
            last = [s.name for s in named.stages if s.keep][-1]
            folders[title].append(out / "runs" / manifest.name / named.name / last)
    base = next(iter(folders.values()))
    return pd.DataFrame([_row(title, of_run, base) for title, of_run in folders.items()])


def _row(title: str, folders: list[Path], base: list[Path]) -> dict[str, Any]:
    """A run's figures from its folders, one a seed, and what it has more than the base with the same seeds."""
    measured = [_read(folder / "metrics.json") for folder in folders]
    accuracies = [row["accuracy"] for row in measured]
    row: dict[str, Any] = {"ingredient": title, "seeds": len(folders)}
    row |= {m: float(np.mean([row[m] for row in measured])) for m in METRICS}
    row["accuracy_spread"] = max(accuracies) - min(accuracies)
    if folders == base:
        return (
            row
            | {f"{m}_difference{bound}": np.nan for m in COMPARED for bound in ("", "_low", "_high")}
            | {f"{m}_base": np.nan for m in COMPARED}
        )
    values: dict[str, list[tuple[float, float]]] = {m: [] for m in COMPARED}
    samples: dict[str, list[Floats]] = {m: [] for m in COMPARED}
    for ours, plain in zip(folders, base, strict=False):
        first, second, labels = read_pair(ours / "predictions.csv", plain / "predictions.csv")
        figures, drawn = zip(*((metrics_of(p, labels), bootstrap(p, labels)) for p in (first, second)), strict=True)
        for m in COMPARED:
            values[m].append((figures[0][m], figures[1][m]))
            samples[m].append(drawn[0][m] - drawn[1][m])
    for m in COMPARED:
        low, high = percentile_interval(np.mean(samples[m], axis=0)) or (np.nan, np.nan)
        own, plain = np.mean(values[m], axis=0).tolist()
        row |= {f"{m}_base": plain, f"{m}_difference": own - plain}
        row |= {f"{m}_difference_low": low, f"{m}_difference_high": high}
    return row


def _read(path: Path) -> dict[str, float]:
    metrics = read_metrics(path)
    recalls = {f"recall_{name}": _recall(metrics, name) for name in ("contempt", "disgust")}
    return {**{m: metrics[m] for m in METRICS if m in metrics}, **recalls}


def _recall(metrics: dict[str, Any], name: str) -> float:
    """A class's recall, NaN where the class does not occur."""
    recall = metrics["per_class"][name]["recall"]
    return np.nan if recall is None else float(recall)


def write(table: pd.DataFrame, origin: str, folder: Path) -> None:
    """`ablation.csv`, the same to read as `ablation.md`, and `ablation.png` where something stands beside the base."""
    from affect import plots

    with atomic_path(folder / "ablation.csv") as part:
        table.to_csv(part, index=False, float_format="%.6f")
    with atomic_path(folder / "ablation.md") as part:
        part.write_text(f"Each run on {origin}:\n\n{table_of(table)}\n", encoding="utf-8")
    if len(table) > 1:
        plots.save(plots.ablation(table, origin), folder / "ablation.png")


def table_of(table: pd.DataFrame) -> str:
    """As Markdown, each run beside the base with the same seeds, and what it has more in points with 95 % intervals."""
    lines = [
        "| run | seeds | accuracy | the base with the same seeds | points more | macro F1 "
        "| the base with the same seeds | points more | recall of contempt | recall of disgust | ECE |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for i, (_, row) in enumerate(table.iterrows()):
        cells = [row["ingredient"] if i == 0 else f"base + {row['ingredient']}", str(row["seeds"])]
        points = (row.filter(like="_difference") * 100).astype(float)
        for metric, digits in (("accuracy", 4), ("f1_macro", 3)):
            base = row[f"{metric}_base"]
            cells += [
                f"{row[metric]:.{digits}f}",
                "-" if pd.isna(base) else f"{base:.{digits}f}",
                cell(points, f"{metric}_difference", sign="+", digits=1),
            ]
        cells += ["-" if pd.isna(row[m]) else f"{row[m]:.3f}" for m in METRICS[2:]]
        lines.append(f"| {' | '.join(cells)} |")
    lines += [
        "",
        "Figures are means over the run's seeds; points more: than the base with the same seeds on the same pictures, "
        "in brackets 95 % bootstrap intervals over the pictures. The chance of the seed is not in them.",
    ]
    twice = table[table["seeds"] > 1]
    if not twice.empty:
        spread = ", ".join(f"{r['ingredient']} {100 * r['accuracy_spread']:.1f}" for _, r in twice.iterrows())
        lines.append(f"Accuracy between the best and the worst seed, points: {spread}.")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """The command line. Returns the exit code."""
    parser = CommandParser(
        prog="python -m affect.ablation",
        description="Train the base and the base with one ingredient more, and put them side by side.",
        epilog="Runs that are finished are read. Stop it with Ctrl-C and start it again at any time.",
    )
    parser.add_argument("--data", type=Path, required=True, metavar="DIR_OR_ZIP")
    add_labelling(parser)
    parser.add_argument("--init-weights", default="imagenet", metavar="FILE.pt|imagenet|none")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="of the runs")
    parser.add_argument("--table", type=Path, metavar="DIR", help="write ablation.csv, .md and .png here")
    parser.add_argument("--only", nargs="+", metavar="INGREDIENT", help="default: all, distillation with --teacher")
    parser.add_argument("--teacher", type=Path, nargs="+", default=(), metavar="FILE.pt", help="for distillation")
    parser.add_argument(
        "--seeds", type=seed_number, nargs="+", default=[42], metavar="SEED",
        help="of the base and the whole recipe; the others have the first (default 42)",
    )  # fmt: skip
    parser.add_argument("--epochs", type=positive, metavar="N", help=f"of the base (default {BASE.stages[0].epochs})")
    parser.add_argument(
        "--image-size", type=positive, metavar="PIXELS", help=f"of the base (default {BASE.preprocessing.image_size})"
    )
    parser.add_argument(
        "--limit",
        type=positive,
        metavar="N",
        help="use N training pictures only, and as large a share of val to choose and measure on",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace runs of other settings in the same folder")
    options = parser.parse_args(arguments)

    def work() -> None:
        manifest = manifest_of(options)
        if options.table is not None:
            options.table.mkdir(parents=True, exist_ok=True)
        base = adapted(BASE, options.epochs, options.image_size)
        table = ablate(
            runs_of(options.only or _possible(options.teacher), base), manifest, options.out,
            seeds=options.seeds, init_weights=options.init_weights, limit=options.limit,
            overwrite=options.overwrite, teachers=options.teacher,
        )  # fmt: skip
        print(table_of(table))
        if options.table is not None:
            pictures = f", {options.limit:,} training pictures" if options.limit else ""
            seeds = f"seed {options.seeds[0]}"
            if len(options.seeds) > 1:
                seeds += f"; {' and '.join(REPEATED)}: seeds {', '.join(map(str, options.seeds))}"
            origin = (
                f"{manifest.name} val, {base.stages[0].epochs} epochs at {base.preprocessing.image_size} px"
                f"{pictures}, {seeds}"
            )
            write(table, origin, options.table)

    return exit_code_of(work, "the same command goes on after the last epoch")


if __name__ == "__main__":
    sys.exit(main())
