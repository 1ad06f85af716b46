"""Spanish translations of the messages that all command lines share: argparse's own, and those of `command_line`.

The research commands are in English; the live program and its report use the language of `--lang`.
"""

from __future__ import annotations

import argparse
import gettext
from typing import Final

# Translations by their English text: the messages of Python's argparse (3.10 to 3.13) that a user can see.
SPANISH: Final = {
    "usage: ": "uso: ",
    "positional arguments": "argumentos",
    "options": "opciones",
    "show this help message and exit": "muestra esta ayuda y termina",
    "argument %(argument_name)s: %(message)s": "argumento %(argument_name)s: %(message)s",
    "ambiguous option: %(option)s could match %(matches)s": "%(option)s es ambigua: puede ser %(matches)s",
    "expected one argument": "falta su valor",
    "expected at least one argument": "falta al menos un valor",
    "ignored explicit argument %r": "no admite un valor, y se ha dado %r",
    "invalid choice: %(value)r (choose from %(choices)s)": "%(value)r no vale: elija entre %(choices)s",
    "the following arguments are required: %s": "falta lo siguiente: %s",
}
# Messages of this project; `said` fills their placeholders.
SPANISH_OF_OURS: Final = {
    "unknown arguments: {rest}": "argumentos desconocidos: {rest}",
    "A name with spaces needs quotation marks: {quoted}": "Un nombre con espacios necesita comillas: {quoted}",
    "{text} is no whole number of 1 or more": "{text} no es un número entero igual o mayor que 1",
    "{text} is no code: give 1 to 32 letters (a-z), digits, - or _, and no name": (
        "{text} no es un código: indique de 1 a 32 letras (a-z), cifras, - o _, y ningún nombre"
    ),
    "There is no home folder to write to: {folder} takes its place until the end. To keep what is prepared, name a "
    "folder in the variable HOME.": (
        "No hay carpeta personal en la que se pueda escribir: hasta el final se usa {folder}. Para conservar lo "
        "preparado, indique una carpeta en la variable HOME."
    ),
    "error: the disk is full, {what}. What was saved before is whole. Make room; {again}.": (
        "error: el disco está lleno, {what}. Lo guardado antes está completo. Libere espacio; {again}."
    ),
    "{path} cannot be written": "no se puede escribir {path}",
    "not everything can be written": "no se puede escribir todo",
    "error: {path} cannot be read or written ({reason}). Check what may be done there, or name another place.": (
        "error: no se puede leer o escribir {path} ({reason}). Compruebe los permisos o indique otro lugar."
    ),
    "interrupted: {again}": "interrumpido: {again}",
    "start the same command again": "inicie de nuevo la misma orden",
}
_words: dict[str, str] = {}


def speak(language: str) -> None:
    """Set the language of this process's command-line messages, "en" or "es".

    argparse translates its messages with its module's `_` and `ngettext`, and Python ships no translations for them.
    """
    _words.clear()
    _words.update({**SPANISH, **SPANISH_OF_OURS} if language == "es" else {})
    argparse._ = _translated  # type: ignore[attr-defined]


def said(message: str, **values: object) -> str:
    """A message in the language of the command line, with its {placeholders} filled."""
    return _translated(message).format(**values)


def _translated(message: str) -> str:
    return _words.get(message) or gettext.gettext(message)
