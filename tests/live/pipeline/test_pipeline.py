from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from affect.faces.detection import HaarDetector
from affect.faces.preprocessing import Image
from affect.live.pipeline.classifier import load_classifier
from affect.live.pipeline.pipeline import Pipeline
from affect.live.pipeline.search import AroundKnown, Everywhere
from affect.live.pipeline.tracking import intersection_over_union
from affect.live.sources.files import DemoSource, Frame
from benchmarks.clips import Clip


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
