"""The files of a data set, in a folder or in a .zip that is never unpacked. Called by the manifest and the loaders."""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import cv2
import numpy as np

from affect.errors import AffectError
from affect.preprocessing import Image

PICTURE_ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff")


class PictureSource:
    """Names and contents of a data set's files. Safe to use in threads, and to hand to worker processes.

    data: a folder or a .zip; `~` is the home folder. Raises AffectError where it is neither.
    """

    def __init__(self, data: str | Path) -> None:
        self.path = Path(data).expanduser()
        if not self.path.exists():
            raise AffectError(f"There is no data set at {self.path}. Name a folder or a .zip with --data.")
        if self.path.is_file() and not zipfile.is_zipfile(self.path):
            raise AffectError(f"{self.path} is neither a folder nor a whole .zip. Download it again.")
        self._opened: tuple[int, zipfile.ZipFile, dict[str, zipfile.ZipInfo]] | None = None

    def __getstate__(self) -> dict[str, object]:
        return {"path": self.path, "_opened": None}

    def names(self) -> list[str]:
        """All files, as sorted relative paths with forward slashes. What an operating system hides is left out
        (names that begin with a dot, and macOS's `__MACOSX`)."""
        found = self._archive()[1] if self.path.is_file() else self._walk()
        return sorted(n for n in found if not any(part.startswith((".", "__MACOSX")) for part in n.split("/")))

    def open(self, name: str) -> IO[bytes]:
        """One file, to be read and closed. Raises KeyError or OSError where it is not there."""
        if self.path.is_dir():
            return (self.path / name).open("rb")
        archive, entries = self._archive()
        return archive.open(entries[name])

    def read(self, name: str) -> bytes:
        """The content of one file. Raises KeyError or OSError where it is not there."""
        with self.open(name) as file:
            return file.read()

    def picture(self, name: str) -> Image | None:
        """One picture as uint8 BGR (height, width, 3), or None where it cannot be read or decoded."""
        try:
            decoded = cv2.imdecode(np.frombuffer(self.read(name), np.uint8), cv2.IMREAD_COLOR)
        except (cv2.error, OSError, EOFError, KeyError, RuntimeError, zipfile.BadZipFile, zlib.error):
            return None  # RuntimeError: the entry is encrypted, or packed in a way that zipfile does not know
        return None if decoded is None else np.asarray(decoded, np.uint8)

    def _archive(self) -> tuple[zipfile.ZipFile, dict[str, zipfile.ZipInfo]]:
        """The zip and its files by name. Opened anew in a forked process: a file position must not be shared."""
        if self._opened is None or self._opened[0] != os.getpid():
            try:
                archive = zipfile.ZipFile(self.path)
            except (zipfile.BadZipFile, OSError) as error:
                raise AffectError(f"{self.path} cannot be opened ({error}). Download it again.") from error
            entries = {i.filename.replace("\\", "/"): i for i in archive.infolist() if not i.is_dir()}
            self._opened = (os.getpid(), archive, entries)
        return self._opened[1], self._opened[2]

    def _walk(self) -> Iterator[str]:
        """The folder's files. Links to folders are followed, except where they lead back to where they lie."""
        for folder, subfolders, files in os.walk(self.path, followlinks=True):
            here = Path(folder)
            real = here.resolve()
            subfolders[:] = [s for s in subfolders if not _leads_back(here / s, real)]
            below = here.relative_to(self.path)
            yield from ((below / f).as_posix() for f in files)


def _leads_back(folder: Path, parent: Path) -> bool:
    return folder.is_symlink() and parent.is_relative_to(folder.resolve())
