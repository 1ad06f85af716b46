"""Terminal input and output in the user's language: messages, language option, consent question."""

from __future__ import annotations

import argparse
import itertools
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from affect.command_line import takes_output
from affect.emotions import LANGUAGES
from affect.errors import AffectError, as_shown, without_logins
from affect.live.bundled import terms_of
from affect.live.texts import YES, default_language, text

if TYPE_CHECKING:
    from affect.live.recording.recording import Consent


def tell(line: str) -> None:
    """Print a line on stderr; dropped if stderr takes none, as a terminal that was stopped (Ctrl-S) or closed."""
    if takes_output(sys.stderr):
        print(as_shown(without_logins(line)), file=sys.stderr, flush=True)


def tell_terms(model: Path, language: str) -> None:
    """Print under what terms a bundled model may be used; nothing for another model."""
    if (terms := terms_of(model)) is not None:
        tell(text(terms, language))


def language_of(arguments: list[str] | None) -> str:
    """Language of a command line, "en" or "es": the value of `--lang` or, without it, the computer's language.

    It is read before parsing, so that errors in other options are reported in this language.
    arguments: the command line; None: sys.argv.
    """
    given = sys.argv[1:] if arguments is None else arguments
    found = default_language()
    for argument, following in itertools.zip_longest(given, given[1:]):
        name, equals, value = argument.partition("=")
        if len(name) > 2 and "--lang".startswith(name):  # argparse also accepts abbreviated options
            value = value if equals else following
            found = value if value in LANGUAGES else found
    return found


def consent_of(options: argparse.Namespace) -> Consent:
    """Get consent to a recording without a window: from the option `--consent`, or by a question on the terminal.

    Raises AffectError if it is declined, or stdin is no terminal.
    """
    from affect.live.recording.recording import Consent

    if options.consent:
        return Consent.now("--consent")
    if sys.stdin is None or not sys.stdin.isatty():
        raise AffectError(text("no_consent", options.lang))
    question = f"{text('consent_question', options.lang)} [{text('yes_no', options.lang)}] "
    print(question, end="", file=sys.stderr, flush=True)
    answer = ""
    with suppress(OSError):  # the terminal was closed instead
        answer = sys.stdin.readline().strip().lower()
    if answer not in YES[options.lang]:
        raise AffectError(text("consent_declined", options.lang))
    return Consent.now("asked")
