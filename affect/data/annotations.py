"""Readers of annotation files: `labels.csv`, AffectNet's file lists, AffectNet's `_exp.npy`. Called by the manifest.

Every function returns labels as names of EMOTIONS, or "" if the annotation is not one of the eight classes.
"""

from __future__ import annotations

import codecs
import io
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations
from pathlib import PurePosixPath

import numpy as np
import pandas as pd
from tqdm import tqdm

from affect.data.classes import affectnet_numbers, class_of_name, meanings
from affect.data.source import DEEPEST_NAME, LONGEST_NAME, UNREADABLE, PictureSource
from affect.emotions import AFFECTNET_NUMBERS
from affect.errors import AffectError

NAMES = {
    "train": "train training train_set",
    "val": "val valid validation val_set publictest",  # of FER2013, as privatetest
    "test": "test testing test_set privatetest",
}
SPLITS = {name: split for split, names in NAMES.items() for name in names.split()}
# Reasons for which a picture, or a line of a list, is not in the table.
NOT_A_CLASS = "not one of the eight classes"
NO_FILE = "listed, but there is no such file"
SEVERAL_FILES = "listed, but several files fit"
LISTED_TWICE = "listed more than once"
NOT_LISTED = "not listed"
NO_ANNOTATION = "no annotation"
BAD_ANNOTATION = "the annotation cannot be read"

LONGEST_HEADER = 64_000  # bytes
LARGEST_ANNOTATION = 10_000  # bytes; one number in an array takes 132
MOST_ROWS = 2_000_000  # AffectNet has 1,000,000 pictures in all
MOST_VOTES = 10_000  # FER+ has ten annotators

# The columns of AffectNet's file lists, in their order (Mollahosseini et al. 2017, arXiv:1708.03985).
FILE_LIST_COLUMNS = (
    *("subdirectory_filepath", "face_x", "face_y", "face_width", "face_height", "facial_landmarks"),
    *("expression", "valence", "arousal"),
)
Skipped = list[tuple[str, str]]
Meanings = frozenset[str]
MOST_MEANINGS = 6  # folders of a path that state a split, a class or a number


def emotion_of_number(number: str) -> str:
    """The class of an AffectNet number; "" for 8 (none), 9 (uncertain), 10 (no face) and anything else."""
    return AFFECTNET_NUMBERS.get(int(number), "") if number.isdecimal() and len(number) <= 4 else ""


def split_of(folders: Iterable[str]) -> str:
    """The split named by the innermost of these folders, ignoring case: train, val, test or ""."""
    return next((SPLITS[f.lower()] for f in reversed(list(folders)) if f.lower() in SPLITS), "")


def read_table(source: PictureSource, name: str, required: Sequence[str], optional: str = "") -> pd.DataFrame:
    """Read a CSV file as a table of strings, with column names in lower case.

    required: columns the file must have.   optional: prefix of further columns to keep, beside "split".
    Encoding: UTF-8 with or without a byte order mark, else Windows' cp1252. Separator: comma or semicolon.
    Raises AffectError if the file is not such a table.
    """
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return _parse(source, name, encoding, required, optional)
        except UnicodeDecodeError:
            continue
        except UNREADABLE as error:
            reason = ascii(" ".join(str(error).split()))[1:-1][:200]
            raise AffectError(
                f"{source.path}: {name} cannot be read as a CSV table ({reason}). Save it again as CSV UTF-8."
            ) from error
    raise AffectError(f"{source.path}: {name} is neither UTF-8 nor cp1252 text. Save it again as CSV UTF-8.")


def _parse(source: PictureSource, name: str, encoding: str, required: Sequence[str], optional: str) -> pd.DataFrame:
    with source.open(name) as file:
        start = file.readline(LONGEST_HEADER)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise AffectError(f"{source.path}: {name} is UTF-16 text. Save it again as CSV UTF-8.")
    if len(start) == LONGEST_HEADER:
        raise AffectError(
            f"{source.path}: the first line of {name} does not end: this is no CSV table. Put the right file there."
        )
    line = start.decode(encoding)
    separator = ";" if line.count(";") > line.count(",") else ","
    columns = [c.strip().strip('"').lower() for c in line.strip().split(separator)]
    headless = tuple(required) == ("subdirectory_filepath", "expression") and not set(required) & set(columns)
    if headless and len(columns) >= len(FILE_LIST_COLUMNS):  # some copies of validation.csv have no header
        columns = list(FILE_LIST_COLUMNS) + columns[len(FILE_LIST_COLUMNS) :]
    elif not set(required) <= set(columns):
        has = ascii(", ".join(columns[:12]))[1:-1][:200]
        raise AffectError(
            f"{source.path}: {name} needs the columns {' and '.join(required)}, it has {has}. "
            "Name them so in its first line."
        )
    first = {c: i for i, c in reversed(list(enumerate(columns)))}
    kept = sorted(i for c, i in first.items() if c in (*required, "split") or (optional and c.startswith(optional)))
    with source.open(name) as file:
        table = pd.read_csv(
            file, sep=separator, header=None, skiprows=0 if headless else 1, names=range(len(columns)), usecols=kept,
            index_col=False, dtype=str, keep_default_na=False, encoding=encoding, nrows=MOST_ROWS + 1,
        )  # fmt: skip
    if len(table) > MOST_ROWS:
        raise AffectError(f"{source.path}: {name} has more than {MOST_ROWS:,} rows. Put the right file there.")
    return table.rename(columns=dict(enumerate(columns))).fillna("").apply(lambda c: c.str.strip())


def match_paths(wanted: Sequence[str], pictures: Sequence[str]) -> tuple[list[int], Skipped]:
    """Match listed paths to picture paths: an index into `pictures` for each listed path, or -1.

    A path matches a picture of the same path, else the one picture that shares its longest suffix (ignoring case),
    unless the folders before the suffix contradict each other: `happy/a.png` is never `sad/a.png`.
    Returns the indices, and (path, reason) for each path without a picture.
    """
    whole = {p: i for i, p in enumerate(pictures)}
    found = [whole.get(w, -1) for w in wanted]
    ends = _Ends({w.rsplit("/", 1)[-1].lower() for w, i in zip(wanted, found, strict=True) if i < 0}, pictures)
    skipped: Skipped = []
    taken: set[int] = set()
    for k in sorted(range(len(wanted)), key=lambda k: found[k] < 0):  # exact matches first
        index, reason = (found[k], "") if found[k] >= 0 else ends.match(wanted[k])
        if index in taken:
            index, reason = -1, LISTED_TWICE
        if index < 0:
            skipped.append((wanted[k], reason))
        else:
            taken.add(index)
        found[k] = index
    return found, skipped


class _Ends:
    """The pictures by the ends of their paths, and those of one end by what the folders before it mean.

    Any number of pictures can have one end, and any number of paths can look for it, so a path is compared with these
    sets of meanings and not with each picture.
    """

    def __init__(self, names: set[str], pictures: Sequence[str]) -> None:
        """names: file names, in lower case, that are looked for."""
        self._pictures = pictures
        self._ends: dict[str, list[int]] = defaultdict(list)
        self._grouped: dict[str, tuple[dict[Meanings, list[int]], dict[Meanings, set[Meanings]]]] = {}
        for i, picture in enumerate(pictures):
            parts = picture.lower().split("/")
            if parts[-1] in names:
                for start in range(len(parts)):
                    self._ends["/".join(parts[start:])].append(i)

    def match(self, path: str) -> tuple[int, str]:
        """The index of the one picture that a listed path fits, and ""; else -1 and the reason."""
        parts = path.lower().split("/")
        if len(path) > LONGEST_NAME:
            return -1, NO_FILE
        before = _meanings_before(parts)
        for start in range(max(0, len(parts) - DEEPEST_NAME), len(parts)):
            fitting = self._agreeing("/".join(parts[start:]), before[start])
            if fitting:
                return (fitting[0], "") if len(fitting) == 1 else (-1, SEVERAL_FILES)
        return -1, NO_FILE

    def _agreeing(self, end: str, before: Meanings) -> list[int]:
        """The pictures with this end whose folders mean no less or no more than these; of many, two or more."""
        if end not in self._ends:
            return []
        if end not in self._grouped:
            self._grouped[end] = self._groups(end)
        groups, within = self._grouped[end]
        agreeing = {m for m in _subsets(before) if m in groups} | within.get(before, set())
        return [i for m in agreeing for i in groups[m]]

    def _groups(self, end: str) -> tuple[dict[Meanings, list[int]], dict[Meanings, set[Meanings]]]:
        """The first two pictures with each set of meanings, and the first two sets that contain each set."""
        groups: dict[Meanings, list[int]] = defaultdict(list)
        within: dict[Meanings, set[Meanings]] = defaultdict(set)
        for i in self._ends[end]:
            parts = self._pictures[i].lower().split("/")
            meanings = _meanings_before(parts)[len(parts) - 1 - end.count("/")]
            if len(groups[meanings]) < 2:
                groups[meanings].append(i)
        for meanings in groups:
            for subset in _subsets(meanings):
                if len(within[subset]) < 2:
                    within[subset].add(meanings)
        return groups, within


def _meanings_before(parts: Sequence[str]) -> list[Meanings]:
    """The splits, classes and numbers that the folders before each part state about their pictures.

    Of many, the innermost MOST_MEANINGS count.
    """
    told: list[str] = []
    before = []
    for part in parts:
        before.append(frozenset(told[-MOST_MEANINGS:]))
        meaning = SPLITS.get(part) or class_of_name(part) or (part if part.isdecimal() else "")
        told += [meaning] if meaning else []
    return before


def _subsets(meanings: Meanings) -> Iterator[Meanings]:
    return (frozenset(c) for n in range(len(meanings) + 1) for c in combinations(sorted(meanings), n))


def path_of(folder: str, path: str) -> str:
    """A path from a list in `folder`, relative to the data set's root, with forward slashes."""
    parts = [p for p in path.replace("\\", "/").split("/") if p not in ("", ".")]
    return "/".join([folder, *parts] if folder else parts)


def from_labels_csv(
    source: PictureSource, lists: Sequence[str], pictures: Sequence[str], given: Mapping[str, str]
) -> tuple[pd.DataFrame, Skipped]:
    """Read labels, splits and votes from the `labels.csv` files.

    given: see `affect.data.classes.parse_classes`.
    Returns a table with `pth` (of pictures), `csv_label`, `csv_name` (the label as written in the file), `split` and
    `votes_*`, and (path, reason) of listed files without a picture.
    """
    tables = []
    for name in lists:
        folder = PurePosixPath(name).parent.as_posix().removeprefix(".")
        table = read_table(source, name, ("pth", "label"), "votes_")
        tables.append(table.assign(pth=[path_of(folder, p) for p in table["pth"]]))
    table = pd.concat(tables, ignore_index=True)
    index, skipped = match_paths(table["pth"].tolist(), pictures)
    table["pth"] = [pictures[i] if i >= 0 else "" for i in index]
    table = table[table["pth"] != ""].rename(columns={"label": "csv_name"})
    names = [n for n in table["csv_name"].unique() if n]
    read = meanings(names, given)
    if not any(read.values()):
        read |= affectnet_numbers(names)
    table["csv_label"] = pd.Series([read.get(n, "") for n in table["csv_name"]], table.index, dtype=str)
    splits = table["split"] if "split" in table else pd.Series("", table.index)
    table["split"] = pd.Series([split_of([s]) for s in splits.fillna("")], table.index, dtype=str)
    for votes in (c for c in table.columns if c.startswith("votes_")):
        numbers = pd.to_numeric(table[votes], errors="coerce").fillna(0)
        table[votes] = numbers.where(numbers.between(0, MOST_VOTES), 0).astype(int)
    return table.reset_index(drop=True), skipped


def from_file_lists(
    source: PictureSource, lists: Sequence[str], pictures: Sequence[str]
) -> tuple[pd.DataFrame, Skipped]:
    """Read AffectNet's `Manually_Annotated_file_lists`: a table with `pth`, `label`, `split`, and what is skipped."""
    rows: list[tuple[str, str, str]] = []
    for name in lists:
        table = read_table(source, name, ("subdirectory_filepath", "expression"))
        split = split_of([PurePosixPath(name).stem])
        paths = [path_of("", p) for p in table["subdirectory_filepath"]]
        rows += [(p, emotion_of_number(e), split) for p, e in zip(paths, table["expression"], strict=True)]
    index, skipped = match_paths([r[0] for r in rows], pictures)
    kept = [(pictures[i], *row[1:]) for i, row in zip(index, rows, strict=True) if i >= 0]
    listed = {k[0] for k in kept}
    skipped += [(p, NOT_LISTED) for p in pictures if p not in listed]
    skipped += [(p, NOT_A_CLASS) for p, label, _ in kept if not label]
    return pd.DataFrame([k for k in kept if k[1]], columns=["pth", "label", "split"]), skipped


def from_npy(source: PictureSource, names: Sequence[str], pictures: Sequence[str]) -> tuple[pd.DataFrame, Skipped]:
    """Read AffectNet's `…_set/annotations/*_exp.npy`: a table with `pth`, `label`, `split`, and what is skipped."""
    annotations = {n for n in names if n.endswith("_exp.npy")}

    def read(picture: str) -> tuple[str, str]:
        path = PurePosixPath(picture)
        name = (path.parent.parent / "annotations" / f"{path.stem}_exp.npy").as_posix()
        if name not in annotations:
            return "", NO_ANNOTATION
        try:
            file = io.BytesIO(source.read(name, LARGEST_ANNOTATION))
            value = np.lib.format.read_array(file, allow_pickle=False)
            number = str(int(value.item()))  # a zero-dimensional array of a string or a number
        except Exception:  # NumPy raises many exception types for a damaged header
            return "", BAD_ANNOTATION
        return emotion_of_number(number), NOT_A_CLASS

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        progress = tqdm(pool.map(read, pictures), total=len(pictures), desc="annotations", leave=False)
        read_all = list(zip(pictures, progress, strict=True))
    kept = [(p, label, split_of(PurePosixPath(p).parts[:-1])) for p, (label, _) in read_all if label]
    skipped = [(p, reason) for p, (label, reason) in read_all if not label]
    return pd.DataFrame(kept, columns=["pth", "label", "split"]), skipped
