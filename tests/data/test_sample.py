from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from skimage.feature import hog
from sklearn.linear_model import LogisticRegression

from affect.data.manifest import read_manifest
from affect.data.sample import draw_face, main, write_sample
from affect.emotions import EMOTIONS
from affect.errors import AffectError
from affect.faces import HaarDetector
from affect.preprocessing import Image

EACH = 25


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


def test_haar_finds_at_least_95_of_100(faces: dict[str, list[Image]]) -> None:
    detector = HaarDetector()
    found = [bool(detector.detect(face)) for drawn in faces.values() for face in drawn]
    assert np.mean(found) >= 0.95


def test_the_expressions_can_be_told_apart(faces: dict[str, list[Image]]) -> None:
    """A linear model on gradient histograms, on identities that it has not seen; chance is 0.125."""

    def features(face: Image) -> np.ndarray:
        grey = cv2.cvtColor(face[24:112, 24:104], cv2.COLOR_BGR2GRAY)
        return hog(cv2.resize(grey, (64, 64)), pixels_per_cell=(8, 8), cells_per_block=(2, 2))

    rows = {e: np.array([features(f) for f in drawn]) for e, drawn in faces.items()}
    seen = np.concatenate([r[:18] for r in rows.values()])
    unseen = np.concatenate([r[18:] for r in rows.values()])
    model = LogisticRegression(max_iter=2000).fit(seen, np.repeat(np.arange(len(EMOTIONS)), 18))
    assert model.score(unseen, np.repeat(np.arange(len(EMOTIONS)), EACH - 18)) > 0.5


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
