"""Data quality report of a data set: `python -m affect.data.report --data DIR_OR_ZIP --out DIR`.

Counts per class and split, picture sizes, unreadable files, duplicates within and across splits, and disagreement
between folder and `labels.csv`. Called by the exploratory notebook. Shows no faces.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
from tqdm import tqdm

from affect.command_line import CommandParser, exit_code_of
from affect.data.duplicates import Fingerprints, exact_groups, fingerprints, near_groups
from affect.data.framing import FaceFinder
from affect.data.manifest import VOTES, Manifest, add_labelling, manifest_of
from affect.data.source import UNREADABLE
from affect.data.tables import write_table
from affect.emotions import EMOTIONS
from affect.faces.pictures import declared_size
from affect.faces.preprocessing import Image
from affect.files import write_text


def statistics_of(pictures: Image) -> pd.DataFrame:
    """Brightness, contrast and sharpness of each picture, one row per picture.

    pictures: uint8 (n, side, side, channels), RGB or grey, from `prepare_pictures`.
    brightness: mean grey level, 0…255.   contrast: standard deviation of the grey levels, 0…127.5.
    sharpness:  variance of the Laplacian, grey levels squared (Pech-Pacheco et al. 2000); it depends on the pictures'
                size, so compare within one preprocessing only.
    """
    rows = []
    for picture in pictures:
        grey = picture[..., 0] if picture.shape[-1] == 1 else cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
        rows.append((grey.mean(), grey.std(), cv2.Laplacian(grey, cv2.CV_64F).var()))
    return pd.DataFrame(rows, columns=["brightness", "contrast", "sharpness"], dtype=np.float64)


def sizes_of(manifest: Manifest, rows: pd.DataFrame) -> pd.DataFrame:
    """Width and height of each picture in pixels, read from its header without decoding.

    Returns columns `width` and `height` with the index of `rows`; unreadable pictures are left out.
    """
    found = {}
    for index, name in rows["pth"].items():
        try:
            size = declared_size(manifest.source.read(name))
        except UNREADABLE:
            continue
        if size is not None:
            found[index] = size
    return pd.DataFrame.from_dict(found, orient="index", columns=["width", "height"])


def faces_found(manifest: Manifest, rows: pd.DataFrame) -> pd.Series:
    """Whether v4's Haar detector finds a face in each picture, bool with the index of `rows`.

    Unreadable pictures are left out. About 20 ms per picture, with a progress bar.
    """
    finder, found = FaceFinder(), {}
    for index, name in tqdm(rows["pth"].items(), total=len(rows), desc="faces", unit="img", leave=False):
        picture = manifest.source.picture(name)
        if picture is not None:
            found[index] = finder.find(picture) is not None
    return pd.Series(found, dtype=bool)


SPLIT_ORDER = ("train", "val", "test", "")
PANELS = 50  # simulated panels; the agreement of a single one varies by half a point on 3,500 pictures


@dataclass(frozen=True)
class DataReport:
    """All tables of the report on one data set.

    name, labels, split: the data set's name, and where its labels and its split come from (see `Manifest`).
    counts:      pictures by class (rows, and "total") and split (columns, "none" for no split, and "total").
    sizes:       smallest, quartiles and largest of width and height (pixels) and aspect (width / height).
    unreadable:  `pth`, `label`, `split` of pictures that cannot be decoded.
    copies:      rows "exact" (identical pixels) and "near" (including exact); columns `groups`, `pictures` in them,
                 `superfluous` (pictures beyond each group's first), `groups_across_splits`, `groups_of_several_labels`,
                 and `judged_and_in_train`: val and test pictures with a copy in train.
    duplicates:  `pth`, `label`, `split`, `near_group`, `exact_group` of every picture that has a copy.
    confusion:   pictures by folder label (rows) and `labels.csv` label (columns, "none" if unusable); None if the data
                 set has one kind of label only.
    skipped:     `pth`, `reason`, from the manifest.
    repeatable:  see `repeatability`; {} if the data set has no votes.
    """

    name: str
    labels: str
    split: str
    counts: pd.DataFrame
    sizes: pd.DataFrame
    unreadable: pd.DataFrame
    copies: pd.DataFrame
    duplicates: pd.DataFrame
    confusion: pd.DataFrame | None
    skipped: pd.DataFrame
    repeatable: dict[str, float]

    @property
    def agreement(self) -> float | None:
        """Share of the pictures with both labels whose folder and `labels.csv` labels agree, 0…1."""
        if self.confusion is None:
            return None
        both = self.confusion.drop(columns="none", errors="ignore")
        total = both.to_numpy().sum()
        return float(np.trace(both.reindex(columns=list(EMOTIONS), fill_value=0)) / total) if total else None

    def skipped_counts(self) -> dict[str, int]:
        """Number of skipped pictures for each reason, most frequent first."""
        return {str(k): int(v) for k, v in self.skipped["reason"].value_counts().items()}

    def to_dict(self) -> dict[str, Any]:
        """All counts as plain values for JSON, without the lists of pictures, which are in the CSV files."""
        return {
            "name": self.name,
            "labels": self.labels,
            "split": self.split,
            "pictures": int(self.counts.loc["total", "total"]),
            "counts": _plain(self.counts),
            "sizes": _plain(self.sizes),
            "unreadable": len(self.unreadable),
            "copies": _plain(self.copies),
            "folder_and_csv_agree": self.agreement,
            "confusion": None if self.confusion is None else _plain(self.confusion),
            "skipped": self.skipped_counts(),
            "repeatable": self.repeatable,
        }

    def text(self) -> str:
        """The report as text for a terminal."""
        parts = [
            f"{self.name}: {self.counts.loc['total', 'total']} pictures, labels by {self.labels}, split {self.split}",
            f"Pictures by class and split\n{self.counts.to_string()}",
            f"Sizes in pixels\n{self.sizes.to_string()}",
            f"Copies (near: the same photograph resized, compressed, cropped a little or lit otherwise)\n"
            f"{self.copies.T.to_string()}",
            f"{len(self.unreadable)} pictures cannot be decoded",
        ]
        if self.confusion is not None:
            share = "" if self.agreement is None else f"; they agree on {self.agreement:.1%}"
            parts.append(f"Folder (rows) against labels.csv (columns){share}\n{self.confusion.to_string()}")
        if self.repeatable:
            shares = ", ".join(f"{share:.1%} of {split}" for split, share in self.repeatable.items())
            parts.append(f"As many other annotators of the same opinions would give the same label to {shares}")
        skipped = [f"  {n} {reason}" for reason, n in self.skipped_counts().items()] or ["  nothing"]
        return "\n\n".join([*parts, "\n".join(["Skipped", *skipped])])

    def write(self, folder: str | Path) -> Path:
        """Write `data_report.json` and a CSV file for each table to a folder; returns the JSON's path."""
        folder = Path(folder)
        tables = {"counts": self.counts, "sizes": self.sizes, "copies": self.copies}
        lists = {"unreadable": self.unreadable, "duplicates": self.duplicates, "skipped": self.skipped}
        if self.confusion is not None:
            tables["confusion"] = self.confusion
        for name, table in (tables | lists).items():
            write_table(table, folder / f"{name}.csv", index=name in tables)
        write_text(folder / "data_report.json", json.dumps(self.to_dict(), indent=2, ensure_ascii=False) + "\n")
        return folder / "data_report.json"


def data_report(manifest: Manifest) -> DataReport:
    """Compute the report of a data set from one pass over its pictures, on all cores, with a progress bar."""
    table = manifest.table
    prints = fingerprints(manifest.source, table["pth"].tolist())
    grouped = table[["pth", "label", "split"]].assign(near_group=near_groups(prints), exact_group=exact_groups(prints))
    has_copy = grouped.groupby("near_group")["pth"].transform("size") > 1
    return DataReport(
        name=manifest.name,
        labels=manifest.labels,
        split=manifest.split,
        counts=class_counts(table),
        sizes=_sizes(prints),
        unreadable=table.loc[~prints.readable, ["pth", "label", "split"]].reset_index(drop=True),
        copies=pd.DataFrame({kind: _copies(grouped, f"{kind}_group") for kind in ("exact", "near")}).T,
        duplicates=grouped[has_copy].sort_values(["near_group", "exact_group", "pth"], ignore_index=True),
        confusion=_confusion(table),
        skipped=manifest.skipped,
        repeatable=repeatability(table),
    )


def class_counts(table: pd.DataFrame) -> pd.DataFrame:
    """Number of a manifest's pictures by class (rows) and split (columns; "none": no split), with totals."""
    counts = pd.crosstab(table["label"], table["split"])
    splits = [s for s in SPLIT_ORDER if s in counts.columns]
    counts = counts.reindex(index=list(EMOTIONS), columns=splits, fill_value=0).rename(columns={"": "none"})
    counts["total"] = counts.sum(axis=1)
    counts.loc["total"] = counts.sum()
    return counts.rename_axis(index="label", columns=None)


def repeatability(table: pd.DataFrame) -> dict[str, float]:
    """Repeatability of the label by split: the share of pictures that a second panel of annotators would label alike.

    The second panel is simulated: as many votes, drawn from the picture's vote shares; ties are broken at random.
    table: a manifest's; pictures without votes are ignored. Returns shares 0…1. A model that knew each picture's vote
    distribution would reach about this accuracy.
    """
    if not set(VOTES) <= set(table.columns):
        return {}
    voted = table[table[VOTES].to_numpy().sum(1) > 0]
    votes = voted[VOTES].to_numpy(np.int64)
    labels = voted["label"].map({e: i for i, e in enumerate(EMOTIONS)}).to_numpy()
    asked, rng = votes.sum(1), np.random.default_rng(0)
    shares = votes / asked[:, None]
    same = np.zeros(len(voted))
    for _ in range(PANELS):
        others = rng.multinomial(asked, shares) + rng.random(votes.shape)
        same += others.argmax(1) == labels
    means = pd.Series(same / PANELS).groupby(voted["split"].replace("", "none").to_numpy()).mean()
    return {str(split): round(float(share), 4) for split, share in means.items()}


def _sizes(prints: Fingerprints) -> pd.DataFrame:
    width, height = prints.sizes[prints.readable].T
    sizes = pd.DataFrame({"width": width, "height": height, "aspect": width / np.maximum(height, 1)})
    quartiles = sizes.quantile([0, 0.25, 0.5, 0.75, 1])
    quartiles.index = pd.Index(["smallest", "quarter", "median", "three quarters", "largest"])
    return quartiles.round(3)


def _copies(grouped: pd.DataFrame, column: str) -> dict[str, int]:
    """The row of `DataReport.copies` for one kind of group."""
    groups = grouped.groupby(column)
    each = pd.DataFrame(
        {"n": groups.size(), "splits": groups["split"].nunique(), "labels": groups["label"].nunique()}
    ).query("n > 1")
    in_train = set(grouped.loc[grouped["split"] == "train", column])
    judged = grouped.loc[grouped["split"].isin(["val", "test"]), column]
    return {
        "groups": len(each),
        "pictures": int(each["n"].sum()),
        "superfluous": int((each["n"] - 1).sum()),
        "groups_across_splits": int((each["splits"] > 1).sum()),
        "groups_of_several_labels": int((each["labels"] > 1).sum()),
        "judged_and_in_train": int(judged.isin(in_train).sum()),
    }


def _confusion(table: pd.DataFrame) -> pd.DataFrame | None:
    if not {"folder_label", "csv_label"} <= set(table.columns):
        return None
    confusion = pd.crosstab(table["folder_label"], table["csv_label"].replace("", "none"))
    columns = [*EMOTIONS, *(["none"] if "none" in confusion.columns else [])]
    return confusion.reindex(index=list(EMOTIONS), columns=columns, fill_value=0).rename_axis(columns="csv_label")


def _plain(table: pd.DataFrame) -> dict[str, dict[str, float]]:
    """A table as {row: {column: number}} for JSON; whole numbers stay integers, missing values become null."""
    plain: dict[str, dict[str, float]] = json.loads(table.to_json(orient="index"))
    return plain


def main(arguments: list[str] | None = None) -> int:
    """Run the command line. Returns the exit code: 0 done, 2 error, 130 interrupted."""
    parser = CommandParser(
        prog="python -m affect.data.report", description="Counts, sizes, copies and disagreements of a data set."
    )
    parser.add_argument("--data", type=Path, required=True, metavar="DIR_OR_ZIP")
    add_labelling(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="for data_report.json and the CSV files")
    options = parser.parse_args(arguments)

    def work() -> None:
        report = data_report(manifest_of(options))
        report.write(options.out)
        print(report.text())

    return exit_code_of(work)


if __name__ == "__main__":
    sys.exit(main())
