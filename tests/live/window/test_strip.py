"""The history strip: what it keeps, and what hovering tells."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QMouseEvent
from PySide6.QtWidgets import QApplication, QToolTip
from pytestqt.qtbot import QtBot

from affect.emotions import UNCERTAIN, color_hex
from affect.live.window.strip import SPAN_S, STEP_S, Strip
from tests.tools.windows import face


@pytest.fixture
def strip(qtbot: QtBot) -> Strip:
    made = Strip()
    qtbot.addWidget(made)
    made.resize(480, 60)
    return made


def fill(strip: Strip, seconds: int, recording: bool = False, start_s: float = 1000.0) -> None:
    """A frame ten times a second: happy, and sad from the middle on."""
    for i in range(seconds * 10):
        now_s = start_s + i / 10
        emotion = "happy" if i < seconds * 5 else "sad"
        strip.add(now_s, [face(emotion)], i / 10 if recording else None)


def test_two_minutes_are_kept_a_moment_per_step(strip: Strip) -> None:
    fill(strip, 300)
    assert SPAN_S / STEP_S <= len(strip._moments) <= SPAN_S / STEP_S + 1
    assert strip._moments[-1].at_s - strip._moments[0].at_s <= SPAN_S


def test_hovering_tells_the_time_and_the_values(strip: Strip) -> None:
    fill(strip, 120)
    assert strip.told(479) == "0:00 ago\nsad 80%\nsurprise 3%\nneutral 3%\nvalence (derived) −0.77"
    assert strip.told(120).startswith("1:29 ago\nhappy 80%")
    strip.language = "es"
    assert strip.told(479).startswith("hace 0:00\ntristeza 80\N{NO-BREAK SPACE}%")


def test_in_a_recording_the_time_is_that_of_the_record(strip: Strip) -> None:
    fill(strip, 60, recording=True)
    assert strip.told(479).splitlines()[0] == "0:59"
    assert strip.told(300).splitlines()[:2] == ["0:15", "happy 80%"]
    assert strip.told(10) == "", "there was nothing yet"


def test_a_moment_without_a_face_or_without_a_clear_one_says_so(strip: Strip) -> None:
    strip.add(0.0, [face("sad", label=UNCERTAIN, share=0.3)], None)
    assert strip.told(479).splitlines()[1:3] == ["uncertain", "sad 30%"]
    strip.add(1.0, [], None)
    assert strip.told(479).splitlines() == ["0:00 ago", "no face"]


def test_the_face_that_is_chosen_is_shown(strip: Strip) -> None:
    strip.add(0.0, [face("sad", 0, 4), face("happy", 300, 5)], None)
    assert "sad" in strip.told(479)
    strip.face_id = 5
    assert "happy 80%" in strip.told(479)


def test_the_pointer_shows_what_is_told(strip: Strip, qtbot: QtBot) -> None:
    fill(strip, 10)
    strip.show()
    at = QPointF(470, 20)
    button = Qt.MouseButton.NoButton
    event = QMouseEvent(QMouseEvent.Type.MouseMove, at, strip.mapToGlobal(at), button, button, Qt.KeyboardModifier(0))
    QApplication.sendEvent(strip, event)
    qtbot.waitUntil(lambda: "sad 80%" in QToolTip.text(), timeout=2000)
    QToolTip.hideText()


def colours(strip: Strip) -> set[str]:
    image = strip.grab().toImage()
    return {QColor(image.pixel(x, image.height() - 2)).name().upper() for x in range(0, image.width(), 3)}


def test_the_label_s_colour_is_drawn_and_a_marker_crosses_it(strip: Strip) -> None:
    fill(strip, 120)
    assert {color_hex("happy"), color_hex("sad")} <= colours(strip)
    before = colours(strip)
    strip.mark(1060.0)
    image = strip.grab().toImage()
    row = [QColor(image.pixel(x, 3)).lightness() for x in range(image.width())]
    assert max(row) > 230
    assert abs(int(np.argmax(row)) - (479 - 59.9 * 4)) < 8
    assert colours(strip) >= before
