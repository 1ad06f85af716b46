"""When known faces of a live source are searched and classified."""

from __future__ import annotations

import numpy as np
import pytest

from affect.live.pipeline.pace import Pace, Turn


def turns(fps: float, seconds: float = 4.0, jitter_s: float = 0.0) -> list[Turn]:
    """What is due in the frames of a source, from its second second on."""
    pace, rng = Pace(15.0), np.random.default_rng(3)
    made = [pace.next(i / fps + rng.uniform(0, jitter_s)) for i in range(round(seconds * fps))]
    return made[round(fps) :]


def longest_wait(given: list[bool]) -> int:
    """The longest way from one frame in which something is due to the next, in frames."""
    at = np.flatnonzero(given)
    return int(np.diff(at).max())


@pytest.mark.parametrize("fps", [5, 12, 15, 20, 24, 25, 30, 50, 60, 120])
@pytest.mark.parametrize("jitter", [0, 0.2])
def test_search_and_classification_are_due_about_as_often_as_wanted(fps: int, jitter: float) -> None:
    made = turns(fps, jitter_s=jitter / fps)
    for due in ([t.search for t in made], [t.read for t in made]):
        assert 0.66 * min(fps, 15) <= np.mean(due) * fps <= min(fps, 20)
        assert longest_wait(due) / fps <= max(1 / fps, 0.1)


@pytest.mark.parametrize("fps", [25, 30, 60])
def test_they_take_turns_where_the_source_is_fast_enough(fps: int) -> None:
    assert not any(turn.search and turn.read for turn in turns(fps))


def test_a_frame_after_a_gap_does_not_change_the_rate() -> None:
    pace = Pace(15.0)
    times = [i / 30 for i in range(60)] + [20 + i / 30 for i in range(60)]
    made = [pace.next(now_s) for now_s in times]
    assert np.mean([t.search for t in made[60:]]) == pytest.approx(0.5, abs=0.02)


def test_a_source_that_becomes_slower_has_every_frame_searched_and_read() -> None:
    pace = Pace(15.0)
    for i in range(60):
        pace.next(i / 30)
    made = [pace.next(2 + i / 10) for i in range(30)]
    assert all(turn == Turn(True, True) for turn in made[10:])


def test_without_a_rate_everything_is_due_in_every_frame() -> None:
    pace = Pace(None)
    assert {pace.next(i / 60) for i in range(30)} == {Turn(True, True)}
