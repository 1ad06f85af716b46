"""What is told and asked on the terminal, in the person's language."""

from __future__ import annotations

import argparse
import itertools
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from affect.emotions import LANGUAGES
from affect.errors import AffectError, as_shown
from affect.live.texts import YES, default_language, text

if TYPE_CHECKING:
    from affect.live.recording.recording import Consent


def tell(line: str) -> None:
    """A line on stderr; nobody is told where the terminal has gone."""
    with suppress(OSError):
        print(as_shown(line), file=sys.stderr, flush=True)


def language_of(arguments: list[str] | None) -> str:
    """The language of a command line, "en" or "es": that of its `--lang`, wherever it stands and whatever else is wrong
    there, else the computer's.   arguments: None: the process's own."""
    given = sys.argv[1:] if arguments is None else arguments
    found = default_language()
    for argument, following in itertools.zip_longest(given, given[1:]):
        name, equals, value = argument.partition("=")
        if len(name) > 2 and "--lang".startswith(name):  # argparse takes the beginning of a name, too
            value = value if equals else following
            found = value if value in LANGUAGES else found
    return found


def consent_of(options: argparse.Namespace) -> Consent:
    """The consent to a recording without a window: from the command line, or asked here.

    Raises AffectError where it is declined, or nobody can be asked.
    """
    from affect.live.recording.recording import Consent

    if options.consent:
        return Consent.now("--consent")
    if sys.stdin is None or not sys.stdin.isatty():
        raise AffectError(text("no_consent", options.lang))
    question = f"{text('consent_question', options.lang)} [{text('yes_no', options.lang)}] "
    print(question, end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in YES[options.lang]:
        raise AffectError(text("consent_declined", options.lang))
    return Consent.now("asked")
