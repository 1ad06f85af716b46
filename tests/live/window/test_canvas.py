"""What the window shows: the whole frame, sharp letters in any window, the session's state."""

from __future__ import annotations

import re
import string
from dataclasses import replace

import numpy as np
import pytest

from affect.faces.detection import FaceBox
from affect.faces.preprocessing import Image
from affect.live.texts import TEXTS
from affect.live.window.bar import KEYS, RED, SHOWN, bar
from affect.live.window.canvas import LEAST, Canvas, View, first_size, letter_size
from affect.live.window.control import Command, Question, Status
from affect.live.window.panel import person_color
from tests.live.window.test_overlay import face, pixels_of, result

PLAIN = Status("en", 30.0)
FRAME = np.full((720, 1280, 3), 90, np.uint8)
BOX = FaceBox(500, 200, 300, 300)
SIZE = (1223, 609)


def drawn(status: Status = PLAIN, size: tuple[int, int] = SIZE, frame: Image = FRAME, **more: object) -> Image:
    return Canvas().draw(frame, [result("happy", BOX)], View(status, size, **more)).copy()


def count(picture: Image, color: tuple[int, int, int]) -> int:
    return int((picture == np.array(color)).all(2).sum())


@pytest.mark.parametrize("size", [(1, 1), (40, 30), (320, 200), (640, 480), (500, 900), (1223, 609), (3840, 2160)])
@pytest.mark.parametrize("status", [PLAIN, Status("es", question=Question("¿Qué?", "text"), message="x" * 200)])
@pytest.mark.parametrize("help_shown", [False, True])
def test_the_picture_has_the_windows_size(size: tuple[int, int], status: Status, help_shown: bool) -> None:
    assert drawn(status, size, help_shown=help_shown, typed="niñez " * 30).shape == (size[1], size[0], 3)


@pytest.mark.parametrize("source", [(480, 640), (720, 1280), (2160, 3840), (1280, 720), (120, 160)])
def test_the_whole_frame_is_seen_above_the_bar(source: tuple[int, int]) -> None:
    """Its four corners carry a colour each; they all are in the picture, and lie as they do in the frame."""
    frame = np.full((*source, 3), 90, np.uint8)
    side = source[0] // 10
    colors = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 0, 255)]
    spots = [np.s_[:side, :side], np.s_[:side, -side:], np.s_[-side:, :side], np.s_[-side:, -side:]]
    for spot, color in zip(spots, colors, strict=True):
        frame[spot] = color
    picture = Canvas().draw(frame, [], View(PLAIN, first_size(frame)))
    found = [np.argwhere((picture == np.array(c)).all(2)) for c in colors]
    sizes = [len(f) for f in found]
    assert min(sizes) > 0.85 * max(sizes) > 0
    middles = [f.mean(axis=0) for f in found]
    assert middles[0][0] == pytest.approx(middles[1][0], abs=2)
    assert middles[2][1] == pytest.approx(middles[0][1], abs=2)
    assert middles[2][0] > middles[0][0]


@pytest.mark.parametrize("box", [BOX, FaceBox(0, 0, 1280, 720), FaceBox(1000, 0, 280, 280), FaceBox(0, 440, 280, 280)])
def test_nothing_lies_over_a_face_even_where_it_fills_the_frame(box: FaceBox) -> None:
    picture = Canvas().draw(FRAME, [result("happy", box)], View(PLAIN, (1280 + 263, 720 + 69)))
    plain = Canvas().draw(FRAME, [], View(PLAIN, (1280 + 263, 720 + 69)))
    scale = (np.argwhere(plain[300] == 90)[-1][0] - np.argwhere(plain[300] == 90)[0][0] + 1) / 1280
    left, top = np.argwhere(plain[300] == 90)[0][0], np.argwhere(plain[:, 600] == 90)[0][0]
    x, y, width, height = (round(v * scale) for v in box)
    assert (face(picture, FaceBox(left + x + 1, top + y + 1, width - 2, height - 2)) == 90).all()
    assert pixels_of(picture, "happy") > 500


def test_letters_are_legible_in_small_windows_and_grow_with_large_ones() -> None:
    assert letter_size(300, 200) == LEAST >= 12
    assert letter_size(1223, 609) < letter_size(1920, 1080) < letter_size(3840, 2160)
    assert letter_size(3840, 2160) > 30


@pytest.mark.parametrize("source", [(480, 640), (720, 1280), (2160, 3840), (1920, 1080), (120, 160)])
def test_a_new_window_fits_on_a_laptops_screen(source: tuple[int, int]) -> None:
    width, height = first_size(np.zeros((*source, 3), np.uint8))
    assert 700 <= width <= 1280
    assert 500 <= height <= 640


def test_a_red_mark_with_the_time_shows_exactly_while_it_records() -> None:
    assert count(drawn(), RED) == 0
    first, later = (drawn(replace(PLAIN, recording_s=s)) for s in (31.0, 32.0))
    assert count(first, RED) > 1000
    assert (first != later).any()
    asked = drawn(replace(PLAIN, recording_s=31.0, question=Question("Note:", "text")))
    assert count(asked, RED) > 1000


def test_while_it_is_paused_no_label_is_shown() -> None:
    assert pixels_of(drawn(), "happy") > 1000
    assert pixels_of(drawn(replace(PLAIN, paused=True)), "happy") == 0


def test_without_a_usable_picture_no_label_is_shown_and_that_is_not_called_no_face() -> None:
    lost = drawn(replace(PLAIN, no_picture=True))
    assert pixels_of(lost, "happy") == 0
    nobody = Canvas().draw(FRAME, [], View(PLAIN, SIZE))
    assert (lost != nobody).any()
    paused = replace(PLAIN, paused=True)
    assert (drawn(replace(paused, no_picture=True)) == drawn(paused)).all()  # the pause is the person's own


@pytest.mark.parametrize(
    "status",
    [
        replace(PLAIN, language="es"),
        replace(PLAIN, paused=True),
        replace(PLAIN, baseline=0.3),
        replace(PLAIN, baseline=1.0),
        replace(PLAIN, message="Saved."),
        replace(PLAIN, fps=12.0),
        replace(PLAIN, question=Question("Sure?", "yes-no")),
    ],
)
def test_each_state_can_be_seen(status: Status) -> None:
    strip = drawn(status)[540:]
    assert (strip[:69] != drawn()[540:][:69]).any()


def test_what_is_typed_is_seen_to_its_end() -> None:
    asking = replace(PLAIN, question=Question("Note:", "text"))
    lines = ["", "a", "ab", "a" * 150, "a" * 150 + "b"]
    assert len({drawn(asking, typed=typed).tobytes() for typed in lines}) == len(lines)


def test_a_long_message_has_the_keys_place_and_a_long_question_gets_more_rows() -> None:
    def height(status: Status, width: int = 720) -> int:
        return int(bar(status, "", width, 14).shape[0])

    words = "The recording is kept in /home/someone/sessions/2026-11-25_10-00-00 and the report was made."
    assert height(replace(PLAIN, message=words, recording_s=1.0)) <= height(PLAIN)
    assert height(replace(PLAIN, question=Question(words * 2, "yes-no"))) > height(PLAIN)


def test_a_path_without_spaces_is_broken_not_cut_off() -> None:
    long = bar(replace(PLAIN, message="/" + "folder/" * 40), "", 500, 14)
    longer = bar(replace(PLAIN, message="/" + "folder/" * 40 + "end"), "", 500, 14)
    assert long.shape != longer.shape or (long != longer).any()


def test_a_narrow_window_keeps_the_most_needed_keys_in_two_rows() -> None:
    assert bar(PLAIN, "", 340, 12).shape[0] < 90
    assert KEYS[:2] == ("help", "leave")


def test_bar_and_help_have_every_command() -> None:
    assert set(SHOWN) == set(KEYS) == {command.value for command in Command}
    assert all({f"key_{name}", f"help_{name}"} <= set(TEXTS) for name in SHOWN)


def test_the_help_has_the_frames_place_but_not_the_record_marks() -> None:
    recording = replace(PLAIN, recording_s=3.0)
    page = drawn(recording, help_shown=True)
    assert count(page[:540], (90, 90, 90)) == 0
    assert (page[545:] == drawn(recording)[545:]).all()
    assert (page != drawn(replace(recording, language="es"), help_shown=True)).any()


@pytest.mark.parametrize("faces", [2, 4, 8])
def test_each_person_has_a_place_in_the_column_in_order_of_appearance(faces: int) -> None:
    results = [result("sad", FaceBox(140 * i, 300, 100, 100), face_id=i + 1) for i in range(faces)]
    picture = Canvas().draw(FRAME, results[::-1], View(PLAIN, SIZE))
    column = picture[:540, 965:]
    rows = [np.argwhere((column == np.array(person_color(i + 1))).all(2))[:, 0] for i in range(min(faces, 6))]
    # of white, the first person's colour, letters have some as well: where it begins is its badge
    tops = [r.min() for r in rows[1:]]
    assert tops == sorted(tops)
    assert len(tops) == min(faces, 6) - 1


def test_every_text_is_in_both_languages_with_the_same_placeholders() -> None:
    for key, sentences in TEXTS.items():
        assert set(sentences) == {"en", "es"}, key
        named = [sorted(f for _, f, _, _ in string.Formatter().parse(s) if f) for s in sentences.values()]
        assert named[0] == named[1], key
        assert all(re.search(r"\S", s) for s in sentences.values()), key
