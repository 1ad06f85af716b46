from __future__ import annotations

import time

import pytest

from affect.live.clock import SourceClock


def test_a_live_source_s_time_goes_on_between_frames_and_without_any() -> None:
    clock = SourceClock(live=True, fps=30)
    assert (clock.now_s(), clock.silent_s()) == (0, 0)
    clock.tick(5.0)
    time.sleep(0.1)
    assert clock.now_s() == pytest.approx(5.1, abs=0.05)
    assert clock.silent_s() == pytest.approx(0.1, abs=0.05)
    assert clock.last_s == 5.0


def test_a_file_s_time_stands_at_the_end_of_its_last_frame() -> None:
    clock = SourceClock(live=False, fps=10)
    clock.tick(2.0)
    time.sleep(0.05)
    assert clock.now_s() == pytest.approx(2.1)
    assert clock.silent_s() == 0
