from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from affect.data.loading import FaceDataset, augment, target_distributions
from affect.data.manifest import VOTES
from affect.experiments import STARTER, Augmentation
from affect.preprocessing import Preprocessing

STILL = Augmentation(flip=0)
PICTURE = np.random.default_rng(0).integers(0, 256, (40, 40, 1), dtype=np.uint8)


def test_soft_targets_are_the_shares_of_the_votes() -> None:
    rows = pd.DataFrame([[0] * 8, [0] * 8], columns=VOTES).assign(label=["happy", "sad"])
    rows.loc[0, ["votes_happy", "votes_neutral"]] = [6, 2]
    soft = target_distributions(rows, soft=True)
    assert soft[0, 4] == pytest.approx(0.75)
    assert soft[0, 5] == pytest.approx(0.25)
    assert soft[1].tolist() == [0, 0, 0, 0, 0, 0, 1, 0]  # nobody voted: the label
    assert target_distributions(rows, soft=False)[0].tolist() == [0, 0, 0, 0, 1, 0, 0, 0]


def test_without_any_variation_the_picture_stays_as_it_is() -> None:
    np.testing.assert_array_equal(augment(PICTURE, STILL, 40, np.random.default_rng(0)), PICTURE)


def test_a_mirror_is_a_mirror() -> None:
    varied = augment(PICTURE, Augmentation(flip=1), 40, np.random.default_rng(0))
    np.testing.assert_array_equal(varied, PICTURE[:, ::-1])


def test_a_shift_moves_by_at_most_its_share_of_the_side() -> None:
    dot = np.zeros((101, 101, 1), np.uint8)
    dot[50, 50] = 255
    for seed in range(20):
        varied = augment(dot, Augmentation(flip=0, shift=0.1), 101, np.random.default_rng(seed))
        y, x = np.unravel_index(varied[..., 0].argmax(), (101, 101))
        assert abs(y - 50) <= 11
        assert abs(x - 50) <= 11


def test_light_makes_darker_and_brighter() -> None:
    means = [augment(PICTURE, Augmentation(flip=0, light=0.4), 40, np.random.default_rng(s)).mean() for s in range(30)]
    assert min(means) < 0.8 * PICTURE.mean()
    assert max(means) > 1.2 * PICTURE.mean()


@pytest.mark.parametrize("channels", [1, 3])
def test_all_variation_together_keeps_type_and_gives_the_size(channels: int) -> None:
    picture = np.repeat(PICTURE, channels, axis=2)
    for seed in range(10):
        varied = augment(picture, STARTER.augmentation, 32, np.random.default_rng(seed))
        assert varied.shape == (32, 32, channels)
        assert varied.dtype == np.uint8


def test_variation_depends_on_seed_and_picture_alone() -> None:
    settings = Preprocessing(image_size=40, color="grey")
    base = FaceDataset(np.stack([PICTURE, PICTURE]), np.eye(8, dtype=np.float32)[:2], settings)
    one, again, other = (base.varied(STARTER.augmentation, 40, *seed) for seed in ((1, 2), (1, 2), (1, 3)))
    np.testing.assert_array_equal(one[0][0], again[0][0])
    assert (one[0][0] != one[1][0]).any()
    assert (one[0][0] != other[0][0]).any()


def test_augmentation_does_not_leak_into_the_plain_data_set() -> None:
    settings = Preprocessing(image_size=40, color="grey")
    base = FaceDataset(PICTURE[None], np.eye(8, dtype=np.float32)[:1], settings)
    before = base[0][0].clone()
    varied = base.varied(STARTER.augmentation, 40, 0)
    assert (varied[0][0] != before).any()
    np.testing.assert_array_equal(base[0][0], before)
