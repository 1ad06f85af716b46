"""Shared parts of all command lines: argument parser, signal handling, one-line error messages and exit codes."""

from __future__ import annotations

import argparse
import atexit
import codecs
import errno
import io
import math
import os
import re
import select
import signal
import sys
import threading
import time
import unicodedata
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn, TextIO

from affect.errors import AffectError, as_shown, escaped, without_logins
from affect.files import settle_home
from affect.spoken import said, speak

_asked = threading.Event()
ENDING_S = 10.0  # writing a session's files and report at the end takes a few seconds


def end_on_signals() -> None:
    """Raise KeyboardInterrupt in the main thread at SIGINT, SIGTERM and SIGHUP, but not again while the program ends.

    A closed terminal sends SIGHUP twice (the kernel and the shell), and people press Ctrl-C twice: a second interrupt
    would break off the writing that the first one began. After ENDING_S a signal raises again. Signals that are ignored
    at the start (`nohup`) stay ignored.   Does nothing outside the main thread.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    raised_s = -math.inf
    _asked.clear()
    _say_no_dropped_interrupt()

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal raised_s
        if time.monotonic() - raised_s >= ENDING_S:
            raised_s = time.monotonic()
            _asked.set()
            raise KeyboardInterrupt

    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is not None and signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
            signal.signal(number, interrupt)
            atexit.register(signal.signal, number, signal.SIG_IGN)  # ignored while Python shuts down


def _say_no_dropped_interrupt() -> None:
    """Keep Python from printing a KeyboardInterrupt that it dropped in a finalizer; `end_if_asked` raises it again."""
    say = sys.unraisablehook

    def hook(dropped: sys.UnraisableHookArgs) -> None:
        if not isinstance(dropped.exc_value, KeyboardInterrupt):
            say(dropped)

    sys.unraisablehook = hook


def end_if_asked() -> None:
    """Raise the KeyboardInterrupt of a signal again if Python dropped it, as it does in an object's finalizer.

    Long-running loops call it now and then. Does nothing outside the main thread.
    """
    if _asked.is_set() and threading.current_thread() is threading.main_thread():
        _asked.clear()
        raise KeyboardInterrupt


LARGEST_SEED = 2**32 - 1  # the limit of NumPy's RandomState, with which pandas samples rows


class CommandParser(argparse.ArgumentParser):
    """ArgumentParser with messages in English or Spanish, for any terminal encoding and any user's home folder.

    language: "en" or "es".   The rest is argparse's.
    """

    def __init__(self, *, language: str = "en", **settings: Any) -> None:
        steady_streams()
        speak(language)
        super().__init__(**settings)

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[Any, list[str]]:
        """Parse as argparse does, but exit on unknown arguments with a hint about missing quotation marks."""
        given = list(sys.argv[1:] if args is None else args)
        options, rest = super().parse_known_args(given, namespace)
        if rest:
            told = said("unknown arguments: {rest}", rest=" ".join(rest))
            if (quoted := _quoted(given, rest)) is not None:
                told += ". " + said("A name with spaces needs quotation marks: {quoted}", quoted=quoted)
            self.error(told)
        if (folder := settle_home()) is not None:
            told = said(
                "There is no home folder to write to: {folder} takes its place until the end. To keep what is "
                "prepared, name a folder in the variable HOME.",
                folder=folder,
            )
            print(told, file=sys.stderr)
        return options, rest

    def error(self, message: str) -> NoReturn:
        """Exit with code 2 and a message, as argparse does, with unsafe characters escaped and no login."""
        super().error(as_shown(without_logins(message)))


def _quoted(given: list[str], rest: list[str]) -> str | None:
    """The unknown argument and its neighbours as one quoted name; None if it is an option or has no neighbours."""
    start = end = given.index(rest[0])
    if rest[0].startswith("-"):
        return None
    while start > 0 and not given[start - 1].startswith("-"):
        start -= 1
    while end < len(given) and not given[end].startswith("-"):
        end += 1
    option = f"{given[start - 1]} " if start > 0 else ""
    return f'{option}"{" ".join(given[start:end])}"' if end - start > 1 else None


def steady_streams() -> None:
    """Make stdin, stdout and stderr safe: nothing that becomes of them ends what the program does.

    Characters outside their encoding are replaced, since Windows writes files and pipes in cp1252 and a terminal may be
    set to ASCII, and those that could steer a terminal are escaped (`_PlainText`). A stream that the caller closed
    becomes the null device. Output that cannot be written (a full disk, `| head`, a closed terminal) is dropped, see
    `lost_output`.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115
        elif isinstance(stream, io.TextIOWrapper):
            if mode == "w" and stream is getattr(sys, f"__{name}__"):
                setattr(sys, name, stream := _steady(stream, LINES if name == "stdout" else LINES_AND_BARS))
            stream.reconfigure(errors=PLAIN if mode == "w" else "replace")


def _steady(stream: io.TextIOWrapper, kept: re.Pattern[str]) -> io.TextIOWrapper:
    """The same output as `_PlainText`, with a `_DroppingFile` at its end unless it is Windows' console, no file.

    kept: what is written although it steers a terminal.
    """
    with suppress(OSError):
        stream.flush()
    file: Any = stream.buffer
    if isinstance(getattr(file, "raw", file), io.FileIO):
        file = io.BufferedWriter(_DroppingFile(stream.fileno(), "w", closefd=False))
    made = _PlainText(file, stream.encoding, line_buffering=stream.line_buffering, write_through=stream.write_through)
    made.kept = kept
    return made


class _PlainText(io.TextIOWrapper):
    """Text output that escapes all that could steer a terminal but for `kept`, as texts from outside may hold it."""

    kept: re.Pattern[str]

    def write(self, text: str) -> int:
        parts = self.kept.split(text)  # every second one is kept
        super().write("".join(part if i % 2 else as_shown(part) for i, part in enumerate(parts)))
        return len(text)


LINES = re.compile(r"([\n\t])")
LINES_AND_BARS = re.compile(r"([\n\t\r]|\x1b\[A)")  # tqdm goes back in a line, and to the line above


class _DroppingFile(io.FileIO):
    """Output file that drops what it cannot write.   failure: the first error; None: everything was written."""

    failure: OSError | None = None

    def write(self, data: Any) -> int:
        try:
            if (written := super().write(data)) is not None:  # None: a pipe set to non-blocking is full
                return written
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        except OSError as error:
            self.failure = self.failure or error
            return len(data)


def lost_output() -> OSError | None:
    """Why something printed on stdout could not be written (the first error); None if all of it was."""
    sys.stdout.flush()
    return getattr(getattr(getattr(sys.stdout, "buffer", None), "raw", None), "failure", None)


def takes_output(stream: TextIO) -> bool:
    """Whether a stream takes a line at once: not a pipe that nobody reads on (`| less`), nor a stopped terminal.

    Otherwise printing would wait, and a live analysis with it. Always True on Windows, and for what is no file.
    """
    with suppress(OSError, ValueError):
        return bool(select.select([], [stream], [], 0)[1])
    return True


def _plain(error: UnicodeError) -> tuple[str, int]:
    """Codec error handler that writes ASCII instead: the letter without its accent, a plain space, or an escape."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    signs = error.object[error.start : error.end]
    simple = [unicodedata.normalize("NFKD", sign).encode("ascii", "ignore").decode() or escaped(sign) for sign in signs]
    return "".join(simple), error.end


PLAIN = "affect.plain"
codecs.register_error(PLAIN, _plain)


def positive(text: str) -> int:
    """Parse a whole number of 1 or more, as an argparse `type`. Raises argparse.ArgumentTypeError for other text."""
    with suppress(ValueError):
        if (value := int(text)) >= 1:
            return value
    raise argparse.ArgumentTypeError(said("{text} is no whole number of 1 or more", text=text))


CODE = re.compile(r"[A-Za-z0-9_-]{1,32}")


def person_code(text: str) -> str:
    """Parse a person's code, as an argparse `type`: ASCII letters, digits, - and _; returned in upper case.

    Upper and lower case are one code, as they are one file on Windows and macOS. Raises argparse.ArgumentTypeError for
    other text.
    """
    if not CODE.fullmatch(text):
        raise argparse.ArgumentTypeError(
            said("{text} is no code: give 1 to 32 letters (a-z), digits, - or _, and no name", text=text)
        )
    return text.upper()


def seed_number(text: str) -> int:
    """Parse a seed, 0 … LARGEST_SEED, as an argparse `type`. Raises argparse.ArgumentTypeError for any other text."""
    with suppress(ValueError):
        if 0 <= (value := int(text)) <= LARGEST_SEED:
            return value
    raise argparse.ArgumentTypeError(f"{text} is no seed: give a whole number from 0 to {LARGEST_SEED}")


DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NO_ACCESS = "EACCES EPERM EROFS ENOENT ENOTDIR EISDIR EEXIST ENAMETOOLONG"
NO_ACCESS = [getattr(errno, name) for name in _NO_ACCESS.split()]


def exit_code_of(work: Callable[[], None], again: str = "start the same command again") -> int:
    """Run a command and return its exit code: 0 done, 2 AffectError, full disk or no access, 130 interrupted.

    again: how to continue after an interruption or a full disk, for the message. Output on stdout that was lost ends
    nothing before its end; then a full disk is told, and another reason (`| head`) counts as an interruption.
    Any other exception is raised.
    """
    try:
        work()
        if (lost := lost_output()) is not None:
            raise lost if lost.errno in DISK_FULL else BrokenPipeError
    except AffectError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except (KeyboardInterrupt, BrokenPipeError):
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
