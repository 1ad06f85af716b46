from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import torch

from affect.data.cache import prepare_pictures
from affect.data.manifest import Manifest, read_manifest
from affect.data.sample import write_sample
from affect.distillation import teacher_targets
from affect.errors import AffectError
from affect.files import cache_folder
from affect.model import Checkpoint, load_checkpoint
from affect.preprocessing import Image


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    return read_manifest(write_sample(tmp_path_factory.mktemp("taught") / "faces", train=2, val=1, size=48))


def test_targets_are_the_teachers_mean_over_the_mirror_image(manifest: Manifest, bundled_model: Path) -> None:
    rows = manifest.rows("train")
    targets = teacher_targets([bundled_model], manifest, rows)
    assert (targets.shape, targets.dtype) == ((16, 8), np.float32)
    np.testing.assert_allclose(targets.sum(1), 1, atol=1e-5)
    checkpoint = load_checkpoint(bundled_model)
    pictures, _ = prepare_pictures(manifest, rows, checkpoint.preprocessing)
    straight, mirrored = (
        np.array([_answer(checkpoint, p) for p in shown]) for shown in (pictures, pictures[:, :, ::-1])
    )
    assert np.abs(straight - mirrored).max() > 0.01
    np.testing.assert_allclose(targets, (straight + mirrored) / 2, atol=1e-4)


def _answer(checkpoint: Checkpoint, picture: Image) -> npt.NDArray[np.float32]:
    """The calibrated probabilities for one prepared picture, straight from PyTorch."""
    faces = torch.from_numpy(checkpoint.preprocessing.normalize(picture[None]))
    with torch.inference_mode():
        return np.asarray((checkpoint.build()(faces) / checkpoint.temperature).softmax(1)[0].numpy(), np.float32)


def test_answers_are_kept(manifest: Manifest, checkpoint_file: Path) -> None:
    rows = manifest.rows("val")
    first = teacher_targets([checkpoint_file], manifest, rows)
    newest = max((cache_folder() / "teachers").glob("*.npy"), key=lambda p: p.stat().st_mtime_ns)
    stamp = newest.stat().st_mtime_ns
    np.testing.assert_array_equal(teacher_targets([checkpoint_file, checkpoint_file], manifest, rows), first)
    assert newest.stat().st_mtime_ns == stamp


def test_a_teacher_that_cannot_see_a_picture_is_refused(manifest: Manifest, checkpoint_file: Path) -> None:
    rows = pd.concat([manifest.rows("val"), manifest.rows("val").iloc[:1].assign(pth="gone.png")], ignore_index=True)
    inside = Path(manifest.source.path) / "gone.png"
    inside.write_bytes(b"no picture")
    try:
        with pytest.raises(AffectError, match="8 of the 9 pictures only"):
            teacher_targets([checkpoint_file], replace(manifest, table=rows), rows)
    finally:
        inside.unlink()
