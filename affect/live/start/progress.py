"""Dialogs of a program that was started without a terminal: the progress of files, and errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import QTimer, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QMessageBox, QProgressDialog

from affect.live.frame import Source
from affect.live.texts import text
from affect.live.window.theme import application

TICK_MS = 80


def show_error(message: str) -> None:
    """Show an error, as there may be no terminal."""
    application()
    QMessageBox(QMessageBox.Icon.Warning, "affect", message).exec()


class FileProgress:
    """A progress bar over one file, as `affect.live.batch.videos` advances it.   total, n: seconds.

    cancelled: the user wants no more.
    """

    def __init__(self) -> None:
        self.name, self.n, self.cancelled = "", 0.0, False
        self.total: float | None = None

    @contextmanager
    def of(self, source: Source) -> Iterator[FileProgress]:
        """Begin with a file."""
        self.name, self.total, self.n = source.description, getattr(source, "duration_s", None), 0.0
        yield self

    def update(self, seconds: float) -> None:
        """Advance. Raises KeyboardInterrupt if the user has cancelled."""
        self.n += seconds
        if self.cancelled:
            raise KeyboardInterrupt


def with_progress(analyse: Callable[[FileProgress, list[str]], int], folder: Path, language: str) -> int:
    """Run the analysis of files in a thread beside a progress dialog, and tell at the end where the reports are.

    analyse: takes the progress, and a list for lines to the user; returns the exit code, which is returned.
    """
    app, progress, lines = application(), FileProgress(), list[str]()
    dialog = QProgressDialog(text("start_analysing", language), text("start_cancel", language), 0, 1000)
    dialog.setMinimumDuration(0)
    dialog.setAutoReset(False)
    with ThreadPoolExecutor(1, thread_name_prefix="files") as worker:
        done = worker.submit(analyse, progress, lines)

        def tick() -> None:
            dialog.setLabelText(progress.name)
            dialog.setValue(0 if not progress.total else min(1000, round(1000 * progress.n / progress.total)))
            progress.cancelled = dialog.wasCanceled()
            if done.done():
                app.quit()

        timer = QTimer(interval=TICK_MS)
        timer.timeout.connect(tick)
        timer.start()
        app.exec()
        timer.stop()
        dialog.hide()
    code = done.result()
    box = QMessageBox(QMessageBox.Icon.Information, "affect", text("start_analysed", language, folder=folder))
    box.setInformativeText("\n".join(line for line in lines if line.startswith("error: ")))
    shown = box.addButton(text("start_show", language), QMessageBox.ButtonRole.AcceptRole)
    box.addButton(QMessageBox.StandardButton.Close)
    box.exec()
    if box.clickedButton() == shown:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))
    return code
