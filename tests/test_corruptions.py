"""Each corruption changes a picture in its own way, more so at each strength, and keeps its shape."""

from __future__ import annotations

import numpy as np
import pytest

from affect.corruptions import CORRUPTIONS, Corruption, contrast, downscale, gamma, jpeg, moved
from affect.preprocessing import Image


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
