from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from affect.errors import AffectError
from affect.faces.detection import (
    CASCADE,
    MOST_FACES,
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


class _Net:
    """A network that finds these boxes: left, top, width, height in a picture of 320×240."""

    def __init__(self, *boxes: tuple[float, float, float, float]) -> None:
        self._rows = np.asarray([(*box, *[0.0] * 11) for box in boxes], np.float32).reshape(-1, 15)

    def setInputSize(self, size: tuple[int, int]) -> None:
        assert size == (320, 240)

    def detect(self, picture: Image) -> tuple[int, Image]:
        return 1, self._rows  # type: ignore[return-value]


def yunet_of(net: _Net) -> YuNetDetector:
    detector = YuNetDetector.__new__(YuNetDetector)
    detector._net, detector._max_side = net, 640  # type: ignore[assignment]
    return detector


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    "box",
    [
        (NAN, 10, 50, 50), (10, 10, NAN, 50), (INF, 10, 50, 50), (10, -INF, 50, 50), (10, 10, INF, INF),
        (10, 10, 2981, 50), (10, 10, 50, 1e30), (10, 10, -50, 50), (10, 10, 0, 50), (-1e30, 10, 50, 50),
        (400, 10, 50, 50), (10, 300, 50, 50), (-60, 10, 50, 50), (10, -60, 50, 50), (-1e9, -1e9, 2e9, 2e9),
    ],
)  # fmt: skip
def test_a_box_that_can_be_no_face_is_left_out(box: tuple[float, float, float, float]) -> None:
    picture = np.zeros((240, 320, 3), np.uint8)
    with np.errstate(all="raise"):
        (found,) = yunet_of(_Net(box, (100, 80, 50, 60), box)).detect(picture)
    assert abs(found.x - 95) < 5


def test_a_network_s_largest_hundred_faces_are_kept() -> None:
    boxes = [(float(i % 200), 10.0, 10.0 + i % 50, 20.0) for i in range(5000)]
    found = yunet_of(_Net(*boxes)).detect(np.zeros((240, 320, 3), np.uint8))
    assert len(found) == MOST_FACES
    assert {box.width for box in found} == {43}


def test_a_box_that_reaches_beyond_the_picture_is_kept() -> None:
    picture = np.zeros((240, 320, 3), np.uint8)
    assert len(yunet_of(_Net((-100, -100, 500, 500), (290, 200, 60, 70))).detect(picture)) == 2


def test_a_detector_of_any_size_is_refused_without_reading_it(tmp_path: Path) -> None:
    with (tmp_path / "large.onnx").open("wb") as file:
        file.truncate(3_000_000_000)
    before = _peak_mb()
    with pytest.raises(AffectError, match="cannot be read as a YuNet"):
        create_detector("yunet", tmp_path / "large.onnx")
    assert _peak_mb() - before < 60


def _peak_mb() -> float:
    resource = pytest.importorskip("resource")
    return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) / (1e6 if sys.platform == "darwin" else 1e3)


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
