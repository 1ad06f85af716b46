from __future__ import annotations

import cv2
import numpy as np
import pytest

from affect.emotions import COLORS, EMOTIONS
from affect.faces.detection import FaceBox
from affect.faces.preprocessing import Image
from affect.live.frame import FaceResult
from affect.live.recording.lettering import color_bgr
from affect.live.recording.overlay import Overlay
from affect.live.recording.panel import PERSONS, person_color

GREY = np.full((720, 1280, 3), 90, np.uint8)


def result(emotion: str, box: FaceBox, confidence: float = 0.8, face_id: int = 1) -> FaceResult:
    probabilities = np.full(8, (1 - confidence) / 7, np.float32)
    probabilities[EMOTIONS.index(emotion)] = confidence
    return FaceResult(face_id, box, probabilities, emotion, 0.9)


def pixels_of(picture: Image, emotion: str) -> int:
    return cv2.countNonZero(cv2.inRange(picture, color_bgr(emotion), color_bgr(emotion)))


def face(picture: Image, box: FaceBox) -> Image:
    return picture[max(0, box.y) : box.y + box.height, max(0, box.x) : box.x + box.width]


def test_label_and_bar_have_the_colour_of_the_emotion() -> None:
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
    shown = FaceResult(1, box, np.full(8, 1 / 8, np.float32), "uncertain", 0.9)
    drawn = {language: Overlay(language).draw(GREY, [shown], None) for language in ("en", "es")}
    assert pixels_of(drawn["en"], "uncertain") > 2000
    assert (drawn["en"] != drawn["es"]).any()
    other = FaceResult(1, box, np.array([0.5, 0.5, 0, 0, 0, 0, 0, 0], np.float32), "uncertain", 0.9)
    title = np.s_[100:200, 400:600]
    assert (drawn["en"][title] == Overlay("en").draw(GREY, [other], None)[title]).all()


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


@pytest.mark.parametrize("size", [(480, 640), (720, 1280), (1080, 1920), (1280, 720)])
@pytest.mark.parametrize("count", [1, 2, 4])
def test_nothing_is_drawn_over_a_face(size: tuple[int, int], count: int) -> None:
    height, width = size
    random = np.random.default_rng(count)
    frame = np.full((height, width, 3), 90, np.uint8)
    overlay = Overlay("es")
    for _ in range(40):
        column = width // count
        side = int(random.integers(column // 4, min(height // 2, 3 * column // 4)))
        boxes = [
            FaceBox(
                i * column + int(random.integers(20, column - side - 19)),
                int(random.integers(0, height - side)),
                side,
                side,
            )
            for i in range(count)
        ]
        results = [result("sad", box, face_id=i + 1) for i, box in enumerate(boxes)]
        drawn = overlay.draw(frame, results, 30.0)
        for box in boxes:
            assert (face(drawn, box) == 90).all(), (box, boxes)
        assert pixels_of(drawn, "sad") > 0


def test_a_face_that_fills_the_frame_has_its_label_in_a_corner() -> None:
    box = FaceBox(0, 0, 640, 480)
    drawn = Overlay().draw(GREY[:480, :640], [result("happy", box)], None)
    assert (drawn[100:380, 100:540] == 90).all()
    assert pixels_of(drawn, "happy") > 500


def test_the_bars_stay_where_they_are_until_a_face_comes_there() -> None:
    overlay = Overlay()
    right, left = np.s_[:, 900:], np.s_[:, :380]

    def bars_at(x: int) -> list[int]:
        drawn = overlay.draw(GREY, [result("happy", FaceBox(x, 100, 200, 200))], None)
        return [pixels_of(drawn[side], "happy") for side in (right, left)]

    at_right = bars_at(400)
    assert at_right[0] > at_right[1]
    moved = bars_at(1000)
    assert moved[1] > 0
    assert moved[1] == bars_at(500)[1], "the bars went back without need"


def test_several_persons_have_a_colour_and_a_number_each() -> None:
    boxes = [FaceBox(150, 300, 150, 150), FaceBox(600, 300, 150, 150)]
    drawn = Overlay().draw(GREY, [result("sad", b, face_id=i + 1) for i, b in enumerate(boxes)], None)
    for i, box in enumerate(boxes):
        around = drawn[box.y - 60 : box.y + 160, box.x - 20 : box.x + 170]
        assert ((around == np.array(person_color(i + 1))).all(2)).sum() > 200
        assert ((around == np.array(person_color(2 - i))).all(2)).sum() == 0


def test_a_single_person_has_no_number_until_there_was_another() -> None:
    box = FaceBox(400, 300, 150, 150)
    first = Overlay().draw(GREY, [result("sad", box)], None)
    second = Overlay().draw(GREY, [result("sad", box, face_id=2)], None)
    label = np.s_[250:300, 390:600]
    assert pixels_of(first[label], "sad") > 0
    assert (second[label] == np.array(person_color(2))).all(2).sum() > 100


def test_persons_and_expressions_are_told_apart() -> None:
    """CIE76 differences; 2.3 is just noticeable. The numbers tell persons apart with any colour vision."""

    def lab(colors: list[tuple[int, int, int]]) -> np.ndarray:
        return cv2.cvtColor(np.array([colors], np.float32) / 255, cv2.COLOR_BGR2LAB)[0]

    persons, expressions = lab(list(PERSONS)), lab([color_bgr(e) for e in COLORS])
    between = np.linalg.norm(persons[:, None] - expressions[None], axis=2)
    assert between.min() > 25
    among = np.linalg.norm(persons[:, None] - persons[None], axis=2) + 100 * np.eye(len(persons))
    assert among.min() > 10
