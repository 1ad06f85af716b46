"""The start window: what is chosen becomes the command line's options, is remembered, and says its terms."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from affect.errors import AffectError
from affect.live.bundled import BUNDLED, TERMS, models_folder
from affect.live.options import parser
from affect.live.recording.recorder import default_folder
from affect.live.start import cameras
from affect.live.start import window as start
from affect.live.start.window import KINDS, StartWindow, terms, videos_in
from affect.live.texts import TEXTS, text
from affect.live.window import settings
from affect.live.window.settings import Settings, load
from affect.live.window.theme import application


@pytest.fixture(scope="session")
def qapp() -> QApplication:
    return application(["affect", "-platform", "offscreen"])


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the tests remember is not the user's; two cameras answer, and show a number."""
    monkeypatch.setattr(settings, "settings_file", lambda: tmp_path / "window.json")
    monkeypatch.setattr(start, "region_file", lambda: tmp_path / "screen.json")
    monkeypatch.setattr(cameras, "answering_cameras", lambda besides: [0, 2])
    monkeypatch.setattr(cameras, "camera_name", lambda index: "Integrated Ñ" if index == 0 else "")
    monkeypatch.setattr(cameras, "open_camera", Camera)


class Camera:
    """A camera that shows its index.   opened: the indices of those that are open."""

    opened: list[int] = []  # noqa: RUF012

    def __init__(self, index: int) -> None:
        self._index = index
        Camera.opened.append(index)

    def isOpened(self) -> bool:
        return True

    def read(self) -> tuple[bool, object]:
        return True, np.full((48, 64, 3), 50 * (self._index + 1), np.uint8)

    def release(self) -> None:
        Camera.opened.remove(self._index)


def opened(qtbot: QtBot, kept: Settings | None = None, language: str = "en") -> StartWindow:
    window = StartWindow(kept or Settings(), language)
    qtbot.addWidget(window)
    window.show()
    qtbot.waitUntil(lambda: window.cameras.again.isEnabled(), timeout=5000)
    return window


def chosen(window: StartWindow) -> argparse.Namespace:
    options = parser("en").parse_args([])
    window.fill(options)
    return options


def test_a_camera_is_chosen_by_its_name_and_seen_and_is_free_afterwards(qtbot: QtBot) -> None:
    window = opened(qtbot)
    assert [window.cameras.camera.itemText(i) for i in range(2)] == ["Integrated Ñ", "camera 2"]
    window.cameras.camera.setCurrentIndex(1)
    qtbot.waitUntil(lambda: not window.cameras.shown.pixmap().isNull(), timeout=5000)

    def grey() -> int:
        return window.cameras.shown.pixmap().toImage().pixelColor(100, 100).red()

    qtbot.waitUntil(lambda: grey() == 150, timeout=5000)
    assert Camera.opened == [2]
    qtbot.mouseClick(window.go, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not Camera.opened, timeout=5000)
    options = chosen(window)
    assert (options.source, options.record, options.consent, options.asked) == (["2"], None, False, True)
    assert load().camera == 2


def test_another_kind_of_source_frees_the_camera(qtbot: QtBot) -> None:
    window = opened(qtbot)
    qtbot.waitUntil(lambda: Camera.opened == [0], timeout=5000)
    window.kinds.setCurrentRow(KINDS.index("demo"))
    assert Camera.opened == []
    assert chosen(window).source == ["demo"]
    window.close()


def test_without_a_camera_it_says_so_and_cannot_start_one(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cameras, "answering_cameras", lambda besides: [])
    window = opened(qtbot)
    assert window.cameras.shown.text() == text("start_no_camera", "en")
    assert not window.go.isEnabled()
    for kind in ("demo", "screen"):
        window.kinds.setCurrentRow(KINDS.index(kind))
        assert window.go.isEnabled()
    monkeypatch.setattr(cameras, "answering_cameras", lambda besides: [1])
    window.kinds.setCurrentRow(0)
    window.cameras.again.click()
    qtbot.waitUntil(window.go.isEnabled, timeout=5000)
    window.close()


def test_one_video_is_watched_or_reported_and_several_are_reported_with_consent(qtbot: QtBot, tmp_path: Path) -> None:
    window = opened(qtbot, Settings(folder=str(tmp_path)))
    window.kinds.setCurrentRow(KINDS.index("files"))
    assert not window.go.isEnabled()
    window.take([tmp_path / "K07.mp4"])
    assert window.go.isEnabled()
    assert chosen(window).record is None
    window.reports.setChecked(True)
    assert not window.go.isEnabled(), "nobody has agreed"
    assert window.consent.text() == text("consent_question", "en")
    window.consent.setChecked(True)
    options = chosen(window)
    assert (options.source, options.record, options.consent) == ([str(tmp_path / "K07.mp4")], tmp_path, True)
    window.consent.setChecked(False)
    window.take([tmp_path / "a.mp4", tmp_path / "b.mov"])
    assert window.reports.isChecked()
    assert not window.reports.isEnabled()
    assert not window.go.isEnabled()
    assert "K07" not in (tmp_path / "window.json").read_text(encoding="utf-8"), "a file may have a person's name"
    window.close()


def test_a_folder_s_videos_come_by_name(tmp_path: Path) -> None:
    for name in ("b.MP4", "a.mov", "notes.txt", "c.png"):
        (tmp_path / name).touch()
    assert [path.name for path in videos_in(str(tmp_path))] == ["a.mov", "b.MP4"]
    assert videos_in("") == videos_in(str(tmp_path / "none")) == []


def test_what_was_chosen_is_there_at_the_next_start(qtbot: QtBot, tmp_path: Path) -> None:
    window = opened(qtbot)
    window.kinds.setCurrentRow(KINDS.index("demo"))
    window.language.setCurrentIndex(1)
    window.settings.folder = str(tmp_path)
    chosen(window)
    window.close()
    again = opened(qtbot, load())
    options = chosen(again)
    assert (options.source, options.lang, options.folder) == (["demo"], "es", tmp_path)
    assert again.go.text() == "Empezar"
    again.close()


@pytest.mark.parametrize("language", ["en", "es"])
def test_both_languages_switch_everything_at_once(language: str, qtbot: QtBot) -> None:
    window = opened(qtbot, language="es" if language == "en" else "en")
    window.language.setCurrentIndex(("en", "es").index(language))
    said = {entry[language] for entry in TEXTS.values()}
    for row in range(len(KINDS)):
        assert window.kinds.item(row).text() == text(f"start_{KINDS[row]}", language)
    for part in (window.heading, window.go, window.draw, window.reports, window.consent, *window._fields.values()):
        assert part.text() in said, part.text()
    assert window.sensitivity.itemText(0) == text("sensitivity_low", language)
    window.close()


def test_a_model_s_terms_stand_in_one_place_and_are_told(qtbot: QtBot) -> None:
    window = opened(qtbot)
    assert window.model.itemData(0) == BUNDLED
    assert window._terms.text() == text(TERMS[BUNDLED.name], "en")
    assert terms(models_folder() / "starter_ferplus.pt", "es") == text("terms_mit", "es")
    assert terms(Path("mine/starter_ferplus.pt"), "en") == text("terms_own", "en")
    assert chosen(window).model == BUNDLED
    window.close()


def test_a_sensitivity_that_the_model_does_not_take_is_normal(qtbot: QtBot) -> None:
    window = opened(qtbot, Settings(sensitivity="high", model=str(models_folder() / "starter_ferplus.pt")))
    assert window.sensitivity.currentData() == "high"
    assert chosen(window).sensitivity == "normal"
    window.close()


def test_a_code_of_the_person_can_be_typed_but_no_name_and_is_not_remembered(qtbot: QtBot, tmp_path: Path) -> None:
    window = opened(qtbot)
    assert chosen(window).person is None
    qtbot.keyClicks(window.person, "k 07/.")
    assert window.person.text() == "k07"
    assert chosen(window).person == "K07"
    assert "07" not in (tmp_path / "window.json").read_text(encoding="utf-8")
    for language in ("es", "en"):
        window.language.setCurrentIndex(window.language.findData(language))
        assert window.person.placeholderText() == text("start_person_told", language)
    window.close()


def test_damaged_memories_are_no_failure(qtbot: QtBot) -> None:
    odd = Settings("fr", "moon", -3, "/no/model.pt", "", "extreme")
    window = opened(qtbot, odd)
    options = chosen(window)
    assert (options.source, options.lang, options.model) == (["0"], "en", BUNDLED)
    assert (options.sensitivity, options.folder) == ("normal", default_folder())
    window.close()


def test_the_start_window_can_be_closed_and_accepted_by_key(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    def window() -> StartWindow:
        return next(w for w in QApplication.topLevelWidgets() if isinstance(w, StartWindow) and w.isVisible())

    options = parser("en").parse_args([])
    QTimer.singleShot(300, lambda: qtbot.keyClick(window(), Qt.Key.Key_Escape))
    assert start.ask(options) is False
    assert options.asked is False
    QTimer.singleShot(1500, lambda: qtbot.keyClick(window(), Qt.Key.Key_Return))
    assert start.ask(options) is True
    assert (options.source, options.asked) == (["0"], True)


def test_the_rectangle_of_a_call_is_drawn_from_here_and_an_obstacle_is_told_in_the_page(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    from affect.live.sources import screen

    window = opened(qtbot)
    window.kinds.setCurrentRow(KINDS.index("screen"))
    seen: list[bool] = []

    def refused(given: str, language: str, tell: object) -> None:
        seen.append(window.isVisible())
        raise AffectError("No part was chosen")

    monkeypatch.setattr(screen, "open_screen", refused)
    window.draw.click()
    assert seen == [False], "the window is off the screen meanwhile"
    assert window.isVisible()
    assert window._part.text() == "No part was chosen"
    assert chosen(window).source == ["screen"]
    window.close()
