from __future__ import annotations

import numpy as np
import pytest

from affect.emotions import EMOTIONS
from affect.live.report.drawings import COLUMNS, ridge
from affect.live.report.timeline import Timeline


@pytest.mark.parametrize(("steps", "summed_up"), [(COLUMNS, False), (2 * COLUMNS, True)])
def test_a_curve_whose_points_stand_for_several_steps_also_shows_their_maximum(steps: int, summed_up: bool) -> None:
    timeline = Timeline(np.zeros(steps, np.int8), np.full((steps, 8), 0.125, np.float32), np.ones(steps, np.float32))
    drawn = ridge(timeline, EMOTIONS[0], "anger")
    assert ('opacity="0.35"' in drawn) == summed_up
    assert f'viewBox="0 0 {steps} 100"' in drawn
