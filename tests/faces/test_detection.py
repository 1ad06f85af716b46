from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from affect.errors import AffectError
from affect.faces.detection import (
    CASCADE,
    FaceBox,
    HaarDetector,
    YuNetDetector,
    create_detector,
    crop_face,
    crop_square,
)
from affect.faces.preprocessing import Image, Preprocessing
from affect.live.pipeline.tracking import intersection_over_union
from affect.live.sources.files import DemoSource
from tests.conftest import SHARED

YUNET = SHARED / "weights" / "face_detection_yunet_n_320_320.onnx"
PLAIN = Preprocessing()


def test_haar_finds_the_face_of_the_portrait(portrait: Image) -> None:
    (box,) = HaarDetector().detect(portrait)
    assert intersection_over_union(box, FaceBox(168, 64, 110, 110)) > 0.6
    assert box.width == box.height


def test_haar_finds_the_same_face_at_every_size_of_frame(portrait: Image) -> None:
    (small,) = HaarDetector().detect(portrait)
    (large,) = HaarDetector().detect(cv2.resize(portrait, None, fx=3, fy=3))
    assert intersection_over_union(FaceBox(*(3 * v for v in small)), large) > 0.7


def test_haar_takes_grey_pictures(portrait: Image) -> None:
    grey = cv2.cvtColor(portrait, cv2.COLOR_BGR2GRAY)
    assert HaarDetector().detect(grey) == HaarDetector().detect(portrait)


def test_haar_finds_two_faces_largest_first(portrait: Image) -> None:
    face = portrait[20:240, 100:340]
    canvas = np.full((480, 860, 3), 128, np.uint8)
    canvas[60:360, 60:387] = cv2.resize(face, (327, 300))
    canvas[100:320, 540:780] = face
    first, second = HaarDetector().detect(canvas)
    assert first.width > second.width
    assert first.x < second.x


def test_haar_sees_one_face_and_nothing_else_in_the_demo() -> None:
    source, detector = DemoSource(), HaarDetector()
    counts = [len(detector.detect(source.picture(t))) for t in range(0, source.SECONDS, 2)]
    assert counts == [1] * len(counts)


def test_haar_works_where_opencv_cannot_open_the_path_of_its_cascade(
    portrait: Image, portrait_box: FaceBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = cv2.CascadeClassifier
    monkeypatch.setattr(cv2, "CascadeClassifier", lambda *path: empty())  # as on Windows, for a path with accents
    assert portrait_box in HaarDetector().detect(portrait)


def test_a_cascade_that_is_none_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / CASCADE).write_text("no cascade")
    monkeypatch.setattr(cv2.data, "haarcascades", f"{tmp_path}/")
    with pytest.raises(AffectError, match="Install opencv-python-headless again"):
        HaarDetector()


def test_no_face_is_an_empty_list() -> None:
    assert HaarDetector().detect(np.zeros((240, 320, 3), np.uint8)) == []


@pytest.mark.skipif(not YUNET.is_file(), reason="the YuNet model is not on this machine")
def test_yunet_gives_the_box_that_haar_gives(portrait: Image, portrait_box: FaceBox) -> None:
    for scale in (1, 2.5):
        picture = cv2.resize(portrait, None, fx=scale, fy=scale)
        (box,) = YuNetDetector(YUNET).detect(picture)
        assert box.width == box.height
        scaled = FaceBox(*(round(scale * v) for v in portrait_box))
        assert intersection_over_union(box, scaled) > 0.6


def test_yunet_without_its_model_says_where_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(AffectError, match="zoo"):
        create_detector("yunet")
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no network")
    with pytest.raises(AffectError, match="cannot be read"):
        create_detector("yunet", broken)


def test_an_unknown_detector_is_refused() -> None:
    with pytest.raises(AffectError, match="haar or yunet"):
        create_detector("magic")


def test_the_crop_is_the_box_itself_without_margin() -> None:
    picture = np.arange(100 * 120 * 3, dtype=np.uint8).reshape(100, 120, 3)
    crop = crop_face(picture, FaceBox(30, 20, 40, 40), PLAIN)
    np.testing.assert_array_equal(crop, picture[20:60, 30:70])


def test_margin_and_shift_are_in_box_sides() -> None:
    wider = Preprocessing(crop_margin=0.25, crop_shift=0.1)
    assert crop_square(FaceBox(100, 100, 40, 40), wider) == FaceBox(90, 94, 60, 60)


def test_a_box_that_is_not_square_is_cropped_square_around_its_centre() -> None:
    assert crop_square(FaceBox(100, 100, 20, 40), PLAIN) == FaceBox(90, 100, 40, 40)


@pytest.mark.parametrize("box", [FaceBox(-20, -30, 60, 60), FaceBox(80, 60, 60, 60), FaceBox(-10, 30, 200, 200)])
def test_at_the_border_the_crop_is_padded_and_never_squeezed(box: FaceBox) -> None:
    picture = np.zeros((100, 120, 3), np.uint8)
    cv2.circle(picture, (box.x + box.width // 2, box.y + box.height // 2), 15, (255, 255, 255), -1)
    crop = crop_face(picture, box, PLAIN)
    assert crop.shape == (box.width, box.width, 3)
    top, left = max(0, -box.y), max(0, -box.x)
    inside = picture[max(0, box.y) : box.y + box.height, max(0, box.x) : box.x + box.width]
    np.testing.assert_array_equal(crop[top : top + inside.shape[0], left : left + inside.shape[1]], inside)


def test_beyond_the_border_its_last_row_is_repeated() -> None:
    picture = np.tile(np.arange(50, dtype=np.uint8)[:, None, None], (1, 50, 3))
    crop = crop_face(picture, FaceBox(0, -10, 30, 30), PLAIN)
    assert (crop[:10] == picture[0, 0]).all()


def test_a_box_outside_the_picture_is_an_error() -> None:
    with pytest.raises(ValueError, match="outside"):
        crop_face(np.zeros((50, 50, 3), np.uint8), FaceBox(200, 0, 30, 30), PLAIN)


def test_the_crop_is_a_copy(portrait: Image, portrait_box: FaceBox) -> None:
    before = portrait.copy()
    crop_face(portrait, portrait_box, PLAIN)[:] = 0
    np.testing.assert_array_equal(portrait, before)
