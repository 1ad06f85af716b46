"""Keyboard input of the window: translates key codes into commands, or into the answer to a question."""

from __future__ import annotations

import unicodedata
from typing import Final

from affect.live.texts import YES
from affect.live.window.control import Command, Controller, Question

COMMANDS: Final = {
    "r": Command.RECORD,
    "m": Command.MARK,
    "p": Command.PAUSE,
    " ": Command.PAUSE,
    "b": Command.BASELINE,
    "s": Command.SNAPSHOT,
    "l": Command.LANGUAGE,
    "h": Command.HELP,
    "q": Command.LEAVE,
    "\x1b": Command.LEAVE,
}
ENTER, BACKSPACE, ESCAPE = "\r", "\b", "\x1b"
LONGEST = 200  # maximum length of a typed line, characters

# OpenCV's key codes are the character or, on X11, the keysym (X11/keysymdef.h) in the lower 16 bits; GTK puts the
# modifiers above them. Qt, used by opencv-python on Linux, gives ASCII letters in lower case, other Latin-1 letters as
# negative upper-case codes, Shift as a key of its own before the letter, and every accent as 0.
SHIFT: Final = (0xFFE1, 0xFFE2)
SYMBOLS: Final = {10: ENTER, 13: ENTER, 0xFF0D: ENTER, 0xFF8D: ENTER, 0xFF1B: ESCAPE}
SYMBOLS.update({8: BACKSPACE, 127: BACKSPACE, 0xFF08: BACKSPACE, 27: ESCAPE, 0x20AC: "€"})
SYMBOLS.update({0xFFAA + i: sign for i, sign in enumerate("*+,-./0123456789")})  # the number pad
ACUTE, DIAERESIS = "\u0301", "\u0308"  # Spanish accents; on its keyboard one key, without and with Shift
ACCENTS: Final = {0xFE50: "\u0300", 0xFE51: ACUTE, 0xFE52: "\u0302", 0xFE53: "\u0303", 0xFE57: DIAERESIS}


class Keyboard:
    """Passes key presses to the controller: as commands, or as answers while a question is open."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self._question: Question | None = None
        self._typed = ""
        self._shift = False
        self._accent = ""

    def typed(self, question: Question | None) -> str:
        """Return the answer to a question as typed so far; a new question starts with its proposed text."""
        if question != self._question:
            self._question, self._accent = question, ""
            self._typed = "" if question is None else question.proposed
        return self._typed

    def press(self, code: int) -> Command | None:
        """Handle a key code of cv2.waitKeyEx, and return its command, if any.

        All commands except HELP are passed to the controller; the window handles HELP.
        """
        status = self._controller.status()
        self.typed(status.question)
        letter = self._letter(code)
        if status.question is not None:
            if status.question.kind == "text":
                self._write(letter)
            else:
                self._decide(letter.lower(), YES[status.language][0])
            return None
        command = COMMANDS.get(letter.lower())
        if command not in (None, Command.HELP):
            self._controller.command(command)
        return command

    def _letter(self, code: int) -> str:
        """Translate a key code to a character; "" for Shift, an accent (kept for the next letter) or other keys."""
        symbol = code & 0xFFFF
        if symbol in SHIFT:
            self._shift = True
            return ""
        if code == 0 or symbol in ACCENTS:
            self._accent = ACCENTS.get(symbol, DIAERESIS if self._shift else ACUTE)
            self._shift = False
            return ""
        if code < 0:
            letter = chr(code & 0xFF).lower()
        else:
            letter = SYMBOLS.get(symbol, chr(symbol) if symbol < 0x100 and chr(symbol).isprintable() else "")
        if self._shift and letter.isalpha():
            letter = letter.upper()
        if letter:
            whole = unicodedata.normalize("NFC", letter + self._accent)
            self._shift, self._accent = False, ""
            return whole if len(whole) == 1 else letter
        return letter

    def _write(self, letter: str) -> None:
        if letter == ENTER:
            self._answer(self._typed.strip())
        elif letter == ESCAPE:
            self._answer(None)
        elif letter:
            self._typed = self._typed[:-1] if letter == BACKSPACE else (self._typed + letter)[:LONGEST]
            self._controller.draft(self._typed)

    def _decide(self, letter: str, yes: str) -> None:
        if letter == yes:
            self._answer("yes")
        elif letter in ("n", ESCAPE):
            self._answer(None)

    def _answer(self, text: str | None) -> None:
        self._question, self._typed = None, ""
        self._controller.answer(text)
