"""Atomic file writing, the cache and home folders, and checksums."""

from __future__ import annotations

import atexit
import errno
import hashlib
import os
import re
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from affect.errors import AffectError

RETRY_S = 0.1
TEMPORARY_HOME = "AFFECT_TEMPORARY_HOME"  # the temporary home folder's path, for child processes


@contextmanager
def atomic_path(
    path: str | Path, mode: int | None = None, patience_s: float = 0.0, make_folder: bool = True
) -> Iterator[Path]:
    """Write a file atomically: yields a temporary path in the same folder, and renames it to `path` at the end.

    If the process is killed, `path` is the old file or the whole new one. If the block raises, the temporary file is
    removed and `path` stays as it was.
    mode: the file's Unix permissions; None: those that the umask gives a new file.
    patience_s: how long to retry while another program has `path` open (see `_replace`).
    make_folder: create a missing folder, with the permissions that the umask gives it.
    Raises OSError if nothing can be written there.
    """
    path = Path(path)
    if not path.name:  # a folder, such as "." or "/"
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if make_folder:
        path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    # tempfile.mkstemp would create a file that only its owner can read. os.open applies the umask, which Python cannot
    # read without changing it for all threads.
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o666 if mode is None else mode))
    try:
        yield part
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        if mode is not None:  # restores bits that the umask removed
            part.chmod(mode)
        _replace(part, path, patience_s)
    finally:
        part.unlink(missing_ok=True)


def write_text(path: Path, text: str, mode: int | None = None, make_folder: bool = True) -> None:
    """Write a text as UTF-8, with its line ends as they are; the rest as for `atomic_path`."""
    with atomic_path(path, mode, make_folder=make_folder) as part:
        part.write_text(text, encoding="utf-8", newline="")


def write_between(path: Path, begin: str, end: str, renewed: Callable[[str], str]) -> None:
    """Replace the text between two markers of a file by a function of it. Raises AffectError without the markers."""
    before, found, rest = (path.read_text(encoding="utf-8") if path.is_file() else "").partition(begin)
    inside, ended, after = rest.partition(end)
    if not (found and ended):
        raise AffectError(f"{path} has no place for figures. Write it with the lines {begin!r} and {end!r}.")
    write_text(path, f"{before}{begin}\n{renewed(inside)}\n{end}{after}")


def _replace(part: Path, path: Path, patience_s: float) -> None:
    """Rename a file over another one, and retry for `patience_s` seconds on PermissionError.

    Windows refuses it while another program, such as a virus scanner, has the file open. Raises PermissionError after
    that time, and any other OSError at once.
    """
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
    """Flush a folder's entries to the disk (fsync); does nothing on Windows, which does not need it."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def remove_leftovers(path: Path, older_than_s: float = 0.0) -> None:
    """Remove the temporary files that killed processes left beside a file (see `atomic_path`); of all files for "*".

    older_than_s: keep files changed within so many seconds, since another process may be writing them.
    """
    for part in path.parent.glob(f".{path.name}.*.part"):
        with suppress(OSError):  # another process has just renamed or removed it
            if time.time() - part.stat().st_mtime >= older_than_s:
                part.unlink()


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Hold a lock file, of which one process at a time can be the owner, and remove it at the end.

    The lock ends with the process, however that ends; its child processes do not hold it. Without effect on a drive
    that has no locks. Raises BlockingIOError if another process holds it, other OSError if it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = _locked(path)
    while not is_still_at(path, handle):  # its owner has removed it just now
        os.close(handle)
        handle = _locked(path)
    try:
        yield
    finally:
        if os.name != "nt":
            path.unlink(missing_ok=True)  # while it is locked, so that nobody loses a lock
        os.close(handle)
        if os.name == "nt":  # removes no open file
            with suppress(OSError):
                path.unlink()


def _locked(path: Path) -> int:
    """Open and lock a file. Returns its descriptor."""
    handle = os.open(path, os.O_CREAT | os.O_RDWR, 0o666)
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EAGAIN, errno.EDEADLK):
            os.close(handle)
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN), str(path)) from error
    return handle


def cache_folder() -> Path:
    r"""The cache folder: the environment variable `AFFECT_CACHE`, else the system's user cache folder.

    That is `~/.cache/affect` on Linux (or in `XDG_CACHE_HOME`), `~/Library/Caches/affect` on macOS,
    `%LOCALAPPDATA%\affect\Cache` on Windows.
    """
    if chosen := os.environ.get("AFFECT_CACHE"):
        return Path(chosen)
    from platformdirs import user_cache_path  # imported only if the variable is not set

    return user_cache_path("affect", appauthor=False)


def home_folder() -> Path | None:
    """The user's home folder; None if there is no permanent, writable one.

    A container's user often has no account and no HOME, or the home "/"; a service's home folder may not exist.
    """
    try:
        home = Path.home()
    except RuntimeError:
        return None
    lasts = str(home) != os.environ.get(TEMPORARY_HOME)
    return home if lasts and home.is_absolute() and os.access(home, os.W_OK | os.X_OK) else None


def expanded(path: str) -> Path:
    """A path with its leading ~ replaced by the home folder; unchanged if that is unknown (Path.expanduser raises)."""
    return Path(os.path.expanduser(path))  # noqa: PTH111


def settle_home() -> Path | None:
    """Give the process a temporary home folder if it has none, since libraries keep their caches there.

    Returns the folder, which is removed at exit; None if there is a home folder already, or no temporary one can be
    created.
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
    """Check that a folder and a file can be created in `folder`, and remove them again. Raises OSError if not."""
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
    """Whether a path is an existing file; False for a name that the system rejects, such as one that is too long."""
    with suppress(OSError, ValueError):
        return path.is_file()
    return False


def is_folder(path: Path) -> bool:
    """Whether a path is an existing folder; False for a name that the system rejects."""
    with suppress(OSError, ValueError):
        return path.is_dir()
    return False


def is_still_at(path: Path, handle: int) -> bool:
    """Whether a path is the file of an open descriptor: not deleted, moved, or replaced by another since.

    Windows lets nobody do that to an open file, and its file numbers are not reliable on every drive.
    """
    with suppress(OSError):
        return os.name == "nt" or os.path.samestat(path.stat(), os.fstat(handle))
    return False


def same_file(one: Path, other: Path) -> bool:
    """Whether two paths are the same file, also through links; the paths are compared if one does not exist yet."""
    with suppress(OSError):
        return one.samefile(other)
    return one.resolve() == other.resolve()


def may_replace(path: Path, kind: re.Pattern[bytes]) -> bool:
    """Whether an output may be written to a path: nothing is there, or an empty file, or one of the same kind.

    kind: matches the first 1,000 bytes of such a file.   False for a file that cannot be read.
    """
    if not path.exists():
        return True
    try:
        with path.open("rb") as file:
            start = file.read(1000)
    except OSError:
        return False
    return not start or kind.match(start) is not None


def sha256_of(path: str | Path) -> str:
    """The file's SHA-256 as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    with Path(path).open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
