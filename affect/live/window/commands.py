"""The commands as actions with keys, as buttons, and as lines of the menu."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu, QSizePolicy, QToolButton, QWidget

from affect.live.control import Adjustable, Command, Status
from affect.live.texts import text
from affect.live.window.dialogs import KEYS
from affect.live.window.theme import SHAPES, icon
from affect.model.calibration import SENSITIVITIES


class Commands:
    """Actions and buttons of a window's commands, and its menu with further lines.

    classifier: whose sensitivity the menu changes.   press: executes a command.   languages: names by their code.
    report, form, top: the menu's lines for the report, the other form of the window, and staying above the others.
    """

    def __init__(
        self, window: QWidget, classifier: Adjustable, press: Callable[..., None], languages: dict[str, str]
    ) -> None:
        self._classifier = classifier
        self.actions = {command: QAction(window, autoRepeat=False) for command in KEYS}
        self._shortcuts = {c: [QKeySequence(key), QKeySequence(f"Shift+{key}")] for c, key in KEYS.items()}
        for command, action in self.actions.items():
            action.triggered.connect(partial(press, command))
        window.addActions([*self.actions.values()])
        self.menu = menu = QMenu(window)
        menu.addActions([self.actions[Command.BASELINE], self.actions[Command.SNAPSHOT]])
        self.report = menu.addAction("")
        menu.addSeparator()
        self.form, self.top = menu.addAction(""), menu.addAction("")
        self.top.setCheckable(True)
        self.sensitivity_menu, self.language_menu = menu.addMenu(""), menu.addMenu("")
        self.sensitivities = self._choices(self.sensitivity_menu, dict.fromkeys(SENSITIVITIES, ""))
        self.languages = self._choices(self.language_menu, languages)
        self.sensitivities.triggered.connect(lambda action: classifier.set_sensitivity(action.data()))
        menu.addSeparator()
        menu.addActions([self.actions[Command.HELP], self.actions[Command.LEAVE]])
        self.tools = {name: QToolButton() for name in ("record", "mark", "pause", "baseline", "snapshot", "menu")}
        for name, tool in self.tools.items():
            if name == "menu":
                tool.setIcon(icon(name))
                tool.setMenu(menu)
                tool.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
            else:
                tool.setDefaultAction(self.actions[Command(name)])
            tool.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            tool.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def _choices(self, menu: QMenu, names: dict[str, str]) -> QActionGroup:
        group = QActionGroup(menu)
        for value, name in names.items():
            action = group.addAction(menu.addAction(name))
            action.setCheckable(True)
            action.setData(value)
        return group

    def show(self, status: Status, asked: bool, helped: bool) -> None:
        """Bring names, icons and keys up to date.   asked: a question is open.   helped: the help page is."""
        recording = status.recording_s is not None
        names = {
            Command.RECORD: "record_end" if recording else "record",
            Command.PAUSE: "resume" if status.paused else "pause",
            Command.BASELINE: "baseline_undo" if status.baseline is not None else "baseline",
        }
        for command, action in self.actions.items():
            name = names.get(command, command.value)
            action.setText(text(f"key_{name}", status.language).capitalize())
            if (shape := name.removesuffix("_undo")) in SHAPES:
                action.setIcon(icon(shape))
            action.setShortcuts([] if asked or helped else self._shortcuts[command])
            action.setEnabled(not asked or command in (Command.LANGUAGE, Command.LEAVE, Command.HELP))
        self.report.setEnabled(status.report is not None)
        self.sensitivity_menu.setEnabled(self._classifier.adjustable and not recording)
        for action in self.sensitivities.actions():
            action.setChecked(action.data() == self._classifier.sensitivity)

    def translate(self, language: str, compact: bool) -> None:
        """Write the menu in a language.   compact: the window's form."""
        self.tools["menu"].setText(text("menu", language))
        self.report.setText(text("open_report", language))
        self.form.setText(text("menu_full" if compact else "menu_compact", language))
        self.top.setText(text("menu_top", language))
        self.sensitivity_menu.setTitle(text("menu_sensitivity", language))
        self.language_menu.setTitle(text("key_language", language).capitalize())
        for action in self.sensitivities.actions():
            action.setText(text(f"sensitivity_{action.data()}", language))
        for action in self.languages.actions():
            action.setChecked(action.data() == language)
