"""Numbers, times and sentences in both languages."""

from __future__ import annotations

import re
from datetime import datetime

import pytest

from affect.emotions import LANGUAGES
from affect.live.report.texts import TEXTS
from affect.live.report.writing import Writer

EN, ES = Writer("en"), Writer("es")


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, "0 s"),
        (3.44, "3.4 s"),
        (9.96, "10 s"),
        (59.6, "1 min"),
        (65, "1 min 5 s"),
        (3600, "1 h"),
        (3725, "1 h 2 min"),
    ],
)
def test_lengths_of_time(seconds: float, told: str) -> None:
    assert EN.span(seconds) == told.replace(" ", "\u00a0")


@pytest.mark.parametrize(
    ("seconds", "tenths", "told"),
    [
        (0, False, "0:00"),
        (59.97, True, "0:59,9"),
        (63.46, True, "1:03,4"),
        (3600.6, False, "1:00:00"),
        (-0.04, True, "0:00,0"),
        (-65.7, False, "−1:05"),
    ],
)
def test_moments(seconds: float, tenths: bool, told: str) -> None:
    assert ES.clock(seconds, tenths) == told


def test_what_adding_the_start_of_a_session_loses_is_no_tenth_less() -> None:
    writer = Writer("en", origin_s=0.1)
    assert [writer.clock(i / 10 - 0.1, tenths=True)[-1] for i in range(1, 1000)] == [
        str(i % 10) for i in range(1, 1000)
    ]


def test_numbers_have_the_marks_of_the_language() -> None:
    assert (EN.number(12345.6, 1), ES.number(12345.6, 1)) == ("12,345.6", "12\u202f345,6")
    assert (EN.percent(0.456), ES.percent(0.456)) == ("46%", "46\u00a0%")
    assert EN.percent(0.001) == "<1%"
    assert EN.percent(0.0) == "0%"
    assert [EN.certainty(p) for p in (0.0, 0.001, 0.994, 0.995, 1.0)] == ["0%", "<1%", "99%", ">99%", ">99%"]
    assert ES.certainty(0.9999) == ">99\u00a0%"
    assert (EN.points(0.071), EN.points(-0.2), EN.points(0.001)) == ("+7 points", "−20 points", "±0 points")
    assert ES.number(-0.4, 2) == "−0,40"


def test_dates_and_rows_of_names() -> None:
    when = datetime(2026, 11, 5, 9, 7)
    assert EN.date(when) == "5 November 2026, 09:07"
    assert ES.date(when) == "5 de noviembre de 2026, 09:07"
    assert ES.names(["fear", "sad", "happy"]) == "miedo, tristeza y alegría"
    assert EN.names(["fear"]) == "fear"


def test_every_sentence_exists_in_every_language_with_the_same_places() -> None:
    for key, told in TEXTS.items():
        assert set(told) == set(LANGUAGES), key
        places = [set(re.findall(r"\{(\w+)\}", told[language])) for language in LANGUAGES]
        assert places[0] == places[1], key
        assert all(told.values()), key


def test_sentences_for_one_have_a_twin_for_many() -> None:
    for key in TEXTS:
        if key.endswith("_one"):
            assert f"{key.removesuffix('_one')}_many" in TEXTS
