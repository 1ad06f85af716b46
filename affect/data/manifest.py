"""One table for a data set: what is in it, which label and split each picture has, and how to read it.

Reads every layout of AffectNet, from a folder or a .zip, in place: class folders (named, or in AffectNet's numbers),
with or without a `labels.csv`; `labels.csv` alone; AffectNet's own release. Everything that learns starts here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Literal

import numpy as np
import pandas as pd

from affect.data.annotations import (
    NOT_A_CLASS,
    NOT_LISTED,
    Skipped,
    emotion_of_number,
    from_file_lists,
    from_labels_csv,
    from_npy,
    split_of,
)
from affect.data.source import PICTURE_ENDINGS, PictureSource
from affect.data.splits import VAL_SHARE, original_split, stratified_part
from affect.emotions import EMOTIONS
from affect.errors import AffectError

VOTES = [f"votes_{emotion}" for emotion in EMOTIONS]
Labels = Literal["folder", "csv"]
SplitMode = Literal["original", "stratified"]

NO_CLASS_FOLDER = "not in a class folder"
ANNOTATIONS = ("_exp.npy", "_val.npy", "_aro.npy", "_lnd.npy")  # of AffectNet's own release
FILE_LISTS = "manually_annotated_file_lists"


def _nothing_skipped() -> pd.DataFrame:
    return pd.DataFrame(columns=["pth", "reason"])


@dataclass(frozen=True)
class Manifest:
    """A data set as a table.

    name:    the data set's name: the stem of its path.
    source:  reads the pictures.
    table:   a row a picture: `pth` (relative path), `label` (one of EMOTIONS), `split` (train, val, test or ""),
             `folder_label` and `csv_label` ("" where it says nothing) where the data set has both, and the annotators'
             votes (`votes_*`, whole numbers) where it has them; where the split is stratified, also `near_group`: rows
             with the same number are near-duplicates. Sorted by `pth`.
    skipped: `pth` and `reason`, sorted: pictures without a usable label, listed files that are not there, and files
             that are not safe to read.
    labels:  where the labels come from: "folder", "csv" or "annotations" (AffectNet's own release).
    split:   where the split comes from: "given" by the data set, "original" or "stratified".
    """

    name: str
    source: PictureSource
    table: pd.DataFrame
    skipped: pd.DataFrame = field(default_factory=_nothing_skipped)
    labels: str = "folder"
    split: str = "given"

    @property
    def has_votes(self) -> bool:
        """Whether the annotators' votes are known."""
        return set(VOTES) <= set(self.table.columns)

    def digest(self, limit: int | None = None) -> str:
        """Which pictures with which labels and splits, 16 hexadecimal digits: another one where the data are.

        limit: so many pictures are taken of it, which is another choice of data too.   The test pictures do not count:
        no training looks at them.
        """
        rows = self.table.loc[self.table["split"] != "test", ["pth", "label", "split"]].to_csv(index=False)
        return hashlib.sha256(f"{limit}\n{rows}".encode()).hexdigest()[:16]

    def rows(self, split: str) -> pd.DataFrame:
        """The rows of one split ("all" for every row). Raises AffectError where the split is empty."""
        rows = self.table if split == "all" else self.table[self.table["split"] == split]
        if rows.empty:
            have = ", ".join(f"{k or 'none'} {v}" for k, v in self.table["split"].value_counts().items())
            raise AffectError(
                f"{self.source.path} has no pictures in the split {split!r} (it has: {have}). "
                "Choose another split, or make one with --split-mode stratified."
            )
        return rows.reset_index(drop=True)


def read_manifest(
    data: str | Path, labels: Labels = "folder", split_mode: SplitMode | None = None, seed: int = 42
) -> Manifest:
    """The table of a data set, the same on every machine.

    labels:     "folder" takes the class folder's name as the label, "csv" takes `labels.csv`'s. Pictures that are not
                in class folders, and AffectNet's own release, have one kind of label only, and it is taken.
    split_mode: None keeps the data set's own split, and gives one without a split the "original" one: the random
                80/20 split of the reported results, over sorted relative paths, the same for either kind of labels.
                "stratified" has every class in the same shares and near-duplicates on one side (it looks at every
                picture once). Where a mode is named, it parts all but the data set's own test pictures anew.
    seed:       of either split.
    Raises AffectError where there is no such data set, nothing in it has a label, or a list cannot be read.
    """
    if labels not in ("folder", "csv") or split_mode not in (None, "original", "stratified"):
        raise AffectError("labels must be 'folder' or 'csv', split_mode 'original' or 'stratified'.")
    source = PictureSource(data)
    names, unfit = source.listing()
    pictures, others = source.pictures_among(n for n in names if not _is_list(n))
    if not pictures:
        left_out = f"; {len(unfit):,} files are left out, the first: {unfit[0][1]}" if unfit else ""
        raise AffectError(f"{source.path} holds no pictures ({', '.join(PICTURE_ENDINGS)}){left_out}. Check --data.")
    table, skipped, kind = _labelled(source, names, pictures, labels)
    skipped += unfit + others
    table = table.sort_values("pth", ignore_index=True)
    own_split = (table["split"] != "").any()
    mode = split_mode or (None if own_split else "original")
    if mode == "original":  # before labels are looked at, so that it does not depend on them
        table = _split_originally(table, seed)
    told = {p for p, _ in skipped}
    skipped += [(p, NOT_A_CLASS) for p in table.loc[table["label"] == "", "pth"] if p not in told]
    table = table[table["label"] != ""].reset_index(drop=True)
    if table.empty:
        raise AffectError(
            f"No picture in {source.path} has one of the eight labels ({', '.join(EMOTIONS)}). "
            "Rename its class folders, or the labels in its list."
        )
    if mode == "stratified":
        table = _split_stratified(source, table, seed)
    left_out = pd.DataFrame(sorted(set(skipped)), columns=["pth", "reason"])
    name = source.path.stem.strip(".") or source.path.resolve().stem
    return Manifest(name, source, table, left_out, kind, mode or "given")


def _is_list(name: str) -> bool:
    """Whether a file is one that labels are read from."""
    *folders, file = name.lower().split("/")
    return file == "labels.csv" or file.endswith(ANNOTATIONS) or (FILE_LISTS in folders and file.endswith(".csv"))


def _labelled(
    source: PictureSource, names: Sequence[str], pictures: Sequence[str], labels: Labels
) -> tuple[pd.DataFrame, Skipped, str]:
    """The table as the data set's layout gives it (label "" where it is unusable), what is left out, and the layout."""
    file_lists = [n for n in names if FILE_LISTS in n.lower().split("/")[:-1] and n.lower().endswith(".csv")]
    if file_lists:
        return *from_file_lists(source, file_lists, pictures), "annotations"
    if any(n.endswith("_exp.npy") for n in names):
        return *from_npy(source, names, pictures), "annotations"
    table, strays = _from_folders(pictures)
    lists = [n for n in names if PurePosixPath(n).name.lower() == "labels.csv"]
    if not lists and (table.empty or labels == "csv"):
        if table.empty:
            raise AffectError(
                f"{source.path} holds no pictures in class folders ({', '.join(EMOTIONS)}) and no labels.csv. "
                "Check --data."
            )
        raise AffectError(f"{source.path} has no labels.csv. Use --labels folder.")
    if not lists:
        return table.rename(columns={"folder_label": "label"}), strays, "folder"
    listed, skipped = from_labels_csv(source, lists, pictures)
    if table.empty:
        unlisted = sorted(set(pictures) - set(listed["pth"]))
        skipped += [(p, NOT_LISTED) for p in unlisted]
        return _ordered(listed.rename(columns={"csv_label": "label"})), skipped, "csv"
    joined = _joined(table, listed)
    if labels == "csv":
        unlisted = sorted(set(joined["pth"]) - set(listed["pth"]))
        skipped += [(p, NOT_LISTED) for p in unlisted]
    joined["label"] = joined[f"{labels}_label"]
    return _ordered(joined), strays + skipped, labels


def _from_folders(pictures: Sequence[str]) -> tuple[pd.DataFrame, Skipped]:
    """`pth`, `folder_label`, `split` of the pictures in class folders, and the others.

    The innermost class folder counts. Numbers are classes only where no folder has a class's name and no folder that
    holds pictures has a number above 10 (AffectNet's own picture folders are numbered too).
    """
    folders = [PurePosixPath(p).parts[:-1] for p in pictures]
    labels = [next((f.lower() for f in reversed(fs) if f.lower() in EMOTIONS), None) for fs in folders]
    if not any(labels):
        numbers = {fs[-1] for fs in folders if fs and fs[-1].isdecimal()}
        if all(len(n) <= 4 and int(n) <= 10 for n in numbers):
            labels = [emotion_of_number(fs[-1]) if fs and fs[-1] in numbers else None for fs in folders]
    rows = [(p, x, split_of(fs)) for p, x, fs in zip(pictures, labels, folders, strict=True) if x]
    strays = [
        (p, NO_CLASS_FOLDER if x is None else NOT_A_CLASS) for p, x in zip(pictures, labels, strict=True) if not x
    ]
    return pd.DataFrame(rows, columns=["pth", "folder_label", "split"]), strays


def _joined(table: pd.DataFrame, listed: pd.DataFrame) -> pd.DataFrame:
    """The pictures in class folders with what the list says about them; the list's split goes before the folder's."""
    joined = table.merge(listed, on="pth", how="left", suffixes=("", "_csv"))
    joined["csv_label"] = joined["csv_label"].fillna("")
    of_list = joined["split_csv"].fillna("")
    joined["split"] = joined["split"].where(of_list == "", of_list)
    votes = [c for c in joined.columns if c.startswith("votes_")]
    joined[votes] = joined[votes].fillna(0).astype(int)
    return joined


def _ordered(table: pd.DataFrame) -> pd.DataFrame:
    first = ["pth", "label", "split", "folder_label", "csv_label"]
    votes = [c for c in table.columns if c.startswith("votes_")]
    return table[[c for c in first if c in table.columns] + votes].copy()


def _split_originally(table: pd.DataFrame, seed: int) -> pd.DataFrame:
    free = (table["split"] != "test").to_numpy()
    split = table["split"].to_numpy(object)
    split[free] = original_split(int(free.sum()), seed)
    return table.assign(split=split.astype(str))


def _split_stratified(source: PictureSource, table: pd.DataFrame, seed: int) -> pd.DataFrame:
    """A new split but for the test pictures, which are not looked at and so are each alone in `near_group`."""
    from affect.data.duplicates import duplicate_groups

    free = np.flatnonzero(table["split"] != "test")
    rows, groups = table.iloc[free], np.arange(len(table))
    groups[free] = free[duplicate_groups(source, rows["pth"].tolist())]
    split = table["split"].to_numpy(object)
    split[free] = np.where(stratified_part(rows, VAL_SHARE, seed, groups[free]), "val", "train")
    return table.assign(split=split.astype(str), near_group=groups)
