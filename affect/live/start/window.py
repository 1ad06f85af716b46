"""The start window, which asks what to watch.

Called by `affect.live.app` if the program is started without arguments on a computer with a display.
"""

from __future__ import annotations

import argparse
from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QRegularExpressionValidator
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from affect.command_line import CODE
from affect.emotions import LANGUAGES
from affect.errors import AffectError
from affect.live.bundled import TRAINED, default_model, models_folder, terms_of
from affect.live.pipeline.classifier import load_classifier
from affect.live.recording.recorder import default_folder
from affect.live.sources.region import region_file
from affect.live.start.cameras import SHOWN, CameraPage, show_picture
from affect.live.texts import text, told
from affect.live.window.app import interruptible
from affect.live.window.main import LANGUAGE_NAMES
from affect.live.window.settings import Settings, load
from affect.live.window.theme import application, label, laid
from affect.model.calibration import SENSITIVITIES

KINDS = ("camera", "screen", "files", "demo")
VIDEOS = (".mp4", ".mov", ".m4v", ".avi", ".mkv", ".webm", ".wmv", ".mpg", ".mpeg")
TICK_MS = 80


def ask(options: argparse.Namespace) -> bool:
    """Show the start window, and put what was chosen into the options of the command line; False if it was closed."""
    application()
    window = StartWindow(load(), options.lang)
    loop = QEventLoop()
    window.finished.connect(loop.quit)
    window.show()
    with interruptible(loop.quit):
        loop.exec()
    if window.result():
        window.fill(options)
    return bool(window.result())


class StartWindow(QDialog):
    """Asks for the source and the settings of a session.

    settings: those of the last start; `fill` saves the new ones.   language: "en" or "es", where none is remembered.
    """

    def __init__(self, settings: Settings, language: str) -> None:
        super().__init__()
        self.settings = settings
        self._language = settings.language if settings.language in LANGUAGES else language
        self._model = Path(settings.model) if Path(settings.model).is_file() and settings.model else default_model()
        self.paths: list[Path] = []
        self.kinds, self.pages, self.go = QListWidget(), QStackedWidget(), QPushButton(default=True)
        self.cameras = CameraPage(settings.camera)
        for page in (self.cameras, self._screen_page(), self._files_page(), self._demo_page()):
            self.pages.addWidget(page)
        self.kinds.addItems(KINDS)
        self.kinds.setFixedWidth(260)
        self.kinds.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.heading = label("heading")
        self.pages.setMinimumHeight(SHOWN[1] + 84)
        self.kinds.currentRowChanged.connect(self._turn_to)
        self.go.clicked.connect(self.accept)
        self.language, self.model, self.sensitivity = QComboBox(), QComboBox(), QComboBox()
        self.person = QLineEdit()
        self.person.setValidator(QRegularExpressionValidator(CODE.pattern, self.person))
        self.folder, self._terms = QPushButton(autoDefault=False), label("dim", wraps=True)
        for value in LANGUAGES:
            self.language.addItem(LANGUAGE_NAMES[value], value)
        for value in SENSITIVITIES:
            self.sensitivity.addItem(value, value)
        for path in dict.fromkeys([self._model, *models()]):
            self.model.addItem(path.stem, path)
        self.model.addItem("", None)
        form = QFormLayout()
        form.setSpacing(8)
        self._fields = {key: label("dim") for key in ("language", "model", "terms", "sensitivity", "person", "folder")}
        fields = (self.language, self.model, self._terms, self.sensitivity, self.person, self.folder)
        for name, field in zip(self._fields.values(), fields, strict=True):
            form.addRow(name, field)
            name.setBuddy(field)
        upper = laid(QHBoxLayout(), self.kinds, self.pages, spacing=12, grows=1)
        self.folder.setObjectName("folder")
        foot = laid(QHBoxLayout(), 1, self.go)
        laid(QVBoxLayout(self), self.heading, upper, form, foot, spacing=14, margin=18, grows=1)
        self.language.setCurrentIndex(LANGUAGES.index(self._language))
        at = settings.sensitivity if settings.sensitivity in SENSITIVITIES else "normal"
        self.sensitivity.setCurrentIndex(self.sensitivity.findData(at))
        self._translate()
        self.language.currentIndexChanged.connect(self._translate)
        self.model.activated.connect(self._choose_model)
        self.folder.clicked.connect(self._choose_folder)
        self.kinds.setCurrentRow(KINDS.index(settings.kind) if settings.kind in KINDS else 0)
        self._timer = QTimer(self, interval=TICK_MS)
        self._timer.timeout.connect(self._tick)
        self._timer.start()
        self.cameras.look()

    def _screen_page(self) -> QWidget:
        self._screen_told, self.draw = label(wraps=True), QPushButton(autoDefault=False)
        self._part = label("card", align=Qt.AlignmentFlag.AlignCenter, wraps=True)
        self._part.setFixedSize(*SHOWN)
        self._part.setVisible(region_file().is_file())
        self.draw.clicked.connect(self._draw)
        page = QWidget()
        laid(QVBoxLayout(page), self._screen_told, laid(QHBoxLayout(), self.draw, 1), self._part, 1)
        return page

    def _files_page(self) -> QWidget:
        self.files = QListWidget()
        self._some, self._all = QPushButton(autoDefault=False), QPushButton(autoDefault=False)
        self.reports, self.consent = QCheckBox(), QCheckBox()
        self._some.clicked.connect(lambda: self.take([Path(p) for p in QFileDialog.getOpenFileNames(self)[0]]))
        self._all.clicked.connect(lambda: self.take(videos_in(QFileDialog.getExistingDirectory(self))))
        for box in (self.reports, self.consent):
            box.toggled.connect(self._enable)
        page = QWidget()
        buttons = laid(QHBoxLayout(), self._some, self._all, 1)
        laid(QVBoxLayout(page), buttons, self.files, self.reports, self.consent, grows=1)
        return page

    def _demo_page(self) -> QWidget:
        self._demo_told, page = label(wraps=True), QWidget()
        laid(QVBoxLayout(page), self._demo_told, 1)
        return page

    def _translate(self) -> None:
        self._language = language = self.language.currentData()

        def words(key: str) -> str:
            return text(f"start_{key}", language)

        self.setWindowTitle("affect")
        self.heading.setText(words("title"))
        for row, kind in enumerate(KINDS):
            self.kinds.item(row).setText(words(kind))
        for widget, key in (
            (self.go, "go"), (self.cameras.again, "again"), (self.draw, "draw"), (self._some, "some"),
            (self._all, "all"), (self.reports, "reports"), (self._screen_told, "screen_told"),
            (self._demo_told, "demo_told"),
        ):  # fmt: skip
            widget.setText(words(key))
        self.consent.setText(text("consent_question", language))
        for key, name in self._fields.items():
            name.setText(words(key))
        for row, value in enumerate(SENSITIVITIES):
            self.sensitivity.setItemText(row, text(f"sensitivity_{value}", language))
        self.model.setItemText(self.model.count() - 1, words("other"))
        self.person.setPlaceholderText(words("person_told"))
        self.folder.setText(str(self._folder()))
        self._terms.setText(terms(self._model, language))
        if self._part.pixmap().isNull():
            self._part.setText(words("remembered"))
        self.kinds.setAccessibleName(words("title"))
        self.files.setAccessibleName(words("files"))
        self.cameras.camera.setAccessibleName(words("camera"))
        self.cameras.fill(language)
        self._enable()

    def _folder(self) -> Path:
        return Path(self.settings.folder) if self.settings.folder else default_folder()

    def _turn_to(self, row: int) -> None:
        self.pages.setCurrentIndex(row)
        self.cameras.watch(KINDS[row] == "camera")
        self._enable()

    def _enable(self) -> None:
        kind, several = KINDS[max(0, self.kinds.currentRow())], len(self.paths) > 1
        self.reports.setEnabled(bool(self.paths) and not several)
        self.reports.setChecked(self.reports.isChecked() or several)
        self.consent.setVisible(self.reports.isChecked())
        ready = bool(self.paths) and (self.consent.isChecked() or not self.reports.isChecked())
        self.go.setEnabled({"camera": bool(self.cameras.found), "files": ready}.get(kind, True))

    def _tick(self) -> None:
        if self.cameras.tick():
            self._enable()

    def _draw(self) -> None:
        """Let the user draw the rectangle on the screen, without this window over it."""
        from affect.live.sources.screen import open_screen

        self.hide()
        gone = QEventLoop()
        QTimer.singleShot(300, gone.quit)
        gone.exec()
        try:
            source = open_screen("new", self._language, lambda line: None)
            show_picture(self._part, next(source.frames()).picture)
        except AffectError as error:
            self._part.setText(told(error, self._language))
        self._part.show()
        self.show()

    def take(self, paths: list[Path]) -> None:
        """Choose video files; none leaves those that were chosen before."""
        if paths:
            self.paths = paths
            self.files.clear()
            self.files.addItems([path.name for path in paths])
        self._enable()

    def _choose_model(self, row: int) -> None:
        chosen = self.model.itemData(row)
        if chosen is None:
            given, _ = QFileDialog.getOpenFileName(self, "", str(models_folder()), "*.pt")
            chosen = Path(given) if given else self._model
            if self.model.findData(chosen) < 0:
                self.model.insertItem(0, chosen.stem, chosen)
        self._model = chosen
        self.model.setCurrentIndex(self.model.findData(chosen))
        self._terms.setText(terms(chosen, self._language))

    def _choose_folder(self) -> None:
        if given := QFileDialog.getExistingDirectory(self, "", str(self._folder().parent)):
            self.settings.folder = given
            self.folder.setText(given)

    def fill(self, options: argparse.Namespace) -> None:
        """Put what was chosen into the options of the command line, and save it for the next start."""
        kind = KINDS[self.kinds.currentRow()]
        sources = {"camera": [str(self.cameras.camera.currentData())], "files": [str(path) for path in self.paths]}
        options.source, options.lang, options.model = sources.get(kind, [kind]), self._language, self._model
        options.sensitivity, options.folder = self.sensitivity.currentData(), self._folder()
        options.person = self.person.text().upper() or None  # not remembered: nothing about persons is
        options.record = self._folder() if kind == "files" and self.reports.isChecked() else None
        options.consent, options.asked = self.consent.isChecked() and options.record is not None, True
        if options.sensitivity != "normal" and not is_adjustable(self._model, options):
            options.sensitivity = "normal"
        kept = self.settings
        kept.language, kept.kind, kept.sensitivity = self._language, kind, options.sensitivity
        kept.model = "" if self._model == default_model() else str(self._model)
        kept.camera = self.cameras.camera.currentData() if self.cameras.found else kept.camera
        kept.save()

    def done(self, result: int) -> None:
        """Close the window, and free the camera."""
        self._timer.stop()
        self.cameras.watch(False)
        super().done(result)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Free the camera."""
        self.done(0)


def models() -> list[Path]:
    """Model files that can be chosen: the user's own v4 and all of the models folder."""
    return [path for path in (TRAINED, *sorted(models_folder().glob("*.pt"))) if path.is_file()]


def terms(model: Path, language: str) -> str:
    """What a model may be used for, in one sentence."""
    return text(terms_of(model) or "terms_own", language)


def is_adjustable(model: Path, options: argparse.Namespace) -> bool:
    """Whether a model takes another sensitivity than "normal"; other errors are told when it is run."""
    with suppress(AffectError):
        return load_classifier(model, options.backend, lambda line: None).adjustable
    return True


def videos_in(folder: str) -> list[Path]:
    """Video files of a folder, by name; none of "" or of a folder that cannot be read."""
    with suppress(OSError):
        return sorted(p for p in Path(folder).iterdir() if p.suffix.lower() in VIDEOS) if folder else []
    return []
