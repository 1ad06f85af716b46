from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from skimage.feature import hog
from sklearn.linear_model import RidgeClassifier

from affect.data.manifest import read_manifest
from affect.datasets import drawing, sample
from affect.datasets.drawing import draw_face
from affect.datasets.sample import main, sample_data_set, write_sample
from affect.emotions import EMOTIONS
from affect.errors import AffectError
from affect.faces.detection import HaarDetector
from affect.faces.preprocessing import Image, Preprocessing
from affect.model.network import build_model, load_initial_weights
from tests.conftest import SHARED

EACH = 25
SEEN = 18
IMAGENET = SHARED / "weights" / "mobilenet_v2_imagenet.pt"


@pytest.fixture(scope="module")
def faces() -> dict[str, list[Image]]:
    """25 faces of each class."""
    return {e: [draw_face(e, np.random.default_rng((c, i))) for i in range(EACH)] for c, e in enumerate(EMOTIONS)}


def test_the_same_seed_draws_the_same_face_and_another_another() -> None:
    one, again, other = (draw_face("happy", np.random.default_rng(s), 96) for s in (1, 1, 2))
    assert one.shape == (96, 96, 3)
    assert one.dtype == np.uint8
    np.testing.assert_array_equal(one, again)
    assert (one != other).any()


def test_that_a_mask_is_painted_only_where_it_is_not_empty_changes_no_pixel(monkeypatch: pytest.MonkeyPatch) -> None:
    def drawn() -> list[Image]:
        return [draw_face(emotion, np.random.default_rng(7), 256) for emotion in EMOTIONS]

    expected = drawn()
    monkeypatch.setattr(drawing, "_occupied", lambda mask: (slice(None), slice(None)))
    np.testing.assert_array_equal(drawn(), expected)


def test_haar_finds_at_least_95_of_100(faces: dict[str, list[Image]]) -> None:
    detector = HaarDetector()
    found = [bool(detector.detect(face)) for drawn in faces.values() for face in drawn[:13]]
    assert np.mean(found) >= 0.95


def test_the_expressions_can_be_told_apart(faces: dict[str, list[Image]]) -> None:
    """A linear model on gradient histograms, on identities that it has not seen; chance is 0.125."""

    def features(face: Image) -> np.ndarray:
        grey = cv2.cvtColor(face[24:112, 24:104], cv2.COLOR_BGR2GRAY)
        return hog(cv2.resize(grey, (64, 64)), pixels_per_cell=(8, 8), cells_per_block=(2, 2))

    rows = {e: np.array([features(f) for f in drawn]) for e, drawn in faces.items()}
    seen = np.concatenate([r[:SEEN] for r in rows.values()])
    unseen = np.concatenate([r[SEEN:] for r in rows.values()])
    model = RidgeClassifier().fit(seen, np.repeat(np.arange(len(EMOTIONS)), SEEN))
    assert model.score(unseen, np.repeat(np.arange(len(EMOTIONS)), EACH - SEEN)) > 0.5


@pytest.mark.skipif(not IMAGENET.is_file(), reason="the ImageNet weights are not on this machine")
def test_the_network_learns_them_as_it_learns_real_faces(faces: dict[str, list[Image]]) -> None:
    """The frozen stage of the experiments: an ImageNet backbone, a new head, unseen identities; chance is 0.125."""
    settings = Preprocessing(image_size=96, color="grey")
    torch.manual_seed(0)
    model = build_model().eval()
    load_initial_weights(model, str(IMAGENET))
    model.features.requires_grad_(False)

    def features(drawn: list[Image]) -> torch.Tensor:
        prepared = np.stack([settings.prepare(face[18:120, 18:110]) for face in drawn])
        with torch.no_grad():
            return model.features(torch.from_numpy(settings.normalize(prepared))).mean((2, 3))

    seen = features([f for drawn in faces.values() for f in drawn[:SEEN]])
    unseen = features([f for drawn in faces.values() for f in drawn[SEEN:]])
    labels = torch.arange(len(EMOTIONS))
    optimizer = torch.optim.Adam(model.classifier.parameters(), 3e-3)
    for _ in range(60):
        loss = torch.nn.functional.cross_entropy(model.classifier(seen), labels.repeat_interleave(SEEN))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    found = model.classifier(unseen).argmax(1)
    assert (found == labels.repeat_interleave(EACH - SEEN)).float().mean() > 0.4


def test_the_sample_set_is_drawn_once_into_the_cache_and_named_sample(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AFFECT_CACHE", str(tmp_path))
    monkeypatch.setattr(sample, "draw_face", lambda *_: np.zeros((8, 8, 3), np.uint8))
    manifest = read_manifest(sample_data_set())
    assert manifest.name == "sample"
    assert manifest.split == "given"
    assert tmp_path in manifest.source.path.parents
    assert len(manifest.rows("train")) == 320
    assert len(manifest.rows("val")) == 80
    monkeypatch.setattr(sample, "draw_face", None)  # it is not needed again
    assert sample_data_set() == manifest.source.path


def test_a_cache_that_cannot_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("AFFECT_CACHE", str(tmp_path / "file"))
    with pytest.raises(AffectError, match="affect.datasets.sample DIR"):
        sample_data_set()


def test_a_written_sample_is_a_data_set_and_is_continued_not_redrawn(tmp_path: Path) -> None:
    folder = write_sample(tmp_path / "sample", train=2, val=1, size=64)
    manifest = read_manifest(folder)
    assert len(manifest.rows("train")) == 16
    assert len(manifest.rows("val")) == 8
    first = folder / "train" / "fear" / "0001.png"
    content, changed = first.read_bytes(), first.stat().st_mtime_ns
    first.with_name("0000.png").unlink()
    assert main([str(folder), "--train", "2", "--val", "1", "--size", "64"]) == 0
    assert first.stat().st_mtime_ns == changed
    assert first.read_bytes() == content
    assert first.with_name("0000.png").exists()


def test_wrong_wishes_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(AffectError, match="anger, contempt"):
        draw_face("bored", np.random.default_rng(0))
    assert main([str(tmp_path), "--size", "10"]) == 2
    assert "48 pixels" in capsys.readouterr().err
