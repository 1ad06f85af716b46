"""Quality falls with what makes a face hard to read, and stays between 0 and 1."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from affect.data.corruptions import blur, noise
from affect.faces.detection import FaceBox
from affect.faces.preprocessing import Image
from affect.live.pipeline.quality import BELIEVED, COEFFICIENTS, MEASURES, face_quality, measures


def small(picture: Image, factor: float) -> Image:
    return np.asarray(cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8)


def scaled(box: FaceBox, factor: float) -> FaceBox:
    return FaceBox(*(round(v * factor) for v in box))


def named(picture: Image, box: FaceBox) -> dict[str, float]:
    found = measures(picture, box)
    assert found is not None
    return dict(zip(MEASURES, found.tolist(), strict=True))


def test_a_sharp_well_lit_large_face_is_believed(portrait: Image, portrait_box: FaceBox) -> None:
    assert BELIEVED < face_quality(portrait, portrait_box) < 1


def test_the_coefficients_tell_what_they_were_fitted_on() -> None:
    told = json.loads(COEFFICIENTS.read_text(encoding="utf-8"))
    assert set(told["weights"]) == set(MEASURES)
    assert told["n"] > 10_000
    assert len(told["model_sha256"]) == 64


@pytest.mark.parametrize(
    "worse",
    [
        lambda p, s: blur(p, (0.006, 0.02)[s]),
        lambda p, s: noise(p, (30, 60)[s], np.random.default_rng(0)),
    ],
    ids=["blurred", "noisy"],
)
def test_what_hides_the_face_lowers_it_step_by_step(portrait: Image, portrait_box: FaceBox, worse) -> None:  # type: ignore[no-untyped-def]
    found = [face_quality(portrait, portrait_box), *(face_quality(worse(portrait, s), portrait_box) for s in range(2))]
    assert found == sorted(found, reverse=True)
    assert found[0] - found[-1] > 0.03
    assert all(0 <= q <= 1 for q in found)


def test_each_measure_measures_what_it_says(portrait: Image, portrait_box: FaceBox) -> None:
    plain = named(portrait, portrait_box)
    assert named(small(portrait, 0.2), scaled(portrait_box, 0.2))["size"] < 0 == plain["size"]
    assert named(blur(portrait, 0.03), portrait_box)["sharpness"] < plain["sharpness"] - 0.3
    dark = np.asarray(portrait // 4, np.uint8)
    assert named(dark, portrait_box)["light"] == pytest.approx(plain["light"] / 4, rel=0.1)
    assert named(dark, portrait_box)["contrast"] == pytest.approx(plain["contrast"] - np.log(4), abs=0.1)
    white = np.asarray(cv2.convertScaleAbs(portrait, alpha=4), np.uint8)
    assert named(white, portrait_box)["overexposed"] > 0.3 > plain["overexposed"]
    half = portrait.copy()
    half[:, portrait_box.x + portrait_box.width // 2 :] //= 5
    assert named(half, portrait_box)["symmetry"] < plain["symmetry"] - 0.2
    assert named(half, portrait_box)["halves"] > plain["halves"] + 0.5
    assert named(np.ascontiguousarray(half[:, ::-1]), mirrored(portrait_box, half))["halves"] == pytest.approx(
        named(half, portrait_box)["halves"], abs=0.1
    )


def mirrored(box: FaceBox, picture: Image) -> FaceBox:
    return FaceBox(picture.shape[1] - box.x - box.width, *box[1:])


def test_a_box_beyond_the_border_counts_what_is_inside(portrait: Image, portrait_box: FaceBox) -> None:
    assert face_quality(portrait, FaceBox(-500, -500, 100, 100)) == 0
    assert face_quality(portrait, FaceBox(600, 0, 100, 100)) == 0
    assert 0 <= face_quality(portrait, FaceBox(portrait_box.x, -40, 90, 90)) <= 1


def test_an_even_area_shows_nothing() -> None:
    assert face_quality(np.full((200, 200, 3), 128, np.uint8), FaceBox(10, 10, 100, 100)) == 0
