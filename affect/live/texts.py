"""Every sentence that a psychologist reads in the window or on the terminal, in English and Spanish."""

from __future__ import annotations

import locale
import os
from typing import Final

from affect.emotions import LANGUAGES

TEXTS: Final[dict[str, dict[str, str]]] = {
    "no_face": {"en": "no face", "es": "ninguna cara"},
    # the window: bar, help, prompts
    # the session: messages, questions, summary
}


def text(key: str, language: str, **values: object) -> str:
    """A sentence of TEXTS in a language, with its {placeholders} filled. Raises KeyError for an unknown one."""
    return TEXTS[key][language].format(**values)


def default_language() -> str:
    """The language of the user's locale where it is one of ours, else English."""
    told = next((os.environ[n] for n in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(n)), None)
    if told is None:  # Windows tells it another way
        told = locale.getlocale()[0] or ""
    code = "es" if told.lower().startswith(("es_", "es-", "spanish")) or told.lower() == "es" else "en"
    return code if code in LANGUAGES else "en"
