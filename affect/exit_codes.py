"""What the command lines have in common: what goes wrong becomes one line on stderr and an exit code."""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable
from contextlib import suppress

from affect.errors import AffectError, as_shown
from affect.spoken import said

DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
NO_ACCESS = (
    errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENAMETOOLONG,
)  # fmt: skip


def exit_code_of(work: Callable[[], None], again: str = "start the same command again") -> int:
    """Run a command and return its exit code: 0 done, 2 not possible as it was asked for, 130 interrupted.

    again: how one goes on after an interruption, or when there is room on the disk. Where the reader of the output goes
    (`| head`), that is an interruption.   An error that nobody foresaw is raised.
    """
    try:
        work()
    except AffectError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except (KeyboardInterrupt, BrokenPipeError):
        with suppress(OSError):
            print(said("interrupted: {again}", again=said(again)), file=sys.stderr)
        return 130
    except OSError as error:
        path = as_shown(str(error.filename))
        if error.errno in DISK_FULL:
            what = "{path} cannot be written" if error.filename else "not everything can be written"
            told = said(
                "error: the disk is full, {what}. What was saved before is whole. Make room; {again}.",
                what=said(what, path=path),
                again=said(again),
            )
        elif error.errno in NO_ACCESS and error.filename:
            told = said(
                "error: {path} cannot be read or written ({reason}). Check what may be done there, or name another "
                "place.",
                path=path,
                reason=error.strerror,
            )
        else:
            raise
        print(told, file=sys.stderr)
        return 2
    return 0
