"""The windows' tests draw nowhere: Qt's own platform for that, with the style of the program."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from affect.live.window import settings
from affect.live.window.theme import application


@pytest.fixture(scope="session")
def qapp() -> QApplication:
    return application(["affect", "-platform", "offscreen"])


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the tests remember is not the user's."""
    file = tmp_path / "config" / "window.json"
    monkeypatch.setattr(settings, "settings_file", lambda: file)
    return file
