"""Sample data set of drawn faces, for tests, demonstrations, and machines without a real data set.

python -m affect.datasets.sample sample --train 40 --val 10
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from affect import __version__
from affect.command_line import CommandParser, exit_code_of, positive, seed_number
from affect.datasets.drawing import draw_face
from affect.emotions import EMOTIONS
from affect.errors import AffectError, as_shown
from affect.files import atomic_path, cache_folder


def write_sample(folder: str | Path, train: int = 40, val: int = 10, size: int = 128, seed: int = 42) -> Path:
    """Write a data set of drawn faces as class folders: `train/happy/0000.png` and so on.

    train, val: faces of each class in each split.   size: side in pixels.
    Returns the folder. A picture depends only on the seed, its split, class and number. Files are written atomically;
    existing ones are kept.
    """
    folder = Path(folder)
    jobs = [
        (split, emotion, i) for split, n in (("train", train), ("val", val)) for emotion in EMOTIONS for i in range(n)
    ]
    for split, emotion, i in tqdm(jobs, desc="drawn faces", unit="img", leave=False):
        path = folder / split / emotion / f"{i:04d}.png"
        if path.exists():
            continue
        rng = np.random.default_rng((seed, split == "val", EMOTIONS.index(emotion), i))
        encoded = cv2.imencode(".png", draw_face(emotion, rng, size))[1]
        with atomic_path(path) as part:
            part.write_bytes(encoded.tobytes())
    return folder


def sample_data_set() -> Path:
    """The default data set: drawn faces, 40 train and 10 val of each class, in a folder `sample`.

    The folder is in the cache (see `affect.files.cache_folder`) and is drawn once for each version of this program; an
    interrupted drawing is resumed.
    Raises AffectError if that folder cannot be written to.
    """
    folder = cache_folder() / __version__ / "sample"
    try:
        return write_sample(folder)
    except OSError as error:
        raise AffectError(
            f"The sample set cannot be drawn in {folder} ({error.strerror}). "
            "Draw it elsewhere with python -m affect.datasets.sample DIR, and name that folder with --data."
        ) from error


def main(arguments: list[str] | None = None) -> int:
    """Run the command line. Returns the exit code."""
    parser = CommandParser(
        prog="python -m affect.datasets.sample", description="Draw a data set of faces in class folders."
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--train", type=positive, default=40, metavar="N", help="faces of each class (default 40)")
    parser.add_argument("--val", type=positive, default=10, metavar="N", help="faces of each class (default 10)")
    parser.add_argument("--size", type=positive, default=128, metavar="PIXELS")
    parser.add_argument("--seed", type=seed_number, default=42)
    options = parser.parse_args(arguments)
    return exit_code_of(
        lambda: print(
            as_shown(str(write_sample(options.folder, options.train, options.val, options.size, options.seed)))
        )
    )


if __name__ == "__main__":
    sys.exit(main())
