"""Every sentence that a psychologist reads in the window or on the terminal, in English and Spanish."""

from __future__ import annotations

import locale
import os
import re
import string
from contextlib import suppress
from typing import Final

from affect.errors import AffectError, as_shown
from affect.live.texts.commands import COMMAND_TEXTS
from affect.live.texts.files import FILE_TEXTS
from affect.live.texts.sources import SOURCE_TEXTS
from affect.live.texts.window import WINDOW_TEXTS

TEXTS: Final[dict[str, dict[str, str]]] = {**WINDOW_TEXTS, **SOURCE_TEXTS, **FILE_TEXTS, **COMMAND_TEXTS}


# Accepted answers for yes; the first is the key in the window. In English, "s" is the snapshot key and not consent.
YES: Final = {"en": ("y", "yes"), "es": ("s", "si", "sí")}


class _Shown(string.Formatter):
    """String formatter that makes values printable, as they may be names of files.   decimal: the decimal mark."""

    def __init__(self, decimal: str) -> None:
        self._decimal = decimal

    def format_field(self, value: object, format_spec: str) -> str:
        shown = super().format_field(value, format_spec)
        return shown.replace(".", self._decimal) if isinstance(value, float) else as_shown(shown)


_SHOWN = {"en": _Shown("."), "es": _Shown(",")}


def text(key: str, language: str, **values: object) -> str:
    """Sentence of TEXTS in a language, with its {placeholders} filled. Raises KeyError for an unknown key.

    For the {count} 1, the singular form with the suffix _one is used, if there is one.
    A value may be a function that returns it in a language.
    """
    values = {name: value(language) if callable(value) else value for name, value in values.items()}
    if values.get("count") == 1 and f"{key}_one" in TEXTS:
        key = f"{key}_one"
    return _SHOWN[language].format(TEXTS[key][language], **values) if values else TEXTS[key][language]


class TextError(AffectError):
    """An error whose message is in TEXTS. str() gives it in English, `told` in the user's language."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(text(key, "en", **values))
        self.key, self.values = key, values


def told(error: BaseException, language: str) -> str:
    """Error message for the user, in `language` if it is a TextError."""
    return text(error.key, language, **error.values) if isinstance(error, TextError) else str(error)


def percent(share: float, language: str) -> str:
    """Format a share, 0…1, in whole per cent: "82%", in Spanish "82 %" with a no-break space.

    A value above 0 that rounds to 0 is shown as "<1%".
    """
    number = "<1" if 0 < share < 0.005 else f"{share * 100:.0f}"
    return f"{number}\N{NO-BREAK SPACE}%" if language == "es" else f"{number}%"


def certainty(probability: float, language: str) -> str:
    """Format a probability, 0…1, in whole per cent; one that rounds to 100 is ">99%", as a model is never certain."""
    return ">" + percent(0.99, language) if probability >= 0.995 else percent(probability, language)


def signed(value: float, language: str) -> str:
    """Format a value, −1…1, with sign and two decimals: "+0.68", in Spanish "+0,68"; what rounds to 0 has no sign."""
    number = f"{abs(value):.2f}"
    sign = "" if float(number) == 0 else "+" if value > 0 else "−"
    return sign + (number.replace(".", ",") if language == "es" else number)


def clock(seconds: float, language: str, tenths: bool = False) -> str:
    """Format a time as minutes and seconds, truncated: 1:05 for 65.7, and 1:01:05 from an hour on.

    seconds: may be negative.   tenths: show tenths, 1:05.7, with the language's decimal mark.
    """
    whole = int(abs(seconds) * 10 + 1e-6)  # in tenths; the tolerance covers rounding errors of a sum
    if not tenths:
        whole -= whole % 10
    sign = "−" if seconds < 0 and whole else ""
    minutes, rest = divmod(whole, 600)
    hours, minutes = divmod(minutes, 60)
    tail = f"{rest // 10:02d}" + (f"{',' if language == 'es' else '.'}{rest % 10}" if tenths else "")
    return sign + (f"{hours}:{minutes:02d}:{tail}" if hours else f"{minutes}:{tail}")


def default_language() -> str:
    """Language of the user's locale: "es" for Spanish, else "en"."""
    told = next((os.environ[n] for n in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(n)), "")
    if not told:  # Windows does not set these variables
        with suppress(ValueError):  # macOS may give an encoding without a language
            told = locale.getlocale()[0] or ""
    return "es" if re.match(r"(es|spanish)(?![a-z])", told.lower()) else "en"
