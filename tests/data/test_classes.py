from __future__ import annotations

import pytest

from affect.data.classes import (
    KNOWN_SETS,
    affectnet_numbers,
    class_of_name,
    meanings,
    parse_classes,
    remedy,
    shown,
    told_names,
    told_unknown,
)
from affect.emotions import EMOTIONS, NAMES
from affect.errors import AffectError


@pytest.mark.parametrize(
    ("emotion", "names"),
    [
        ("anger", "anger Anger ANGRY angry enfado enojo ira Rabia enfadados 6_anger anger-6 (6)anger angers"),
        ("contempt", "contempt contemptuous desprecio 07.contempt"),
        ("disgust", "disgust disgusted Disgusts asco repulsión"),
        ("fear", "fear fearful fears afraid miedo temor asustadas"),
        ("happy", "happy happiness joy alegría Alegria ALEGRÍA felicidad feliz felices happy_faces"),
        ("neutral", "neutral Neutral 0_neutral 00-NEUTRAL neutro neutra neutral_expression"),
        ("sad", "sad sadness tristeza triste tristes sad2"),
        ("surprise", "surprise surprised sorpresa surprises"),
    ],
)
def test_a_name_is_understood_in_both_languages_any_case_and_with_a_number(emotion: str, names: str) -> None:
    assert {name: class_of_name(name) for name in names.split()} == dict.fromkeys(names.split(), emotion)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "3",
        "sad_or_disgust",
        "not_happy",
        "happily-surprised",
        "disgusto",
        "other",
        "faces",
        "s",
        "не happy",
        "uncertain",
    ],
)
def test_a_name_that_says_two_things_or_another_is_not_understood(name: str) -> None:
    assert class_of_name(name) == ""


def test_the_classes_own_names_are_understood_in_every_language() -> None:
    assert all(class_of_name(names[e]) == e for names in NAMES.values() for e in EMOTIONS)


def test_known_numberings_are_those_of_their_authors() -> None:
    assert [KNOWN_SETS["raf-db"][str(n)] for n in range(1, 8)] == [
        "surprise", "fear", "disgust", "happy", "sad", "anger", "neutral",
    ]  # fmt: skip
    assert [KNOWN_SETS["fer2013"][str(n)] for n in range(7)] == [
        "anger", "disgust", "fear", "happy", "sad", "surprise", "neutral",
    ]  # fmt: skip
    assert [KNOWN_SETS["ferplus"][str(n)] for n in range(10)] == [
        "neutral", "happy", "surprise", "sad", "anger", "disgust", "fear", "contempt", "", "",
    ]  # fmt: skip
    assert [KNOWN_SETS["ck+"][str(n)] for n in range(8)] == [
        "neutral", "anger", "contempt", "disgust", "fear", "happy", "sad", "surprise",
    ]  # fmt: skip
    assert [KNOWN_SETS["affectnet"][str(n)] for n in range(11)] == [
        "neutral", "happy", "sad", "surprise", "fear", "disgust", "anger", "contempt", "", "", "",
    ]  # fmt: skip


def test_a_map_is_read_with_known_sets_pairs_and_what_is_left_out() -> None:
    assert parse_classes(None) == parse_classes("") == {}
    assert parse_classes(" 1=surprise, 02 = Angry ,x=none") == {"1": "surprise", "2": "anger", "x": ""}
    assert parse_classes("RAF-DB") == KNOWN_SETS["raf-db"]
    assert parse_classes("raf-db,3=contempt")["3"] == "contempt"


@pytest.mark.parametrize("text", ["1=bored", "1", "=sad", "rafdb", "1=surprise;2=fear", "1=", "a=b=sad"])
def test_a_map_that_cannot_be_understood_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(AffectError, match=r"is not understood. .*1=surprise,2=fear .*raf-db"):
        parse_classes(text)


def test_what_a_person_says_goes_before_what_a_name_says() -> None:
    given = parse_classes("happy=none,Sad_or_Disgust=sad,1=fear")
    read = meanings(["happy", "sad_or_disgust", "01", "angry", "2", "other"], given)
    assert read == {"happy": "", "sad_or_disgust": "sad", "01": "fear", "angry": "anger"}


@pytest.mark.parametrize("names", ["01234567", [f"0{n}" for n in range(8)]])
def test_all_of_affectnets_numbers_are_affectnets(names: list[str]) -> None:
    read = affectnet_numbers(names)
    assert [read[n] for n in names] == [KNOWN_SETS["affectnet"][str(n)] for n in range(8)]


@pytest.mark.parametrize("names", ["1234567", "0123456", "012345678", "0123456x", ""])
def test_fewer_more_or_other_names_are_not_affectnets_numbers(names: str) -> None:
    assert affectnet_numbers(names) == {}


def test_a_number_of_any_length_does_no_harm() -> None:
    endless = "9" * 5000  # more digits than Python turns into a number
    assert affectnet_numbers([endless]) == {}
    assert meanings([endless], parse_classes("affectnet")) == {}


def test_only_names_that_are_not_the_classes_own_are_told() -> None:
    assert told_names({"happy": "happy", "Sad": "sad"}) == ""
    assert told_names({"b": "sad", "angry": "anger", "x": ""}) == "angry → anger, b → sad, x → none"
    assert told_names({f"sad{n:02}": "sad" for n in range(30)}).endswith("sad23 → sad, 6 more")


def test_names_that_are_not_understood_are_told_the_most_frequent_first() -> None:
    assert told_unknown({}) == ""
    assert told_unknown({"a": 1}) == "a (1 picture)"
    assert told_unknown({"a": 2, "b": 2, "c": 1300}) == "c (1,300 pictures), a (2), b (2)"
    assert told_unknown({str(n): 2 for n in range(10)}).endswith("7 (2), 2 more")


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        ("1234567", "--classes raf-db or --classes 1=CLASS,…"),
        ("0123456", "--classes fer2013 or --classes 0=CLASS,…"),
        (["07", "11"], "--classes 7=CLASS,…"),
        (["surprize"], "--classes surprize=surprise"),
        (["joyfull", "other", "3"], "--classes joyfull=happy,other=CLASS"),
        (["sad_or_disgust"], "--classes sad_or_disgust=CLASS"),
        (["my faces"], "--classes 'my faces=CLASS'"),
    ],
)
def test_the_remedy_is_the_nearest_map(names: list[str], wanted: str) -> None:
    assert remedy(names) == wanted


def test_a_name_is_shown_on_one_line_and_short() -> None:
    assert shown("a\nb\x1b") == r"a\x0ab\x1b"
    assert shown("x" * 100) == "x" * 60 + "…"


def test_a_name_may_mean_one_of_several_classes() -> None:
    assert parse_classes("sad-or-disgust=Sadness/asco,3=sad/triste") == {"sad-or-disgust": "sad/disgust", "3": "sad"}


@pytest.mark.parametrize("text", ["x=sad/", "x=/sad", "x=sad/happyish", "x=sad/none", "x=/"])
def test_each_of_several_classes_must_be_one(text: str) -> None:
    with pytest.raises(AffectError, match="is not understood"):
        parse_classes(text)
