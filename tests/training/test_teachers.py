from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import torch

from affect.data.cache import prepare_pictures
from affect.data.loading import FaceDataset
from affect.data.manifest import Manifest, read_manifest
from affect.datasets.sample import write_sample
from affect.errors import AffectError
from affect.faces.preprocessing import Image, Preprocessing
from affect.files import cache_folder
from affect.model.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from affect.model.network import build_model
from affect.training import teachers as teachers_module
from affect.training.teachers import Teachers, teacher_targets


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


def test_answers_are_those_to_the_pictures_that_are_there_now(tmp_path: Path, bundled_model: Path) -> None:
    """Not to those that had the same names before: whether others took their place, or the folder was moved."""
    folder = write_sample(tmp_path / "faces", train=2, val=1, size=48)
    before = read_manifest(folder)
    first = teacher_targets([bundled_model], before, before.rows("train"))
    happy, sad = folder / "train" / "happy", folder / "train" / "sad"
    happy.rename(folder / "aside")
    sad.rename(happy)
    (folder / "aside").rename(sad)
    for path in folder.rglob("*.png"):  # as cp -p or an archive leaves them
        os.utime(path, (0, 0))
    now = read_manifest(folder)
    swapped = teacher_targets([bundled_model], now, now.rows("train"))
    label = now.rows("train")["label"]
    np.testing.assert_allclose(swapped[label == "happy"], first[label == "sad"], atol=1e-5)
    assert np.abs(swapped - first).max() > 0.1
    kept = sorted((cache_folder() / "teachers").iterdir())
    folder.rename(tmp_path / "moved")
    moved = read_manifest(tmp_path / "moved")
    np.testing.assert_array_equal(teacher_targets([bundled_model], moved, moved.rows("train")), swapped)
    assert sorted((cache_folder() / "teachers").iterdir()) == kept


def test_answers_are_those_of_the_teacher_that_is_there_now(manifest: Manifest, tmp_path: Path) -> None:
    answers = []
    for seed in range(2):
        torch.manual_seed(seed)
        save_checkpoint(tmp_path / "t.pt", Checkpoint(build_model().state_dict(), Preprocessing(image_size=32)))
        answers.append(teacher_targets([tmp_path / "t.pt"], manifest, manifest.rows("val")))
    assert not np.array_equal(answers[0], answers[1])


def test_the_order_and_the_last_picture_belong_to_the_content() -> None:
    pictures = np.random.default_rng(0).integers(0, 255, (1030, 4, 4, 1), dtype=np.uint8)
    changed = pictures.copy()
    changed[-1, -1, -1] ^= 1
    assert len({teachers_module._content(p) for p in (pictures, changed, pictures[::-1], pictures[:-1])}) == 4
    assert teachers_module._content(pictures) == teachers_module._content(pictures.copy())


def test_a_teacher_that_cannot_see_a_picture_is_refused(manifest: Manifest, checkpoint_file: Path) -> None:
    rows = pd.concat([manifest.rows("val"), manifest.rows("val").iloc[:1].assign(pth="gone.png")], ignore_index=True)
    inside = Path(manifest.source.path) / "gone.png"
    inside.write_bytes(b"no picture")
    try:
        with pytest.raises(AffectError, match="8 of the 9 pictures only"):
            teacher_targets([checkpoint_file], replace(manifest, table=rows), rows)
    finally:
        inside.unlink()


def test_teachers_answer_to_what_another_network_sees(tmp_path: Path, bundled_model: Path) -> None:
    """Each at its own size and with its own statistics: the same picture is another array for either."""
    bundled = load_checkpoint(bundled_model)
    ours = replace(bundled.preprocessing, image_size=80)
    theirs = replace(ours, image_size=96, mean=(0.5, 0.4, 0.3), std=(0.9, 1.0, 1.1))
    torch.manual_seed(0)
    other = Checkpoint(dict(build_model("face_mobilenet").state_dict()), theirs, 1.7, {}, "face_mobilenet")
    save_checkpoint(tmp_path / "other.pt", other)
    picture = np.random.default_rng(0).integers(0, 256, (2, 12, 12, 1), dtype=np.uint8).repeat(8, 1).repeat(8, 2)

    def seen_by(settings: Preprocessing) -> torch.Tensor:
        return torch.from_numpy(settings.normalize(picture))

    def teachers(*paths: Path) -> Teachers:
        learned_from = FaceDataset(picture, np.eye(8, dtype=np.float32)[:2], ours)
        return Teachers(list(paths), ours, torch.device("cpu"), learned_from)

    first = teachers(tmp_path / "other.pt")(seen_by(ours))
    answers = first.probabilities
    with torch.inference_mode():
        expected = (other.build()(seen_by(theirs)) / 1.7).softmax(1)
    torch.testing.assert_close(answers, expected, atol=1e-4, rtol=0)
    assert not answers.is_inference()
    assert first.features.shape == (2, 1024)
    torch.testing.assert_close(first.features.mean(0), torch.zeros(1024), atol=1e-4, rtol=0)
    assert not first.features.is_inference()

    small, features = teachers(bundled_model)(seen_by(ours))
    assert features.abs().max() == pytest.approx(1, abs=1e-3)  # of two pictures, each is a deviation away
    with torch.inference_mode():
        levels = torch.nn.functional.interpolate(seen_by(ours), size=(104, 104), mode="bilinear", antialias=True)
        straight = (bundled.build()(levels) / bundled.temperature).softmax(1)
    torch.testing.assert_close(small, straight, atol=1e-4, rtol=0)

    both = teachers(tmp_path / "other.pt", bundled_model)
    torch.testing.assert_close(both(seen_by(ours)).probabilities, (answers + small) / 2)
    torch.testing.assert_close(both(seen_by(ours)).features, first.features)
    assert both.width == 1024


def test_a_teacher_of_pictures_prepared_in_another_way_is_refused(bundled_model: Path) -> None:
    colour = replace(load_checkpoint(bundled_model).preprocessing, color="rgb")
    pictures = FaceDataset(np.zeros((1, 48, 48, 3), np.uint8), np.eye(8, dtype=np.float32)[:1], colour)
    with pytest.raises(AffectError, match="prepared in another way"):
        Teachers([bundled_model], colour, torch.device("cpu"), pictures)
