"""The command lines' words in Spanish."""

from __future__ import annotations

import argparse
import inspect
import string
from collections.abc import Iterator

import pytest

from affect.command_line import CommandParser, positive
from affect.spoken import SPANISH, SPANISH_OF_OURS, said, speak


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    yield
    speak("en")


def test_the_words_are_those_that_this_python_s_argparse_looks_up() -> None:
    source = inspect.getsource(argparse)
    assert [word for word in SPANISH if f"'{word}'" not in source.replace("'\n", "'")] == []


@pytest.mark.parametrize("english", SPANISH_OF_OURS)
def test_a_sentence_has_the_same_values_in_both_languages(english: str) -> None:
    values = [{part[1] for part in string.Formatter().parse(t) if part[1]} for t in (english, SPANISH_OF_OURS[english])]
    assert values[0] == values[1]


def a_parser(language: str) -> CommandParser:
    made = CommandParser(language=language, prog="p")
    made.add_argument("name")
    made.add_argument("--count", type=positive)
    made.add_argument("--counted", nargs="+")
    made.add_argument("--kind", choices=("a", "b"))
    made.add_argument("--flag", action="store_true")
    return made


@pytest.mark.parametrize(
    ("given", "spanish", "english"),
    [
        ([], "falta lo siguiente: name", "the following arguments are required: name"),
        (["n", "--count"], "argumento --count: falta su valor", "argument --count: expected one argument"),
        (["n", "--counted"], "argumento --counted: falta al menos un valor", "expected at least one argument"),
        (["n", "--count", "0"], "0 no es un número entero igual o mayor que 1", "0 is no whole number of 1 or more"),
        (["n", "--kind", "c"], "'c' no vale: elija entre", "invalid choice: 'c' (choose from"),
        (["n", "--co", "1"], "--co es ambigua: puede ser --count, --counted", "ambiguous option: --co could match"),
        (["n", "--flag=1"], "no admite un valor, y se ha dado '1'", "ignored explicit argument '1'"),
        (["n", "--nope"], "argumentos desconocidos: --nope", "unknown arguments: --nope"),
    ],
)
def test_every_mistake_on_a_command_line_is_told_in_the_language(
    given: list[str], spanish: str, english: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for language, told, start in (("es", spanish, "uso: p "), ("en", english, "usage: p ")):
        with pytest.raises(SystemExit) as leaving:
            a_parser(language).parse_args(given)
        out, err = capsys.readouterr()
        assert (leaving.value.code, out) == (2, "")
        assert err.startswith(start)
        assert told in err
        other = english if language == "es" else spanish
        assert other not in err


def test_the_help_has_no_word_of_the_other_language(capsys: pytest.CaptureFixture[str]) -> None:
    for language, words in (
        ("es", ("uso: ", "argumentos:", "opciones:", "muestra esta ayuda y termina")),
        ("en", ("usage: ", "positional arguments:", "options:", "show this help message and exit")),
    ):
        with pytest.raises(SystemExit):
            a_parser(language).parse_args(["--help"])
        told = capsys.readouterr().out
        assert [word for word in words if word not in told] == []
        assert language == "en" or not {"usage", "options", "show", "exit"} & set(told.replace(":", " ").split())


def test_a_sentence_is_filled_in_the_language_of_the_last_command_line() -> None:
    speak("es")
    assert said("unknown arguments: {rest}", rest="x") == "argumentos desconocidos: x"
    speak("en")
    assert said("unknown arguments: {rest}", rest="x") == "unknown arguments: x"
