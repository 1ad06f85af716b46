"""A covered mouth on the portrait's smile: what is told of it, and that it does not flicker."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from affect.faces.detection import FaceBox, HaarDetector
from affect.faces.preprocessing import Image
from affect.live.pipeline.classifier import load_classifier
from affect.live.pipeline.covering import CoverWatch, mouth_edges
from affect.live.pipeline.pipeline import Pipeline
from affect.live.sources.files import DemoSource, Frame

PICTURE = DemoSource().picture(0.0)
BOX = HaarDetector().detect(PICTURE)[0]
COLOURS = {"blue": (235, 215, 180), "white": (245, 245, 245), "black": (35, 35, 35), "skin": (150, 170, 210)}


class There:
    """A search that always finds the portrait's face."""

    def find(self, *_: object, **__: object) -> list[FaceBox]:
        return [BOX]


def masked(colour: tuple[int, int, int], top: float = 0.55) -> Image:
    """The portrait with a mask from the nose to the chin."""
    shape = [(0.1, top + 0.03), (0.5, top - 0.05), (0.9, top + 0.03), (0.85, 0.9), (0.5, 1.05), (0.15, 0.9)]
    made = PICTURE.copy()
    cv2.fillPoly(made, [(np.array(shape) * BOX.width + (BOX.x, BOX.y)).astype(np.int32)], colour, cv2.LINE_AA)
    return np.asarray(made, np.uint8)


def grey(picture: Image, box: FaceBox = BOX) -> Image:
    part = picture[box.y : box.y + box.height, box.x : box.x + box.width]
    return np.asarray(cv2.cvtColor(part, cv2.COLOR_BGR2GRAY), np.uint8)


@pytest.mark.parametrize("top", [0.5, 0.55, 0.6])
@pytest.mark.parametrize("colour", COLOURS.values(), ids=COLOURS)
def test_a_masked_smile_is_uncertain_in_every_frame_and_the_bare_one_again_happy(
    bundled_model: Path, colour: tuple[int, int, int], top: float
) -> None:
    pipeline = Pipeline(There(), load_classifier(bundled_model), 1)
    shown = masked(colour, top)
    for i in range(8):
        assert pipeline.process(Frame(shown, i / 5, i))[0].emotion == "uncertain"
    labels = [pipeline.process(Frame(PICTURE, 1.6 + i / 5, 8 + i))[0].emotion for i in range(10)]
    assert labels[-5:] == 5 * ["happy"]


@pytest.mark.parametrize("light", [0.25, 0.5, 1.0, 1.3])
@pytest.mark.parametrize("size", [30, 104, 256])
def test_a_bare_face_is_not_covered_in_the_dark_small_or_a_little_beside(light: float, size: int) -> None:
    watch = CoverWatch()
    for i, aside in enumerate((-20, 0, 20)):
        face = grey(PICTURE, BOX._replace(x=BOX.x + aside, y=BOX.y + aside // 2))
        face = cv2.resize((face * light).clip(0, 255).astype(np.uint8), (size, size), interpolation=cv2.INTER_AREA)
        assert not watch.update(1, np.asarray(face, np.uint8), float(i))


def test_an_empty_picture_is_not_a_covered_face() -> None:
    assert mouth_edges(np.zeros((90, 90), np.uint8)) == pytest.approx(0)


def test_what_is_between_covered_and_bare_stays_what_it_was() -> None:
    bare, cover = grey(PICTURE), grey(masked(COLOURS["white"]))
    mixes = [np.asarray(cv2.addWeighted(bare, 1 - w, cover, w, 0), np.uint8) for w in np.linspace(0, 1, 101)]
    between = next(mix for mix in mixes if -1.08 < mouth_edges(mix) < -0.92)
    watch = CoverWatch()
    assert not watch.update(1, between, 0.0)
    assert watch.update(2, cover, 0.0)
    assert all(watch.update(2, between, 1.0 + i) for i in range(5))
    watch.update(2, cover, 5.1)
    watch.keep_only({1})
    assert not watch.update(2, between, 5.2)


def test_a_hand_that_passes_in_one_frame_covers_nothing() -> None:
    watch, bare = CoverWatch(), grey(PICTURE)
    hand = np.asarray(cv2.addWeighted(bare, 0.3, grey(masked(COLOURS["skin"])), 0.7, 0), np.uint8)
    assert mouth_edges(hand) < -1.2
    seen = [watch.update(1, hand if i == 5 else bare, i / 30) for i in range(10)]
    assert not any(seen)


@pytest.mark.parametrize("light", [0.6, 0.3, 0.2])
def test_a_mouth_in_the_shade_is_judged_as_one_in_the_light(light: float) -> None:
    bare = grey(PICTURE)
    shaded = np.asarray(bare * np.linspace(1, light, bare.shape[0])[:, None], np.uint8)
    assert mouth_edges(shaded) == pytest.approx(mouth_edges(bare), abs=0.1)


@pytest.mark.parametrize("side", [97, 150, 191, 192, 193, 383, 384, 1001])
def test_a_large_crop_is_judged_as_its_reduction_is(side: int) -> None:
    face = cv2.cvtColor(DemoSource().picture(0.0)[100:500, 380:780], cv2.COLOR_BGR2GRAY)
    large = np.asarray(cv2.resize(face, (side, side), interpolation=cv2.INTER_CUBIC), np.uint8)
    small = np.asarray(cv2.resize(large, (96, 96), interpolation=cv2.INTER_AREA), np.uint8)
    assert mouth_edges(large) == pytest.approx(mouth_edges(small), abs=0.1)
