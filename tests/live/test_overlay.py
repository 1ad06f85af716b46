from __future__ import annotations

import numpy as np
import pytest

from affect.emotions import EMOTIONS, color_rgb
from affect.faces import FaceBox
from affect.live.overlay import Overlay
from affect.live.results import FaceResult
from affect.preprocessing import Image

GREY = np.full((720, 1280, 3), 90, np.uint8)


def result(emotion: str, box: FaceBox, confidence: float = 0.8) -> FaceResult:
    probabilities = np.full(8, (1 - confidence) / 7, np.float32)
    probabilities[EMOTIONS.index(emotion)] = confidence
    return FaceResult(1, box, probabilities, emotion)


def pixels_of(picture: Image, emotion: str) -> int:
    return int((picture == np.array(color_rgb(emotion)[::-1])).all(2).sum())


def test_box_label_and_bar_have_the_colour_of_the_emotion() -> None:
    drawn = Overlay().draw(GREY, [result("happy", FaceBox(400, 200, 200, 200))], 30.0)
    assert pixels_of(drawn, "happy") > 2000
    assert pixels_of(drawn, "anger") < pixels_of(drawn, "happy") / 10
    assert (GREY == 90).all()


def test_a_longer_bar_is_a_higher_probability() -> None:
    box = FaceBox(400, 200, 200, 200)
    low = Overlay().draw(GREY, [result("happy", box, 0.4)], None)
    high = Overlay().draw(GREY, [result("happy", box, 0.9)], None)
    assert pixels_of(high, "happy") > pixels_of(low, "happy")


def test_an_uncertain_face_has_a_grey_of_its_own_and_no_number() -> None:
    box = FaceBox(400, 200, 200, 200)
    shown = FaceResult(1, box, np.full(8, 1 / 8, np.float32), "uncertain")
    drawn = {language: Overlay(language).draw(GREY, [shown], None) for language in ("en", "es")}
    assert pixels_of(drawn["en"], "uncertain") > 2000
    assert (drawn["en"] != drawn["es"]).any()
    other = FaceResult(1, box, spread_over_two(), "uncertain")
    title = np.s_[100:200, 400:600]
    assert (drawn["en"][title] == Overlay("en").draw(GREY, [other], None)[title]).all()


def spread_over_two() -> np.ndarray:
    return np.array([0.5, 0.5, 0, 0, 0, 0, 0, 0], np.float32)


def test_the_languages_differ() -> None:
    shown = [result("happy", FaceBox(400, 200, 200, 200))]
    assert (Overlay("en").draw(GREY, shown, None) != Overlay("es").draw(GREY, shown, None)).any()


def test_an_empty_frame_says_that_there_is_no_face() -> None:
    assert (Overlay().draw(GREY, [], None) != GREY).any()


@pytest.mark.parametrize("box", [FaceBox(-50, -50, 200, 200), FaceBox(1150, 600, 200, 200), FaceBox(0, 0, 1280, 720)])
@pytest.mark.parametrize("size", [(720, 1280), (120, 160), (2160, 3840)])
def test_faces_at_the_border_of_any_frame_are_drawn(box: FaceBox, size: tuple[int, int]) -> None:
    frame = np.full((*size, 3), 90, np.uint8)
    assert (Overlay("es").draw(frame, [result("fear", box)], 12.0) != frame).any()
