"""The live window: what is read in the faces, its history, the session's state, and the commands as buttons and keys.

Two forms: compact, which stays beside a call, and full, with the picture.
"""

from __future__ import annotations

import time
from functools import partial

from PySide6.QtCore import QMargins, QRect, QSize, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QAction, QCloseEvent, QDesktopServices, QKeyEvent, QMoveEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QLayout, QPushButton, QStackedLayout, QVBoxLayout, QWidget

from affect.emotions import LANGUAGES
from affect.faces.preprocessing import Image
from affect.live.control import Adjustable, Command, Controller, Question, Status
from affect.live.frame import FaceResult
from affect.live.texts import clock, percent, text
from affect.live.window.commands import Commands
from affect.live.window.dialogs import HelpPage, QuestionBar
from affect.live.window.faces import Faces, note_on
from affect.live.window.picture import Picture
from affect.live.window.placement import Rectangle, in_qt, monitors, rectangle_of, settled
from affect.live.window.settings import Settings
from affect.live.window.strip import Strip
from affect.live.window.theme import label, laid, styled

LANGUAGE_NAMES = {"en": "English", "es": "Español"}
SIZES = {"compact": (264, 440), "full": (980, 620)}  # first sizes; SMALLEST is the least one
SMALLEST = (240, 300)
TITLE_BAR = QMargins(1, 32, 1, 1)  # until the system has drawn the window's frame
SETTLE_MS = 500  # after the last movement of the window
NOTE_S = 0.5  # between two looks at the quality of the picture


class MainWindow(QWidget):
    """Shows frames and the controller's status, and passes commands to it.   left: the user leaves.

    classifier: whose sensitivity the menu changes.   watched: rectangle of the desktop that stays clear, or None.
    compact:    start in the compact form.
    """

    left = Signal()

    def __init__(
        self,
        controller: Controller,
        classifier: Adjustable,
        settings: Settings,
        watched: Rectangle | None,
        compact: bool,
    ) -> None:
        super().__init__()
        self.setObjectName("window")
        self.setWindowTitle("affect")
        self.setMinimumSize(*SMALLEST)
        self._controller, self._settings, self._watched = controller, settings, watched
        self._status = controller.status()
        self._compact, self._language, self._own = compact, "", False  # whether the open question is the window's own
        self._frame: tuple[Image, list[FaceResult]] | None = None
        self._noted: tuple[float, dict[int, str]] = (0.0, {})
        self.picture, self.faces, self.strip = Picture(), Faces(), Strip()
        self.bar, self.help = QuestionBar(), HelpPage()
        self.recording, self.paused, self.rate = label("recording"), label("paused"), label("dim")
        self.baseline, self.perceived = label("dim", wraps=True), label("dim", wraps=True)
        self.message = label(wraps=True)
        self.report = QPushButton(autoDefault=False)
        self.commands = Commands(self, classifier, self.press, LANGUAGE_NAMES)
        self._lay_out()
        self._settle = QTimer(self, singleShot=True, interval=SETTLE_MS)
        for signal, slot in (
            (self._settle.timeout, self._keep_clear),
            (self.bar.drafted, controller.draft),
            (self.bar.answered, self._answer),
            (self.help.closed, partial(self.press, Command.HELP)),
            (self.faces.chosen, self.refresh),
            (self.report.clicked, self._open_report),
            (self.commands.report.triggered, self._open_report),
            (self.commands.form.triggered, lambda: self._take_form(not self._compact)),
            (self.commands.top.triggered, self._stay_on_top),
            (self.commands.languages.triggered, self._choose_language),
        ):
            signal.connect(slot)
        self._take_form(compact)
        self.refresh()
        self.setFocus()  # not a button: a space pauses

    def _lay_out(self) -> None:
        self.buttons, self._side, view = QWidget(), QWidget(), QWidget()
        laid(QHBoxLayout(self.buttons), *self.commands.tools.values())
        state = laid(QHBoxLayout(), self.recording, self.paused, 1, self.rate, spacing=8)
        told = laid(QVBoxLayout(), state, self.baseline, self.message, self.report, spacing=3)
        laid(QVBoxLayout(self._side), self.faces, self.perceived, grows=0)
        self._body = laid(QBoxLayout(QBoxLayout.Direction.LeftToRight), self.picture, self._side, grows=0)
        self._foot = laid(QBoxLayout(QBoxLayout.Direction.Down), told, self.buttons, grows=0)
        page = laid(QVBoxLayout(view), self._body, self.strip, self.bar, self._foot, margin=8, grows=0)
        self._pages = QStackedLayout(self)
        for layout in (page, self._pages):
            layout.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)  # as small as SMALLEST
        self._pages.addWidget(view)
        self._pages.addWidget(self.help)

    def show_frame(self, picture: Image, faces: list[FaceResult]) -> None:
        """Show an analysed frame: the picture now, its faces with the next `refresh`."""
        self._frame = (picture, faces)
        status = self._status
        if self.picture.isVisible():
            self.picture.show_frame(picture, [] if status.paused or status.no_picture else faces)

    def refresh(self) -> None:
        """Bring everything but the picture up to date. Called about five times a second, and after each command."""
        self._status = status = self._controller.status()
        if status.language != self._language:
            self._translate(status.language)
        if not self._own:
            self.bar.ask(status.question, status.language)
        self._show_faces(status)
        self._show_state(status)
        self.commands.show(status, self.bar.question is not None, self.help.isVisible())
        self._arrange()

    def _show_faces(self, status: Status) -> None:
        now_s, language = time.monotonic(), status.language
        picture, faces = self._frame or (None, [])
        notes, heading = {}, "" if picture is None else text("no_face", language)
        if status.paused or status.no_picture:
            faces, heading = [], text("paused" if status.paused else "no_picture", language)
        elif picture is not None:
            if now_s - self._noted[0] >= NOTE_S:
                self._noted = (now_s, {0: note_on(picture, None, language)})
                self._noted[1].update({face.face_id: note_on(picture, face, language) for face in faces})
            notes = self._noted[1]
        self.faces.show_faces(faces, heading, notes, language)
        self.strip.face_id = self.faces.face_id or self.strip.face_id
        if picture is not None:
            self.strip.add(now_s, faces, status.recording_s)

    def _show_state(self, status: Status) -> None:
        language, recording, asked = status.language, status.recording_s is not None, self.bar.question is not None
        recorded = f"● REC {clock(status.recording_s or 0, language)}"
        self.recording.setText(recorded if recording else text("not_recording", language))
        styled(self.recording, "on", recording)
        self.paused.setVisible(status.paused)
        self.rate.setText("" if status.fps is None else f"{status.fps:.0f} fps")
        on = text("baseline_on_of" if status.baseline_date else "baseline_on", language, date=status.baseline_date)
        told = f"✓ {on}" if status.baseline_acts else text("baseline_off", language)
        if status.baseline is not None and status.baseline < 1:
            told = f"{text('baseline_running', language)} {percent(status.baseline, language)}"
        self.baseline.setText(told)
        self.baseline.setVisible(status.baseline is not None)
        self.message.setText(status.message.replace("/", "/\u200b").replace("\\", "\\\u200b"))  # paths may be broken
        self.message.setVisible(bool(status.message) and not asked)
        self.report.setVisible(status.report is not None and not recording and not asked)

    def _translate(self, language: str) -> None:
        self._language = self.strip.language = self.picture.language = language
        self._noted = (0.0, {})
        self.help.translate(language)
        self.commands.translate(language, self._compact)
        for part, key in ((self.paused, "paused"), (self.perceived, "perceived"), (self.report, "open_report")):
            part.setText(text(key, language))
        self.picture.setAccessibleName(text("picture", language))
        if self._own:
            self._ask_to_end(language)

    def press(self, command: Command, checked: bool = False) -> None:
        """Execute a command, as its key and its button do.   checked: what Qt says of an action, unused."""
        if command is Command.HELP:
            (self if self.help.isVisible() else self.help).setFocus()
            self._pages.setCurrentIndex(1 - self._pages.currentIndex())
        elif command is Command.RECORD and self._status.recording_s is not None:
            self._ask_to_end(self._language)
        else:
            self._controller.command(command)
        question = self._controller.status().question
        if command is Command.MARK and question is not None and question.kind == "text":
            self.strip.mark(time.monotonic())
        if command is Command.LEAVE:
            self.left.emit()
        else:
            self.refresh()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Handle the keys that no button, line or menu has taken: answers, space and Esc."""
        if self.bar.question is not None:
            self.bar.keyPressEvent(event)
        elif event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self.press(Command.PAUSE)
        elif event.key() == Qt.Key.Key_Escape:
            self.press(Command.LEAVE)

    def _ask_to_end(self, language: str) -> None:
        self._own = True
        self.bar.ask(Question(text("end_question", language), "yes-no"), language)

    def _answer(self, answer: str | None) -> None:
        own, self._own = self._own, False
        if not own:
            self._controller.answer(answer)
        elif answer == "yes":
            self._controller.command(Command.RECORD)
        self.refresh()
        if self.bar.question is None:
            self.setFocus()

    def _choose_language(self, action: QAction) -> None:
        for _ in LANGUAGES:
            if self._controller.status().language != action.data():
                self._controller.command(Command.LANGUAGE)
        self.refresh()

    def _open_report(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._status.report)))

    def _take_form(self, compact: bool) -> None:
        self._compact, self._form = compact, "compact" if compact else "full"
        self._translate(self._status.language)
        self._stay_on_top(self._settings.on_top and compact)
        default = QRect(monitors()[0].topLeft(), QSize(*SIZES[self._form]))
        default.moveRight(monitors()[0].right())
        kept = self._settings.places.get(self._form)
        self._place(QRect(*kept) if kept else default)
        self._arrange()

    def _stay_on_top(self, on_top: bool) -> None:
        if self._compact:
            self._settings.on_top = on_top
        self.commands.top.setChecked(on_top)
        if bool(self.windowFlags() & Qt.WindowType.WindowStaysOnTopHint) != on_top:
            shown = self.isVisible()
            self.setWindowFlag(Qt.WindowType.WindowStaysOnTopHint, on_top)
            self.setVisible(shown)  # a window with other flags is a new one

    def _place(self, frame: QRect) -> None:
        """Give the window's frame a place on the screen that covers nothing of what is watched."""
        margins = self.windowHandle().frameMargins() if self.isVisible() else TITLE_BAR
        watched = QRect() if self._watched is None else in_qt(self._watched)
        place = settled(frame, monitors(), watched, QSize(*SMALLEST).grownBy(margins))
        if place != frame or not self.isVisible():
            self.setGeometry(place.marginsRemoved(margins))
        self._settings.places[self._form] = [*rectangle_of(place)]

    def _keep_clear(self) -> None:
        if self.isVisible() and not self.isMinimized():
            if self._watched is not None and self.isMaximized():
                self.showNormal()
            if not self.isMaximized():
                self._place(self.frameGeometry())

    def moveEvent(self, event: QMoveEvent) -> None:
        """Look, once the window rests, whether it covers what is watched or has left the screen."""
        self._settle.start()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Arrange the parts for the new size."""
        self._settle.start()
        self._arrange()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Leave."""
        self.press(Command.LEAVE)

    def _arrange(self) -> None:
        """Show the parts for which there is room, the less important ones only in a large window."""
        width, height, asked = self.width(), self.height(), self.bar.question is not None
        beside = width >= 560
        for box in (self._body, self._foot):
            box.setDirection(QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom)
        pictured = not self._compact and (beside or height >= 520)
        self.picture.setVisible(pictured)
        self._side.setVisible(not (asked and height < 400))
        least, most = (min(440, max(250, width // 3)),) * 2 if beside and pictured else (0, 16_777_215)
        self._side.setMinimumWidth(least)
        self._side.setMaximumWidth(most)
        self.strip.setVisible(height >= 350 and not (asked and height < 480))
        self.strip.setFixedHeight(max(44, height // 9))
        self.perceived.setVisible(height >= 480)
        self.buttons.setVisible(not asked)
        for name in ("baseline", "snapshot"):
            self.commands.tools[name].setVisible(width >= 400)
        under, beside_icon = Qt.ToolButtonStyle.ToolButtonTextUnderIcon, Qt.ToolButtonStyle.ToolButtonIconOnly
        for tool in self.commands.tools.values():
            tool.setToolButtonStyle(under if height >= 340 else beside_icon)
