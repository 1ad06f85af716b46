"""Cache of preprocessed pictures in a memory-mapped file: decoding, face detection and cropping happen once.

420,000 faces at 224×224 need not fit in memory: the system reads what a batch needs from the file, which all processes
of a machine share. The folder can be deleted at any time.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from affect.arrays import new_mapped_array
from affect.data.framing import FaceFinder
from affect.data.manifest import Manifest
from affect.errors import AffectError
from affect.faces.preprocessing import Image, Preprocessing
from affect.files import atomic_path, cache_folder, remove_leftovers

A_DAY = 86_400.0  # seconds
KEPT, UNDECODED, FACELESS = 1, 0, 2  # outcome of preparing a picture


def prepare_pictures(
    manifest: Manifest, rows: pd.DataFrame, preprocessing: Preprocessing, title: str = "pictures"
) -> tuple[Image, pd.DataFrame]:
    """Preprocess all pictures on all cores, with a progress bar, or load them from the cache.

    Returns the pictures, a memory-mapped uint8 (n, side, side, channels), and their n rows of the table. Pictures that
    cannot be decoded, or in which `preprocessing.find_face` finds no face, are left out and counted on stderr; the
    number of the latter is the rows' `attrs["faceless"]`.
    Raises AffectError if none is left.
    """
    folder = cache_folder() / "pictures" / _key(manifest, rows, preprocessing)
    outcome_path, pictures_path = folder / "outcome.npy", folder / "pictures.npy"
    if not outcome_path.is_file():  # written last, so its presence means that the cache is complete
        _write(manifest, rows, preprocessing, pictures_path, outcome_path, title)
    outcome = np.load(outcome_path)
    kept = outcome == KEPT
    if not kept.any():
        what = "has a face that Haar finds" if preprocessing.find_face else "can be decoded"
        raise AffectError(
            f"None of the {len(rows)} pictures in {manifest.source.path} {what}. "
            "Check that --data holds pictures of faces."
        )
    if not kept.all():
        counts = {"cannot be decoded": UNDECODED, "have no face that is found": FACELESS}
        what = " and ".join(f"{n:,} {told}" for told, code in counts.items() if (n := int((outcome == code).sum())))
        tqdm.write(f"Of {len(rows):,} pictures, {what}; they are left out.", file=sys.stderr)
    pictures = np.load(pictures_path, mmap_mode="r")[: int(kept.sum())]
    left = rows[kept].reset_index(drop=True)
    left.attrs["faceless"] = int((outcome == FACELESS).sum())
    return pictures, left


def _write(
    manifest: Manifest,
    rows: pd.DataFrame,
    preprocessing: Preprocessing,
    pictures_path: Path,
    outcome_path: Path,
    title: str,
) -> None:
    finder = FaceFinder() if preprocessing.find_face else None

    def prepared(picture: Image | None) -> Image | int:
        if picture is None:
            return UNDECODED
        if finder is not None and (picture := finder.crop(picture, preprocessing)) is None:
            return FACELESS
        return preprocessing.prepare(picture)

    side, outcome = preprocessing.image_size, np.full(len(rows), KEPT, np.int8)
    remove_leftovers(pictures_path, older_than_s=A_DAY)
    with atomic_path(pictures_path) as part:
        shape = (len(rows), side, side, preprocessing.channels)
        pictures = new_mapped_array(part, np.uint8, shape)
        done = manifest.source.each(rows["pth"].tolist(), prepared)
        count = 0
        for index, picture in enumerate(tqdm(done, total=len(rows), desc=title, unit="img", leave=False)):
            if isinstance(picture, int):
                outcome[index] = picture
            else:
                pictures[count] = picture
                count += 1
        pictures.flush()
        del pictures
    with atomic_path(outcome_path) as part, part.open("wb") as file:
        np.save(file, outcome)


def _key(manifest: Manifest, rows: pd.DataFrame, preprocessing: Preprocessing) -> str:
    """Cache key: a hash of the files' sizes and times, their selection, and the preprocessing."""
    path = manifest.source.path
    stamps = [_stamp(path)] if path.is_file() else [_stamp(path / name) for name in rows["pth"]]
    settings = {k: v for k, v in preprocessing.to_dict().items() if k not in ("mean", "std")}
    if not preprocessing.find_face:
        settings = {k: v for k, v in settings.items() if not k.startswith("crop_")}
    digest = hashlib.sha256(json.dumps([str(path.resolve()), settings], sort_keys=True).encode())
    digest.update("\n".join(rows["pth"]).encode())
    digest.update(repr(stamps).encode())
    return digest.hexdigest()[:24]


def _stamp(path: Path) -> tuple[int, int]:
    """A file's size and modification time in ns; (0, 0) for a broken link."""
    try:
        status = path.stat()
    except OSError:
        return 0, 0
    return status.st_size, status.st_mtime_ns
