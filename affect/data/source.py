"""Safe access to a data set's files, in a folder or directly in a .zip. Called by the manifest and the loaders.

A downloaded .zip may be malicious: names that lead outside the data set are refused, and so are entries that are not
pictures or lists, or that expand beyond a limit (zip bombs).
"""

from __future__ import annotations

import os
import re
import stat
import threading
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from typing import IO, TypeVar

from affect.errors import AffectError, as_shown
from affect.faces.pictures import LARGEST_FILE, MOST_BYTES, SNIFFED, begins_as_picture, checked, decode, decode_picture
from affect.faces.preprocessing import Image
from affect.files import expanded

# Files with these endings count as pictures; all others are recognised by their first bytes.
PICTURE_ENDINGS = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".tif", ".tiff"),
    *(".heic", ".heif", ".avif"),
)
LARGEST_LIST = 1_000_000_000  # bytes; AffectNet's own largest list has about 550 MB
LONGEST_NAME, DEEPEST_NAME = 1000, 32  # characters, folders
# A larger compression ratio marks a zip bomb, in entries above LARGE bytes: lists shrink to a tenth, pictures hardly.
MOST_UNFOLDING, LARGE = 200, 16_000_000
# A picture that is packed already hardly shrinks: beyond this ratio its content is filling, which costs time to decode.
MOST_PACKED_UNFOLDING, PACKED_LARGE = 10, 1_000
PACKED_ENDINGS = tuple(e for e in PICTURE_ENDINGS if e not in (".bmp", ".tif", ".tiff"))

# Reasons for which a file is left out.
OUTSIDE = "its path leads out of the data set"
ODD_NAME = "its path is too long, too deep, or holds control characters"
ENCRYPTED = "encrypted"
ODDLY_PACKED = "packed in a way that is not read"
A_LINK = "a link inside the zip"
TOO_LARGE = "too large"
NO_FILE = "not a regular file"
UNREAD = "it cannot be read"
LEADS_BACK = "a link to a folder that it lies in"
LINKED_AGAIN = "a link to a folder that another link leads to"
NO_PICTURE = "neither a picture nor a list of labels"

UNREADABLE = (OSError, EOFError, LookupError, ValueError, RuntimeError, MemoryError, zipfile.BadZipFile, zlib.error)
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029]")

Result = TypeVar("Result")
AHEAD = 256  # results of `PictureSource.each` that may wait to be used


class _Share:
    """A number of bytes that all threads of the process hold parts of; who finds too few free waits."""

    def __init__(self, most: int) -> None:
        self._most = self._free = most
        self._freed = threading.Condition()

    @contextmanager
    def held(self, size: int) -> Iterator[None]:
        """Hold `size` bytes, or all of them."""
        size = min(size, self._most)
        with self._freed:
            self._freed.wait_for(lambda: self._free >= size)
            self._free -= size
        try:
            yield
        finally:
            with self._freed:
                self._free += size
                self._freed.notify_all()


# What all workers' pictures take together, however many cores there are: first the files, then what is decoded.
_FILES, _DECODED = _Share(LARGEST_FILE), _Share(MOST_BYTES)


class PictureSource:
    """Read access to a data set's files. Thread-safe, and picklable for worker processes.

    data: a folder or a .zip; `~` is the home folder. Raises AffectError if it is neither.
    """

    def __init__(self, data: str | Path) -> None:
        self.path = expanded(str(data))
        if not self.path.exists():
            raise AffectError(f"There is no data set at {self.path}. Name a folder or a .zip with --data.")
        if not self.path.is_dir() and not (self.path.is_file() and zipfile.is_zipfile(self.path)):
            raise AffectError(
                f"{self.path} is neither a folder nor a whole .zip. Download it again; unpack other archives."
            )
        self._opened: tuple[int, zipfile.ZipFile, dict[str, zipfile.ZipInfo]] | None = None

    def __getstate__(self) -> dict[str, object]:
        return {"path": self.path, "_opened": None}

    def names(self) -> list[str]:
        """All readable files, as sorted relative paths with forward slashes.

        Hidden files are left out (names that begin with a dot, and macOS's `__MACOSX`).
        """
        return self.listing()[0]

    def listing(self) -> tuple[list[str], list[tuple[str, str]]]:
        """The readable files (`names`), and (printable path, reason) for each file that is left out."""
        entries = self._archive()[1] if self.path.is_file() else None
        names: list[str] = []
        left_out: list[tuple[str, str]] = []
        for name in sorted(self._walk(left_out) if entries is None else entries):
            if any(part.startswith((".", "__MACOSX")) and part != ".." for part in name.split("/")):
                continue
            reason = _against_name(name)
            if not reason and entries is not None and name.lower().endswith(PICTURE_ENDINGS):
                reason = _against_entry(entries[name])
            if reason:
                left_out.append((name, reason))
            else:
                names.append(name)
        return names, [(as_shown(name)[:LONGEST_NAME], reason) for name, reason in left_out]

    def pictures_among(self, names: Iterable[str]) -> tuple[list[str], list[tuple[str, str]]]:
        """The names that are pictures, by ending or first bytes, and (name, reason) for each of the others."""
        pictures, others = [], []
        for name in names:
            reason = "" if name.lower().endswith(PICTURE_ENDINGS) else self._no_picture(name)
            if reason:
                others.append((name, reason))
            else:
                pictures.append(name)
        return pictures, others

    def _no_picture(self, name: str) -> str:
        """The reason why a file with an unknown ending is not a picture; "" if it is one."""
        try:
            with self.open(name) as file:
                return "" if begins_as_picture(file.read(SNIFFED)) else NO_PICTURE
        except UNREADABLE as error:
            known = (ENCRYPTED, ODDLY_PACKED, A_LINK, TOO_LARGE, NO_FILE)
            return next((reason for reason in known if str(error).endswith(reason)), UNREAD)

    def open(self, name: str) -> IO[bytes]:
        """Open one file for reading in chunks. Raises one of UNREADABLE if it is missing or refused."""
        return self._open(name)[0]

    def read(self, name: str, largest: int = LARGEST_FILE) -> bytes:
        """Read the content of one file of at most `largest` bytes. Raises one of UNREADABLE if it cannot be read."""
        file, size = self._open(name)
        with file:
            if size > largest:
                raise OSError(f"{name}: {TOO_LARGE}")
            return file.read(size)  # at most the declared size, since an entry may contain more

    def picture(self, name: str) -> Image | None:
        """Decode one picture to uint8 BGR (height, width, 3); None if it cannot be read or decoded."""
        try:
            return decode_picture(self.read(name))
        except UNREADABLE:
            return None

    def each(self, names: Sequence[str], work: Callable[[Image | None], Result]) -> Iterator[Result]:
        """Yield `work(picture)` for each picture in order, computed on all cores; None stands for an unreadable one.

        At most 395 MB of files and pictures are held at a time, so `work` must not keep the picture.
        """

        def one(name: str) -> Result:
            with ExitStack() as shares:
                return work(self._shared(name, shares))

        remaining = iter(names)
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            while batch := list(islice(remaining, AHEAD)):
                yield from pool.map(one, batch)

    def _shared(self, name: str, shares: ExitStack) -> Image | None:
        """Decode one picture, as `picture` does, with its bytes held in `shares`."""
        try:
            file, size = self._open(name)
            with file:
                if size > LARGEST_FILE:
                    return None
                with _FILES.held(size):
                    extent = checked(file.read(size))
                    if extent is None:
                        return None
                    shares.enter_context(_DECODED.held(extent.cost))
                    return decode(extent)
        except UNREADABLE:
            return None

    def _open(self, name: str) -> tuple[IO[bytes], int]:
        """Open a file; returns it with its size in bytes."""
        if reason := _against_name(name):
            raise OSError(f"{name[:LONGEST_NAME]}: {reason}")
        if self.path.is_dir():
            status = (self.path / name).stat()
            if not stat.S_ISREG(status.st_mode):  # reading a pipe blocks, and a device never ends
                raise OSError(f"{name}: {NO_FILE}")
            if status.st_size > LARGEST_LIST:
                raise OSError(f"{name}: {TOO_LARGE}")
            return (self.path / name).open("rb"), status.st_size
        archive, entries = self._archive()
        entry = entries[name]
        if reason := _against_entry(entry):
            raise OSError(f"{name}: {reason}")
        return archive.open(entry), entry.file_size

    def _archive(self) -> tuple[zipfile.ZipFile, dict[str, zipfile.ZipInfo]]:
        """The open zip and its entries by name. A forked process opens it anew, since file positions are shared."""
        if self._opened is None or self._opened[0] != os.getpid():
            try:
                archive = zipfile.ZipFile(self.path)
            except Exception as error:  # zipfile raises many exception types for a damaged directory
                raise AffectError(f"{self.path} cannot be opened ({error}). Download it again.") from error
            if sum(i.compress_size for i in archive.infolist()) > self.path.stat().st_size:
                raise AffectError(
                    f"{self.path} lists more than it holds: its entries overlap, as those of a zip bomb do. "
                    "Download it again."
                )
            entries = {i.filename.replace("\\", "/"): i for i in archive.infolist() if i.filename and not i.is_dir()}
            self._opened = (os.getpid(), archive, entries)
        return self._opened[1], self._opened[2]

    def _walk(self, left_out: list[tuple[str, str]]) -> Iterator[str]:
        """The folder's files, recursively; folders in the order of their names.

        A link to a folder is followed unless it leads to a parent folder. Below links each folder is entered once,
        since links that lead to one another have more paths than can be counted; what is passed over is told.
        """
        entered: set[tuple[int, int]] = set()
        linked = {self.path: False}  # whether a folder was reached through a link
        for folder, subfolders, files in os.walk(self.path, followlinks=True):
            here = Path(folder)
            real, through = here.resolve(), linked.pop(here)
            below = here.relative_to(self.path)
            subfolders.sort()
            for name in list(subfolders):
                inside = here / name
                if reason := self._against_folder(inside, real, through, entered):
                    subfolders.remove(name)
                    left_out += [((below / name).as_posix(), reason)] if reason == LINKED_AGAIN else []
                else:
                    linked[inside] = through or inside.is_symlink()
            yield from ((below / f).as_posix() for f in files)

    @staticmethod
    def _against_folder(folder: Path, parent: Path, through: bool, entered: set[tuple[int, int]]) -> str:
        """The reason why a folder is not entered; "" if it is.   through: its parent was reached through a link."""
        if not through and not folder.is_symlink():
            return ""
        if _leads_back(folder, parent):
            return LEADS_BACK
        try:
            status = folder.stat()
        except OSError:
            return UNREAD
        if (status.st_dev, status.st_ino) in entered:
            return LINKED_AGAIN
        entered.add((status.st_dev, status.st_ino))
        return ""


def _against_name(name: str) -> str:
    """The reason why a file with this name is left out; "" if it is not."""
    parts = name.split("/")
    if len(name) > LONGEST_NAME or len(parts) > DEEPEST_NAME or _CONTROL.search(name):
        return ODD_NAME
    return OUTSIDE if ".." in parts or name.startswith("/") or (len(name) > 1 and name[1] == ":") else ""


def _against_entry(entry: zipfile.ZipInfo) -> str:
    """The reason why a zip entry is refused; "" if it is not."""
    if entry.flag_bits & 1:
        return ENCRYPTED
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):  # others expand without limit
        return ODDLY_PACKED
    if stat.S_ISLNK(entry.external_attr >> 16):
        return A_LINK
    largest = LARGEST_FILE if entry.filename.lower().endswith(PICTURE_ENDINGS) else LARGEST_LIST
    packed = entry.filename.lower().endswith(PACKED_ENDINGS)
    ratio, size = (MOST_PACKED_UNFOLDING, PACKED_LARGE) if packed else (MOST_UNFOLDING, LARGE)
    unfolds = entry.file_size > size and entry.file_size > ratio * entry.compress_size
    return TOO_LARGE if entry.file_size > largest or unfolds else ""


def _leads_back(folder: Path, parent: Path) -> bool:
    return folder.is_symlink() and parent.is_relative_to(folder.resolve())
