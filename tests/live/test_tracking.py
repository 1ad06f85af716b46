from __future__ import annotations

import pytest

from affect.faces import FaceBox
from affect.live.tracking import FaceTracker, intersection_over_union

LEFT, RIGHT = FaceBox(0, 0, 100, 100), FaceBox(300, 0, 90, 90)


def moved(box: FaceBox, by: int) -> FaceBox:
    return box._replace(x=box.x + by)


def test_overlap_is_one_for_the_same_box_and_zero_apart() -> None:
    assert intersection_over_union(LEFT, LEFT) == 1
    assert intersection_over_union(LEFT, RIGHT) == 0
    assert intersection_over_union(LEFT, moved(LEFT, 50)) == pytest.approx(1 / 3)


def test_a_face_keeps_its_id_while_it_moves() -> None:
    tracker = FaceTracker()
    for i in range(20):
        (face,) = tracker.update([moved(LEFT, 20 * i)], i / 10)
        assert face.face_id == 1
        assert face.box == moved(LEFT, 20 * i)


def test_two_faces_keep_their_ids_when_their_order_changes() -> None:
    tracker = FaceTracker()
    assert [f.face_id for f in tracker.update([LEFT, RIGHT], 0.0)] == [1, 2]
    assert [f.face_id for f in tracker.update([RIGHT, LEFT], 0.1)] == [2, 1]


def test_a_face_that_blinks_out_comes_back_with_its_id_and_later_gets_a_new_one() -> None:
    tracker = FaceTracker(memory_s=1.0, return_s=1.0)
    tracker.update([LEFT], 0.0)
    assert tracker.update([], 0.5) == []
    assert tracker.update([LEFT], 0.9)[0].face_id == 1
    tracker.update([], 2.0)
    assert tracker.update([LEFT], 2.1)[0].face_id == 2


def test_each_known_face_is_matched_once() -> None:
    tracker = FaceTracker()
    tracker.update([LEFT], 0.0)
    faces = tracker.update([LEFT, moved(LEFT, 30)], 0.1)
    assert [f.face_id for f in faces] == [1, 2]


def test_only_so_many_of_the_largest_faces_are_followed() -> None:
    assert [f.box for f in FaceTracker(max_faces=1).update([LEFT, RIGHT], 0.0)] == [LEFT]


def test_a_face_that_was_away_for_a_while_comes_back_beside_where_it_was_with_its_id() -> None:
    tracker = FaceTracker()
    tracker.update([LEFT, RIGHT], 0.0)
    tracker.update([RIGHT], 5.0)
    back = FaceBox(80, 10, 90, 90)
    assert intersection_over_union(LEFT, back) < 0.3
    assert {f.box: f.face_id for f in tracker.update([back, RIGHT], 12.0)} == {back: 1, RIGHT: 2}


def test_a_face_elsewhere_or_of_another_size_is_another_one() -> None:
    for other in (moved(LEFT, 150), FaceBox(-20, -20, 160, 160)):
        tracker = FaceTracker()
        tracker.update([LEFT], 0.0)
        tracker.update([], 2.0)
        assert tracker.update([other], 4.0)[0].face_id == 2


def test_one_that_was_away_does_not_take_the_place_of_one_that_is_there() -> None:
    tracker = FaceTracker()
    tracker.update([LEFT], 0.0)
    tracker.update([moved(LEFT, 60)], 3.0)
    tracker.update([moved(LEFT, 60), RIGHT], 3.1)
    ids = [f.face_id for f in tracker.update([moved(LEFT, 20), RIGHT], 3.2)]
    assert ids == [1, 2]


def test_the_one_face_that_is_followed_gives_way_only_to_a_clearly_larger_one() -> None:
    tracker = FaceTracker(max_faces=1)
    tracker.update([LEFT], 0.0)
    slightly, clearly = FaceBox(300, 0, 110, 110), FaceBox(300, 0, 140, 140)
    assert [f.box for f in tracker.update([slightly, LEFT], 0.1)] == [LEFT]
    assert [f.box for f in tracker.update([clearly, LEFT], 0.2)] == [clearly]


def test_a_face_is_looked_for_where_it_was_only_for_a_moment() -> None:
    tracker = FaceTracker()
    tracker.update([LEFT], 0.0)
    tracker.update([], 0.5)
    assert tracker.boxes_of_lost() == [LEFT]
    tracker.update([], 1.5)
    assert tracker.boxes_of_lost() == []
    assert tracker.ids == {1}
