from __future__ import annotations

from pathlib import Path

import numpy as np

from affect.faces import HaarDetector
from affect.live.classifier import load_classifier
from affect.live.pipeline import Pipeline
from affect.live.search import AroundKnown, Everywhere
from affect.live.sources import Frame
from affect.live.tracking import intersection_over_union
from affect.preprocessing import Image
from benchmarks.clips import Clip


def test_boxes_and_labels_are_those_of_a_full_search_of_every_frame(bundled_model: Path) -> None:
    classifier = load_classifier(bundled_model)
    ours = Pipeline(AroundKnown(), classifier)
    whole = Pipeline(Everywhere(HaarDetector()), classifier)
    overlaps, same = [], []
    for frame in Clip(fps=15).frames(75):
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
