from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from affect.faces.detection import FaceBox, HaarDetector
from affect.faces.preprocessing import Image
from affect.live.pipeline.classifier import load_classifier
from affect.live.pipeline.pipeline import Pipeline
from affect.live.pipeline.search import AroundKnown, Everywhere
from affect.live.pipeline.tracking import intersection_over_union
from affect.live.sources.files import DemoSource, Frame
from benchmarks.clips import Clip, Scene


def test_boxes_and_labels_are_those_of_a_full_search_of_every_frame(bundled_model: Path) -> None:
    classifier = load_classifier(bundled_model)
    ours = Pipeline(AroundKnown(), classifier)
    whole = Pipeline(Everywhere(HaarDetector()), classifier)
    overlaps, same = [], []
    for frame in Clip(fps=15).frames(45):
        (a,), b = ours.process(frame), whole.process(frame)
        overlaps.append(intersection_over_union(a.box, b[0].box))
        same.append(a.emotion == b[0].emotion)
    assert np.median(overlaps) >= 0.9
    assert np.mean(same) >= 0.97


def test_the_faces_of_a_frame_are_classified_in_one_batch(checkpoint_file: Path) -> None:
    classifier = load_classifier(checkpoint_file)
    batches = []
    probabilities = classifier.probabilities

    def counted(picture: Image, boxes: list) -> np.ndarray:
        batches.append(len(boxes))
        return probabilities(picture, boxes)

    classifier.probabilities = counted  # type: ignore[method-assign]
    results = Pipeline(AroundKnown(), classifier).process(Clip(4).frame(0))
    assert batches == [4]
    assert len(results) == 4
    assert len({r.face_id for r in results}) == 4


def test_a_frame_without_a_face_gives_no_results(checkpoint_file: Path) -> None:
    pipeline = Pipeline(AroundKnown(), load_classifier(checkpoint_file))
    for i in range(10):
        assert pipeline.process(Frame(np.full((360, 640, 3), 90, np.uint8), i / 10, i)) == []


def test_after_a_cut_nobody_has_an_id_from_before_it_and_nothing_is_smoothed_across_it(bundled_model: Path) -> None:
    pipeline = Pipeline(AroundKnown(), load_classifier(bundled_model))
    cuts: list[float] = []
    pipeline.on_cut = cuts.append
    before = DemoSource().picture(0.0)
    after = np.ascontiguousarray(before[:, ::-1])
    for i in range(10):
        (face,) = pipeline.process(Frame(before, i / 10, i))
        assert (face.face_id, cuts) == (1, [])
    (face,) = pipeline.process(Frame(after, 1.0, 10))  # found at once
    assert (face.face_id, cuts) == (2, [1.0])
    alone = Pipeline(AroundKnown(), load_classifier(bundled_model)).process(Frame(after, 1.0, 0))[0]
    assert intersection_over_union(face.box, alone.box) > 0.8
    assert np.abs(face.probabilities - alone.probabilities).max() < 0.2
    assert pipeline.face_ids == {2}
    (face,) = pipeline.process(Frame(after, 1.1, 11))
    assert (face.face_id, cuts) == (2, [1.0])


def test_a_cut_without_anybody_known_is_not_told(bundled_model: Path) -> None:
    pipeline = Pipeline(AroundKnown(), load_classifier(bundled_model))
    without = cv2.resize(DemoSource().picture(0.0)[:150, :300], (1280, 720))
    assert pipeline.process(Frame(without, 0.0, 0)) == []
    told: list[float] = []
    pipeline.on_cut = told.append
    for i in range(1, 11):
        found = pipeline.process(Frame(DemoSource().picture(0.0), i / 10, i))
    assert len(found) == 1
    assert told == []


def test_a_quick_move_or_a_lamp_leaves_the_id(bundled_model: Path) -> None:
    pipeline = Pipeline(AroundKnown(), load_classifier(bundled_model), 1)
    picture = DemoSource().picture(0.0)
    lamp = np.linspace(0.4, 1.3, 1280)[None, :, None]
    moved = cv2.warpAffine(picture, np.array([[1, 0, 170.0], [0, 1, 0]]), (1280, 720), borderMode=cv2.BORDER_REFLECT)
    for i, shown in enumerate((picture, (picture * lamp).clip(0, 255).astype(np.uint8), picture, moved, picture)):
        for j in range(3):
            (face,) = pipeline.process(Frame(shown, (3 * i + j) / 5, 3 * i + j))
            assert face.face_id == 1


@pytest.mark.parametrize("scene", ["expressions", "turning", "drawn"])
def test_half_of_the_frames_give_about_the_same_boxes_and_labels(bundled_model: Path, scene: str) -> None:
    """As a live source's do, at twice the speed; labels near a threshold may differ, as noise alone makes them."""
    half, every = (Pipeline(AroundKnown(), load_classifier(bundled_model), 1) for _ in range(2))
    clip, overlaps, same = Scene(scene), [], []
    for i in range(100):
        frame = clip.frame(2 * i)._replace(timestamp_s=i / 30)
        (b,) = every.process(frame)
        if i % 2 == 0:
            (a,) = half.process(frame)
            overlaps.append(intersection_over_union(a.box, b.box))
            same.append(np.abs(a.probabilities - b.probabilities).sum() / 2)
    assert np.median(overlaps) >= 0.92
    assert np.median(same) <= 0.06


def test_a_new_face_is_found_within_half_a_second_at_fifteen_frames_a_second(bundled_model: Path) -> None:
    pipeline, clip = Pipeline(AroundKnown(), load_classifier(bundled_model), 4), Clip(2)
    one = clip.frame(0).picture.copy()
    one[:, 640:] = one[:, 600:601]
    for i in range(6):
        assert len(pipeline.process(Frame(one, i / 15, i))) == 1
    for i in range(6, 20):
        found = pipeline.process(Frame(clip.frame(2 * i).picture, i / 15, i))
        if len(found) == 2:
            break
    assert i <= 6 + 7
    assert all(abs(float(face.probabilities.sum()) - 1) < 1e-4 for face in found)


@pytest.mark.parametrize("scene", ["leaving", "expressions"])
def test_frames_located_ahead_give_the_same_results(bundled_model: Path, scene: str) -> None:
    frames = [Scene(scene, fps=8).frame(i) for i in range(60)]
    one, other = (Pipeline(AroundKnown(), load_classifier(bundled_model), 2) for _ in range(2))
    at_once = [one.process(frame) for frame in frames]
    ahead = [(located.frame.number, other.read(located)) for located in other.ahead(iter(frames))]
    assert [number for number, _ in ahead] == list(range(60))
    assert any(len(a) != len(b) for a, b in itertools.pairwise(at_once)) == (scene == "leaving")
    for a, (_, b) in zip(at_once, ahead, strict=True):
        assert [(r.face_id, r.box, r.emotion, r.quality) for r in a] == [
            (r.face_id, r.box, r.emotion, r.quality) for r in b
        ]


def test_an_error_in_the_frames_reaches_the_caller_after_the_frames_before_it(bundled_model: Path) -> None:
    def broken() -> Iterator[Frame]:
        yield Clip().frame(0)
        yield Clip().frame(1)
        raise OSError("unplugged")

    pipeline, seen = Pipeline(AroundKnown(), load_classifier(bundled_model)), []
    with pytest.raises(OSError, match="unplugged"):
        for located in pipeline.ahead(broken()):
            seen.append(located.frame.number)
    assert seen == [0, 1]


@pytest.mark.parametrize(("faces", "rarely"), [(1, True), (2, False)])
def test_others_are_searched_for_rarely_while_all_faces_that_are_followed_are_known(
    faces: int, rarely: bool, bundled_model: Path
) -> None:
    search, told = AroundKnown(), []
    find = search.find

    def noted(*given: Any, complete: bool, **rest: Any) -> list[FaceBox]:
        told.append(complete)
        return find(*given, complete=complete, **rest)

    search.find = noted  # type: ignore[method-assign]
    pipeline = Pipeline(search, load_classifier(bundled_model), faces)
    for i in range(4):
        pipeline.process(Clip().frame(i))
    assert told == [False, rarely, rarely, rarely]
