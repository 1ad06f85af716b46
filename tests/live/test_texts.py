from __future__ import annotations

import string

import pytest

from affect.emotions import LANGUAGES
from affect.errors import AffectError
from affect.live.texts import TEXTS, TextError, certainty, percent, told


@pytest.mark.parametrize("key", TEXTS)
def test_every_sentence_is_there_in_every_language_with_the_same_values(key: str) -> None:
    assert set(TEXTS[key]) == set(LANGUAGES)
    values = [sorted(str(part[1]) for part in string.Formatter().parse(t) if part[1]) for t in TEXTS[key].values()]
    assert all(v == values[0] for v in values)


def test_an_error_is_told_in_the_language_of_the_person() -> None:
    error = TextError("csv_unwritable", path="a.csv", reason="full")
    assert str(error) == told(error, "en") == "a.csv cannot be written (full). Name another file with --csv."
    assert told(error, "es") == "No se puede escribir a.csv (full). Indique otro archivo con --csv."
    assert told(AffectError("of the research half"), "es") == "of the research half"


def test_spanish_sets_a_space_before_the_per_cent_sign() -> None:
    assert (percent(0.824, "en"), percent(0.824, "es")) == ("82%", "82\N{NO-BREAK SPACE}%")
    assert (percent(1, "en"), percent(0, "en")) == ("100%", "0%")


def test_no_probability_is_told_as_certainty() -> None:
    assert [certainty(p, "en") for p in (0.0, 0.824, 0.994, 0.996, 1.0)] == ["0%", "82%", "99%", ">99%", ">99%"]
    assert certainty(0.824, "es") == "82\N{NO-BREAK SPACE}%"
    assert certainty(1.0, "es") == ">99\N{NO-BREAK SPACE}%"
