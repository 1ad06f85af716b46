"""Write files so that a kill at any moment leaves either the old file or the whole new one."""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

RETRY_S = 0.1


@contextmanager
def atomic_path(path: str | Path, mode: int | None = None, patience_s: float = 0.0) -> Iterator[Path]:
    """A temporary path in the same folder; when the block ends well, it takes the place of `path` at once.

    mode: who may read and write the file (Unix); None: what the process's umask gives a new file.   The folder is made
    where it is missing. When the block raises, the temporary file is removed and `path` stays as it was.
    patience_s: for how long it is tried again where another program holds `path` (see `_replace`).
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    # not tempfile.mkstemp, whose files nobody else may read: so the system applies the umask, which cannot be asked for
    # without changing it for all threads
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o666 if mode is None else mode))
    try:
        yield part
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        if mode is not None:  # whatever the umask took away
            part.chmod(mode)
        _replace(part, path, patience_s)
    finally:
        part.unlink(missing_ok=True)


def _replace(part: Path, path: Path, patience_s: float) -> None:
    """Put a file in another's place. Windows refuses that while a program has that open, as a virus scanner does for a
    moment: so it is tried again for `patience_s`. Raises PermissionError after that, and any other OSError at once."""
    deadline = time.monotonic() + patience_s
    while True:
        try:
            part.replace(path)
        except PermissionError:
            if time.monotonic() >= deadline:
                raise
            time.sleep(RETRY_S)
        else:
            return


def sync_folder(folder: Path) -> None:
    """Bring a folder's list of names to the disk, where the system can do that (Windows does it by itself)."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def remove_leftovers(path: Path, older_than_s: float = 0.0) -> None:
    """Remove what a kill in the middle of `atomic_path` left beside a file.

    older_than_s: leave what was touched since: another process may be writing it.
    """
    for part in path.parent.glob(f".{path.name}.*.part"):
        with suppress(OSError):  # it was just finished, or somebody else removes it
            if time.time() - part.stat().st_mtime >= older_than_s:
                part.unlink()


def cache_folder() -> Path:
    r"""Where what can be made again is kept: `AFFECT_CACHE`, else the system's place for a user's cache.

    That is `~/.cache/affect` on Linux (or in `XDG_CACHE_HOME`), `~/Library/Caches/affect` on macOS,
    `%LOCALAPPDATA%\affect\Cache` on Windows.
    """
    if chosen := os.environ.get("AFFECT_CACHE"):
        return Path(chosen)
    from platformdirs import user_cache_path  # only where no variable names the folder

    return user_cache_path("affect", appauthor=False)


def same_file(one: Path, other: Path) -> bool:
    """Whether two paths lead to one file, by links too; where one of them is not there yet, they are compared."""
    with suppress(OSError):
        return one.samefile(other)
    return one.resolve() == other.resolve()


def sha256_of(path: str | Path) -> str:
    """The file's SHA-256 as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    with Path(path).open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
