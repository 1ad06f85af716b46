from __future__ import annotations

import pytest

from affect.faces.detection import FaceBox
from affect.live.pipeline.tracking import FaceTracker, intersection_over_union

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
    for other in (moved(LEFT, 110), FaceBox(-50, -50, 200, 200), FaceBox(30, 30, 40, 40)):
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


@pytest.mark.parametrize("aside", [(80, 0), (-80, 0), (0, 90), (60, -60), (55, 55)])
@pytest.mark.parametrize("away_s", [1 / 60, 0.1, 0.2, 0.5, 0.9, 1.0, 1.1, 20.0, 30.0])
def test_a_return_beside_where_it_was_keeps_the_id_however_long_it_took(away_s: float, aside: tuple[int, int]) -> None:
    tracker = FaceTracker(max_faces=1)
    tracker.update([LEFT], 10.0)
    across, down = aside
    back = LEFT._replace(x=LEFT.x + across, y=LEFT.y + down)
    assert tracker.update([back], 10.0 + away_s)[0].face_id == 1


@pytest.mark.parametrize("away_s", [0.1, 0.9, 1.1, 20.0])
@pytest.mark.parametrize("box", [moved(LEFT, 101), FaceBox(-55, -55, 210, 210)])
def test_what_is_farther_than_a_box_side_or_of_another_size_is_another_face(box: FaceBox, away_s: float) -> None:
    tracker = FaceTracker()
    tracker.update([LEFT], 10.0)
    assert tracker.update([box], 10.0 + away_s)[0].face_id == 2


def test_a_detection_whose_size_jumps_is_the_same_face() -> None:
    tracker = FaceTracker()
    for i, grows in enumerate((0, 12, -2, 30, 0)):
        box = FaceBox(-grows, -grows, 100 + 2 * grows, 100 + 2 * grows)
        assert tracker.update([box], i / 10)[0].face_id == 1


@pytest.mark.parametrize("fps", [5, 15, 30])
@pytest.mark.parametrize("aside", [100, 120])
def test_whoever_appears_beside_a_face_is_another_one(fps: int, aside: int) -> None:
    tracker = FaceTracker()
    ids = []
    for i in range(2 * fps):
        boxes = [LEFT, moved(LEFT, aside)] if i > fps else [LEFT]
        ids.append([f.face_id for f in tracker.update(boxes, i / fps)])
    assert ids == [[1]] * (fps + 1) + [[1, 2]] * (fps - 1)


@pytest.mark.parametrize("missed_s", [0.05, 0.5, 3.0])
def test_the_one_who_is_not_followed_does_not_take_the_id_of_the_one_who_is_missed(missed_s: float) -> None:
    tracker = FaceTracker(max_faces=1)
    beside = FaceBox(90, 10, 95, 95)
    for i in range(10):
        assert [f.face_id for f in tracker.update([LEFT, beside], i / 20)] == [1]
    assert [f.face_id for f in tracker.update([beside], 0.5)] == [2]
    assert [f.face_id for f in tracker.update([beside], 0.5 + missed_s)] == [2]
    assert [f.face_id for f in tracker.update([FaceBox(0, 0, 130, 130), beside], 0.6 + missed_s)] == [1]


def test_a_quick_move_does_not_hand_the_place_to_a_face_in_the_background() -> None:
    tracker = FaceTracker(max_faces=1)
    behind = FaceBox(600, 0, 110, 110)
    tracker.update([LEFT], 0.0)
    assert [f.box for f in tracker.update([behind, moved(LEFT, 80)], 0.1)] == [moved(LEFT, 80)]


@pytest.mark.parametrize("fps", [5, 10, 30])
@pytest.mark.parametrize("turns_back", [False, True])
def test_two_people_who_pass_each_other_keep_their_ids(fps: int, turns_back: bool) -> None:
    """The one in front is found all the time, the one behind it not while they overlap."""
    tracker = FaceTracker()
    owner: dict[int, str] = {}
    for i in range(4 * fps):
        along = -200 + 100 * i / fps
        along = -abs(along) if turns_back else along
        front, behind = FaceBox(500 + round(along), 0, 100, 100), FaceBox(500 - round(along), 8, 90, 90)
        hidden = intersection_over_union(front, behind) > 0.3
        whose = {front: "front"} if hidden else {front: "front", behind: "behind"}
        for face in tracker.update(list(whose), i / fps):
            assert owner.setdefault(face.face_id, whose[face.box]) == whose[face.box]
    assert len(owner) == 2


@pytest.mark.parametrize("fps", [5, 30])
def test_one_who_walks_through_the_place_of_one_who_left_keeps_the_id(fps: int) -> None:
    tracker = FaceTracker()
    tracker.update([LEFT, RIGHT], 0.0)
    for i in range(1, 4 * fps):
        walking = moved(LEFT, round(150 * i / fps))
        assert [f.face_id for f in tracker.update([walking], i / fps)] == [1]


def test_nobody_keeps_an_id_through_a_cut() -> None:
    tracker = FaceTracker()
    tracker.update([LEFT, RIGHT], 0.0)
    tracker.forget()
    assert tracker.ids == set()
    assert tracker.boxes_of_last_frame() == tracker.boxes_of_lost() == []
    assert [f.face_id for f in tracker.update([LEFT, RIGHT], 0.1)] == [3, 4]


def test_faces_that_are_not_followed_are_forgotten_soon() -> None:
    tracker = FaceTracker(max_faces=1)
    tracker.update([LEFT, RIGHT], 0.0)
    assert tracker.ids == {1}
    assert tracker.boxes_of_last_frame() == [LEFT]
    tracker.update([LEFT], 0.5)
    assert tracker.boxes_of_lost() == []


def test_the_place_of_one_who_was_not_followed_and_left_is_free() -> None:
    tracker = FaceTracker(max_faces=1)
    beside = moved(LEFT, 80)
    tracker.update([LEFT, beside], 0.0)
    tracker.update([LEFT], 5.0)
    assert [f.face_id for f in tracker.update([beside], 5.1)] == [1]
