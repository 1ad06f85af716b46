from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from affect.data.framing import FaceFinder, measure_framing
from affect.data.manifest import read_manifest
from affect.errors import AffectError
from affect.faces.detection import FaceBox
from affect.faces.preprocessing import Image, Preprocessing
from affect.live.pipeline.tracking import intersection_over_union


def test_the_face_is_found_at_any_picture_size(portrait: Image, portrait_box: FaceBox) -> None:
    x, y, side, _ = portrait_box
    close = portrait[max(0, y - 20) : y + side + 20, x - 20 : x + side + 20]
    for size in (64, 192, 400):
        scale = size / close.shape[0]
        sized = cv2.resize(close, (round(close.shape[1] * scale), size), interpolation=cv2.INTER_AREA)
        face = FaceFinder().find(sized)
        assert face is not None
        left, top, found = (round(v / scale) for v in face)
        box = FaceBox(left + x - 20, top + max(0, y - 20), found, found)
        assert intersection_over_union(box, portrait_box) > 0.7


def test_a_face_that_fills_the_picture_is_cropped_beyond_its_border(portrait: Image, portrait_box: FaceBox) -> None:
    x, y, side, _ = portrait_box
    tight = cv2.resize(portrait[y : y + side, x : x + side], (48, 48), interpolation=cv2.INTER_AREA)
    crop = FaceFinder().crop(tight, Preprocessing(crop_margin=0.2))
    assert crop is not None
    assert crop.shape[0] == crop.shape[1]
    assert crop.shape[0] > 192  # enlarged, with a margin


def test_no_face_is_none() -> None:
    assert FaceFinder().crop(np.full((100, 80, 3), 90, np.uint8), Preprocessing()) is None


def test_the_framing_of_pictures_is_the_margin_they_were_made_with(
    tmp_path: Path, portrait: Image, portrait_box: FaceBox
) -> None:
    x, y, side, _ = portrait_box
    margin = round(0.15 * side)
    (tmp_path / "happy").mkdir()
    for i in range(12):
        picture = portrait[y - margin : y + side + margin, x - margin : x + side + margin]
        cv2.imwrite(str(tmp_path / "happy" / f"{i}.png"), cv2.convertScaleAbs(picture, alpha=0.8 + 0.03 * i))
    manifest = read_manifest(tmp_path)
    framing = measure_framing(manifest, manifest.rows("all"))
    assert framing.found >= 10
    assert framing.crop_margin == pytest.approx(0.15, abs=0.06)
    assert framing.crop_shift == pytest.approx(0, abs=0.06)


def test_pictures_without_faces_are_told(tmp_path: Path) -> None:
    (tmp_path / "happy").mkdir()
    for i in range(12):
        cv2.imwrite(str(tmp_path / "happy" / f"{i}.png"), np.full((64, 64, 3), 10 * i, np.uint8))
    manifest = read_manifest(tmp_path)
    with pytest.raises(AffectError, match="0 of 12"):
        measure_framing(manifest, manifest.rows("all"))
