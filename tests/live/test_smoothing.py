from __future__ import annotations

import numpy as np
import pytest

from affect.live.smoothing import ProbabilitySmoother

HAPPY = np.eye(8, dtype=np.float32)[4]
SAD = np.eye(8, dtype=np.float32)[6]


@pytest.mark.parametrize("fps", [10, 30, 60])
def test_the_time_constant_is_in_seconds_whatever_the_frame_rate(fps: int) -> None:
    smoother = ProbabilitySmoother(time_constant_s=0.5)
    smoother.update(1, HAPPY, 0.0)
    for i in range(1, fps // 2 + 1):
        smoothed = smoother.update(1, SAD, i / fps)
    assert smoothed[6] == pytest.approx(1 - np.exp(-1), abs=1e-4)
    assert smoothed.sum() == pytest.approx(1, abs=1e-5)


def test_the_first_frame_is_shown_as_it_is() -> None:
    np.testing.assert_array_equal(ProbabilitySmoother().update(1, HAPPY, 5.0), HAPPY)


def test_faces_are_not_mixed() -> None:
    smoother = ProbabilitySmoother()
    smoother.update(1, HAPPY, 0.0)
    np.testing.assert_array_equal(smoother.update(2, SAD, 0.1), SAD)
    np.testing.assert_array_equal(smoother.update(1, HAPPY, 0.2), HAPPY)


def test_a_forgotten_face_starts_anew() -> None:
    smoother = ProbabilitySmoother()
    smoother.update(1, HAPPY, 0.0)
    smoother.keep_only({2})
    np.testing.assert_array_equal(smoother.update(1, SAD, 0.1), SAD)


def test_a_clock_that_goes_back_does_no_harm() -> None:
    smoother = ProbabilitySmoother()
    smoother.update(1, HAPPY, 10.0)
    np.testing.assert_array_equal(smoother.update(1, SAD, 3.0), HAPPY)
