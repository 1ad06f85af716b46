from __future__ import annotations

import cv2
import numpy as np
import pytest

from affect.faces.preprocessing import Image
from affect.live.darkness import is_black, sampled, too_dark


def scaled(picture: Image, light: float) -> Image:
    return np.asarray(cv2.convertScaleAbs(picture, alpha=light), np.uint8)


def test_too_dark_is_what_shows_next_to_nothing(portrait: Image) -> None:
    assert not too_dark(portrait)
    assert not too_dark(scaled(portrait, 0.25))
    assert too_dark(scaled(portrait, 0.08))
    assert too_dark(np.zeros((1, 1, 3), np.uint8))


@pytest.mark.parametrize("shape", [(720, 1280), (40, 30), (1, 1)])
def test_black_is_what_shows_nothing_but_two_faulty_pixels(shape: tuple[int, int]) -> None:
    picture = np.full((*shape, 3), 32, np.uint8)
    assert is_black(sampled(picture))
    picture[..., 1] = 33
    assert is_black(sampled(picture)) == (shape == (1, 1))


def test_a_third_bright_pixel_is_something_that_shows() -> None:
    picture = np.zeros((36, 36, 3), np.uint8)
    for number in range(3):
        assert is_black(picture)
        picture[number, 7, 2] = 33
    assert not is_black(picture)
