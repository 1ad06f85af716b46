"""How a command line begins: its parser, its numbers, and what it needs of the computer. Imports nothing heavy."""

from __future__ import annotations

import argparse
import atexit
import codecs
import io
import os
import sys
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from affect.errors import as_shown, escaped
from affect.files import settle_home
from affect.spoken import said, speak

LARGEST_SEED = 2**32 - 1  # of numpy's RandomState, with which pandas draws rows


class CommandParser(argparse.ArgumentParser):
    """An ArgumentParser that speaks the person's language, and makes the process ready for any terminal and any user.

    language: "en" or "es".   The rest is argparse's.
    """

    def __init__(self, *, language: str = "en", **settings: Any) -> None:
        steady_streams()
        speak(language)
        super().__init__(**settings)

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[Any, list[str]]:
        """As argparse, but unknown arguments end the command here, and say what may be meant."""
        given = list(sys.argv[1:] if args is None else args)
        options, rest = super().parse_known_args(given, namespace)
        if rest:
            told = said("unknown arguments: {rest}", rest=" ".join(rest))
            if (quoted := _quoted(given, rest)) is not None:
                told += ". " + said("A name with spaces needs quotation marks: {quoted}", quoted=quoted)
            self.error(told)
        if (folder := settle_home()) is not None:
            print(
                said(
                    "There is no home folder to write to: {folder} takes its place until the end. To keep what is "
                    "prepared, name a folder in the variable HOME.",
                    folder=folder,
                ),
                file=sys.stderr,
            )
        return options, rest

    def error(self, message: str) -> NoReturn:
        """See `argparse.ArgumentParser.error`."""
        super().error(as_shown(message))


def _quoted(given: list[str], rest: list[str]) -> str | None:
    """The words around the first that no option took, as one name; None where that is an option, or stands alone."""
    start = given.index(rest[0])
    if rest[0].startswith("-"):
        return None
    end = start + 1
    while start > 0 and not given[start - 1].startswith("-"):
        start -= 1
    while end < len(given) and not given[end].startswith("-"):
        end += 1
    option = f"{given[start - 1]} " if start > 0 else ""
    return f'{option}"{" ".join(given[start:end])}"' if end - start > 1 else None


def steady_streams() -> None:
    """Let no output end the process: what its encoding lacks is written plainly, and what nobody reads is dropped.

    Windows writes into files and pipes in cp1252, and a terminal may be set to ASCII; whoever starts a program may
    have closed its streams, and whoever reads it may go (`| head`).
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=PLAIN if mode == "w" else "replace")
    atexit.unregister(_drop_unread)
    atexit.register(_drop_unread)


def _plain(error: UnicodeError) -> tuple[str, int]:
    """What an encoding lacks, in ASCII: a letter without its accent, a plain space; an escape where there is none."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    signs = error.object[error.start : error.end]
    simple = [unicodedata.normalize("NFKD", sign).encode("ascii", "ignore").decode() or escaped(sign) for sign in signs]
    return "".join(simple), error.end


PLAIN = "affect.plain"
codecs.register_error(PLAIN, _plain)


def _drop_unread() -> None:
    """Python writes out its streams as it ends, and would say that it failed."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            with suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def positive(text: str) -> int:
    """A whole number of 1 or more, for an argument parser's `type`. Raises argparse.ArgumentTypeError for any other."""
    with suppress(ValueError):
        if (value := int(text)) >= 1:
            return value
    raise argparse.ArgumentTypeError(said("{text} is no whole number of 1 or more", text=text))


def seed_number(text: str) -> int:
    """A seed, 0 … LARGEST_SEED, for an argument parser's `type`. Raises argparse.ArgumentTypeError for any other."""
    with suppress(ValueError):
        if 0 <= (value := int(text)) <= LARGEST_SEED:
            return value
    raise argparse.ArgumentTypeError(f"{text} is no seed: give a whole number from 0 to {LARGEST_SEED}")
