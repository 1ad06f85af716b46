from __future__ import annotations

import numpy as np
import pytest

from affect.data.augmentation import SMALLEST, Augmentation, augment, through_a_camera
from affect.training.experiments import STARTER, WEBCAM

STILL = Augmentation()
PICTURE = np.random.default_rng(0).integers(0, 256, (40, 40, 1), dtype=np.uint8)


def test_without_any_variation_the_picture_stays_as_it_is() -> None:
    np.testing.assert_array_equal(augment(PICTURE, STILL, 40, np.random.default_rng(0)), PICTURE)


def test_a_mirror_is_a_mirror() -> None:
    varied = augment(PICTURE, Augmentation(flip=1), 40, np.random.default_rng(0))
    np.testing.assert_array_equal(varied, PICTURE[:, ::-1])


def test_a_shift_moves_by_at_most_its_share_of_the_side() -> None:
    dot = np.zeros((101, 101, 1), np.uint8)
    dot[50, 50] = 255
    for seed in range(20):
        varied = augment(dot, Augmentation(shift=0.1), 101, np.random.default_rng(seed))
        y, x = np.unravel_index(varied[..., 0].argmax(), (101, 101))
        assert abs(y - 50) <= 11
        assert abs(x - 50) <= 11


def test_light_makes_darker_and_brighter() -> None:
    means = [augment(PICTURE, Augmentation(light=0.4), 40, np.random.default_rng(s)).mean() for s in range(30)]
    assert min(means) < 0.8 * PICTURE.mean()
    assert max(means) > 1.2 * PICTURE.mean()


@pytest.mark.parametrize("channels", [1, 3])
def test_all_variation_together_keeps_type_and_gives_the_size(channels: int) -> None:
    picture = np.repeat(PICTURE, channels, axis=2)
    operated = Augmentation(camera=1.0, erase=1.0)
    for seed, settings in enumerate([STARTER.augmentation, WEBCAM, operated] * 5):
        varied = augment(picture, settings, 32, np.random.default_rng(seed))
        assert varied.shape == (32, 32, channels)
        assert varied.dtype == np.uint8


def test_a_random_crop_has_its_share_of_the_area() -> None:
    white = np.zeros((200, 200, 1), np.uint8)
    white[80:120, 80:120] = 255
    settings = Augmentation(crop_area=(0.5, 0.5))
    for seed in range(10):
        varied = augment(white, settings, 200, np.random.default_rng(seed))
        shown = (varied > 127).sum() / (white > 127).sum()
        assert shown <= 2.1  # half of the area is shown at twice the size; the square may be cut off
    shares = [(augment(white, settings, 200, np.random.default_rng(s)) > 127).sum() / 1600 for s in range(20)]
    assert max(shares) == pytest.approx(2, rel=0.05)


def test_a_random_crop_never_looks_beyond_a_picture_that_is_larger() -> None:
    """With a smaller area, nothing from outside comes in: a bright frame around the picture's inside stays straight."""
    ramp = np.tile(np.arange(200, dtype=np.uint8)[None, :, None], (200, 1, 1))
    for seed in range(20):
        varied = augment(ramp, Augmentation(crop_area=(0.8, 0.9)), 200, np.random.default_rng(seed))
        steps = np.diff(varied[100, :, 0].astype(int))
        assert (steps >= 0).all()
        assert (steps[:5] + steps[-5:]).sum() > 0  # a repeated border would be flat at an end


def test_a_poor_camera_takes_detail_away_and_changes_the_light() -> None:
    rng = np.random.default_rng(0)
    seen = [through_a_camera(PICTURE, rng) for _ in range(60)]
    assert all((s.shape, s.dtype) == (PICTURE.shape, np.uint8) for s in seen)

    def detail(picture: np.ndarray) -> float:
        return float(np.abs(np.diff(picture[..., 0].astype(float), axis=1)).mean())

    assert np.median([detail(s) for s in seen]) < 0.5 * detail(PICTURE)
    means = [s.mean() for s in seen]
    assert min(means) < 0.75 * PICTURE.mean()
    assert max(means) > 1.25 * PICTURE.mean()
    assert PICTURE.shape[0] > SMALLEST


def test_a_lower_resolution_is_at_least_32_pixels_and_nothing_else() -> None:
    fine = np.random.default_rng(0).integers(0, 256, (96, 96, 1), dtype=np.uint8)
    reduced = [augment(fine, Augmentation(reduce=1.0), 96, np.random.default_rng(i)) for i in range(20)]
    detail = [np.abs(np.diff(p.astype(int), axis=1)).mean() for p in (fine, *reduced)]
    assert max(detail[1:]) < detail[0] / 2
    smooth = np.tile(np.linspace(0, 255, 96).astype(np.uint8)[:, None, None], (1, 96, 1))
    kept = augment(smooth, Augmentation(reduce=1.0), 96, np.random.default_rng(0))
    assert np.abs(kept.astype(int) - smooth).max() <= 8
    small = fine[:24, :24]
    assert (augment(small, Augmentation(reduce=1.0), 24, np.random.default_rng(0)) == small).all()


def test_a_cover_hides_the_lower_part_in_one_grey_level() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (100, 100, 3), dtype=np.uint8)
    for seed in range(20):
        covered = augment(picture, Augmentation(cover=1.0), 100, np.random.default_rng(seed))
        hidden = np.flatnonzero((covered == covered[-1, 0, 0]).all((1, 2)))
        assert 50 <= hidden[0] <= 65
        assert hidden.tolist() == list(range(hidden[0], 100))
        assert (covered[: hidden[0]] == picture[: hidden[0]]).all()
