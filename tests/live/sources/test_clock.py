from __future__ import annotations

import time

import pytest

from affect.live.report.writing import Writer
from affect.live.sources.clock import SourceClock
from affect.live.texts import clock


def test_a_second_that_has_begun_is_not_over_in_the_window_and_in_the_report() -> None:
    moments = (0.9, 61, 65.7, 3599.9, 3725.2)
    assert [clock(s, "en") for s in moments] == ["0:00", "1:01", "1:05", "59:59", "1:02:05"]
    assert [Writer("en").clock(s) for s in moments] == ["0:00", "1:01", "1:05", "59:59", "1:02:05"]


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
