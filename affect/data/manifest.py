"""One table for a data set: what is in it, which label and split each picture has, and how to read it.

Reads class folders (flat or under train/val/test), with or without a `labels.csv`, from a folder or a .zip, in place.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Literal

import cv2
import numpy as np
import pandas as pd

from affect.emotions import EMOTIONS
from affect.errors import AffectError
from affect.preprocessing import Image

PICTURE_ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".bmp")
SPLITS = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
}
VOTES = [f"votes_{emotion}" for emotion in EMOTIONS]
Labels = Literal["folder", "csv"]


class PictureSource:
    """The files of a data set, in a folder or in a zip that is never unpacked. Safe to hand to worker processes."""

    def __init__(self, data: str | Path) -> None:
        self.path = Path(data)
        if not self.path.exists():
            raise AffectError(f"There is no data set at {self.path}. Name a folder or a .zip with --data.")
        if self.path.is_file() and not zipfile.is_zipfile(self.path):
            raise AffectError(f"{self.path} is neither a folder nor a whole .zip. Download it again.")

    def __getstate__(self) -> dict[str, Path]:
        return {"path": self.path}

    @cached_property
    def _zip(self) -> zipfile.ZipFile | None:
        return zipfile.ZipFile(self.path) if self.path.is_file() else None

    def names(self) -> list[str]:
        """All files, as sorted relative paths with forward slashes."""
        if self._zip is not None:
            return sorted(i.filename for i in self._zip.infolist() if not i.is_dir())
        return sorted(p.relative_to(self.path).as_posix() for p in self.path.rglob("*") if p.is_file())

    def read(self, name: str) -> bytes:
        """The content of one file. Raises KeyError or OSError where it is not there."""
        return self._zip.read(name) if self._zip is not None else (self.path / name).read_bytes()

    def picture(self, name: str) -> Image | None:
        """One picture as uint8 BGR (height, width, 3), or None where it cannot be decoded."""
        try:
            decoded = cv2.imdecode(np.frombuffer(self.read(name), np.uint8), cv2.IMREAD_COLOR)
        except (cv2.error, OSError, KeyError, zipfile.BadZipFile):
            return None
        return None if decoded is None else np.asarray(decoded, np.uint8)


@dataclass(frozen=True)
class Manifest:
    """A data set as a table.

    name:   the data set's name: the stem of its path.
    source: reads the pictures.
    table:  a row a picture: `pth` (relative path), `label` (one of EMOTIONS), `split` (train, val, test or ""), and
            the annotators' votes (`votes_*`, whole numbers) where the data set has them. Sorted by `pth`.
    """

    name: str
    source: PictureSource
    table: pd.DataFrame

    @property
    def has_votes(self) -> bool:
        """Whether the annotators' votes are known."""
        return set(VOTES) <= set(self.table.columns)

    def rows(self, split: str) -> pd.DataFrame:
        """The rows of one split ("all" for every row). Raises AffectError where the split is empty."""
        rows = self.table if split == "all" else self.table[self.table["split"] == split]
        if rows.empty:
            have = ", ".join(f"{k or 'none'} {v}" for k, v in self.table["split"].value_counts().items())
            raise AffectError(f"{self.source.path} has no pictures in the split {split!r} (it has: {have}).")
        return rows.reset_index(drop=True)


def read_manifest(data: str | Path, labels: Labels = "folder") -> Manifest:
    """The table of a data set.

    labels: "folder" takes the class folder's name as the label, "csv" takes `labels.csv`'s.
    Raises AffectError where there is no such data set, or nothing in it is in a class folder.
    """
    source = PictureSource(data)
    names = source.names()
    table = _from_folders([n for n in names if n.lower().endswith(PICTURE_ENDINGS)])
    if table.empty:
        raise AffectError(f"{source.path} holds no pictures in class folders ({', '.join(EMOTIONS)}). Check --data.")
    csv = next((n for n in names if PurePosixPath(n).name == "labels.csv"), None)
    if csv is not None:
        table = _with_csv(table, _read_csv(source, csv), labels)
    elif labels == "csv":
        raise AffectError(f"{source.path} has no labels.csv. Use --labels folder.")
    return Manifest(source.path.stem, source, table.sort_values("pth").reset_index(drop=True))


def _from_folders(names: list[str]) -> pd.DataFrame:
    rows = []
    for name in names:
        folders = [f.lower() for f in PurePosixPath(name).parts[:-1]]
        if folders and folders[-1] in EMOTIONS:
            split = next((SPLITS[f] for f in reversed(folders[:-1]) if f in SPLITS), "")
            rows.append((name, folders[-1], split))
    return pd.DataFrame(rows, columns=["pth", "label", "split"])


def _read_csv(source: PictureSource, name: str) -> pd.DataFrame:
    try:
        csv = pd.read_csv(io.BytesIO(source.read(name)), encoding="utf-8-sig")
    except (ValueError, UnicodeDecodeError) as error:
        raise AffectError(f"{source.path}: {name} cannot be read as a CSV table ({error}).") from error
    if not {"pth", "label"} <= set(csv.columns):
        raise AffectError(f"{source.path}: {name} needs the columns pth and label, it has {list(csv.columns)}.")
    return csv


def _with_csv(table: pd.DataFrame, csv: pd.DataFrame, labels: Labels) -> pd.DataFrame:
    """Join on the last two parts of the path: `pth` may carry or lack a leading folder."""
    keyed = csv.assign(key=csv["pth"].map(_key)).drop(columns="pth").drop_duplicates("key")
    extra = [c for c in keyed.columns if c in ("label", "split") or c.startswith("votes_")]
    joined = table.assign(key=table["pth"].map(_key)).merge(
        keyed[["key", *extra]], on="key", how="left", suffixes=("", "_csv")
    )
    if "split_csv" in joined:
        joined["split"] = joined["split_csv"].fillna("").str.lower().map(lambda s: SPLITS.get(s, s))
    if labels == "csv":
        joined["label"] = joined["label_csv"].str.lower()
        joined = joined[joined["label"].isin(EMOTIONS)]
    votes = [c for c in joined.columns if c.startswith("votes_")]
    joined[votes] = joined[votes].fillna(0).astype(int)
    return joined[["pth", "label", "split", *votes]]


def _key(path: str) -> str:
    return "/".join(PurePosixPath(str(path).lower()).parts[-2:])
