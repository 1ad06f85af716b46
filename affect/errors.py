"""The one exception that is meant for the person at the keyboard, and how a line shows what came from outside.

Everything in `affect` that fails because of what the user gave (a file, a setting, a camera) raises `AffectError`;
the command lines print its message as one line and leave with exit code 2.
"""

from __future__ import annotations

import unicodedata

JOINERS = "\u200c\u200d"  # of Persian, Hindi and emoji: the two format characters that names are written with


class AffectError(Exception):
    """What happened, to which file or setting, and what to do now, in one line."""

    def __str__(self) -> str:
        return as_shown(super().__str__())


def as_shown(text: str) -> str:
    r"""A line that may hold a file's name, safe for a terminal, a window and any UTF-8 file.

    Control and format characters, which can colour or overwrite a terminal or turn a name around, line ends, and bytes
    that are no UTF-8 (lone surrogates, PEP 383) become escapes such as \x1b. What is escaped once stays as it is.
    """
    return text if text.isprintable() else "".join(escaped(sign) if _is_unsafe(sign) else sign for sign in text)


def _is_unsafe(sign: str) -> bool:
    return unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Zl", "Zp") and sign not in JOINERS


def escaped(sign: str) -> str:
    r"""A character as an escape, \xff for a byte that is no UTF-8."""
    code = ord(sign)
    if 0xDC80 <= code <= 0xDCFF:  # a byte, as Python keeps it in the name of a file
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
