"""What the fast search must give, compared with a search of every whole frame. Times belong to the benchmark."""

from __future__ import annotations

import numpy as np
import pytest

from affect.faces import FaceBox, HaarDetector
from affect.live.search import AroundKnown, FaceSearch
from affect.live.sources import Frame
from affect.live.sweep import Slice, Sweep
from affect.live.tracking import FaceTracker, TrackedFace, intersection_over_union
from affect.live.views import Views
from affect.preprocessing import Image
from benchmarks.clips import Clip


class Followed:
    """A search and a tracker, fed with frames."""

    def __init__(self, search: FaceSearch) -> None:
        self._search = search
        self._views = Views()
        self._tracker = FaceTracker()

    def see(self, frame: Frame) -> list[TrackedFace]:
        known, lost = self._tracker.boxes_of_last_frame(), self._tracker.boxes_of_lost()
        found = self._search.find(self._views.take(frame.picture), known, lost, frame.timestamp_s)
        return self._tracker.update(found, frame.timestamp_s)


def empty(frame: Frame) -> Image:
    """The frame without its face: its left edge, stretched."""
    return np.repeat(frame.picture[:, :1], frame.picture.shape[1], axis=1)


def test_boxes_are_those_of_a_search_of_every_whole_frame() -> None:
    ours, whole = Followed(AroundKnown()), HaarDetector()
    overlaps = []
    for frame in Clip(fps=15).frames(60):
        (face,) = ours.see(frame)
        overlaps.append(intersection_over_union(face.box, whole.detect(frame.picture)[0]))
    assert np.median(overlaps) >= 0.9
    assert np.percentile(overlaps, 5) >= 0.8


@pytest.mark.parametrize("faces", [2, 4])
def test_every_face_is_followed_with_its_id(faces: int) -> None:
    ours = Followed(AroundKnown())
    for frame in Clip(faces, fps=15).frames(45):
        assert sorted(f.face_id for f in ours.see(frame)) == list(range(1, faces + 1))


@pytest.mark.parametrize("fps", [10, 30])
@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080), (640, 480)])
def test_a_second_face_is_found_within_half_a_second(fps: int, size: tuple[int, int]) -> None:
    ours = Followed(AroundKnown())
    clip = Clip(2, size, fps)
    enters_s = 1.03
    for number in range(2 * fps):
        frame = clip.frame(number)
        if frame.timestamp_s < enters_s:
            frame.picture[:, size[0] // 2 :] = frame.picture[:, size[0] // 2 - 1 : size[0] // 2]
        faces = ours.see(frame)
        assert 1 in {f.face_id for f in faces}
        if len(faces) == 2:
            assert enters_s <= frame.timestamp_s <= enters_s + 0.5
            return
    pytest.fail("the second face was not found")


def test_a_face_that_jumps_is_found_again_in_the_same_frame() -> None:
    ours = Followed(AroundKnown())
    frames = Clip().frames(20)
    for frame in frames[:15]:
        ours.see(frame)
    assert len(ours.see(Frame(np.roll(frames[15].picture, 500, axis=1), 0.5, 15))) == 1


def test_no_face_is_a_normal_state_and_a_face_that_returns_soon_keeps_its_id() -> None:
    ours = Followed(AroundKnown())
    clip = Clip()
    ids = []
    for number in range(45):
        frame = clip.frame(number)
        gone = 15 <= number < 30
        ids.append([f.face_id for f in ours.see(frame._replace(picture=empty(frame)) if gone else frame)])
    assert ids == 15 * [[1]] + 15 * [[]] + 15 * [[1]]


def test_the_same_frames_give_the_same_boxes() -> None:
    frames = Clip(4, fps=10).frames(15)
    runs = []
    for _ in range(2):
        ours = Followed(AroundKnown())
        runs.append([f.box for frame in frames for f in ours.see(frame)])
    assert runs[0] == runs[1]


@pytest.mark.parametrize("shape", [(20, 30), (1, 1), (24, 2000), (481, 853), (719, 1279)])
def test_pictures_of_any_size_are_searched(shape: tuple[int, int]) -> None:
    search, views = AroundKnown(), Views()
    picture = np.full((*shape, 3), 90, np.uint8)
    for i in range(15):
        assert search.find(views.take(picture), [FaceBox(0, 0, 30, 30)] if i else [], [], i / 10) == []


def test_a_change_of_the_pictures_size_is_followed() -> None:
    ours = Followed(AroundKnown())
    for number in range(6):
        assert len(ours.see(Clip(size=(1280, 720) if number < 3 else (640, 360)).frame(number))) == 1


@pytest.mark.parametrize("fps", [10, 30, 60])
def test_a_sweep_takes_its_time_whatever_the_frame_rate(fps: int) -> None:
    slices = [Slice(0, i, i + 1, 24, 24, 5) for i in range(7)]
    sweep = Sweep(slices, period_s=0.5)
    taken = [s for i in range(2 * fps + 1) for s in sweep.due(i / fps)]
    assert len(taken) in (27, 28)
    assert taken[:7] == slices
    assert len(sweep.due(1000.0)) <= 7
    assert sweep.due(900.0) == []


def test_halves_are_exact_and_the_memory_is_used_again() -> None:
    views = Views()
    picture = np.zeros((241, 321, 3), np.uint8)
    picture[:, 160:] = 200
    before = [id(level) for level in views.take(picture).levels]
    assert [level.shape for level in views.levels] == [(241, 321), (120, 160), (60, 80), (30, 40)]
    assert (views.levels[1][:, 80:] == 200).all()
    assert [id(level) for level in views.take(picture).levels] == before
