from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from affect.data.splits import hold_out, original_split, stratified_part, stratified_sample
from affect.errors import AffectError

ROWS = pd.DataFrame(
    {
        "pth": [f"{e}/{i}.png" for e, n in (("happy", 100), ("sad", 30), ("fear", 2), ("anger", 1)) for i in range(n)],
        "label": ["happy"] * 100 + ["sad"] * 30 + ["fear"] * 2 + ["anger"],
    }
)


def test_the_original_split_has_the_reported_sizes() -> None:
    split = original_split(31_002)
    assert (split == "train").sum() == 24_801
    assert (split == "val").sum() == 6_201


def test_the_original_split_is_torchs_random_split() -> None:
    """Its first and last validation indices, so that another version of torch that shuffles otherwise is noticed."""
    val = np.flatnonzero(original_split(31_002) == "val")
    assert val[:3].tolist() == [3, 9, 12]
    assert val[-3:].tolist() == [30977, 30980, 30997]


def test_every_class_gives_its_share_and_at_least_one_and_keeps_one() -> None:
    fit, choose = hold_out(ROWS, share=0.1)
    assert choose["label"].value_counts().to_dict() == {"happy": 10, "sad": 3, "fear": 1}
    assert fit["label"].value_counts().to_dict() == {"happy": 90, "sad": 27, "fear": 1, "anger": 1}
    assert sorted([*fit["pth"], *choose["pth"]]) == sorted(ROWS["pth"])


def test_the_order_of_the_rows_does_not_matter_but_the_seed_does() -> None:
    _, choose = hold_out(ROWS)
    _, shuffled = hold_out(ROWS.sample(frac=1, random_state=3))
    _, other = hold_out(ROWS, seed=1)
    assert choose["pth"].tolist() == shuffled["pth"].tolist()
    assert choose["pth"].tolist() != other["pth"].tolist()


def test_groups_stay_on_one_side() -> None:
    groups = np.array([0] * 30 + list(range(1, len(ROWS) - 29)))
    groups[100:110] = 5  # with one that is happy: a group may have several labels
    fit, choose = hold_out(ROWS, share=0.3, groups=groups)
    sides = pd.Series(groups, ROWS["pth"])
    assert not set(sides[fit["pth"]]) & set(sides[choose["pth"]])
    assert choose["label"].value_counts()["happy"] == 30


def test_a_class_of_large_groups_is_still_in_both_parts() -> None:
    rows = ROWS[ROWS["label"] == "sad"]
    fit, choose = hold_out(rows, share=0.1, groups=np.repeat([0, 1, 2], 10))
    assert len(fit) == 20
    assert len(choose) == 10


def test_a_class_that_is_one_group_is_on_one_side() -> None:
    groups = np.array([0] * 100 + list(range(1, 34)))
    fit, choose = hold_out(ROWS, groups=groups)
    assert (fit["label"] == "happy").sum() == 100
    assert (choose["label"] == "sad").sum() == 3


@pytest.mark.parametrize("share", [0, 1, -0.1, 7])
def test_a_share_that_is_none_is_told(share: float) -> None:
    with pytest.raises(AffectError, match="between 0 and 1"):
        hold_out(ROWS, share=share)


def test_too_few_pictures_are_told() -> None:
    with pytest.raises(AffectError, match="too few"):
        hold_out(ROWS[-1:])


def test_100_000_rows_take_seconds() -> None:
    rows = pd.DataFrame({"pth": [f"{i}.png" for i in range(100_000)], "label": ["happy", "sad"] * 50_000})
    assert stratified_part(rows, 0.2, 42).sum() == 20_000


def test_a_sample_has_as_many_rows_as_asked_and_every_class_in_its_share() -> None:
    sample = stratified_sample(ROWS, 20, seed=1)
    assert sample["label"].value_counts().to_dict() == {"happy": 14, "sad": 4, "fear": 1, "anger": 1}
    assert sample["pth"].tolist() == [p for p in ROWS["pth"] if p in set(sample["pth"])]
    assert set(sample["pth"]) == set(stratified_sample(ROWS[::-1], 20, seed=1)["pth"])
    assert len(stratified_sample(ROWS, 1000, seed=1)) == len(ROWS)
    assert len(stratified_sample(ROWS, 3, seed=1)) == 3
