"""Which pictures of a live source are decoded."""

from __future__ import annotations

import numpy as np
import pytest

from affect.live.sources.pace import Pace


def chosen(fps: float, seconds: float = 4.0, jitter_s: float = 0.0) -> list[bool]:
    """Which pictures of a source are wanted, from its second second on."""
    pace, rng = Pace(), np.random.default_rng(3)
    made = [pace.due(i / fps + rng.uniform(0, jitter_s)) for i in range(round(seconds * fps))]
    return made[round(fps) :]


@pytest.mark.parametrize("fps", [5, 12, 15, 20, 24, 25, 30, 50, 60, 120])
@pytest.mark.parametrize("jitter", [0, 0.2])
def test_about_as_many_pictures_as_wanted_are_chosen_evenly(fps: int, jitter: float) -> None:
    made = chosen(fps, jitter_s=jitter / fps)
    assert 0.66 * min(fps, 15) <= np.mean(made) * fps <= min(fps, 22)
    longest = int(np.diff(np.flatnonzero(made)).max())  # from one to the next, in pictures
    assert longest / fps <= max(1 / fps, 0.1)


def test_the_rate_is_kept_from_the_first_picture_on() -> None:
    pace = Pace()
    assert [pace.due(i / 30) for i in range(10)] == [True, False] * 5


def test_a_gap_does_not_change_the_rate() -> None:
    pace = Pace()
    times = [i / 30 for i in range(60)] + [20 + i / 30 for i in range(60)]
    made = [pace.due(now_s) for now_s in times]
    assert np.mean(made[60:]) == pytest.approx(0.5, abs=0.02)


def test_of_a_source_that_becomes_slower_every_picture_is_chosen() -> None:
    pace = Pace()
    for i in range(60):
        pace.due(i / 30)
    assert all([pace.due(2 + i / 10) for i in range(30)][10:])


def test_pictures_that_come_all_at_once_are_not_all_left_out() -> None:
    pace = Pace()
    assert sum([pace.due(1 + i / 1e5) for i in range(80)][16:]) == 8
    late = [pace.due(2 + i / 30) for i in range(30)]
    assert np.flatnonzero(late)[0] <= 7
    assert np.mean(late[12:]) == pytest.approx(0.5, abs=0.1)


def test_without_a_rate_every_picture_is_chosen() -> None:
    pace = Pace()
    pace.rate_hz = None
    assert all(pace.due(i / 60) for i in range(30))
