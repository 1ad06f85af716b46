"""The manifest of a data set: one table of its pictures with label and split, read from any layout of AffectNet.

Reads, in place, a folder or a .zip: class folders (named or numbered), with or without a `labels.csv`; `labels.csv`
alone; AffectNet's own release. Names and numbers of classes: `affect.data.classes`. Training, evaluation, the report
and the notebooks start here.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from affect.data.annotations import NOT_A_CLASS
from affect.data.classes import NONE, is_number, parse_classes, remedy, told_names, told_unknown
from affect.data.layouts import (
    ARCHIVES,
    NO_CLASS_FOLDER,
    Labels,
    advice_on,
    is_list,
    labelled,
    not_understood,
    unknown_names,
)
from affect.data.source import PICTURE_ENDINGS, PictureSource
from affect.data.splits import STRATIFIED, VAL_FROM_TRAIN, original_split, stratified_part, stratified_sample
from affect.emotions import EMOTIONS
from affect.errors import AffectError, as_shown

FEW = 10  # a class with fewer pictures in a split is too small to train or to measure on
MADE = {
    VAL_FROM_TRAIN: "it has no val, so a fifth of train becomes val, which training is measured on",
    "original": "random 80/20, as the first version made it",
    "stratified": "made anew, every class in its share",
    "stratified-tenth": "made anew, every class in its share, a tenth for val",
}
SOURCES = {"folder": "folders' names", "csv": "labels.csv", "annotations": "AffectNet's annotations"}


def add_labelling(parser: argparse.ArgumentParser) -> None:
    """Add the options `--labels`, `--classes` and `--split-mode` of `read_manifest` to an argument parser.

    Evaluation is on pictures unseen in training only if all three are as they were in training.
    """
    parser.add_argument(
        "--labels", choices=("folder", "csv"), default="folder",
        help="what names a picture's class, where the data set has both (default: folder)",
    )  # fmt: skip
    parser.add_argument(
        "--classes", metavar="MAP",
        help="what the data set's names and numbers mean, as 1=surprise,2=fear or sad_or_disgust=sad/disgust "
        f"({NONE}: leave out), or whose numbers they are: affectnet, fer2013, ferplus, raf-db, ck+",
    )  # fmt: skip
    parser.add_argument(
        "--split-mode", choices=("original", *STRATIFIED),
        help="part the data set anew (default: its own split, else the first version's random 80/20)",
    )  # fmt: skip


def manifest_of(options: argparse.Namespace, data: Path | None = None, *, tell: bool = True) -> Manifest:
    """Read the manifest that command-line options name, without their `--limit`, and print its `overview` on stderr.

    data: in place of `options.data`.   tell: whether to print; the overview states what `--limit` leaves.
    """
    manifest = read_manifest(data or options.data, options.labels, options.split_mode, classes=options.classes)
    if tell:
        limited = manifest.limited(getattr(options, "limit", None), seed=0)  # the counts do not depend on the seed
        print(*map(as_shown, overview(limited)), sep="\n", file=sys.stderr)
    return manifest


def overview(manifest: Manifest) -> list[str]:
    """Summary of a data set in a few lines of text.

    States the number of pictures and classes, how names and numbers are read, where val comes from, classes with
    hardly any pictures in a split, and what is left out and why.
    """
    table = manifest.table
    splits = table["split"].value_counts()
    parts = ", ".join(f"{splits[s]:,} {s or 'in no split'}" for s in ("train", "val", "test", "") if s in splits)
    absent = [e for e in EMOTIONS if e not in set(table["label"])]
    present = [e for e in EMOTIONS if e not in absent]
    which = f"no {', no '.join(absent)}" if len(present) > len(absent) else f"{', '.join(present)} alone"
    classes = f"{len(present)} of the eight classes, {which}" if absent else "all eight classes"
    lines = [f"{manifest.name}: {len(table):,} pictures ({parts}), {classes}; labels from {SOURCES[manifest.labels]}"]
    if names := told_names(manifest.read_as):
        assumed = manifest.classes is None and all(map(is_number, manifest.read_as))
        lines.append(f"read as: {names}{' (AffectNet: others with --classes)' if assumed else ''}")
    if manifest.split in MADE:
        kept = "; its test is for affect.evaluation --split test" if "test" in splits else ""
        lines.append(f"split: {MADE[manifest.split]}{kept}")
    if manifest.limit is not None:
        used = ", ".join(f"{len(manifest.rows(s)):,} of {splits[s]:,} {s}" for s in ("train", "val") if s in splits)
        lines.append(f"limit: {used} pictures are used, every class in its share")
    if few := _few(manifest, absent):
        lines.append(f"hardly any: {few}")
    return [*lines, *_left_out(manifest)]


def _few(manifest: Manifest, absent: list[str]) -> str:
    """Text that lists the classes with fewer than FEW pictures in a split, without those that the data set lacks."""
    told = []
    for split in ("train", "val", "test"):
        counts = manifest.table.loc[manifest.table["split"] == split, "label"].value_counts()
        few = [f"{e} {counts.get(e, 0)}" for e in EMOTIONS if e not in absent and counts.get(e, 0) < FEW]
        if few and len(counts):
            whole = len(few) + len(absent) == len(EMOTIONS)
            told.append(f"{'every class' if whole else ', '.join(few)} in {split}")
    return "; ".join(told)


def _left_out(manifest: Manifest) -> list[str]:
    """Lines of the overview that state which pictures are left out, and why."""
    lines = []
    if folders := {n: c for n, c in manifest.unknown.items() if n}:
        lines.append(f"left out, since not understood: {told_unknown(folders)}; {remedy(folders)} takes them")
    reasons = Counter(manifest.skipped["reason"])
    reasons[NO_CLASS_FOLDER] = manifest.unknown.get("", 0)
    other = ", ".join(f"{n:,} {reason}" for reason, n in reasons.most_common() if n)
    return [*lines, f"left out: {other}"] if other else lines


VOTES = [f"votes_{emotion}" for emotion in EMOTIONS]
SplitMode = Literal["original", "stratified", "stratified-tenth"]


def _nothing_skipped() -> pd.DataFrame:
    return pd.DataFrame(columns=["pth", "reason"])


@dataclass(frozen=True)
class Manifest:
    """A data set as a table of pictures with labels and splits.

    name:    the data set's name: the stem of its path.
    source:  reads the pictures.
    table:   one row per picture: `pth` (relative path), `label` (one of EMOTIONS), `split` (train, val, test or "");
             `folder_label` and `csv_label` ("" if unusable) if the data set has both; the annotators' votes (`votes_*`,
             whole numbers) if it has them; for a stratified split also `near_group`: rows with the same number are
             near-duplicates. Sorted by `pth`.
    skipped: `pth` and `reason`, sorted: pictures without a usable label, missing listed files, and files that are not
             safe to read.
    labels:  where the labels come from: "folder", "csv" or "annotations" (AffectNet's own release).
    split:   where the split comes from: "given" by the data set, VAL_FROM_TRAIN, "original" or one of STRATIFIED.
    classes: the value of `--classes`; None if it was not given.
    read_as: the class of each folder name or list label.
    unknown: number of pictures for each label that is not understood ("": no class folder).
    limit:   None, or (n, seed): `rows` returns n training pictures only, and the same share of the other splits.
    """

    name: str
    source: PictureSource
    table: pd.DataFrame
    skipped: pd.DataFrame = field(default_factory=_nothing_skipped)
    labels: str = "folder"
    split: str = "given"
    classes: str | None = None
    read_as: Mapping[str, str] = field(default_factory=dict)
    unknown: Mapping[str, int] = field(default_factory=dict)
    limit: tuple[int, int] | None = None

    @property
    def has_votes(self) -> bool:
        """Whether the table has the annotators' votes."""
        return set(VOTES) <= set(self.table.columns)

    def digest(self, limit: int | None = None) -> str:
        """Hash of the pictures' paths, labels and splits, 16 hexadecimal digits, to recognise the same data.

        limit: included in the hash, since it selects other pictures.   Test pictures are not included, since training
        does not use them.
        """
        rows = self.table.loc[self.table["split"] != "test", ["pth", "label", "split"]].to_csv(index=False)
        chosen = None if limit is None else f"{limit} of train, every class in its share"
        return hashlib.sha256(f"{chosen}\n{rows}".encode()).hexdigest()[:16]

    def limited(self, limit: int | None, seed: int) -> Manifest:
        """The same data set limited to so many training pictures, for a quick trial (see `limit`)."""
        return self if limit is None else replace(self, limit=(limit, seed))

    @property
    def judged(self) -> str:
        """The default split for evaluation: val, else test, else "all"."""
        have = set(self.table["split"])
        return next((s for s in ("val", "test") if s in have), "all")

    def rows(self, split: str) -> pd.DataFrame:
        """The rows of one split ("all" for every row). Raises AffectError if the split is empty."""
        rows = self.table if split == "all" else self.table[self.table["split"] == split]
        if rows.empty:
            have = ", ".join(f"{k or 'none'} {v}" for k, v in self.table["split"].value_counts().items())
            free = int((self.table["split"] != "test").sum())
            anew = ", or part it anew with --split-mode original" if split != "test" and free > 1 else ""
            raise AffectError(
                f"{self.source.path} has no pictures in the split {split!r} (it has: {have}). "
                f"Choose another split or data set{anew}."
            )
        train = int((self.table["split"] == "train").sum())
        if self.limit is not None and self.limit[0] < train:
            rows = stratified_sample(rows, max(1, round(len(rows) * self.limit[0] / train)), self.limit[1])
        return rows.reset_index(drop=True)


def read_manifest(
    data: str | Path,
    labels: Labels = "folder",
    split_mode: SplitMode | None = None,
    seed: int = 42,
    classes: str | None = None,
) -> Manifest:
    """Read the manifest of a data set; the result is the same on every machine.

    labels:     "folder" takes the class folder's name as the label, "csv" the label in `labels.csv`. Data with one kind
                of label only (no class folders, or AffectNet's own release) ignore this.
    split_mode: None keeps the data set's own split; without one, it is "original".
                "original": the random 80/20 split of the reported results, over sorted relative paths, independent of
                the labels.   "stratified": equal class shares, near-duplicates on one side (decodes every picture
                once); "stratified-tenth" with a tenth of the pictures for val instead of a fifth.
                A named mode splits all pictures anew except the data set's own test pictures.
                A data set with train but no val gets a fifth of train as val, drawn as in the original split.
    seed:       random seed of either split.
    classes:    the meaning of names and numbers, as for `--classes`: "1=surprise,2=fear", "raf-db".
    Raises AffectError if there is no such data set, no picture has a label, the class numbers are ambiguous, or a list
    cannot be read.
    """
    if labels not in ("folder", "csv") or split_mode not in (None, "original", *STRATIFIED):
        raise AffectError(f"labels must be 'folder' or 'csv', split_mode {', '.join(('original', *STRATIFIED))}.")
    given = parse_classes(classes)
    file = Path(data).expanduser()
    if file.is_file() and file.suffix.lower() not in ARCHIVES and (advice := advice_on([file.name])):
        raise AffectError(f"{file} is no folder of pictures: {advice}")
    source = PictureSource(data)
    names, unfit = source.listing()
    pictures, others = source.pictures_among(n for n in names if not is_list(n))
    if not pictures and (advice := advice_on(names)):
        raise AffectError(f"{source.path} holds no pictures that are read: {advice}")
    if not pictures:
        left_out = f"; {len(unfit):,} files are left out, the first: {unfit[0][1]}" if unfit else ""
        raise AffectError(f"{source.path} holds no pictures ({', '.join(PICTURE_ENDINGS)}){left_out}. Check --data.")
    table, skipped, kind = labelled(source, names, pictures, labels, given)
    unknown = unknown_names(table, skipped, given)
    skipped += unfit + others
    table = table.sort_values("pth", ignore_index=True)
    own = set(table["split"]) - {""}
    mode = split_mode or (None if own else "original")
    how = mode or ("given" if "val" in own or "train" not in own else VAL_FROM_TRAIN)
    if mode == "original" or how == VAL_FROM_TRAIN:  # before labels are read, so that the split does not depend on them
        table = _split_originally(table, table["split"] == "train" if mode is None else table["split"] != "test", seed)
    told = {p for p, _ in skipped}
    skipped += [(p, NOT_A_CLASS) for p in table.loc[table["label"] == "", "pth"] if p not in told]
    table = table[table["label"] != ""].reset_index(drop=True)
    if table.empty:
        raise not_understood(source, names, unknown)
    read_as = dict(zip(table["name"], table["label"], strict=True)) if "name" in table else {}
    table = table.drop(columns="name", errors="ignore")
    if (partial := table["label"].str.contains("/", regex=False)).any():
        table["either"] = table["label"].where(partial, "")
        table["label"] = table["label"].str.split("/").str[0]
    if mode in STRATIFIED:
        table = _split_stratified(source, table, STRATIFIED[mode], seed)
    left_out = pd.DataFrame(sorted(set(skipped)), columns=["pth", "reason"])
    stem = source.path.stem.strip(".") or source.path.resolve().stem
    name = as_shown(stem).replace("\\", "_")  # it becomes a folder's name
    return Manifest(name, source, table, left_out, kind, how, classes or None, read_as, unknown)


def _split_originally(table: pd.DataFrame, free: pd.Series, seed: int) -> pd.DataFrame:
    """Give the `free` rows, bool (n,), the original random split."""
    split = table["split"].to_numpy(object)
    split[free.to_numpy()] = original_split(int(free.sum()), seed)
    return table.assign(split=split.astype(str))


def _split_stratified(source: PictureSource, table: pd.DataFrame, share: float, seed: int) -> pd.DataFrame:
    """Give all rows but test a stratified split with near-duplicate groups; test rows are groups of their own."""
    from affect.data.duplicates import duplicate_groups

    free = np.flatnonzero(table["split"] != "test")
    rows, groups = table.iloc[free], np.arange(len(table))
    groups[free] = free[duplicate_groups(source, rows["pth"].tolist())]
    split = table["split"].to_numpy(object)
    split[free] = np.where(stratified_part(rows, share, seed, groups[free]), "val", "train")
    return table.assign(split=split.astype(str), near_group=groups)
