"""Write files so that a kill at any moment leaves either the old file or the whole new one."""

from __future__ import annotations

import atexit
import errno
import hashlib
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

RETRY_S = 0.1
TEMPORARY_HOME = "AFFECT_TEMPORARY_HOME"  # names the folder that stands in for the home folder; child processes know it


@contextmanager
def atomic_path(path: str | Path, mode: int | None = None, patience_s: float = 0.0) -> Iterator[Path]:
    """A temporary path in the same folder; when the block ends well, it takes the place of `path` at once.

    mode: who may read and write the file (Unix); None: what the process's umask gives a new file.   The folder is made
    where it is missing. When the block raises, the temporary file is removed and `path` stays as it was.
    Raises OSError where nothing can be written there.
    patience_s: for how long it is tried again where another program holds `path` (see `_replace`).
    """
    path = Path(path)
    if not path.name:  # a folder, such as "." or "/"
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
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


def home_folder() -> Path | None:
    """The user's home folder; None where there is none that lasts and can be written to.

    A container's user often has no account and no HOME, or "/" for one; a service's home need not exist.
    """
    try:
        home = Path.home()
    except RuntimeError:
        return None
    lasts = str(home) != os.environ.get(TEMPORARY_HOME)
    return home if lasts and home.is_absolute() and os.access(home, os.W_OK | os.X_OK) else None


def expanded(path: str) -> Path:
    """A path whose leading ~ is the home folder. Path.expanduser raises where that is not known; here it stays a ~."""
    return Path(os.path.expanduser(path))  # noqa: PTH111


def settle_home() -> Path | None:
    """Give the process a temporary home folder where it has none, since every library keeps its caches there.

    Returns the folder, which is removed at the process's end; None where there is a home folder already, or no place
    for a temporary one.
    """
    if home_folder() is not None or TEMPORARY_HOME in os.environ:
        return None
    try:
        folder = tempfile.mkdtemp(prefix="affect-")
    except OSError:
        return None
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ.update(dict.fromkeys((TEMPORARY_HOME, "HOME", "USERPROFILE"), folder))
    return Path(folder)


def try_folder(folder: Path) -> None:
    """Raise OSError where no folder with a file in it can be made in `folder`; nothing stays of the try."""
    made: list[Path] = []
    file = folder / f".affect-{secrets.token_hex(8)}" / "file"
    try:
        for path in reversed(file.parents):
            if path.is_dir():
                continue
            if path.exists():
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))
            path.mkdir()
            made.append(path)
        file.write_bytes(b"x")
    finally:
        with suppress(OSError):
            file.unlink()
        for path in reversed(made):
            with suppress(OSError):
                path.rmdir()


def is_file(path: Path) -> bool:
    """Whether there is a file of this name; a name that the system does not take, as too long an address, is none."""
    with suppress(OSError, ValueError):
        return path.is_file()
    return False


def is_folder(path: Path) -> bool:
    """Whether there is a folder of this name, see `is_file`."""
    with suppress(OSError, ValueError):
        return path.is_dir()
    return False


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
