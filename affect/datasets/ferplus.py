"""Conversion of FER+ to one zip of class folders, from the files published with FER2013 and FER+.

python -m affect.datasets.ferplus --pictures fer2013.csv --votes fer2013new.csv --out ferplus.zip

FER2013 (ICML 2013 challenge) contains the pictures, 48×48 and grey, as text; FER+ (Barsoum et al. 2016,
arXiv:1608.01041) contains the votes of ten annotators for each row, in the same order.
"""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from tqdm import tqdm

from affect.command_line import CommandParser, exit_code_of
from affect.emotions import EMOTIONS
from affect.errors import AffectError, as_shown
from affect.faces.preprocessing import Image
from affect.files import atomic_path

SIDE = 48  # pixels
SPLITS = {"Training": "train", "PublicTest": "val", "PrivateTest": "test"}
CLASSES = {  # FER+'s columns in the order of EMOTIONS, then those that are not expressions
    "anger": "anger", "contempt": "contempt", "disgust": "disgust", "fear": "fear", "happiness": "happy",
    "neutral": "neutral", "sadness": "sad", "surprise": "surprise", "unknown": "unknown", "NF": "not_a_face",
}  # fmt: skip
LOSSLESS = 101  # OpenCV's WebP quality above 100 is lossless
CHUNK = 1000  # rows in memory at a time


def convert(pictures: str | Path, votes: str | Path, out: str | Path) -> pd.DataFrame:
    """Write FER+ as a zip of class folders with a `labels.csv` (`pth, label, split, votes_*`).

    pictures: `fer2013.csv` (`emotion, pixels, Usage`).   votes: `fer2013new.csv` (`Usage, Image name`, ten columns).
    The label is the expression with most votes (ties: the first in EMOTIONS). Pictures with more votes for "unknown" or
    "not a face" than for any expression, or without a name in FER+, are left out.
    Returns the table of `labels.csv`. The zip is written atomically.
    Raises AffectError if a file has another format, the files do not match, or `out` exists.
    """
    if Path(out).exists():
        raise AffectError(f"{out} is there already. Delete it, or name another file with --out.")
    table = _labelled(Path(votes))
    row = -1
    with atomic_path(out) as part, zipfile.ZipFile(part, "w") as archive:  # stored: pictures are compressed
        for row, (picture, usage) in enumerate(_pictures(Path(pictures))):
            if row >= len(table) or usage != table["Usage"].iloc[row]:
                raise _not_of_the_same(pictures, votes)
            if table["pth"].iloc[row]:
                encoded = cv2.imencode(".webp", picture, [cv2.IMWRITE_WEBP_QUALITY, LOSSLESS])[1]
                archive.writestr(f"ferplus/{table['pth'].iloc[row]}", encoded.tobytes())
        if row + 1 != len(table):
            raise _not_of_the_same(pictures, votes)
        kept = table[table["pth"] != ""].drop(columns="Usage")
        archive.writestr("ferplus/labels.csv", kept.to_csv(index=False), zipfile.ZIP_DEFLATED)
    return kept


def _not_of_the_same(pictures: str | Path, votes: str | Path) -> AffectError:
    return AffectError(f"{pictures} and {votes} are not about the same pictures. Take both as they were given out.")


def _labelled(votes: Path) -> pd.DataFrame:
    """The rows of FER+ with `pth` ("" if left out), `label, split, votes_*`, and `Usage`."""
    table = _read(votes, ["Usage", "Image name", *CLASSES])
    counts = table[list(CLASSES)].to_numpy(np.int64)
    best = counts[:, : len(EMOTIONS)].argmax(1)
    most, other = counts[:, : len(EMOTIONS)].max(1), counts[:, len(EMOTIONS) :].max(1)
    label = np.asarray(EMOTIONS)[best]
    names = table["Image name"].fillna("").map(lambda name: Path(str(name)).stem)
    keep = (other <= most) & (names != "") & table["Usage"].isin(SPLITS)
    made = pd.DataFrame({"pth": np.where(keep, label + "/" + names + ".webp", ""), "label": label})
    made["split"] = table["Usage"].map(SPLITS)
    for i, name in enumerate(CLASSES.values()):
        made[f"votes_{name}"] = counts[:, i]
    return made.assign(Usage=table["Usage"])


def _read(path: Path, columns: list[str]) -> pd.DataFrame:
    try:
        return pd.read_csv(path, usecols=columns)
    except (ValueError, UnicodeDecodeError) as error:
        raise AffectError(f"{path} does not have the columns {', '.join(columns)}. Give the original file.") from error


def _pictures(path: Path) -> Iterator[tuple[Image, str]]:
    """Iterate over FER2013's pictures, uint8 (48, 48), with their `Usage`, with a progress bar."""
    try:
        columns = ["pixels", "Usage"]  # another edition, icml_face_data.csv, has spaces before the names
        rows = pd.read_csv(path, usecols=columns, chunksize=CHUNK, skipinitialspace=True)
        for part in tqdm(rows, desc="pictures", unit="k"):
            for pixels, usage in zip(part["pixels"], part["Usage"], strict=True):
                yield np.array(str(pixels).split(), np.uint8).reshape(SIDE, SIDE), str(usage)
    except (ValueError, OverflowError, UnicodeDecodeError) as error:
        raise AffectError(
            f"{path} does not have the columns pixels and Usage with {SIDE}×{SIDE} grey levels, 0…255, a row. Give the "
            "original fer2013.csv."
        ) from error


def main(arguments: list[str] | None = None) -> int:
    """Run the command line. Returns the exit code."""
    parser = CommandParser(
        prog="python -m affect.datasets.ferplus",
        description="Make ferplus.zip of FER2013's pictures and FER+'s votes: train, val (PublicTest) and test "
        "(PrivateTest).",
    )
    parser.add_argument("--pictures", type=Path, required=True, metavar="fer2013.csv", help="the challenge's file")
    parser.add_argument("--votes", type=Path, required=True, metavar="fer2013new.csv", help="FER+'s file")
    parser.add_argument("--out", type=Path, default=Path("ferplus.zip"), metavar="FILE.zip")
    options = parser.parse_args(arguments)

    def work() -> None:
        table = convert(options.pictures, options.votes, options.out)
        counts = ", ".join(f"{n:,} {split}" for split, n in table["split"].value_counts().items())
        print(as_shown(f"{options.out}: {counts}"))

    return exit_code_of(work)


if __name__ == "__main__":
    sys.exit(main())
