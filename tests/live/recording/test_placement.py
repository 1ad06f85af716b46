from __future__ import annotations

from affect.live.recording.overlay import Area, around, corners, first_free

BOUNDS = Area(0, 0, 100, 80)


def test_what_two_areas_share_is_counted_in_pixels() -> None:
    assert Area(0, 0, 10, 10).shared_with(Area(8, 7, 10, 10)) == 6
    assert Area(0, 0, 10, 10).shared_with(Area(10, 0, 10, 10)) == 0
    assert Area(0, 0, 10, 10).grown(1).shared_with(Area(10, 0, 10, 10)) == 10


def test_the_first_candidate_within_the_bounds_that_touches_nothing_is_taken() -> None:
    outside, covered, free = Area(-1, 0, 10, 10), Area(20, 20, 10, 10), Area(40, 20, 10, 10)
    assert first_free([outside, covered, free], BOUNDS, [Area(25, 25, 10, 10)]) == free
    assert first_free([outside, covered], BOUNDS, [Area(25, 25, 10, 10)]) is None


def test_corners_lie_within_the_bounds() -> None:
    assert all(c.within(BOUNDS) for c in corners(30, 20, BOUNDS, 5))
    assert len({(c.left, c.top) for c in corners(30, 20, BOUNDS, 5)}) == 4


def test_around_a_box_at_the_border_is_still_beside_it() -> None:
    box = Area(90, -5, 20, 30)
    places = around(30, 10, box, BOUNDS, 2)
    assert not any(p.shared_with(box) for p in places)
    assert first_free(places, BOUNDS, [box]) == Area(70, 27, 30, 10)
