"""The frame in the window: its shape, and the mark around each face."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from affect.emotions import EMOTIONS, UNCERTAIN, color_hex
from affect.live.window.picture import Picture, scaled
from affect.live.window.theme import GROUND, UNSURE
from tests.tools.windows import colours, face

GREY = np.full((240, 320, 3), 0x99, np.uint8)  # as neutral's colour


@pytest.fixture
def picture(qtbot: QtBot) -> Picture:
    made = Picture()
    qtbot.addWidget(made)
    made.resize(320, 240)
    return made


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_a_mark_has_the_label_s_colour_and_a_dark_rim(emotion: str, picture: Picture) -> None:
    picture.show_frame(GREY, [])
    assert colours(picture) == {"#999999"}
    picture.show_frame(GREY, [face(emotion)])
    assert {color_hex(emotion), GROUND} <= colours(picture)


def test_the_mark_of_an_uncertain_face_is_grey(picture: Picture) -> None:
    picture.show_frame(GREY, [face("happy", label=UNCERTAIN)])
    assert UNSURE in colours(picture)
    assert color_hex("happy") not in colours(picture)


def test_a_frame_keeps_its_shape_and_is_in_the_middle(picture: Picture) -> None:
    picture.show_frame(np.full((100, 320, 3), 255, np.uint8), [])
    image = picture.grab().toImage()
    rows = [image.pixelColor(160, y).name().upper() for y in range(240)]
    assert (rows.count("#FFFFFF"), rows.count(GROUND)) == (100, 140)
    assert rows == rows[::-1]


def test_several_faces_have_their_names_and_one_at_the_edge_keeps_it_in_the_picture(picture: Picture) -> None:
    """The name lies on its colour, above the face or, at the upper edge, below it."""

    def coloured(emotion: str) -> int:
        image = picture.grab().toImage()
        names = (image.pixelColor(x, y).name().upper() for x in range(320) for y in range(240))
        return sum(name == color_hex(emotion) for name in names)

    high, low = face("happy", 190), face("surprise", 10, 2)
    high = replace(high, box=high.box._replace(y=2, width=60, height=60))
    picture.show_frame(GREY, [high])
    alone = coloured("happy")
    picture.show_frame(GREY, [high, low])
    assert coloured("happy") > alone + 300
    assert coloured("surprise") > 300


def test_a_scaled_picture_has_four_channels_and_the_asked_size() -> None:
    assert scaled(GREY, 50, 30).shape == (30, 50, 4)
    assert scaled(GREY, 50, 30).flags.c_contiguous
