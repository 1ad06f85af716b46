from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from affect.data.loading import FaceDataset
from affect.errors import AffectError
from affect.faces.detection import FaceBox, crop_face, overlaps
from affect.faces.preprocessing import Image, Preprocessing
from affect.live.pipeline.classifier import Classifier
from affect.model.calibration import Calibration


@pytest.mark.parametrize("color", ["rgb", "grey"])
@pytest.mark.parametrize("detail", [None, 48])
def test_training_and_live_see_the_same_tensor(
    portrait: Image, portrait_box: FaceBox, color: str, detail: int | None
) -> None:
    settings = Preprocessing(image_size=112, color=color, detail=detail, crop_margin=0.1)
    seen: list[np.ndarray] = []

    def record(faces: np.ndarray) -> np.ndarray:
        seen.append(faces)
        return np.zeros((len(faces), 8), np.float32)

    Classifier(record, settings, Calibration(), "recorder").probabilities(portrait, [portrait_box])
    picture = settings.prepare(crop_face(portrait, portrait_box, settings))
    dataset = FaceDataset(picture[None], np.eye(8, dtype=np.float32)[:1], settings)
    assert torch.equal(dataset[0][0], torch.from_numpy(seen[0][0]))


def test_the_channels_reach_the_model_in_rgb_order() -> None:
    red = np.zeros((10, 10, 3), np.uint8)
    red[:, :, 2] = 255  # BGR, as OpenCV reads it
    plain = Preprocessing(image_size=32, mean=(0, 0, 0), std=(1, 1, 1))
    values = plain.normalize(plain.prepare(red)[None])
    assert values.shape == (1, 3, 32, 32)
    assert values.dtype == np.float32
    assert values[0, 0].min() == pytest.approx(1)
    assert values[0, 1:].max() == 0


def test_values_are_normalised_with_the_mean_and_std_of_their_channel() -> None:
    settings = Preprocessing(image_size=32)
    white = settings.normalize(np.full((1, 32, 32, 3), 255, np.uint8))
    expected = (1 - np.array(settings.mean)) / np.array(settings.std)
    np.testing.assert_allclose(white[0, :, 0, 0], expected, rtol=1e-5)


@pytest.mark.parametrize("color", ["rgb", "grey"])
def test_normalising_plane_by_plane_is_the_formula_to_the_last_bit(color: str) -> None:
    settings = Preprocessing(image_size=32, color=color)
    pictures = np.random.default_rng(0).integers(0, 256, (3, 32, 32, settings.channels), dtype=np.uint8)
    mean, std = (np.asarray(v, np.float32) for v in (settings.mean, settings.std))
    formula = pictures * (1 / (255 * std)) - mean / std
    faces = settings.normalize(pictures)
    assert faces.dtype == np.float32
    assert faces.flags["C_CONTIGUOUS"]
    assert np.array_equal(faces, formula.transpose(0, 3, 1, 2))


def test_grey_does_not_depend_on_hue(portrait: Image) -> None:
    settings = Preprocessing(image_size=64, color="grey")
    grey = np.asarray(settings.prepare(portrait))
    assert grey.shape == (64, 64, 1)
    again = settings.prepare(np.repeat(settings.prepare(portrait), 3, axis=2))
    np.testing.assert_allclose(again.astype(int), grey.astype(int), atol=1)
    assert settings.normalize(grey[None]).shape == (1, 3, 64, 64)


def test_detail_finer_than_the_training_pictures_is_lost() -> None:
    stripes = np.zeros((192, 192, 3), np.uint8)
    stripes[:, ::2] = 255
    fine = Preprocessing(image_size=192, color="grey").prepare(stripes)
    reduced = Preprocessing(image_size=192, color="grey", detail=48).prepare(stripes)
    assert fine.std() > 100
    assert reduced.std() < 5


def test_the_settings_survive_json() -> None:
    settings = Preprocessing(image_size=96, color="grey", crop_margin=0.05, crop_shift=-0.01, detail=48)
    assert Preprocessing.from_dict(json.loads(json.dumps(settings.to_dict()))) == settings


@pytest.mark.parametrize(
    "change",
    [{"image_size": 4}, {"color": "bgr"}, {"crop_margin": 9.0}, {"detail": 2}, {"std": (0, 1, 1)}, {"mean": (0,)}],
)
def test_settings_out_of_range_are_refused(change: dict) -> None:
    with pytest.raises(AffectError):
        replace(Preprocessing(), **change)


def test_unknown_or_missing_settings_are_named() -> None:
    values = Preprocessing().to_dict()
    with pytest.raises(AffectError, match="sharpen"):
        Preprocessing.from_dict(values | {"sharpen": 1})
    del values["detail"]
    with pytest.raises(AffectError, match="detail"):
        Preprocessing.from_dict(values)


def test_checkpoints_from_before_faces_were_searched_take_pictures_as_they_are() -> None:
    values = Preprocessing().to_dict()
    del values["find_face"]
    assert Preprocessing.from_dict(values) == Preprocessing(find_face=False)


@pytest.mark.parametrize(
    ("margin", "shift", "fits"), [(-0.4, 0.1, True), (-0.4, -0.2, False), (0.0, 0.6, False), (0.5, 1.0, True)]
)
def test_a_crop_shows_at_least_the_centre_of_its_box(margin: float, shift: float, fits: bool) -> None:
    if fits:
        settings = Preprocessing(crop_margin=margin, crop_shift=shift)
        assert overlaps(FaceBox(-20, -20, 42, 42), 50, 50, settings)  # its centre is in the picture's corner
    else:
        with pytest.raises(AffectError, match="out of range"):
            Preprocessing(crop_margin=margin, crop_shift=shift)
