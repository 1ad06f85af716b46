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
    tracker = FaceTracker(memory_s=1.0)
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
