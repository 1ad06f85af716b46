"""What a video tells of a reading's worth, measured on made-up clips."""

from __future__ import annotations

import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from affect.emotions import EMOTIONS
from affect.faces.preprocessing import Image
from affect.live.pipeline.classifier import load_classifier
from benchmarks import steadiness
from benchmarks.steadiness import SIDE, Clip, followed, told


def aucs(table: str) -> dict[str, float]:
    return {name: float(value) for name, value in re.findall(r"\| ([a-z, ]+) \| (\d\.\d{3}) \|", table)}


def test_a_measure_that_tells_errors_adds_to_the_others_and_one_that_does_not_adds_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(steadiness, "DRAWS", 50)
    rng = np.random.default_rng(1)
    right = rng.random(300) < 0.8
    found = [
        Clip(bool(r), rng.uniform(0.6, 0.8), rng.uniform(0.4, 0.9), 1.0, rng.uniform(0, 0.1), 0.1 if r else 0.3)
        for r in right
    ]
    table = told(found, "drawn", "x.pt")
    assert table.startswith("300 clips of 8 frames from the val split of drawn, read by x.pt, accuracy 0.8")
    alone = aucs(table)
    assert alone["disagreement"] == 1.0
    assert abs(alone["jitter"] - 0.5) < 0.12
    assert alone["quality and disagreement"] > 0.98
    low, high = map(float, re.findall(r"\| quality and steadiness .* \[(.*), (.*)\]", table)[0])
    assert low < 0.1
    assert high > -0.1


def test_a_face_is_followed_through_its_clip_and_an_empty_picture_is_left_out(
    bundled_model: Path, portrait: Image
) -> None:
    classifier, every = load_classifier(bundled_model), np.ones(len(EMOTIONS), bool)
    large = cv2.resize(portrait, (SIDE, SIDE))
    clip = followed(large, classifier, every, np.random.default_rng(0))
    assert clip is not None
    assert clip.right
    assert 0.3 < clip.found <= 1
    assert 0 < clip.jitter < 0.2
    assert clip.disagreement > 0
    assert followed(np.full((SIDE, SIDE, 3), 110, np.uint8), classifier, every, np.random.default_rng(0)) is None
