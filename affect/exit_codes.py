"""What the command lines have in common: what goes wrong becomes one line on stderr and an exit code."""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable

from affect.errors import AffectError

DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
NO_ACCESS = (
    errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENAMETOOLONG,
)  # fmt: skip


def exit_code_of(work: Callable[[], None], again: str = "start the same command again") -> int:
    """Run a command and return its exit code: 0 done, 2 not possible as it was asked for, 130 interrupted.

    again: how one goes on after an interruption, or when there is room on the disk.
    An error that nobody foresaw is raised.
    """
    try:
        work()
    except AffectError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        if error.errno in DISK_FULL:
            what = f"{error.filename} cannot be written" if error.filename else "not everything can be written"
            print(
                f"error: the disk is full, {what}. What was saved before is whole. Make room; {again}.", file=sys.stderr
            )
        elif error.errno in NO_ACCESS and error.filename:
            print(
                f"error: {error.filename} cannot be read or written ({error.strerror}). "
                "Check what may be done there, or name another place.",
                file=sys.stderr,
            )
        else:
            raise
        return 2
    except KeyboardInterrupt:
        print(f"interrupted: {again}", file=sys.stderr)
        return 130
    return 0
