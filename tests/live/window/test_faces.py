"""A face's panel and the panels of several faces: what is asked of the widgets, not of their pixels."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from affect.emotions import EMOTIONS, UNCERTAIN, color_hex
from affect.live.texts import text
from affect.live.window.faces import PANEL_HEIGHT, FacePanel, Faces, in_order
from affect.live.window.theme import INK, UNSURE
from tests.tools.windows import colours, face


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_a_panel_tells_the_label_its_confidence_and_eight_bars_in_their_colours(emotion: str, qtbot: QtBot) -> None:
    panel = FacePanel()
    qtbot.addWidget(panel)
    panel.show_face(face(emotion, share=0.79), "", None, "", "en")
    assert (panel.label.text(), panel.share.text()) == (emotion, "79%")
    assert [bar.value() for bar in panel.bars.values()] == [790 if e == emotion else 30 for e in EMOTIONS]
    panel.show()
    assert color_hex(emotion) in colours(panel.bars[emotion])
    assert panel.number.isHidden()


def test_what_is_not_sure_is_grey_and_has_no_confidence(qtbot: QtBot) -> None:
    panel = FacePanel()
    qtbot.addWidget(panel)
    for shown in (face("sad", share=0.25, label=UNCERTAIN), None):
        panel.show_face(face("happy"), "", None, "", "es")
        assert panel.label.property("sure") is True
        panel.show_face(shown, "ninguna cara", None, "", "es")
        assert panel.label.property("sure") is False
        assert panel.label.text() == ("ninguna cara" if shown is None else "incierto")
        assert panel.share.text() == ""
        assert not colours(panel) & {color_hex(emotion) for emotion in EMOTIONS}
        assert (UNSURE in colours(panel.bars["sad"])) == (shown is not None)


@pytest.mark.parametrize(
    ("emotion", "language", "told"),
    [
        ("happy", "en", "valence (derived) +0.77"),
        ("happy", "es", "valencia (derivada) +0,77"),
        ("disgust", "es", "valencia (derivada) −0,77"),
        ("surprise", "en", "valence (derived) 0.00"),
    ],
)
def test_valence_is_a_point_between_unpleasant_and_pleasant_called_derived_seen_and_heard(
    emotion: str, language: str, told: str, qtbot: QtBot
) -> None:
    panel = FacePanel()
    qtbot.addWidget(panel)
    panel.show_face(face(emotion), "", None, "", "en")
    panel.show_face(face(emotion), "", None, "", language)
    panel.show()
    assert {*told.rsplit(" ", 1)} <= {part.text() for part in panel.findChildren(QLabel) if part.isVisible()}
    assert (panel.valence.minimum(), panel.valence.maximum()) == (-100, 100)
    assert panel.valence.value() == {"happy": 77, "disgust": -77, "surprise": 0}[emotion]
    assert panel.valence.accessibleName() == told
    assert text("valence_how", language) == panel.valence.toolTip()
    spoken = QAccessible.queryAccessibleInterface(panel.valence)
    assert (spoken.role(), spoken.valueInterface().currentValue()) == (QAccessible.Role.Slider, panel.valence.value())


def test_valence_cannot_be_set_by_hand(qtbot: QtBot) -> None:
    panel = FacePanel()
    qtbot.addWidget(panel)
    panel.show_face(face("happy"), "", None, "", "en")
    panel.show()
    under = panel.childAt(panel.valence.geometry().center() + panel.valence.parentWidget().pos())
    assert under is not panel.valence
    assert panel.valence.focusPolicy() is Qt.FocusPolicy.NoFocus


def test_valence_is_grey_where_the_label_is_not_sure_and_gone_without_a_face(qtbot: QtBot) -> None:
    panel = FacePanel()
    qtbot.addWidget(panel)
    panel.resize(240, 400)
    panel.show()
    panel.show_face(face("happy"), "", None, "", "en")
    assert INK in colours(panel.valence)
    panel.show_face(face("sad", share=0.25, label=UNCERTAIN), "", None, "", "en")
    assert panel.values["valence"].text() == "−0.14"
    assert INK not in colours(panel.valence)
    assert UNSURE in colours(panel.valence)
    panel.show_face(None, "no usable picture", None, "", "en")
    assert not {INK, UNSURE} & colours(panel.valence)
    assert panel.values["valence"].text() == ""
    assert panel.values["valence"].accessibleName() == "valence (derived)"


def test_no_row_moves_when_the_face_goes(qtbot: QtBot) -> None:
    panel = FacePanel()
    qtbot.addWidget(panel)
    panel.resize(240, 300)
    panel.show()
    places = []
    for shown in (face("happy"), None, face("sad", label=UNCERTAIN)):
        panel.show_face(shown, "no face", None, "", "en")
        for _ in range(3):
            QApplication.processEvents()
        places.append([part.geometry() for part in (*panel.bars.values(), panel.valence)])
    assert places[0] == places[1] == places[2]
    assert len({place.y() for place in places[0]}) == 9


def test_faces_are_numbered_from_left_to_right_by_their_middle() -> None:
    wide, left, right = face("happy", 200, 1), face("sad", 40, 7), face("fear", 500, 3)
    wide = replace(wide, box=wide.box._replace(x=10, width=600))
    assert [f.face_id for f in in_order([right, wide, left])] == [7, 1, 3]


def test_each_of_four_faces_has_its_own_bars_where_there_is_room(qtbot: QtBot) -> None:
    faces = Faces()
    qtbot.addWidget(faces)
    faces.resize(300, 4 * PANEL_HEIGHT + 120)
    faces.show()
    four = [face(e, x, i) for i, (e, x) in enumerate((("sad", 500), ("happy", 20), ("fear", 900), ("anger", 300)), 1)]
    for _ in range(2):
        faces.show_faces(four, "", {3: "too small"}, "en")
        QApplication.processEvents()
    assert [p.label.text() for p in faces.panels if p.isVisible()] == ["happy", "anger", "sad", "fear"]
    assert [p.number.text() for p in faces.panels] == ["1", "2", "3", "4"]
    assert [p.note.text() for p in faces.panels] == ["", "", "", "too small"]
    assert "face 2" in faces.panels[0].number.toolTip()
    assert [faces.tabs.tabText(i) for i in range(4)] == ["1 happy", "2 anger", "3 sad", "4 fear"]
    faces.show_faces(four[:1], "", {}, "en")
    assert [p.label.text() for p in faces.panels if p.isVisible()] == ["sad"]
    assert not faces.tabs.isVisible()
    assert faces.panels[0].number.isHidden()


def test_in_a_small_window_a_tab_chooses_whose_bars_and_history_are_shown(qtbot: QtBot) -> None:
    faces = Faces()
    qtbot.addWidget(faces)
    faces.resize(250, PANEL_HEIGHT + 60)
    faces.show()
    two = [face("sad", 500, 1), face("happy", 20, 2)]
    faces.show_faces(two, "", {}, "en")
    assert [p.label.text() for p in faces.panels if p.isVisible()] == ["happy"]
    assert faces.face_id == 2
    with qtbot.waitSignal(faces.chosen):
        faces.tabs.setCurrentIndex(1)
    faces.show_faces(two, "", {}, "en")
    assert [p.label.text() for p in faces.panels if p.isVisible()] == ["sad"]
    assert faces.face_id == 1
    faces.show_faces([], "no face", {}, "en")
    assert faces.face_id is None
    assert [p.label.text() for p in faces.panels if p.isVisible()] == ["no face"]
