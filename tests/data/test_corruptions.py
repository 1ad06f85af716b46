"""Each corruption changes a picture in its own way, more so at each strength, and keeps its shape."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from affect.data.corruptions import CORRUPTIONS, Corruption, contrast, downscale, gamma, hidden, jpeg, moved, tint
from affect.faces.preprocessing import Image


@pytest.fixture(scope="module")
def face(portrait: Image) -> Image:
    """The portrait's face at 96 px."""
    return np.ascontiguousarray(portrait[40:232:2, 130:322:2])


@pytest.mark.parametrize("corruption", CORRUPTIONS, ids=lambda c: c.name)
def test_a_higher_strength_changes_the_picture_more(corruption: Corruption, face: Image) -> None:
    def change(level: int) -> float:
        changed = corruption.apply(face, corruption.strengths[level], np.random.default_rng(0))
        assert (changed.shape, changed.dtype) == (face.shape, np.uint8)
        return float(np.abs(changed.astype(float) - face).mean())

    first, second, third = (change(level) for level in range(3))
    assert 0 < first < second < third


@pytest.mark.parametrize("corruption", CORRUPTIONS, ids=lambda c: c.name)
def test_the_same_generator_draws_the_same_change(corruption: Corruption, face: Image) -> None:
    first, second = (corruption.apply(face, corruption.strengths[2], np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_gamma_above_one_is_darker_and_keeps_black_and_white() -> None:
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16, 1)
    dark = gamma(ramp, 2.0).reshape(ramp.shape)
    assert (dark[0, 0, 0], dark[15, 15, 0]) == (0, 255)
    assert dark.mean() < ramp.mean()


def test_contrast_keeps_the_mean(face: Image) -> None:
    assert contrast(face, 0.5).mean() == pytest.approx(face.mean(), abs=0.6)
    assert contrast(face, 0.5).std() == pytest.approx(face.std() / 2, rel=0.02)


@pytest.mark.parametrize("strength", [0.2, 0.4])
def test_a_colour_cast_keeps_what_a_grey_picture_shows(face: Image, strength: float) -> None:
    grey = cv2.cvtColor(cv2.cvtColor(face, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR) // 2  # nothing above 255
    for seed in range(4):
        cast = tint(grey, strength, np.random.default_rng(seed))
        assert np.ptp(cast.astype(int), axis=2).max() > 100 * strength
        np.testing.assert_allclose(cv2.cvtColor(cast, cv2.COLOR_BGR2GRAY), grey[:, :, 0], atol=1)


def test_as_much_is_hidden_as_was_asked_for_wherever_it_lies(face: Image) -> None:
    places = set()
    for seed in range(20):
        covered = np.any(hidden(face, 0.1, np.random.default_rng(seed)) != face, axis=2)
        assert covered.mean() == pytest.approx(0.1, abs=0.01)
        places.add(tuple(np.argwhere(covered)[0]))
    assert len(places) > 15


def test_grey_pictures_stay_grey(face: Image) -> None:
    grey = face[:, :, :1]
    for changed in (jpeg(grey, 30), downscale(grey, 24), moved(grey, roll=10)):
        assert changed.shape == grey.shape


def test_a_picture_smaller_than_the_asked_size_is_not_enlarged(face: Image) -> None:
    np.testing.assert_array_equal(downscale(face, 200), face)


def test_a_box_shifted_to_the_right_moves_the_content_to_the_left() -> None:
    picture = np.zeros((40, 40, 3), np.uint8)
    picture[:, 20] = 255
    assert moved(picture, shift=(0.25, 0.0))[20, :, 0].argmax() == 10


def test_a_larger_box_shows_the_content_smaller() -> None:
    picture = np.zeros((60, 60, 3), np.uint8)
    picture[15:45, 15:45] = 255
    assert (moved(picture, scale=0.5)[:, :, 0] > 127).sum() == pytest.approx(20 * 20, rel=0.1)
