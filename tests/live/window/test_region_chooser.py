"""The drawing itself; the window around it is tested on a virtual screen in test_screen_source."""

from __future__ import annotations

import cv2
import numpy as np

from affect.live.window.region import Region
from affect.live.window.region_chooser import Drawing


def drawing(width: int = 800, height: int = 600, language: str = "en") -> Drawing:
    return Drawing(np.full((height, width, 3), 200, np.uint8), (800, 600), language)


def draw(on: Drawing, *points: tuple[int, int]) -> None:
    on.mouse(cv2.EVENT_LBUTTONDOWN, *points[0], 0, None)
    for point in points[1:]:
        on.mouse(cv2.EVENT_MOUSEMOVE, *point, 0, None)
    on.mouse(cv2.EVENT_LBUTTONUP, *points[-1], 0, None)


def test_a_rectangle_can_be_drawn_from_any_corner() -> None:
    for corners in (((100, 150), (420, 390)), ((420, 390), (100, 150)), ((100, 390), (420, 150))):
        made = drawing()
        draw(made, *corners)
        assert made.region() == Region(100, 150, 320, 240)


def test_after_the_button_is_released_the_mouse_draws_no_more_and_a_second_rectangle_replaces_the_first() -> None:
    made = drawing()
    draw(made, (100, 100), (300, 300))
    made.mouse(cv2.EVENT_MOUSEMOVE, 700, 500, 0, None)
    assert made.region() == Region(100, 100, 200, 200)
    draw(made, (10, 20), (110, 120))
    assert made.region() == Region(10, 20, 100, 100)


def test_two_monitors_side_by_side_are_shrunk_into_one_and_the_rectangle_is_in_their_pixels() -> None:
    made = drawing(width=1600, height=600)  # shown at half size, 150 lines below the window's top
    draw(made, (0, 150), (400, 450))
    assert made.region() == Region(0, 0, 800, 600)


def test_a_rectangle_ends_at_the_desktops_edge() -> None:
    made = drawing(width=1600, height=600)
    draw(made, (700, 400), (900, 599))
    assert made.region() == Region(1400, 500, 200, 100)


def test_a_click_is_no_rectangle_and_is_told() -> None:
    made = drawing()
    before = made.picture()
    draw(made, (100, 100), (120, 120))
    assert made.region() is None
    assert made.changed
    assert (made.picture() != before).any()


def test_the_desktop_is_dim_around_the_rectangle_and_bright_in_it() -> None:
    made = drawing()
    draw(made, (100, 200), (400, 500))
    picture = made.picture()
    assert (picture[210:490, 110:390] == 200).all()
    assert (picture[210:490, 410:790] < 120).all()


def test_the_hint_is_in_the_persons_language_and_never_under_the_pointer() -> None:
    english, spanish = drawing().picture(), drawing(language="es").picture()
    assert (english != spanish).any()
    made = drawing()
    made.mouse(cv2.EVENT_MOUSEMOVE, 400, 40, 0, None)
    moved = made.picture()
    assert (english[:100] > 200).any()
    assert not (moved[:100] > 200).any()
    assert (moved[500:] > 200).any()
