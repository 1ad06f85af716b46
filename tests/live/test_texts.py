from __future__ import annotations

import locale
import string

import pytest

from affect.emotions import LANGUAGES
from affect.errors import AffectError
from affect.live.exports.texts import EXPORT_TEXTS
from affect.live.texts import TEXTS, TextError, certainty, default_language, percent, signed, text, told


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


def test_a_number_has_the_decimal_mark_of_its_language_and_a_name_keeps_its_points() -> None:
    values = {"count": 30, "source": "a.b 1.5", "took": 2.25, "rate": 13.4}
    assert text("summary_frames", "en", **values) == "30 frames of a.b 1.5 in 2.2 s (13.4 a second)"
    assert text("summary_frames", "es", **values) == "30 fotogramas de a.b 1.5 en 2,2 s (13,4 por segundo)"


def test_no_probability_is_told_as_certainty() -> None:
    assert [certainty(p, "en") for p in (0.0, 0.824, 0.994, 0.996, 1.0)] == ["0%", "82%", "99%", ">99%", ">99%"]
    assert certainty(0.824, "es") == "82\N{NO-BREAK SPACE}%"
    assert certainty(1.0, "es") == ">99\N{NO-BREAK SPACE}%"


@pytest.mark.parametrize(
    ("value", "english", "spanish"),
    [(0.678, "+0.68", "+0,68"), (-1.0, "−1.00", "−1,00"), (0.004, "0.00", "0,00"), (-0.004, "0.00", "0,00")],
)
def test_a_value_around_zero_has_its_sign_unless_it_rounds_to_zero(value: float, english: str, spanish: str) -> None:
    assert (signed(value, "en"), signed(value, "es")) == (english, spanish)


def test_valence_is_called_derived_in_the_window_as_in_the_spreadsheet() -> None:
    assert TEXTS["valence"] == EXPORT_TEXTS["valence"]


def test_what_fills_a_sentence_is_safe_to_show() -> None:
    told_ = text("report_made", "en", path="a\x1b[31m\nb\udce9.html")
    assert told_ == "Report: a\\x1b[31m\\x0ab\\xe9.html"
    assert text("source_unknown", "en", spec="\x1b").startswith("There is no source ")
    assert "\x1b" not in text("source_unknown", "en", spec="\x1b")
    assert text("summary_rate", "en", fps=7) == "    7.0 fps"  # a number's own form stays


@pytest.mark.parametrize(
    ("key", "values", "one", "many"),
    [
        ("summary_frames", {"source": "x", "took": 1, "rate": 1}, "1 frame of x", "2 frames of x"),
        ("summary_frames", {"source": "x", "took": 1, "rate": 1}, "1 fotograma de x", "2 fotogramas de x"),
        ("pictures_unusable", {}, "One of the source's pictures could not be used and was", "used: 2 of"),
        ("pictures_unusable", {}, "Una imagen de la fuente no se pudo usar y se ha omitido", "omitido: 2"),
    ],
)
def test_one_thing_is_told_in_the_singular(key: str, values: dict[str, object], one: str, many: str) -> None:
    language = "es" if " de " in one else "en"
    assert one in text(key, language, count=1, **values)
    for count in (0, 2, 21):
        assert many.replace("2", str(count)) in text(key, language, count=count, **values)


@pytest.mark.parametrize(
    ("told_", "language"),
    [
        ("es_ES.UTF-8", "es"), ("es", "es"), ("es.UTF-8", "es"), ("es-419", "es"), ("es@euro", "es"), ("ES_mx", "es"),
        ("Spanish_Spain.1252", "es"), ("et_EE", "en"), ("est", "en"), ("Estonian_Estonia", "en"), ("C", "en"),
        ("POSIX", "en"), ("xx", "en"),
    ],
)  # fmt: skip
def test_the_computers_language_is_understood_in_every_form(
    told_: str, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(locale, "getlocale", lambda: (told_, None))
    assert default_language() == language
    for name in ("LANG", "LC_MESSAGES", "LC_ALL"):  # each counts more than the one before
        monkeypatch.setattr(locale, "getlocale", lambda: ("es_ES" if language == "en" else "en_GB", None))
        monkeypatch.setenv(name, told_)
        assert default_language() == language
        monkeypatch.setenv(name, "es_ES" if language == "en" else "en_GB")


def test_a_locale_that_python_does_not_know_is_english(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown() -> tuple[str, str]:
        raise ValueError("unknown locale: UTF-8")  # of macOS with LC_CTYPE=UTF-8

    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(locale, "getlocale", unknown)
    assert default_language() == "en"
