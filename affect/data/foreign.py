"""Advice for data sets in formats that are not supported, recognised by file name. Called by the manifest."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar")


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
