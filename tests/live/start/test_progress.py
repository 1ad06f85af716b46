"""The dialogs of a program without a terminal: progress beside the analysis of files, and what is told at its end."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMessageBox, QProgressDialog
from pytestqt.qtbot import QtBot

from affect.live.start.progress import FileProgress, with_progress
from affect.live.window.theme import application


@pytest.fixture(scope="session")
def qapp() -> QApplication:
    return application(["affect", "-platform", "offscreen"])


class Recorded:
    """A source of ten seconds."""

    description, duration_s = "video a.mp4", 10.0


def answer(what: str) -> None:
    """Click in the message box, once it is there."""
    for widget in QApplication.topLevelWidgets():
        if isinstance(widget, QMessageBox) and widget.isVisible():
            widget.buttons()[-1].click()
            return
    QTimer.singleShot(100, lambda: answer(what))


def test_files_are_analysed_beside_a_progress_dialog_and_errors_are_told(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    told: list[str] = []

    def analyse(progress: FileProgress, lines: list[str]) -> int:
        with progress.of(Recorded()) as bar:  # type: ignore[arg-type]
            for _ in range(5):
                bar.update(2.0)
                time.sleep(0.1)
                seen.extend(d.value() for d in QApplication.topLevelWidgets() if isinstance(d, QProgressDialog))
        lines += ["Informe: x", "error: b.mp4 is no video"]
        return 2

    monkeypatch.setattr(QMessageBox, "setInformativeText", lambda box, words: told.append(words))
    QTimer.singleShot(200, lambda: answer(""))
    assert with_progress(analyse, tmp_path, "es") == 2
    assert told == ["error: b.mp4 is no video"]
    assert any(0 < value < 1000 for value in seen)


def test_cancelling_ends_the_analysis(qtbot: QtBot, tmp_path: Path) -> None:
    def analyse(progress: FileProgress, lines: list[str]) -> int:
        with progress.of(Recorded()) as bar:  # type: ignore[arg-type]
            for _ in range(100):
                bar.update(0.1)
                time.sleep(0.05)
        return 0

    def cancel() -> None:
        next(d for d in QApplication.topLevelWidgets() if isinstance(d, QProgressDialog) and d.isVisible()).cancel()

    QTimer.singleShot(400, cancel)
    with pytest.raises(KeyboardInterrupt):
        with_progress(analyse, tmp_path, "en")
