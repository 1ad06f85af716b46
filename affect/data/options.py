"""How a command line is told how to read a data set, and what it tells of the data set before any work."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

from affect.data.classes import NONE, is_number, remedy, told_names, told_unknown
from affect.data.manifest import NO_CLASS_FOLDER, Manifest, read_manifest
from affect.data.splits import VAL_FROM_TRAIN
from affect.emotions import EMOTIONS

FEW = 10  # pictures of a class in a split: too few to learn from, and to measure with
MADE = {
    VAL_FROM_TRAIN: "it has no val, so a fifth of train becomes val, which training is measured on",
    "original": "random 80/20, as the first version made it",
    "stratified": "made anew, every class in its share",
}
SOURCES = {"folder": "folders' names", "csv": "labels.csv", "annotations": "AffectNet's annotations"}


def add_labelling(parser: argparse.ArgumentParser) -> None:
    """Add `--labels`, `--classes` and `--split-mode`, which `read_manifest` takes under these names.

    A model is measured on the split that it did not learn from only where all are as they were in training.
    """
    parser.add_argument(
        "--labels", choices=("folder", "csv"), default="folder",
        help="what names a picture's class, where the data set has both (default: folder)",
    )  # fmt: skip
    parser.add_argument(
        "--classes", metavar="MAP",
        help="what the data set's names and numbers mean, as 1=surprise,2=fear or sad_or_disgust=sad "
        f"({NONE}: leave out), or whose numbers they are: affectnet, fer2013, ferplus, raf-db, ck+",
    )  # fmt: skip
    parser.add_argument(
        "--split-mode", choices=("original", "stratified"),
        help="part the data set anew (default: its own split, else the first version's random 80/20)",
    )  # fmt: skip


def manifest_of(options: argparse.Namespace, data: Path | None = None, *, tell: bool = True) -> Manifest:
    """The manifest that a command line names, whole.   data: instead of `options.data`.   tell: print `overview` on
    stderr, with what a `--limit` leaves of it."""
    manifest = read_manifest(data or options.data, options.labels, options.split_mode, classes=options.classes)
    if tell:
        limited = manifest.limited(
            getattr(options, "limit", None), seed=0
        )  # how many they are is the same for any seed
        print(*overview(limited), sep="\n", file=sys.stderr)
    return manifest


def overview(manifest: Manifest) -> list[str]:
    """What a person should know of a data set before any work with it begins, in a few lines.

    How many pictures and which classes, how names and numbers are read, where val comes from, which classes have next
    to no pictures in a split, and what is left out and why.
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
    """The classes that have fewer than FEW pictures in a split, and are not missing from the whole data set."""
    told = []
    for split in ("train", "val", "test"):
        counts = manifest.table.loc[manifest.table["split"] == split, "label"].value_counts()
        few = [f"{e} {counts.get(e, 0)}" for e in EMOTIONS if e not in absent and counts.get(e, 0) < FEW]
        if few and len(counts):
            whole = len(few) + len(absent) == len(EMOTIONS)
            told.append(f"{'every class' if whole else ', '.join(few)} in {split}")
    return "; ".join(told)


def _left_out(manifest: Manifest) -> list[str]:
    """What is not used, and why."""
    lines = []
    if folders := {n: c for n, c in manifest.unknown.items() if n}:
        lines.append(f"left out, since not understood: {told_unknown(folders)}; {remedy(folders)} takes them")
    reasons = Counter(manifest.skipped["reason"])
    reasons[NO_CLASS_FOLDER] = manifest.unknown.get("", 0)
    other = ", ".join(f"{n:,} {reason}" for reason, n in reasons.most_common() if n)
    return [*lines, f"left out: {other}"] if other else lines
