"""A disk of its own with little room, for the tests of what happens when it is full."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A tmpfs of this size ("4m") on a new folder. Skips the test where it cannot be mounted (it needs root)."""
    folder.mkdir()
    mount = shutil.which("mount")
    if sys.platform != "linux" or mount is None:
        pytest.skip("only Linux has tmpfs")
    done = subprocess.run(
        [mount, "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True, text=True
    )
    if done.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path, but: int = 0) -> Path:
    """Take all the room that a small disk has left, but so many bytes. Returns the file that does.

    Others may write meanwhile: where they take room, less is left than was counted, and the disk is full sooner; where
    they give some back, as a file does whose old version is replaced, it is full when this is called once more.
    """
    path = folder / "filler"
    room = os.statvfs(folder)
    try:
        with path.open("ab", buffering=0) as file:
            file.write(bytes(max(0, room.f_bavail * room.f_frsize - but)))
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
    return path
