"""Pictures decoded, faces found and cropped once, and kept in a file that is mapped into memory.

420,000 faces at 224×224 need not fit in memory: the system reads from the file what a batch needs, and all processes
of a machine share it. The folder can be deleted at any time.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
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
KEPT, UNDECODED, FACELESS = 1, 0, 2  # what became of a picture


def prepare_pictures(
    manifest: Manifest, rows: pd.DataFrame, preprocessing: Preprocessing, title: str = "pictures"
) -> tuple[Image, pd.DataFrame]:
    """Every picture as the model will see it, prepared once, on all cores, with a progress bar; then from the cache.

    Returns the pictures, uint8 (n, side, side, channels), mapped from a file, and their n rows of the table. Pictures
    that cannot be decoded, or, with `preprocessing.find_face`, have no face, are left out and counted on stderr; the
    rows' `attrs["faceless"]` is the number of the latter.
    Raises AffectError where none is left.
    """
    folder = cache_folder() / "pictures" / _key(manifest, rows, preprocessing)
    outcome_path, pictures_path = folder / "outcome.npy", folder / "pictures.npy"
    if not outcome_path.is_file():  # written last: where it is, all is
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

    def prepared(name: str) -> Image | int:
        picture = manifest.source.picture(name)
        if picture is None:
            return UNDECODED
        if finder is not None and (picture := finder.crop(picture, preprocessing)) is None:
            return FACELESS
        return preprocessing.prepare(picture)

    side, outcome = preprocessing.image_size, np.full(len(rows), KEPT, np.int8)
    remove_leftovers(pictures_path, older_than_s=A_DAY)
    with atomic_path(pictures_path) as part, ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        shape = (len(rows), side, side, preprocessing.channels)
        pictures = new_mapped_array(part, np.uint8, shape)
        done = _in_order(pool, prepared, rows["pth"])
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


def _in_order(
    pool: ThreadPoolExecutor, work: Callable[[str], Image | int], names: pd.Series, ahead: int = 256
) -> Iterator[Image | int]:
    """`pool.map` that holds only so many results at a time: pictures wait on the disk, not in memory."""
    remaining = iter(names)
    while batch := list(islice(remaining, ahead)):
        yield from pool.map(work, batch)


def _key(manifest: Manifest, rows: pd.DataFrame, preprocessing: Preprocessing) -> str:
    """Changes with the files, their selection, and everything that the prepared picture depends on."""
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
    """Size and time of change; of a link that leads nowhere, nothing."""
    try:
        status = path.stat()
    except OSError:
        return 0, 0
    return status.st_size, status.st_mtime_ns
