"""The live window under a person's hands: keys, buttons, notes, languages, sizes, several faces, bad pictures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QEvent, QRect, Qt
from PySide6.QtGui import QAccessible, QDesktopServices, QGuiApplication, QInputMethodEvent, QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from affect.emotions import color_hex
from affect.faces.preprocessing import Image
from affect.live.control import Command
from affect.live.texts import TEXTS, text
from affect.live.window import main as module
from affect.live.window.dialogs import KEYS
from affect.live.window.faces import note_on
from affect.live.window.main import SMALLEST, MainWindow
from affect.live.window.placement import Rectangle, rectangle_of
from affect.live.window.settings import Settings
from tests.tools.windows import CONSENT, NOTE, FakeClassifier, FakeSession, colours, face

PICTURE = np.full((360, 640, 3), 90, np.uint8)
LETTERS = {"r": "record", "m": "mark", "p": "pause", "b": "baseline", "s": "snapshot", "l": "language"}


@pytest.fixture
def session() -> FakeSession:
    return FakeSession()


@pytest.fixture
def window(session: FakeSession, qtbot: QtBot) -> MainWindow:
    return opened(session, qtbot)


def opened(session: FakeSession, qtbot: QtBot, compact: bool = True, watched: Rectangle | None = None) -> MainWindow:
    window = MainWindow(session, FakeClassifier(), Settings(), watched, compact)
    qtbot.addWidget(window)
    window.show()
    window.activateWindow()
    window.show_frame(PICTURE, [face("happy")])
    window.refresh()
    QApplication.processEvents()
    return window


def press(window: MainWindow, qtbot: QtBot, keys: str | Qt.Key) -> None:
    """Type where the focus is, as a keyboard does."""
    for key in keys if isinstance(keys, str) else [keys]:
        where = window.focusWidget() or window
        if isinstance(key, str) and not key.isascii():  # which QTest cannot type
            QApplication.sendEvent(where, QKeyEvent(QEvent.Type.KeyPress, 0, Qt.KeyboardModifier.NoModifier, key))
        elif isinstance(key, str):
            qtbot.keyClicks(where, key)
        else:
            qtbot.keyClick(where, key)


def shown(window: QWidget) -> list[str]:
    """All words that can be seen."""
    parts = [part for kind in (QLabel, QAbstractButton) for part in window.findChildren(kind)]
    return [part.text() for part in parts if part.isVisible() and part.text()]


@pytest.mark.parametrize("letter", [*LETTERS, *(letter.upper() for letter in LETTERS)])
def test_a_key_is_its_command_in_both_cases(
    letter: str, window: MainWindow, session: FakeSession, qtbot: QtBot
) -> None:
    press(window, qtbot, letter)
    assert session.told == [LETTERS[letter.lower()]]


@pytest.mark.parametrize("key", ["q", Qt.Key.Key_Escape])
def test_leaving_is_told(key: str | Qt.Key, window: MainWindow, session: FakeSession, qtbot: QtBot) -> None:
    with qtbot.waitSignal(window.left, timeout=1000):
        press(window, qtbot, key)
    assert session.told == ["leave"]


def test_closing_the_window_is_leaving(window: MainWindow, session: FakeSession, qtbot: QtBot) -> None:
    with qtbot.waitSignal(window.left, timeout=1000):
        window.close()
    assert session.told == ["leave"]


def test_a_space_pauses_and_on_a_button_it_presses_that(window: MainWindow, session: FakeSession, qtbot: QtBot) -> None:
    press(window, qtbot, " ")
    assert session.told == ["pause"]
    window.commands.tools["mark"].setFocus()
    press(window, qtbot, " ")
    assert session.told == ["pause", "mark"]


def test_what_is_typed_at_once_after_m_is_the_note(window: MainWindow, session: FakeSession, qtbot: QtBot) -> None:
    """The letters are in the queue before the window has drawn anything: none is a command, none is lost."""
    press(window, qtbot, "mrmpb q lshH")
    assert window.bar.line.text() == "rmpb q lshH"
    assert [told for told in session.told if not told.startswith("draft")] == ["mark"]
    assert session.told[-1] == "draft rmpb q lshH"
    press(window, qtbot, Qt.Key.Key_Return)
    assert session.told[-1] == "answer rmpb q lshH"
    press(window, qtbot, "p")
    assert session.told[-1] == "pause"


def test_accents_come_by_key_by_input_method_and_by_pasting_several_lines(
    window: MainWindow, session: FakeSession, qtbot: QtBot
) -> None:
    press(window, qtbot, "m")
    press(window, qtbot, "ñandú ")
    composed = QInputMethodEvent()
    composed.setCommitString("表情 ")
    QApplication.sendEvent(window.bar.line, composed)
    QGuiApplication.clipboard().setText("se ríe,\n\tllora")
    qtbot.keyClick(window.bar.line, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    press(window, qtbot, Qt.Key.Key_Return)
    assert session.told[-1] == "answer ñandú 表情 se ríe, llora"


def test_a_note_that_is_being_typed_outlives_every_refresh_and_the_other_language(
    window: MainWindow, session: FakeSession, qtbot: QtBot
) -> None:
    press(window, qtbot, "msmi")
    for i in range(30):
        window.show_frame(PICTURE, [face("sad", face_id=i + 1)])
        window.refresh()
    press(window, qtbot, "les")
    window.commands.languages.actions()[1].trigger()
    assert window.bar.words.text() == NOTE["es"].text
    press(window, qtbot, "!")
    assert window.bar.line.text() == "smiles!"


def test_escape_skips_the_note_and_leaves_nothing_in_the_next_one(
    window: MainWindow, session: FakeSession, qtbot: QtBot
) -> None:
    press(window, qtbot, "mabc")
    press(window, qtbot, Qt.Key.Key_Escape)
    assert session.told[-1] == "answer None"
    press(window, qtbot, "m")
    assert window.bar.line.text() == ""


@pytest.mark.parametrize(("language", "yes"), [("en", "y"), ("es", "s")])
def test_one_letter_is_consent_and_no_other_key_is(language: str, yes: str, qtbot: QtBot) -> None:
    session = FakeSession(language)
    window = opened(session, qtbot)
    press(window, qtbot, "r")
    assert window.bar.words.text() == CONSENT[language].text
    for key in ("s" if language == "en" else "y", "qrmpblh ", Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
        press(window, qtbot, key)
    assert session.told == ["record"]
    press(window, qtbot, yes)
    assert session.told == ["record", "answer yes"]


@pytest.mark.parametrize(
    ("share", "acts", "told"),
    [
        (None, True, ""),
        (0.42, True, "línea base 42\N{NO-BREAK SPACE}%"),
        (0.42, False, "línea base 42\N{NO-BREAK SPACE}%"),
        (1.0, True, "✓ línea base aplicada"),
        (1.0, False, text("baseline_off", "es")),
    ],
)
def test_the_baseline_s_state_is_told(share: float | None, acts: bool, told: str, qtbot: QtBot) -> None:
    session = FakeSession("es")
    window = opened(session, qtbot)
    session.now = replace(session.now, baseline=share, baseline_acts=acts)
    window.refresh()
    assert (window.baseline.text() if window.baseline.isVisible() else "") == told
    undo = "Línea base" if share is None else "Quitar línea base"
    assert window.commands.actions[Command.BASELINE].text() == undo


def test_while_a_question_is_open_no_command_acts_but_leaving_help_and_the_language(
    window: MainWindow, session: FakeSession, qtbot: QtBot
) -> None:
    """However it comes: a screen reader triggers what is not seen."""
    press(window, qtbot, "m")
    assert not window.buttons.isVisible()
    for command, action in window.commands.actions.items():
        if command not in (Command.LEAVE, Command.HELP, Command.LANGUAGE):
            action.trigger()
    assert session.told == ["mark"]
    window.commands.actions[Command.LANGUAGE].trigger()
    assert session.told == ["mark", "language"]


def test_a_message_makes_room_for_a_question_and_comes_back(
    window: MainWindow, session: FakeSession, qtbot: QtBot
) -> None:
    session.now = replace(session.now, message="The marker is set.")
    for key, seen in (("p", True), ("m", False), (Qt.Key.Key_Escape, True)):
        press(window, qtbot, key)
        assert ("The marker is set." in shown(window)) is seen


def test_the_menu_s_line_for_the_report_waits_for_one(window: MainWindow, session: FakeSession, tmp_path: Path) -> None:
    assert not window.commands.report.isEnabled()
    session.now = replace(session.now, report=tmp_path / "report.html")
    window.refresh()
    assert window.commands.report.isEnabled()


def test_a_long_path_in_a_message_breaks_into_lines_and_none_is_wider_than_the_window(
    window: MainWindow, session: FakeSession
) -> None:
    window.resize(*SMALLEST)
    path = r"C:\Users\ana\affect-sessions\2026_11_29_18_29_52\report.html"
    session.now = replace(session.now, message=path)
    for _ in range(2):
        window.refresh()
        QApplication.processEvents()
    assert window.message.minimumSizeHint().width() <= window.message.width() <= SMALLEST[0]
    assert window.message.text().replace("\u200b", "") == path


def test_a_space_that_is_held_pauses_once(window: MainWindow, session: FakeSession) -> None:
    for held in (False, True, True):
        QApplication.sendEvent(
            window, QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Space, Qt.KeyboardModifier.NoModifier, " ", held)
        )
    assert session.told == ["pause"]


def test_a_question_is_answered_once(window: MainWindow, session: FakeSession, qtbot: QtBot) -> None:
    """A screen reader can press a button that is no longer seen."""
    press(window, qtbot, "r")
    for _ in range(2):
        window.bar.accept.click()
    assert session.told == ["record", "answer yes"]


@pytest.mark.parametrize("key", ["n", "N", Qt.Key.Key_Escape])
def test_n_and_escape_decline(key: str | Qt.Key, window: MainWindow, session: FakeSession, qtbot: QtBot) -> None:
    press(window, qtbot, "r")
    press(window, qtbot, key)
    assert session.told == ["record", "answer None"]


def test_r_asks_before_it_ends_a_recording(window: MainWindow, session: FakeSession, qtbot: QtBot) -> None:
    session.now = replace(session.now, recording_s=61.0)
    window.refresh()
    assert "● REC 1:01" in shown(window)
    for key, told in (("rn", []), ("r", []), ("y", ["record"])):
        press(window, qtbot, key)
        assert session.told == told
    assert session.now.recording_s is None
    assert window.bar.question is None


def test_the_question_whether_to_end_changes_its_language_too(
    window: MainWindow, session: FakeSession, qtbot: QtBot
) -> None:
    session.now = replace(session.now, recording_s=61.0)
    window.refresh()
    press(window, qtbot, "r")
    window.commands.languages.actions()[1].trigger()
    assert window.bar.words.text() == text("end_question", "es")
    press(window, qtbot, "s")
    assert session.told == ["language", "record"]


def test_the_menu_s_language_switches_every_word(window: MainWindow, session: FakeSession, qtbot: QtBot) -> None:
    window.resize(900, 700)
    press(window, qtbot, "l")
    spanish = {words for entry in TEXTS.values() for words in (entry["es"], entry["es"].capitalize())}
    english = {entry["en"] for entry in TEXTS.values()} - spanish
    seen = [words for words in shown(window) if not words[0].isdigit()]
    assert "sin registro" in seen
    assert "alegría" in seen
    assert not english & {*seen, *(words.lower() for words in seen)}
    titles = [action.text() for action in window.commands.menu.actions() if action.text()]
    assert {text("menu_sensitivity", "es"), "Idioma", text("menu_top", "es"), "Salir"} <= {*titles}
    assert all(title[0].isupper() for title in titles)


def test_sensitivity_changes_the_running_classifier_but_not_within_a_recording(
    window: MainWindow, session: FakeSession
) -> None:
    window.commands.sensitivities.actions()[2].trigger()
    assert window.commands._classifier.sensitivity == "high"
    session.now = replace(session.now, recording_s=1.0)
    window.refresh()
    assert not window.commands.sensitivity_menu.isEnabled()
    session.now = replace(session.now, recording_s=None)
    window.commands._classifier.adjustable = False
    window.refresh()
    assert not window.commands.sensitivity_menu.isEnabled()


@pytest.mark.parametrize("key", ["q", "h", "r", " ", "l", Qt.Key.Key_Escape, Qt.Key.Key_Return])
def test_any_key_closes_the_help_and_does_nothing_else(
    key: str | Qt.Key, window: MainWindow, session: FakeSession, qtbot: QtBot
) -> None:
    press(window, qtbot, "h")
    assert window.help.isVisible()
    assert text("help_baseline", "en") in window.help.toPlainText()
    press(window, qtbot, key)
    assert not window.help.isVisible()
    assert session.told == []
    press(window, qtbot, "p")
    assert session.told == ["pause"], "keys are commands again"


@pytest.mark.parametrize("size", [SMALLEST, (260, 420), (400, 609), (640, 400), (1366, 728), (3840, 2160)])
@pytest.mark.parametrize("compact", [True, False])
@pytest.mark.parametrize("asked", [False, True])
def test_label_bars_valence_state_and_what_is_asked_are_in_a_window_of_any_size(
    size: tuple[int, int], compact: bool, asked: bool, session: FakeSession, qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(module, "monitors", lambda: [QRect(0, 0, 4000, 2400)])
    window = opened(session, qtbot, compact)
    window.resize(*size)
    session.now = replace(session.now, recording_s=1.0, question=NOTE["en"] if asked else None)
    for _ in range(2):
        window.refresh()
        QApplication.processEvents()
    assert (window.width(), window.height()) == size
    wanted: list[QWidget] = [window.recording]
    if not asked or size[1] >= 400:
        panel = window.faces.panels[0]
        wanted += [*panel.bars.values(), panel.label, panel.valence, panel.values["valence"]]
    tools = window.commands.tools
    wanted += [window.bar.line, window.bar.accept] if asked else [tools[n] for n in ("record", "mark", "menu")]
    places = []
    for part in wanted:
        assert part.isVisible(), part
        place = part.rect().translated(part.mapTo(window, part.rect().topLeft()))
        assert window.rect().contains(place), part
        assert place.width() >= 20, part
        assert place.height() >= 7, part
        assert not [other for other in places if other.intersects(place)], part
        places.append(place)


def test_the_compact_form_has_four_buttons_and_the_full_one_the_picture(session: FakeSession, qtbot: QtBot) -> None:
    window = opened(session, qtbot, compact=True)
    shown = [name for name, tool in window.commands.tools.items() if tool.isVisible()]
    assert shown == ["record", "mark", "pause", "menu"]
    assert not window.picture.isVisible()
    window.commands.form.trigger()
    QApplication.processEvents()
    assert window.picture.isVisible()
    assert all(tool.isVisible() for tool in window.commands.tools.values())
    assert not window.windowFlags() & Qt.WindowType.WindowStaysOnTopHint
    window.commands.form.trigger()
    assert window.isVisible()
    assert window.windowFlags() & Qt.WindowType.WindowStaysOnTopHint
    window.commands.top.trigger()
    assert not window.windowFlags() & Qt.WindowType.WindowStaysOnTopHint
    assert window._settings.on_top is False


@pytest.mark.parametrize("state", [{"no_picture": True, "message": "The picture is frozen"}, {"paused": True}])
def test_what_is_not_of_now_is_not_shown(state: dict[str, object], window: MainWindow, session: FakeSession) -> None:
    session.now = replace(session.now, **state)
    window.refresh()
    panel = window.faces.panels[0]
    assert panel.label.text() == ("Paused" if "paused" in state else "no usable picture")
    assert panel.label.property("sure") is False
    assert window.paused.isVisible() is session.now.paused
    assert all(bar.value() == 0 for bar in panel.bars.values())
    assert "message" not in state or "The picture is frozen" in shown(window)


@pytest.mark.parametrize("state", [{"no_picture": True}, {"paused": True}])
def test_the_picture_has_no_mark_of_a_face_that_is_not_of_now(
    state: dict[str, object], session: FakeSession, qtbot: QtBot
) -> None:
    window = opened(session, qtbot, compact=False)
    assert color_hex("happy") in colours(window.picture)
    session.now = replace(session.now, **state)
    window.refresh()
    window.show_frame(PICTURE, [face("happy")])
    assert color_hex("happy") not in colours(window.picture)


NEAR = replace(face("happy"), box=face("happy").box._replace(x=170, y=60, width=110, height=110))


def test_a_face_that_is_easy_to_read_has_no_note(portrait: Image) -> None:
    assert note_on(portrait, NEAR, "en") == ""


@pytest.mark.parametrize("share", [0.15, 0.1, 0.03, 0.01])
def test_a_dim_face_says_that_it_is_too_dark(share: float, portrait: Image) -> None:
    assert note_on(np.asarray(portrait * share, np.uint8), NEAR, "es") == text("quality_light", "es")


def test_a_face_of_a_few_pixels_says_that_it_is_too_small(portrait: Image) -> None:
    far = np.asarray(cv2.resize(portrait, None, fx=8 / 110, fy=8 / 110, interpolation=cv2.INTER_AREA), np.uint8)
    tiny = replace(NEAR, box=NEAR.box._replace(x=12, y=4, width=8, height=8))
    assert note_on(far, tiny, "en") == text("quality_small", "en")


def test_a_face_lit_from_one_side_or_turned_says_so(portrait: Image) -> None:
    light = np.where(np.arange(portrait.shape[1]) < 240, 0.1, 1.0)[None, :, None]
    assert note_on(np.asarray(portrait * light, np.uint8), NEAR, "es") == text("quality_turned", "es")


def test_a_blurred_face_says_so(portrait: Image) -> None:
    blurred = np.full_like(portrait, 100)
    blurred[:, 200:] = 180
    assert "borrosa" in note_on(np.asarray(cv2.GaussianBlur(blurred, (0, 0), 30), np.uint8), NEAR, "es")


def test_a_covered_face_says_so_rather_than_anything_else(portrait: Image) -> None:
    covered = replace(NEAR, covered=True)
    assert note_on(portrait, covered, "en") == note_on(portrait // 100, covered, "en") == text("quality_covered", "en")


def test_the_reason_stands_under_the_label_and_where_no_face_is_found_what_helps(
    window: MainWindow, session: FakeSession
) -> None:
    for picture, faces, key in (
        (PICTURE, [replace(face("happy"), covered=True)], "quality_covered"),
        (np.zeros_like(PICTURE), [], "quality_light"),
        (PICTURE, [], "no_face_help"),
    ):
        window._noted = (0.0, {})
        window.show_frame(picture, faces)
        window.refresh()
        assert text(key, "en") in shown(window)
    session.now = replace(session.now, paused=True)
    window.refresh()
    assert text("no_face_help", "en") not in shown(window)


def test_the_report_can_be_opened_once_it_is_made(
    window: MainWindow, session: FakeSession, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    opened_files: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened_files.append(url.toLocalFile()))
    assert not window.report.isVisible()
    session.now = replace(session.now, report=tmp_path / "ñ report.html")
    window.refresh()
    qtbot.mouseClick(window.report, Qt.MouseButton.LeftButton)
    assert opened_files == [str(tmp_path / "ñ report.html")]
    session.now = replace(session.now, recording_s=1.0)
    window.refresh()
    assert not window.report.isVisible()


def test_a_screen_reader_hears_what_is_read_and_what_can_be_done(session: FakeSession, qtbot: QtBot) -> None:
    window = opened(session, qtbot, compact=False)
    panel = window.faces.panels[0]
    assert panel.label.accessibleName() == "Perceived expression, not felt emotion: happy 80%"
    assert panel.bars["happy"].accessibleName() == "happy"
    assert QAccessible.queryAccessibleInterface(panel.bars["happy"]).valueInterface().currentValue() == 800
    for tool in window.commands.tools.values():
        assert tool.text()
        assert tool.focusPolicy() & Qt.FocusPolicy.TabFocus
    assert window.strip.accessibleName() == text("history", "en")
    assert window.picture.accessibleName()


def test_markers_are_in_the_strip(window: MainWindow, session: FakeSession, qtbot: QtBot) -> None:
    press(window, qtbot, "p")
    assert not window.strip._markers
    press(window, qtbot, "m")
    assert len(window.strip._markers) == 1


def test_a_window_that_is_moved_over_what_is_watched_goes_back_beside_it(
    session: FakeSession, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "monitors", lambda: [QRect(0, 0, 1366, 728)])
    watched = QRect(100, 50, 700, 600)
    window = opened(session, qtbot, watched=rectangle_of(watched))
    assert not window.frameGeometry().intersects(watched)
    window.move(300, 200)
    qtbot.waitUntil(lambda: not window.frameGeometry().intersects(watched), timeout=5000)
    assert QRect(0, 0, 1366, 728).contains(window.frameGeometry())


def test_a_remembered_place_on_a_monitor_that_is_gone_is_not_taken(
    session: FakeSession, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "monitors", lambda: [QRect(0, 0, 1366, 728)])
    window = MainWindow(session, FakeClassifier(), Settings(places={"compact": [3000, 100, 300, 500]}), None, True)
    qtbot.addWidget(window)
    window.show()
    qtbot.waitUntil(lambda: QRect(0, 0, 1366, 728).contains(window.frameGeometry()), timeout=5000)
    assert window.width() > 250
    assert window._settings.places["compact"][0] < 1366


def test_shift_and_a_letter_are_the_same_command(window: MainWindow, session: FakeSession, qtbot: QtBot) -> None:
    qtbot.keyClick(window, Qt.Key.Key_B, Qt.KeyboardModifier.ShiftModifier)
    assert session.told == ["baseline"]


def test_every_command_has_a_key_and_a_line_in_the_help() -> None:
    assert set(KEYS) == set(Command)
    assert all(f"help_{command.value}" in TEXTS for command in KEYS)


def test_a_maximized_window_comes_back_off_what_is_watched(session: FakeSession, qtbot: QtBot) -> None:
    watched = QRect(100, 50, 400, 400)
    window = opened(session, qtbot, watched=rectangle_of(watched))
    window.showMaximized()
    qtbot.waitUntil(lambda: not window.isMaximized(), timeout=5000)
    qtbot.waitUntil(lambda: not window.frameGeometry().intersects(watched), timeout=5000)


def test_a_minimized_window_is_left_where_it_is(
    session: FakeSession, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = opened(session, qtbot)
    placed: list[QRect] = []
    monkeypatch.setattr(window, "_place", placed.append)
    window._keep_clear()
    assert len(placed) == 1
    window.showMinimized()
    window._keep_clear()
    assert len(placed) == 1


@pytest.mark.parametrize(("language", "told"), [("en", "baseline of 2026-11-03"), ("es", "línea base del 2026-11-03")])
def test_a_baseline_of_an_earlier_session_is_shown_with_its_date(
    language: str, told: str, window: MainWindow, session: FakeSession
) -> None:
    session.now = replace(session.now, language=language, baseline=1.0, baseline_date="2026-11-03")
    window.refresh()
    assert any(told in words for words in shown(window))
    session.now = replace(session.now, baseline_date="")
    window.refresh()
    assert not any("2026-11-03" in words for words in shown(window))
    session.now = replace(session.now, baseline_date="2026-11-03", baseline_acts=False)
    window.refresh()
    assert text("baseline_off", language) in shown(window)
