"""Layouts of data sets: where each has its labels, and advice on formats that are not read. Called by the manifest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Literal

import pandas as pd

from affect.data.annotations import (
    NOT_A_CLASS,
    NOT_LISTED,
    Skipped,
    from_file_lists,
    from_labels_csv,
    from_npy,
    split_of,
)
from affect.data.classes import BESIDE, affectnet_numbers, is_number, meanings, remedy, told_unknown
from affect.data.source import PictureSource
from affect.emotions import EMOTIONS
from affect.errors import AffectError

Labels = Literal["folder", "csv"]
NO_CLASS_FOLDER = "not in a class folder"
ANNOTATIONS = ("_exp.npy", "_val.npy", "_aro.npy", "_lnd.npy")  # files of AffectNet's own release
FILE_LISTS = "manually_annotated_file_lists"
ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar")


def is_list(name: str) -> bool:
    """Whether a file contains labels: `labels.csv`, a file list or an annotation of AffectNet's release."""
    *folders, file = name.lower().split("/")
    return file == "labels.csv" or file.endswith(ANNOTATIONS) or (FILE_LISTS in folders and file.endswith(".csv"))


def labelled(
    source: PictureSource, names: Sequence[str], pictures: Sequence[str], labels: Labels, given: Mapping[str, str]
) -> tuple[pd.DataFrame, Skipped, str]:
    """Read the labels according to the data set's layout: the table, the skipped files, and where labels come from.

    In the table, `label` is "" if it is unusable, and `name` is the label as written in the data set.
    """
    file_lists = [n for n in names if FILE_LISTS in n.lower().split("/")[:-1] and n.lower().endswith(".csv")]
    if file_lists:
        return *from_file_lists(source, file_lists, pictures), "annotations"
    if any(n.endswith("_exp.npy") for n in names):
        return *from_npy(source, names, pictures), "annotations"
    table, strays = _from_folders(pictures, given)
    lists = [n for n in names if PurePosixPath(n).name.lower() == "labels.csv"]
    if not lists and (table.empty or labels == "csv"):
        if table.empty:
            raise not_understood(source, names, unknown_names(table, strays, given))
        raise AffectError(f"{source.path} has no labels.csv. Use --labels folder.")
    if not lists:
        return table.rename(columns={"folder_label": "label"}), strays, "folder"
    listed, skipped = from_labels_csv(source, lists, pictures, given)
    kind = "csv" if table.empty else labels
    if kind == "csv":
        unlisted = set(pictures if table.empty else table["pth"]) - set(listed["pth"])
        skipped += [(p, NOT_LISTED) for p in sorted(unlisted)]
    if table.empty:
        return _ordered(listed.rename(columns={"csv_label": "label", "csv_name": "name"})), skipped, kind
    joined = _joined(table, listed)
    joined["label"] = joined[f"{kind}_label"]
    if kind == "csv":
        joined["name"] = joined["csv_name"].fillna("")
    return _ordered(joined), strays + skipped, kind


def _from_folders(pictures: Sequence[str], given: Mapping[str, str]) -> tuple[pd.DataFrame, Skipped]:
    """Labels from class folders: a table with `pth`, `folder_label`, `split`, `name`, and what is skipped.

    The innermost folder with an understood name is the class. If no name is understood, folders with exactly
    AffectNet's numbers are.
    """
    folders = [PurePosixPath(p).parts[:-1] for p in pictures]
    read = meanings({f for fs in folders for f in fs}, given)
    if not any(read.values()):
        read |= affectnet_numbers({fs[-1] for fs in folders if fs and is_number(fs[-1])})
    named = [next((f for f in reversed(fs) if f in read), None) for fs in folders]
    labels = [None if n is None else read[n] for n in named]
    rows = [(p, x, split_of(fs), n) for p, x, fs, n in zip(pictures, labels, folders, named, strict=True) if x]
    strays = [
        (p, NO_CLASS_FOLDER if x is None else NOT_A_CLASS) for p, x in zip(pictures, labels, strict=True) if not x
    ]
    return pd.DataFrame(rows, columns=["pth", "folder_label", "split", "name"]), strays


def unknown_names(table: pd.DataFrame, skipped: Skipped, given: Mapping[str, str]) -> dict[str, int]:
    """Count pictures by label that is not understood (see `Manifest.unknown`).

    The label is the innermost folder except `images` and the like; a split's folder does not count.
    """
    counts: Counter[str] = Counter()
    for folder, n in Counter(PurePosixPath(p).parent for p, reason in skipped if reason == NO_CLASS_FOLDER).items():
        counts[next((f for f in reversed(folder.parts) if f.lower() not in BESIDE), "")] += n
    counts[""] += sum(counts.pop(f) for f in list(counts) if split_of([f]))
    if "label" in table and "name" in table:
        names = table.loc[(table["label"] == "") & (table["name"] != ""), "name"].value_counts()
        left_out = meanings(names.index, given)
        counts.update({n: int(c) for n, c in names.items() if n not in left_out})
    return {n: c for n, c in counts.items() if c}


def not_understood(source: PictureSource, names: Sequence[str], unknown: Mapping[str, int]) -> AffectError:
    """The error for a data set without any labelled picture: what was found, and a suggested remedy."""
    if advice := advice_on(names):
        return AffectError(f"{source.path} holds no pictures in class folders: {advice}")
    found = {n: c for n, c in unknown.items() if n}
    if not found:
        return AffectError(
            f"No picture in {source.path} is in a class folder ({', '.join(EMOTIONS)}), or has such a label in a "
            "labels.csv. Check --data."
        )
    if all(map(is_number, found)):
        return AffectError(
            f"{source.path} has numbers for classes: {told_unknown(found)}. Every data set has its own, so say what "
            f"they mean: {remedy(found)}."
        )
    return AffectError(
        f"{source.path} names none of the eight classes ({', '.join(EMOTIONS)}), but {told_unknown(found)}. Say what "
        f"they mean: {remedy(found)}."
    )


def _joined(table: pd.DataFrame, listed: pd.DataFrame) -> pd.DataFrame:
    """Join folder labels with those of `labels.csv`; the list's split overrides the folder's."""
    joined = table.merge(listed, on="pth", how="left", suffixes=("", "_csv"))
    joined["csv_label"] = joined["csv_label"].fillna("")
    of_list = joined["split_csv"].fillna("")
    joined["split"] = joined["split"].where(of_list == "", of_list)
    votes = [c for c in joined.columns if c.startswith("votes_")]
    joined[votes] = joined[votes].fillna(0).astype(int)
    return joined


def _ordered(table: pd.DataFrame) -> pd.DataFrame:
    first = ["pth", "label", "split", "folder_label", "csv_label", "name"]
    votes = [c for c in table.columns if c.startswith("votes_")]
    return table[[c for c in first if c in table.columns] + votes].copy()


def advice_on(names: Sequence[str]) -> str:
    """Advice, as a sentence, for the first of these files whose name is known; "" if none is.

    names: relative paths, for a data set in which no labelled picture was found.
    """
    for path in map(PurePosixPath, names):
        name = path.name.lower()
        if name in ("fer2013.csv", "icml_face_data.csv"):
            return (
                f"{path} has FER2013's pictures as text. Make a data set of it with python -m affect.datasets.ferplus "
                f"--pictures {path.name} --votes fer2013new.csv (from github.com/microsoft/FERPlus), and name that."
            )
        if name in ("list_patition_label.txt", "list_partition_label.txt"):
            return (
                f"{path} is RAF-DB's list, which is not read as it is. Make a labels.csv of it (docs/research.md, "
                '"Data sets of others"), and add --classes raf-db.'
            )
        if name in ("data.yaml", "dataset.yaml") or (name.endswith(".txt") and "labels" in path.parts[:-1]):
            return (
                f"{path} belongs to YOLO's labels, which say where faces are and are not read. Cut the faces out into "
                "one folder for each class."
            )
        if name.endswith((".parquet", ".arrow")):
            return (
                f"{path} is a table of Hugging Face with pictures inside, which is not read. Make class folders of it "
                '(docs/research.md, "Data sets of others").'
            )
    archive = next((n for n in names if n.lower().endswith(ARCHIVES)), "")
    return f"{archive} is an archive inside it. Unpack that, and name its folder." if archive else ""
