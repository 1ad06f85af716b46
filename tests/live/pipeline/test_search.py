"""What the fast search must give, compared with a search of every whole frame. Times belong to the benchmark."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from affect.faces import detection
from affect.faces.detection import FaceBox, HaarDetector
from affect.faces.preprocessing import Image
from affect.live.pipeline.grey_pyramid import GreyPyramid
from affect.live.pipeline.search import AroundKnown, FaceSearch
from affect.live.pipeline.sweep import Slice, Sweep
from affect.live.pipeline.tracking import FaceTracker, TrackedFace, intersection_over_union
from affect.live.sources.files import Frame
from benchmarks.clips import Clip


class Followed:
    """A search and a tracker, fed with frames."""

    def __init__(self, search: FaceSearch) -> None:
        self._search = search
        self._views = GreyPyramid()
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
    search, views = AroundKnown(), GreyPyramid()
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
    views = GreyPyramid()
    picture = np.zeros((241, 321, 3), np.uint8)
    picture[:, 160:] = 200
    before = [id(level) for level in views.take(picture).levels]
    assert [level.shape for level in views.levels] == [(241, 321), (120, 160), (60, 80), (30, 40)]
    assert (views.levels[1][:, 80:] == 200).all()
    assert [id(level) for level in views.take(picture).levels] == before


def found_in(picture: Image, frames: int = 1, *, still: bool = False) -> list[FaceBox]:
    """What a search finds in the last of so many equal frames, a tenth of a second apart."""
    search, views, known = AroundKnown(still=still), GreyPyramid(), list[FaceBox]()
    for i in range(frames):
        known = search.find(views.take(picture), known, [], i / 10)
    return known


def group(portrait: Image, size: tuple[int, int], side: int) -> tuple[Image, list[FaceBox]]:
    """A picture with twelve faces of about so many pixels, and where they are."""
    width, height = size
    canvas = np.full((height, width, 3), 110, np.uint8)
    canvas += np.linspace(0, 60, width).astype(np.uint8)[None, :, None]
    face = cv2.resize(portrait[10:250, 90:350], None, fx=side / 110, fy=side / 110, interpolation=cv2.INTER_AREA)
    boxes = []
    for i in range(12):
        x, y = round((i % 4 + 0.5) * width / 4 - face.shape[1] / 2), round((i // 4 + 0.5) * height / 3)
        y -= face.shape[0] // 2
        canvas[y : y + face.shape[0], x : x + face.shape[1]] = face
        boxes.append(FaceBox(x + round(78 * side / 110), y + round(54 * side / 110), side, side))
    return canvas, boxes


@pytest.mark.parametrize(
    ("size", "side"), [((4000, 3000), 60), ((4000, 3000), 250), ((1280, 960), 60), ((1920, 1080), 150)]
)
def test_a_single_picture_shows_all_of_a_group_at_once(portrait: Image, size: tuple[int, int], side: int) -> None:
    picture, boxes = group(portrait, size, side)
    found = found_in(picture, still=True)
    for box in boxes:
        assert sum(intersection_over_union(box, other) > 0.4 for other in found) == 1
    assert len(found) <= len(boxes) + 1


@pytest.mark.parametrize("side", [60, 250])
def test_so_it_does_of_a_dim_group(portrait: Image, side: int) -> None:
    picture, boxes = group(portrait, (4000, 3000), side)
    found = found_in(np.asarray(cv2.convertScaleAbs(picture, alpha=0.25), np.uint8), still=True)
    assert all(any(intersection_over_union(box, other) > 0.4 for other in found) for box in boxes)


def test_a_large_picture_without_a_face_is_searched_finely_only_where_it_is_reduced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks, search = list[tuple[int, int, float]](), HaarDetector.search

    def spied(self: HaarDetector, grey: Image, smallest: int, largest: int, factor: float, min_hits: int) -> list:
        looks.append((max(grey.shape), smallest, factor))
        return search(self, grey, smallest, largest, factor, min_hits)

    monkeypatch.setattr(HaarDetector, "search", spied)
    noise = np.random.default_rng(0).integers(0, 256, (1500, 2000, 3), np.uint8)
    assert found_in(cv2.resize(noise, (4000, 3000)), still=True) == []
    assert sum(side > 1280 for side, _, _ in looks) == 1  # not of the evened copy as well
    assert (2000, 24, 1.2) in looks
    assert {factor for side, _, factor in looks if side <= 1280} == {1.1}


def test_a_single_picture_without_a_face_shows_no_more_than_a_frame_does() -> None:
    rng = np.random.default_rng(3)
    noise = cv2.GaussianBlur(rng.integers(0, 256, (900, 1200, 3), np.uint8), (0, 0), 3)
    lines = np.full((900, 1200, 3), 200, np.uint8)
    for i in range(60):
        cv2.line(lines, (int(rng.integers(1200)), 0), (int(rng.integers(1200)), 900), (20 + 3 * i,) * 3, 3)
    for picture in (np.asarray(cv2.normalize(noise, None, 0, 255, cv2.NORM_MINMAX)), lines, np.zeros_like(lines)):
        assert found_in(np.asarray(picture, np.uint8), still=True) == []


def darkened(picture: Image, gain: float, offset: float, noise: float = 1.5) -> Image:
    changed = picture * gain + offset + np.random.default_rng(0).normal(0, noise, picture.shape)
    return np.clip(np.rint(changed), 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("gain", "offset"), [(0.14, 0), (0.1, 0), (0.12, 190), (0.12, 100)], ids=["dim", "dark", "fog", "grey fog"]
)
@pytest.mark.parametrize("still", [False, True])
def test_a_face_with_little_contrast_is_found_and_followed(
    portrait: Image, portrait_box: FaceBox, gain: float, offset: float, still: bool
) -> None:
    picture = darkened(portrait, gain, offset)
    assert HaarDetector().detect(picture) == []
    for frames in (1,) if still else (1, 8):
        (face,) = found_in(picture, frames, still=still)
        assert intersection_over_union(face, portrait_box) > 0.5


def test_a_face_in_front_of_a_bright_window_is_found(portrait: Image, portrait_box: FaceBox) -> None:
    mask = np.zeros(portrait.shape, np.uint8)
    cv2.ellipse(mask, (222, 130), (75, 100), 0, 0, 360, (255, 255, 255), -1)
    backlit = np.where(mask > 0, darkened(portrait, 0.12, 10), darkened(portrait, 0.3, 170))
    assert HaarDetector().detect(np.asarray(backlit, np.uint8)) == []
    (face,) = found_in(np.asarray(backlit, np.uint8), 8)
    assert intersection_over_union(face, portrait_box) > 0.5


def test_a_dim_face_that_comes_later_is_found_by_the_sweep(portrait: Image) -> None:
    ours = Followed(AroundKnown())
    dim = darkened(portrait, 0.1, 0)
    seen = [len(ours.see(Frame(np.zeros_like(dim) if i < 10 else dim, i / 10, i))) for i in range(16)]
    assert seen[:10] == [0] * 10
    assert seen[15] == 1


@pytest.mark.parametrize("start", [0, 3, 7, 10])
@pytest.mark.parametrize("side", [150, 240, 400])
def test_a_dim_face_is_found_within_half_a_second(portrait: Image, side: int, start: int) -> None:
    ours, dim = Followed(AroundKnown()), np.full((720, 1280, 3), 8, np.uint8)
    face = cv2.resize(darkened(portrait, 0.12, 0)[20:220, 120:320], None, fx=side / 100, fy=side / 100)[:720]
    dim[: face.shape[0], 200 : 200 + face.shape[1]] = face
    for i in range(60 + start):
        ours.see(Frame(np.full_like(dim, 8), i / 30, i))
    seen = [len(ours.see(Frame(dim, 2 + (start + i) / 30, i))) for i in range(15)]
    assert seen[-1] == 1


def test_where_nobody_is_the_evened_copy_is_searched_at_a_slower_pace(
    portrait: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, looks, even = Followed(AroundKnown()), list[int](), GreyPyramid.evened
    monkeypatch.setattr(GreyPyramid, "evened", lambda views, number: (looks.append(number), even(views, number))[1])
    room = cv2.resize(portrait[300:450, :100], (1280, 720))  # a shoulder and what is beside it
    ours.see(Frame(room, 0.0, 0))
    looks.clear()
    for i in range(1, 121):
        assert ours.see(Frame(room, i / 30, i)) == []
    assert 30 <= len(looks) <= 48  # in 4 s; the frame itself is searched 78 times
    assert set(looks) == {1, 2, 3, 4}


def test_good_light_pays_nothing_for_the_dark(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = Followed(AroundKnown())
    frames = Clip(2, fps=15).frames(30)
    ours.see(frames[0])
    monkeypatch.setattr("affect.live.pipeline.close_search.evened", lambda *_: pytest.fail("a copy was made"))
    monkeypatch.setattr(GreyPyramid, "evened", lambda *_: pytest.fail("a copy was made"))
    assert all(len(ours.see(frame)) == 2 for frame in frames[1:])


def test_evened_levels_are_those_of_the_frame_they_were_asked_for(portrait: Image) -> None:
    views = GreyPyramid()
    first = views.take(portrait).evened(1)
    assert first.shape == views.levels[1].shape
    assert abs(float(first.std()) - 73) < 8  # of grey values that are all as frequent: 255 / sqrt(12)
    assert views.evened(1) is first
    again = views.take(np.ascontiguousarray(portrait[:, ::-1])).evened(1)
    assert not np.array_equal(again, first)


def test_what_is_too_small_to_show_an_expression_is_no_face(portrait: Image, portrait_box: FaceBox) -> None:
    (face,) = found_in(portrait, still=True)  # a pattern of 26 pixels beside it has 14 hits
    assert intersection_over_union(face, portrait_box) > 0.7
    picture, _ = group(portrait, (640, 480), 30)
    assert found_in(picture, still=True) == []


@pytest.mark.parametrize(("faces", "cascades"), [(1, 1), (2, 2)])
def test_a_second_cascade_is_read_only_for_a_second_face(
    faces: int, cascades: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Path] = []
    cascade = detection._read_cascade
    monkeypatch.setattr(detection, "_read_cascade", lambda path: (read.append(path), cascade(path))[1])
    search, views, known = AroundKnown(), GreyPyramid(), list[FaceBox]()
    for frame in Clip(faces, fps=10).frames(3):
        known = search.find(views.take(frame.picture), known, [], frame.timestamp_s)
    assert (len(known), len(read)) == (faces, cascades)


def test_while_no_more_faces_are_followed_others_are_searched_for_rarely() -> None:
    clip, found = Clip(2), {}
    one = clip.frame(0).picture.copy()
    one[:, 640:] = one[:, 600:601]
    for complete in (False, True):
        search, views = AroundKnown(), GreyPyramid()
        known = search.find(views.take(one), [], [], 0.0)
        assert len(known) == 1
        for i in range(1, 90):
            boxes = search.find(views.take(clip.frame(0).picture), known, [], i / 30, complete=complete)
            if len(boxes) > 1:
                break
        found[complete] = i
    assert found[False] <= 15
    assert 2 * found[False] < found[True] < 89
