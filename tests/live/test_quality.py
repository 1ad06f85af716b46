"""Quality falls with what makes a face hard to read, and stays between 0 and 1."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from affect.corruptions import blur
from affect.faces import FaceBox
from affect.live.quality import face_quality
from affect.preprocessing import Image


def test_a_sharp_well_lit_large_face_has_the_best_quality(portrait: Image, portrait_box: FaceBox) -> None:
    assert face_quality(portrait, portrait_box) > 0.95


def small(picture: Image, factor: float) -> Image:
    return np.asarray(cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8)


def test_a_smaller_face_has_less(portrait: Image, portrait_box: FaceBox) -> None:
    found = [
        face_quality(small(portrait, f), FaceBox(*(round(v * f) for v in portrait_box))) for f in (0.5, 0.3, 0.15, 0.08)
    ]
    assert found == sorted(found, reverse=True)
    assert found[0] > 0.9
    assert found[-1] < 0.2


@pytest.mark.parametrize(
    "worse",
    [
        lambda p, s: blur(p, (0.003, 0.006, 0.012, 0.024)[s]),
        lambda p, s: np.asarray(cv2.convertScaleAbs(p, alpha=(0.2, 0.1, 0.06, 0.03)[s]), np.uint8),
        lambda p, s: np.asarray(cv2.convertScaleAbs(p, alpha=(1.5, 2, 3, 9)[s]), np.uint8),
    ],
    ids=["blurred", "dark", "washed out"],
)
def test_what_hides_the_face_lowers_it_step_by_step(portrait: Image, portrait_box: FaceBox, worse) -> None:  # type: ignore[no-untyped-def]
    found = [face_quality(portrait, portrait_box), *(face_quality(worse(portrait, s), portrait_box) for s in range(4))]
    assert found == sorted(found, reverse=True)
    assert found[-1] < 0.35 < found[0]
    assert all(0 <= q <= 1 for q in found)


def test_a_box_beyond_the_border_counts_what_is_inside(portrait: Image, portrait_box: FaceBox) -> None:
    assert face_quality(portrait, FaceBox(-500, -500, 100, 100)) == 0
    assert face_quality(portrait, FaceBox(600, 0, 100, 100)) == 0
    assert 0 <= face_quality(portrait, FaceBox(portrait_box.x, -40, 90, 90)) <= 1


def test_an_even_area_shows_nothing() -> None:
    assert face_quality(np.full((200, 200, 3), 128, np.uint8), FaceBox(10, 10, 100, 100)) == 0
