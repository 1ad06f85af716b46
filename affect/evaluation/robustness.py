"""Robustness of a model's accuracy against webcam-like corruptions: `python -m affect.evaluation.robustness`.

Each picture of a split is corrupted in twelve ways at three strengths (`affect.data.corruptions`), identically for
every model.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from tqdm import tqdm

from affect.command_line import CommandParser, exit_code_of
from affect.data.corruptions import CORRUPTIONS, Corruption
from affect.data.framing import FaceFinder, FoundFace, cropped
from affect.data.loading import hard_labels
from affect.data.manifest import Manifest
from affect.data.tables import markdown_table, write_table
from affect.errors import AffectError, as_shown
from affect.evaluation.figures import MOST
from affect.evaluation.leakage import warning_of
from affect.evaluation.measure import add_measured, measured_data, probabilities_of
from affect.faces.preprocessing import Image
from affect.files import write_text
from affect.model.checkpoint import Checkpoint, load_checkpoint
from affect.model.frozen import Trunk, placed

CONDITION = ["corruption", "measure", "strength", "setting"]
CHUNK = 256  # pictures in memory at a time
MOST_HELD = 100_000_000  # bytes of them, or one picture more
Predictor = Callable[[list[Image], list[FoundFace]], npt.NDArray[np.int64]]


def measure(models: list[Path], manifest: Manifest, split: str = "val", seed: int = 0) -> pd.DataFrame:
    """Accuracy of each model on one split, clean and under each corruption at three strengths.

    Returns one row per condition: `corruption` ("clean" first), `measure` and `setting` (the strength's quantity and
    value), `strength` (0; 1, 2, 3), `n`,
    and a column of accuracies for each model, named by its file's stem. Random changes are seeded by (seed, condition,
    picture), so that all models see the same pictures. A model with `find_face` crops the corrupted picture at the
    clean picture's face; box shift and scale are then relative to the picture's side. Pictures that cannot be decoded,
    or, with such a model, have no detected face, are left out for all models.
    Raises AffectError for an unusable file, an empty split, or two models of one name.
    """
    names = [as_shown(path.stem) for path in models]
    if len(set(names)) < len(names):
        raise AffectError("Two of the models have the same file name. Rename one: the table names models by it.")
    checkpoints = [load_checkpoint(path) for path in models]
    for path, checkpoint in zip(models, checkpoints, strict=True):
        warning_of(path, checkpoint, manifest)
    looks = FaceFinder().find if any(c.preprocessing.find_face for c in checkpoints) else _whole
    rows = manifest.rows(split)
    labels = hard_labels(rows)
    predictors = [_predictor(checkpoint, rows) for checkpoint in checkpoints]
    conditions = [("clean", "", 0, "", None)] + [
        (c.name, c.measure, level, c.told.format(c.strengths[level - 1]), c) for c in CORRUPTIONS for level in (1, 2, 3)
    ]
    right = np.zeros((len(conditions), len(models)), np.int64)
    count = 0
    for start in tqdm(range(0, len(rows), CHUNK), desc="robustness", unit="chunk"):
        chunk = slice(start, start + CHUNK)
        first = start
        for usable, pictures, faces in _usable(manifest, rows["pth"].iloc[chunk], looks):
            wanted = labels[chunk][usable]
            count += len(usable)
            for place, (_, _, level, _, corruption) in enumerate(conditions):
                changed = _changed(pictures, corruption, level, (seed, place), first)
                right[place] += [int((predict(changed, faces) == wanted).sum()) for predict in predictors]
            first += len(usable)
    if not count:
        what = "can be decoded" if looks is _whole else "has a face that Haar finds"
        raise AffectError(f"None of the {len(rows)} pictures in {manifest.source.path} {what}. Check --data.")
    table = pd.DataFrame([c[:4] for c in conditions], columns=CONDITION).assign(n=count)
    return table.join(pd.DataFrame(right / count, columns=names))


def _whole(picture: Image) -> FoundFace:
    """The whole picture as the face's box, for models without `find_face`."""
    return 0.0, 0.0, float(min(picture.shape[:2]))


def _usable(
    manifest: Manifest, names: pd.Series, looks: Callable[[Image], FoundFace | None]
) -> Iterator[tuple[list[int], list[Image], list[FoundFace]]]:
    """Indices of the pictures that can be decoded and have a face, these pictures, and their face boxes.

    All at once, unless they take more than MOST_HELD bytes: then in parts.
    """
    found: list[tuple[int, Image, FoundFace]] = []
    for i, name in enumerate(names):
        picture = manifest.source.picture(name)
        face = None if picture is None else looks(picture)
        if picture is not None and face is not None:
            found.append((i, picture, face))
        if found and (i == len(names) - 1 or sum(p.nbytes for _, p, _ in found) > MOST_HELD):
            indices, pictures, faces = zip(*found, strict=True)
            yield list(indices), list(pictures), list(faces)
            found = []


def _changed(
    pictures: list[Image], corruption: Corruption | None, level: int, seed: tuple[int, int], start: int
) -> list[Image]:
    if corruption is None:
        return pictures
    strength = corruption.strengths[level - 1]
    return [corruption.apply(p, strength, np.random.default_rng((*seed, start + i))) for i, p in enumerate(pictures)]


def _predictor(checkpoint: Checkpoint, rows: pd.DataFrame) -> Predictor:
    """Create a predictor: from n pictures, uint8 BGR of any size, and their face boxes to classes, int64 (n,)."""
    model = placed(checkpoint.build())
    trunk, preprocessing = Trunk(model, None, next(model.parameters()).device), checkpoint.preprocessing
    pool = ThreadPoolExecutor(os.cpu_count() or 1)

    def prepared(picture: Image, face: FoundFace) -> Image:
        shown = cropped(picture, face, preprocessing) if preprocessing.find_face else picture
        return preprocessing.prepare(shown)

    def predict(pictures: list[Image], faces: list[FoundFace]) -> npt.NDArray[np.int64]:
        inputs = torch.from_numpy(preprocessing.normalize(np.stack(list(pool.map(prepared, pictures, faces)))))
        with torch.inference_mode():
            logits = model.classifier(trunk(inputs))  # type: ignore[operator]
        return probabilities_of(logits.cpu().numpy(), rows, checkpoint.calibration).argmax(1)

    return predict


def table_of(table: pd.DataFrame) -> str:
    """The table as Markdown: one row per corruption, with each model's three accuracies and mean loss of accuracy."""
    models = [c for c in table.columns if c not in (*CONDITION, "n")]
    clean = table[table["corruption"] == "clean"].iloc[0]
    changed = table[table["corruption"] != "clean"]
    rows = [["none", "", *(f"**{clean[m]:.3f}**" for m in models)]]
    for name, part in changed.groupby("corruption", sort=False):
        cells = [" / ".join(f"{v:.3f}" for v in part[m]) for m in models]
        rows.append([f"{name} ({part['measure'].iloc[0]})", ", ".join(part["setting"]), *cells])
    rows.append(["**mean of all**", "", *(f"**{changed[m].mean():.3f}**" for m in models)])
    return markdown_table(["corruption", "strengths", *models], rows)


def write(table: pd.DataFrame, out: Path, origin: str) -> None:
    """Write `robustness.csv`, `robustness.md` and `robustness.png` to a folder."""
    from affect import figure_style
    from affect.evaluation import figures

    write_table(table, out / "robustness.csv", float_format="%.6f")
    write_text(out / "robustness.md", f"Accuracy on {origin}:\n\n{table_of(table)}\n")
    figure_style.save(figures.robustness(table, origin), out / "robustness.png")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line. Returns the exit code."""
    parser = CommandParser(
        prog="python -m affect.evaluation.robustness",
        description="Accuracy of one model or several under twelve corruptions at three strengths, on stdout.",
        epilog="example: python -m affect.evaluation.robustness --model models/starter_ferplus.pt older.pt "
        "--data ferplus.zip --out results/ferplus/starter_ferplus",
    )
    parser.add_argument("--model", type=Path, nargs="+", required=True, metavar="FILE.pt")
    add_measured(parser)
    parser.add_argument("--out", type=Path, metavar="DIR", help="write robustness.csv, .md and .png")
    options = parser.parse_args(arguments)
    if options.out is not None and len(options.model) > MOST:
        parser.error(
            f"a figure can tell {MOST} models apart, not {len(options.model)}: name fewer, or leave --out away"
        )

    def work() -> None:
        manifest, split = measured_data(options, parser)
        table = measure(options.model, manifest, split)
        if options.out is not None:
            write(table, options.out, f"{manifest.name} {split}, n = {table['n'].iloc[0]:,}")
        print(table_of(table))

    return exit_code_of(work)


if __name__ == "__main__":
    sys.exit(main())
