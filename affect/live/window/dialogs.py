"""The question bar, in which consent is given and notes are typed, and the help page. Both lie in the window itself."""

from __future__ import annotations

import re
from html import escape

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QPushButton, QTextBrowser, QVBoxLayout

from affect.live.control import Command, Question
from affect.live.texts import YES, text
from affect.live.window.theme import DIM, TRACK, label, laid

KEYS = {  # in the order of the help page
    Command.RECORD: "R", Command.MARK: "M", Command.PAUSE: "P", Command.BASELINE: "B", Command.SNAPSHOT: "S",
    Command.LANGUAGE: "L", Command.HELP: "H", Command.LEAVE: "Q",
}  # fmt: skip


class QuestionBar(QFrame):
    """Asks one question at a time: yes or no, or a line of text.

    answered: "yes" or a line of text; None: declined or cancelled.   drafted: the line as typed so far.
    """

    answered = Signal(object)
    drafted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("question")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.hide()
        self.question: Question | None = None
        self.words = label(wraps=True)
        self.line = QLineEdit()
        self.accept, self.decline = QPushButton(autoDefault=False), QPushButton(autoDefault=False)
        self.line.textEdited.connect(lambda _: self.drafted.emit(self._typed()))
        self.line.returnPressed.connect(lambda: self._answer(self._typed()))
        self.accept.clicked.connect(lambda: self._answer("yes" if self._is_yes_no() else self._typed()))
        self.decline.clicked.connect(lambda: self._answer(None))
        buttons = laid(QHBoxLayout(), self.accept, self.decline)
        laid(QVBoxLayout(self), self.words, self.line, buttons, margin=8)
        self._language = ""

    def ask(self, question: Question | None, language: str) -> None:
        """Show a question, the same one in another language, or none."""
        if (question, language) == (self.question, self._language):
            return
        same = question is not None and self.question is not None and question.kind == self.question.kind
        translated = same and language != self._language
        self.question, self._language = question, language
        self.setVisible(question is not None)
        if question is None:
            return
        self.words.setText(question.text)
        keys = (f" ({YES[language][0].upper()})", " (N)") if self._is_yes_no() else ("", " (Esc)")
        names = ("key_yes", "key_no") if self._is_yes_no() else ("key_done", "key_skip")
        self.accept.setText(text(names[0], language) + keys[0])
        self.decline.setText(text(names[1], language) + keys[1])
        self.line.setVisible(not self._is_yes_no())
        self.line.setAccessibleName(question.text)
        self.setAccessibleName(question.text)
        if not translated:
            self.line.setText(question.proposed)
            (self.setFocus if self._is_yes_no() else self.line.setFocus)()  # Enter or a space alone give no consent

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Answer by a key: Y (in Spanish S), N or Esc."""
        letter = event.text().lower()
        if event.key() == Qt.Key.Key_Escape or (self._is_yes_no() and letter == "n"):
            self._answer(None)
        elif self._is_yes_no() and letter == YES[self._language][0]:
            self._answer("yes")

    def _is_yes_no(self) -> bool:
        return self.question is not None and self.question.kind == "yes-no"

    def _typed(self) -> str:
        return re.sub(r"\s+", " ", self.line.text()).strip()  # what is pasted may have several lines

    def _answer(self, answer: str | None) -> None:
        if self.question is not None:
            self.ask(None, self._language)
            self.answered.emit(answer)


class HelpPage(QTextBrowser):
    """The keys and what they do, and what the labels mean; any key closes it.   closed: it wants to be closed."""

    closed = Signal()

    def translate(self, language: str) -> None:
        """Write the page in a language."""
        self.document().setDocumentMargin(12)
        cell = f"<td style='background:{TRACK}; padding:3px 9px' align='center'><b>{{}}</b></td>"
        cell += "<td style='padding:3px 8px'>{}</td>"
        said = {key: escape(text(f"help_{command.value}", language)) for command, key in KEYS.items()}
        rows = "".join(f"<tr>{cell.format(key, words)}</tr>" for key, words in said.items())
        self.setHtml(
            f"<h2>{text('help_title', language)}</h2><table cellspacing='5'>{rows}</table>"
            f"<p>{text('help_meaning', language)}</p><p style='color:{DIM}'>{text('help_close', language)}</p>"
        )
        self.setAccessibleName(text("help_title", language))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Scroll by the arrow and page keys, close by any other."""
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            super().keyPressEvent(event)
        elif event.key() not in (Qt.Key.Key_Shift, Qt.Key.Key_Control, Qt.Key.Key_Alt, Qt.Key.Key_Tab):
            self.closed.emit()
