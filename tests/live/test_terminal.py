"""What is told and asked on the terminal."""

from __future__ import annotations

import argparse
import errno
import io
import sys

import pytest

from affect.errors import AffectError
from affect.live.terminal import consent_of, language_of, tell


@pytest.mark.parametrize(
    ("given", "language"),
    [
        ("--lang es", "es"),
        ("--lang=es", "es"),
        ("--la es", "es"),
        ("--l=es", "es"),
        ("--nonsense --faces 0 --lang es", "es"),
        ("--csv --lang es", "es"),
        ("--lang es --lang en", "en"),
        ("--lang en --lang fr", "en"),
        ("--lang fr", "es"),
        ("--lang", "es"),
        ("--language en", "es"),  # no option of ours
        ("-l en", "es"),
        ("-- en", "es"),
        ("", "es"),
    ],
)
def test_the_language_is_that_of_the_command_line_whatever_else_is_wrong_there(
    given: str, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "es_MX.UTF-8")
    assert language_of(given.split()) == language
    monkeypatch.setattr(sys, "argv", ["program", *given.split()])
    assert language_of(None) == language


def test_a_line_is_one_line_without_anything_that_the_terminal_obeys(capsys: pytest.CaptureFixture[str]) -> None:
    tell("error: \x1b[2J\nfake \udcff")
    assert capsys.readouterr().err == "error: \\x1b[2J\\x0afake \\xff\n"


@pytest.mark.parametrize("stdin", [None, io.StringIO("y\n")])
def test_who_cannot_be_asked_is_not_asked(stdin: io.StringIO | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", stdin)
    with pytest.raises(AffectError, match="add --consent"):
        consent_of(argparse.Namespace(consent=False, lang="en"))


def test_a_terminal_that_closes_instead_of_an_answer_has_not_agreed(monkeypatch: pytest.MonkeyPatch) -> None:
    class Closed(io.StringIO):
        def isatty(self) -> bool:
            return True

        def readline(self, size: int | None = -1, /) -> str:
            raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(sys, "stdin", Closed())
    with pytest.raises(AffectError, match="Without consent nothing is recorded"):
        consent_of(argparse.Namespace(consent=False, lang="en"))
