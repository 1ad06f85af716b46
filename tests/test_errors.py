"""What a line shows of a name from outside."""

from __future__ import annotations

import os

import pytest

from affect.errors import AffectError, as_shown, brief


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("señal 1.mp4", "señal 1.mp4"),
        ("会話.mp4", "会話.mp4"),
        ("C:\\talks\\a.mp4", "C:\\talks\\a.mp4"),
        ("82\N{NO-BREAK SPACE}%", "82\N{NO-BREAK SPACE}%"),
        ("\N{FAMILY}\N{ZERO WIDTH JOINER}\N{BOY}", "\N{FAMILY}\N{ZERO WIDTH JOINER}\N{BOY}"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("a\nb\rc\td\x07\x7f", "a\\x0ab\\x0dc\\x09d\\x07\\x7f"),
        ("\x9b2J", "\\x9b2J"),  # an escape of one byte, for terminals that know it
        ("a\N{LINE SEPARATOR}b", "a\\u2028b"),
        ("a\N{RIGHT-TO-LEFT OVERRIDE}4pm.exe", "a\\u202e4pm.exe"),
        (os.fsdecode(b"caf\xe9.mp4"), "caf\\xe9.mp4" if os.name == "posix" else "café.mp4"),
        ("\ud800", "\\ud800"),  # half a character, as Windows may have it in a name
        ("\N{TAG LATIN SMALL LETTER A}", "\\U000e0061"),
    ],
)
def test_a_name_is_shown_without_anything_that_a_terminal_obeys_or_utf8_lacks(name: str, shown: str) -> None:
    assert as_shown(name) == shown
    assert as_shown(shown) == shown  # what is shown already is not changed again
    shown.encode("utf-8")
    assert str(AffectError(f"{name} is no video.")) == f"{shown} is no video."


def test_an_untrusted_value_is_shown_in_a_short_printable_line() -> None:
    for value in (
        "x" * 10**6,
        "\x1b[31m\n" * 1000,
        10**5000,
        [["\n"] * 1000],
        {1: b"\xff" * 1000},
        float("nan"),
        "ñ" * 60,
    ):
        assert len(brief(value)) <= 60
        assert brief(value).isprintable()
        assert brief(value).isascii()
    assert brief("mobilenet_v2") == "mobilenet_v2"
    assert brief(None) == "None"
