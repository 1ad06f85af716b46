"""A model's recall by estimated age, gender and skin tone: `python -m affect.evaluation.groups`.

No data set here tells these, so they are estimated: age and gender by another network, skin tone from the colour of the
cheeks. The groups are groups of estimates, not of people.
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from matplotlib.figure import Figure
from scipy.stats import binomtest
from tqdm import tqdm

from affect import figure_style
from affect.arrays import Floats
from affect.command_line import CommandParser, exit_code_of
from affect.data.cache import prepare_pictures
from affect.data.loading import normalized
from affect.data.manifest import Manifest
from affect.data.tables import markdown_table, write_table
from affect.emotions import COLORS, EMOTIONS
from affect.evaluation.measure import Evaluation, add_measured, evaluate_pictures, measured_data
from affect.evaluation.metrics import occurring
from affect.faces.preprocessing import Image
from affect.figure_style import MUTED, OUTLINE, headline, in_percent, new_figure, tidy
from affect.files import write_text
from affect.model.face_attributes import FACE, FaceAttributes

FEW = 30  # pictures; with fewer the interval of a recall is wider than 30 points
BATCH = 64
MIRRORED = 500  # pictures whose mirror image is estimated as well, to tell how steady an estimate is

AGES = {"under 20": 20.0, "20 to 39": 40.0, "40 to 59": 60.0, "60 and over": np.inf}  # years: each group's end
UNCLEAR = (0.4, 0.6)  # probability of a male face between which the gender is not clear
# Individual typology angle, degrees: each class's lower end. Chardon, Cretois, Hourseau 1991, Int. J. Cosmet. Sci. 13.
TONES = {"very light": 55.0, "light": 41.0, "intermediate": 28.0, "tan": 10.0, "brown": -30.0, "dark": -np.inf}
KINDS = {"age": list(AGES), "gender": ["read as female", "not clear", "read as male"], "skin tone": list(TONES)}
# Both cheeks in the face's box, as rows and columns in shares of its side: between eyes and mouth, beside the nose.
CHEEKS = ((0.52, 0.68, 0.18, 0.34), (0.52, 0.68, 0.66, 0.82))


def typology_angle(face: Image, cheek: tuple[float, float, float, float]) -> float:
    """The individual typology angle of a cheek, degrees: arctan((L* - 50) / b*), from medians; NaN for a blue tint.

    face: uint8 RGB (side, side, 3), the face's box.   Chardon, Cretois and Hourseau 1991.
    """
    top, bottom, left, right = (round(share * len(face)) for share in cheek)
    patch = np.ascontiguousarray(face[top:bottom, left:right], np.float32) / 255
    lightness, _, blue_yellow = np.median(cv2.cvtColor(patch, cv2.COLOR_RGB2LAB).reshape(-1, 3), axis=0)
    return float(np.degrees(np.arctan2(lightness - 50, blue_yellow))) if blue_yellow > 0 else np.nan


def tones(angles: Floats) -> npt.NDArray[np.object_]:
    """The skin tone class of each typology angle, "" for NaN.   angles: float (n,), degrees."""
    ends = np.array(list(TONES.values()))
    places = (angles[:, None] <= ends).sum(1)
    return np.where(np.isnan(angles), "", np.array(list(TONES), object)[places])


def is_grey(face: Image) -> bool:
    """Whether a picture has no colour: its channels differ by less than two grey levels on average."""
    return float(np.ptp(face.astype(np.int16), axis=2).mean()) < 2


def estimated(manifest: Manifest, rows: pd.DataFrame, faces_file: Path) -> tuple[pd.DataFrame, dict[str, float]]:
    """Estimate each face's groups.

    Returns a table with `pth` and a column for each of KINDS, "" where nothing is known, and how steady an estimate is:
    the share of pictures that are in the same group by their mirror image (age, gender) or by the other cheek (tone).
    Pictures without a face that is found are left out. Raises AffectError for another network's file.
    """
    network = FaceAttributes(faces_file)
    pictures, kept = prepare_pictures(manifest, rows, FACE, "faces")
    years, male = _attributes(network, pictures)
    sample = np.random.default_rng(0).permutation(len(pictures))[:MIRRORED]
    mirrored = _attributes(network, np.asarray(pictures[np.sort(sample)])[:, :, ::-1])
    angles = np.array([[np.nan] * 2 if is_grey(p) else [typology_angle(p, c) for c in CHEEKS] for p in pictures])
    found = {"age": _ages(years), "gender": _genders(male), "skin tone": tones(angles.mean(1))}
    other = {"age": _ages(mirrored[0]), "gender": _genders(mirrored[1])}
    steady = {kind: float((found[kind][np.sort(sample)] == other[kind]).mean()) for kind in other}
    if (seen := ~np.isnan(angles).any(1)).any():
        left, right = (tones(angles[seen, i]) for i in (0, 1))
        steady["skin tone"] = float((left == right).mean())
    return pd.DataFrame({"pth": kept["pth"], **found}), steady


def _attributes(network: FaceAttributes, pictures: Image) -> tuple[Floats, Floats]:
    starts = tqdm(range(0, len(pictures), BATCH), desc="age and gender", unit="batch", leave=False)
    parts = [network.estimate(normalized(torch.from_numpy(np.array(pictures[i : i + BATCH])), FACE)) for i in starts]
    years, male = (np.concatenate(each) for each in zip(*parts, strict=True))
    return years, male


def _ages(years: Floats) -> npt.NDArray[np.object_]:
    ends = np.array(list(AGES.values()))
    return np.array(list(AGES), object)[(years[:, None] >= ends).sum(1)]


def _genders(male: Floats) -> npt.NDArray[np.object_]:
    return np.array(KINDS["gender"], object)[(male[:, None] > np.array(UNCLEAR)).sum(1)]


def recall_by_group(evaluation: Evaluation, groups: pd.DataFrame) -> pd.DataFrame:
    """Recall of each occurring class in each group, with 95 % Wilson intervals, and in all pictures.

    groups: of `estimated`; pictures that it lacks are left out.
    Returns `kind, group, class, n, recall, low, high`, rows with n of 1 or more; the kind and group "all" come first.
    Wilson 1927, J. Am. Stat. Assoc. 22.
    """
    by_picture = groups.set_index("pth").reindex(evaluation.rows["pth"])
    known = by_picture["age"].notna().to_numpy()
    right = (evaluation.predicted == evaluation.labels)[known]
    labels, by_picture = evaluation.labels[known], by_picture[known]
    chosen = {("all", "all"): np.ones(len(right), bool)}
    chosen |= {(k, name): (by_picture[k] == name).to_numpy() for k, names in KINDS.items() for name in names}
    rows = []
    for (kind, group), mine in chosen.items():
        for name in occurring(evaluation.metrics):
            hits = right[mine & (labels == EMOTIONS.index(name))]
            if len(hits):
                interval = binomtest(int(hits.sum()), len(hits)).proportion_ci(0.95, method="wilson")
                rows.append((kind, group, name, len(hits), hits.mean(), interval.low, interval.high))
    return pd.DataFrame(rows, columns=["kind", "group", "class", "n", "recall", "low", "high"])


def table_of(table: pd.DataFrame) -> str:
    """The recalls as Markdown: a row per group, a column per class; recalls of under FEW pictures are in italics."""
    names = [name for name in EMOTIONS if (table["class"] == name).any()]
    rows = []
    for (kind, group), part in table.groupby(["kind", "group"], sort=False):
        cells = part.set_index("class")
        told = [_cell(cells.loc[name]) if name in cells.index else "–" for name in names]
        rows.append(["" if kind == "all" else kind, group, *told])
    return markdown_table(["", "group", *names], rows)


def _cell(row: pd.Series) -> str:
    text = f"{row['recall']:.2f} [{row['low']:.2f}, {row['high']:.2f}], n = {row['n']:,}"
    return text if row["n"] >= FEW else f"*{text}*"


def told_steady(steady: dict[str, float], manifest: Manifest) -> str:
    """Sentence on how steady the estimates are."""
    told = [
        f"{steady[kind]:.0%} are in the same group of {kind} by their {by}"
        for kind, by in (("age", "mirror image"), ("gender", "mirror image"), ("skin tone", "other cheek"))
        if kind in steady
    ]
    grey = "" if "skin tone" in steady else " The pictures are grey: they show no skin tone."
    return f"How steady the estimates are on {manifest.name}: {', '.join(told)}.{grey}"


def figure_of(table: pd.DataFrame, origin: str) -> Figure:
    """Recall of each class by estimated group with its 95 % interval, a panel per class.

    table: of `recall_by_group`. Marks of groups with fewer than FEW pictures are hollow and grey, and the finding
    counts none of them.
    """
    names = [name for name in EMOTIONS if (table["class"] == name).any()]
    places = {pair: -i for i, pair in enumerate(dict.fromkeys(zip(table["kind"], table["group"], strict=True)))}
    figure = new_figure(2.6 + 1.9 * len(names), 1.6 + 0.32 * len(places))
    panels = np.atleast_1d(figure.subplots(1, len(names), sharey=True))
    for axes, name in zip(panels, names, strict=True):
        for row in table[table["class"] == name].itertuples():
            enough = row.n >= FEW
            color, place = (COLORS[name] if enough else MUTED), places[row.kind, row.group]
            axes.hlines(place, row.low, row.high, color=color, linewidth=2.5, path_effects=OUTLINE if enough else None)
            axes.plot(row.recall, place, "o", color=color, markeredgecolor="0.35",
                      markerfacecolor=color if enough else "white")  # fmt: skip
            axes.text(1.03, place, f"{row.n:,}", fontsize=8, va="center", color="0.4")
            if row.kind == "all":
                axes.axvline(row.recall, color="0.3", linestyle=":")
        axes.set(title=name, xlim=(-0.02, 1.02), xticks=[0, 0.5, 1])
        in_percent(axes.xaxis)
        tidy(axes, "x")
    panels[0].set_yticks(list(places.values()), [f"{g}" if k == "all" else f"{k}: {g}" for k, g in places])
    figure.supxlabel("recall (line: 95 % Wilson interval; right: pictures; hollow: too few)", fontsize=10)
    headline(figure, _widest(table[table["n"] >= FEW]), origin)
    return figure


def _widest(table: pd.DataFrame) -> str:
    """The largest difference of a recall between two groups of one kind whose intervals do not overlap."""
    best: tuple[float, str] = (0.0, "No two groups' intervals lie apart: nothing here tells them apart")
    for (kind, name), rows in table.groupby(["kind", "class"], sort=False):
        low, high = rows.loc[rows["recall"].idxmin()], rows.loc[rows["recall"].idxmax()]
        gap = float(high["recall"] - low["recall"])
        if high["low"] > low["high"] and gap > best[0]:
            told = f"{high['recall']:.0%} ({high['group']}) and {low['recall']:.0%} ({low['group']})"
            best = gap, f"The widest gap between groups: recall of {name} by {kind}, {told}"
    return best[1]


def write(table: pd.DataFrame, steady: str, out: Path, origin: str) -> None:
    """Write `groups.csv`, `groups.md` and `groups.png` to a folder."""
    write_table(table, out / "groups.csv", float_format="%.6f")
    write_text(
        out / "groups.md",
        f"Recall by estimated group, {origin}; in brackets 95 % intervals (Wilson), in italics fewer than {FEW} "
        f"pictures. {steady}\n\n{table_of(table)}\n",
    )
    figure_style.save(figure_of(table, origin), out / "groups.png")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line. Returns the exit code."""
    parser = CommandParser(
        prog="python -m affect.evaluation.groups",
        description="Recall of each class by estimated age, gender and skin tone, with 95 % intervals, on stdout. "
        "Faces are found and cropped as live.",
        epilog="example: python -m affect.evaluation.groups --model models/starter_ferplus.pt --data ferplus.zip "
        "--split val --faces faceres-deep.json --out results/ferplus/starter_ferplus",
    )
    parser.add_argument("--model", type=Path, required=True, metavar="FILE.pt")
    add_measured(parser)
    parser.add_argument(
        "--faces", type=Path, required=True, metavar="FILE.json",
        help="faceres-deep.json, its .bin beside it, which estimates age and gender (docs/research.md)",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, metavar="DIR", help="write groups.csv, .md and .png")
    options = parser.parse_args(arguments)

    def work() -> None:
        manifest, split = measured_data(options, parser)
        groups, steady = estimated(manifest, manifest.rows(split), options.faces)
        evaluation = evaluate_pictures(options.model, manifest, split, crop="as-live")
        table, told = recall_by_group(evaluation, groups), told_steady(steady, manifest)
        if options.out is not None:
            write(table, told, options.out, evaluation.origin)
        print(evaluation.origin, told, table_of(table), sep="\n\n")

    return exit_code_of(work)


if __name__ == "__main__":
    sys.exit(main())
