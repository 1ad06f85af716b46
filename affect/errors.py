"""The exception for errors that the user can solve, and the escaping of untrusted text in messages.

Everything in `affect` that fails because of the user's input (a file, a setting, a camera) raises `AffectError`;
the command lines print its message as one line and exit with code 2.
"""

from __future__ import annotations

import unicodedata

JOINERS = "\u200c\u200d"  # the two format characters that Persian, Hindi and emoji names need


class AffectError(Exception):
    """An error whose message tells the user, in one line, what happened, to which file or setting, and what to do."""

    def __str__(self) -> str:
        return as_shown(super().__str__())


def as_shown(text: str) -> str:
    r"""Text with unsafe characters escaped, for a terminal, a window or a UTF-8 file.

    Control and format characters (which can colour or overwrite a terminal or reverse a name), line ends, and bytes
    that are not UTF-8 (lone surrogates, PEP 383) become escapes such as \x1b. Escaping twice changes nothing.
    """
    return text if text.isprintable() else "".join(escaped(sign) if _is_unsafe(sign) else sign for sign in text)


def _is_unsafe(sign: str) -> bool:
    return unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Zl", "Zp") and sign not in JOINERS


def escaped(sign: str) -> str:
    r"""The escape sequence of a character, such as \x1b; \xff for a byte that is not UTF-8."""
    code = ord(sign)
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a file name as Python represents it (PEP 383)
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def brief(value: object, most: int = 60) -> str:
    """An untrusted value shortened for a message: one line, ASCII, at most `most` characters."""
    try:
        shown = ascii(value) if not isinstance(value, str) else ascii(value[: most + 1])[1:-1]
    except ValueError:  # a whole number of thousands of digits
        shown = "a number of thousands of digits"
    return shown if len(shown) <= most else shown[: most - 3] + "..."
