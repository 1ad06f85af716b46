"""Keys as OpenCV tells them on each platform, and what the controller hears."""

from __future__ import annotations

from dataclasses import replace

import pytest

from affect.live.texts import YES
from affect.live.window.control import Command, Question, Status
from affect.live.window.keys import COMMANDS, Keyboard

NUM_LOCK, CAPS_LOCK = 0x10 << 16, 0x02 << 16  # as GTK tells them, beside the key
ENTER, ESCAPE, BACKSPACE = 13, 27, 8
CONSENT = Question("Has the person agreed?", "yes-no")
NOTE = Question("A few words:", "text")


class Session:
    """A controller that notes what it is told."""

    def __init__(self, question: Question | None = None, language: str = "en") -> None:
        self.now = Status(language, question=question)
        self.commands: list[Command] = []
        self.drafts: list[str] = []
        self.answers: list[str | None] = []

    def status(self) -> Status:
        return self.now

    def command(self, command: Command) -> None:
        self.commands.append(command)

    def draft(self, text: str) -> None:
        self.drafts.append(text)

    def answer(self, text: str | None) -> None:
        self.answers.append(text)
        self.now = replace(self.now, question=None)


def pressed(session: Session, *codes: int | str) -> Keyboard:
    keyboard = Keyboard(session)
    for code in codes:
        keyboard.press(ord(code) if isinstance(code, str) else code)
    return keyboard


@pytest.mark.parametrize("bits", [0, NUM_LOCK, CAPS_LOCK, NUM_LOCK | CAPS_LOCK])
@pytest.mark.parametrize("letter", [*COMMANDS])
def test_a_key_is_its_command_in_both_cases_and_with_any_lock(letter: str, bits: int) -> None:
    for code in {ord(letter), ord(letter.upper())}:
        session = Session()
        assert Keyboard(session).press(code | bits) is COMMANDS[letter]
        assert session.commands == [c for c in [COMMANDS[letter]] if c is not Command.HELP]


def test_every_command_has_a_key() -> None:
    assert set(COMMANDS.values()) == set(Command)


@pytest.mark.parametrize("code", [0xFFE5, 0xFFE1, 0xFF51, 0xFFBE, 0xFF71, 0x250000, 9, ord("x"), 0xFE03])
def test_other_keys_do_nothing(code: int) -> None:
    session = Session()
    assert Keyboard(session).press(code) is None
    assert session.commands == []


def test_while_a_line_is_typed_keys_are_letters() -> None:
    session = Session(NOTE)
    keyboard = pressed(session, *"rmpb q")
    assert keyboard.typed(NOTE) == "rmpb q"
    assert session.commands == []
    keyboard.press(ENTER)
    assert session.answers == ["rmpb q"]


def test_a_line_can_be_corrected_and_left() -> None:
    session = Session(NOTE)
    keyboard = pressed(session, *"cria", BACKSPACE, 0xFF08, 127, BACKSPACE, BACKSPACE, "a")
    assert keyboard.typed(NOTE) == "a"
    keyboard.press(ESCAPE)
    assert session.answers == [None]


def test_a_line_is_told_as_it_is_typed() -> None:
    session = Session(NOTE)
    pressed(session, "a", 0xFFE1, "n", BACKSPACE, "ñ")
    assert session.drafts == ["a", "aN", "a", "añ"]
    assert session.answers == []


def test_an_empty_line_is_an_answer() -> None:
    session = Session(NOTE)
    pressed(session, " ", ENTER)
    assert session.answers == [""]


@pytest.mark.parametrize(
    ("codes", "line"),
    [
        ([0xF1, 0xD1, 0xE1, 0xBF, 0xFC], "ñÑá¿ü"),
        ([0xFE51, "a", 0xFE57, "u", 0xFE53, "n", "a"], "áüña"),  # accents before their letters
        ([0xFE51, "x"], "x"),
        ([0xFFE1, "a", "n", "a"], "Ana"),  # Qt tells small letters, and Shift before them
        ([0xFE51, 0xFFE2, "a"], "Á"),
        ([-0x2F, -0x3F, 0xFFE1, -0x2F, -0x41], "ñáÑ¿"),  # Qt tells other letters as capitals, negative
        ([0, "a", 0, "i", 0xFFE1, 0, "u", 0, 0xFFE1, "o", 0, "x", 0, " ", "e"], "áíüÓx e"),  # and accents only as 0
        ([0xFFE1, "1"], "1"),
        ([0xFFB1, 0xFFAE, NUM_LOCK | 0xFFB5], "1.5"),  # the number pad under GTK
        ([0x20AC, CAPS_LOCK | ord("A"), NUM_LOCK | ord("b")], "€Ab"),
        ([0xFF51, 0xFFE5, 9, 0xFFFF, "a"], "a"),
    ],
)
def test_letters_of_spanish_and_accents_are_typed(codes: list[int | str], line: str) -> None:
    session = Session(NOTE)
    pressed(session, *codes, ENTER)
    assert session.answers == [line]


def test_the_next_question_begins_with_an_empty_line() -> None:
    session = Session(NOTE)
    keyboard = pressed(session, *"abc")
    session.now = replace(session.now, question=replace(NOTE, text="And this one:"))
    assert keyboard.typed(session.now.question) == ""
    keyboard.press(ord("x"))
    keyboard.press(ENTER)
    session.now = replace(session.now, question=NOTE)
    assert keyboard.typed(NOTE) == ""
    assert session.answers == ["x"]


def test_a_line_has_an_end() -> None:
    session = Session(NOTE)
    keyboard = pressed(session, *"a" * 1000)
    assert 50 < len(keyboard.typed(NOTE)) < 1000


@pytest.mark.parametrize("language", ["en", "es"])
def test_yes_is_one_letter_of_the_language_and_no_other_key_gives_consent(language: str) -> None:
    for code in [*range(1, 256), 0xFF0D, 0xFF8D, 0xFFE1]:
        session = Session(CONSENT, language)
        Keyboard(session).press(code)
        if chr(code).lower() == YES[language][0]:
            assert session.answers == ["yes"]
        elif chr(code).lower() == "n" or code == ESCAPE:
            assert session.answers == [None]
        else:
            assert session.answers == []
        assert session.commands == []
    assert {language: answers[0] for language, answers in YES.items()} == {"en": "y", "es": "s"}


def test_a_proposed_text_stands_there_and_can_be_changed() -> None:
    question = Question("Another folder:", "text", "/home/ana/x")
    session = Session(question)
    keyboard = Keyboard(session)
    assert keyboard.typed(question) == "/home/ana/x"
    for key in (BACKSPACE, ord("y"), ENTER):
        keyboard.press(key)
    assert session.answers == ["/home/ana/y"]
    session.now = replace(session.now, question=question)
    keyboard.press(ENTER)  # asked once more, it is proposed once more
    assert session.answers[1:] == ["/home/ana/x"]
    assert keyboard.typed(None) == ""
