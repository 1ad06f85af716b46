"""What is told and asked on the terminal, in the person's language."""

from __future__ import annotations

import argparse
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from affect.errors import AffectError
from affect.live.texts import text

if TYPE_CHECKING:
    from affect.live.recording import Consent

YES = {"en": ("y", "yes"), "es": ("s", "si", "sí")}


def tell(line: str) -> None:
    """A line on stderr; nobody is told where the terminal has gone."""
    with suppress(OSError):
        print(line, file=sys.stderr, flush=True)


def consent_of(options: argparse.Namespace) -> Consent:
    """The consent to a recording without a window: from the command line, or asked here.

    Raises AffectError where it is declined, or nobody can be asked.
    """
    from affect.live.recording import Consent

    if options.consent:
        return Consent.now("--consent")
    if not sys.stdin.isatty():
        raise AffectError(text("no_consent", options.lang))
    question = f"{text('consent_question', options.lang)} [{text('yes_no', options.lang)}] "
    print(question, end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in YES[options.lang]:
        raise AffectError(text("consent_declined", options.lang))
    return Consent.now("asked")
