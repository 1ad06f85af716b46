from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from affect.data.loading import FaceDataset
from affect.errors import AffectError
from affect.faces.preprocessing import Preprocessing
from affect.model.calibration import Calibration
from affect.model.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from affect.model.network import build_model
from affect.training.teachers import Teachers


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

    own = torch.empty(2, 0)
    first = teachers(tmp_path / "other.pt")(seen_by(ours), own)
    answers = first.probabilities
    with torch.inference_mode():
        expected = (other.build()(seen_by(theirs)) / 1.7).softmax(1)
    torch.testing.assert_close(answers, expected, atol=1e-4, rtol=0)
    assert not answers.is_inference()
    assert first.features.shape == (2, 1024)
    torch.testing.assert_close(first.features.mean(0), torch.zeros(1024), atol=1e-4, rtol=0)
    assert not first.features.is_inference()

    small, features = teachers(bundled_model)(seen_by(ours), own)
    assert features.abs().max() == pytest.approx(1, abs=1e-3)  # of two pictures, each is a deviation away
    with torch.inference_mode():
        levels = torch.nn.functional.interpolate(seen_by(ours), size=(104, 104), mode="bilinear", antialias=True)
        offset = torch.from_numpy(bundled.calibration.offset).float()
        straight = (bundled.build()(levels) / bundled.temperature + offset).softmax(1)
    torch.testing.assert_close(small, straight, atol=1e-4, rtol=0)

    both = teachers(tmp_path / "other.pt", bundled_model)
    torch.testing.assert_close(both(seen_by(ours), own).probabilities, (answers + small) / 2)
    torch.testing.assert_close(both(seen_by(ours), own).features, first.features)
    assert both.width == 1024


def test_a_teacher_of_pictures_prepared_in_another_way_is_refused(bundled_model: Path) -> None:
    colour = replace(load_checkpoint(bundled_model).preprocessing, color="rgb")
    pictures = FaceDataset(np.zeros((1, 48, 48, 3), np.uint8), np.eye(8, dtype=np.float32)[:1], colour)
    with pytest.raises(AffectError, match="prepared in another way"):
        Teachers([bundled_model], colour, torch.device("cpu"), pictures)


def test_answers_assume_the_shares_that_are_asked_for(tmp_path: Path) -> None:
    ours = Preprocessing(image_size=32, color="grey")
    prior, asked = np.linspace(1, 8, 8) / 36, np.linspace(8, 1, 8) / 36
    torch.manual_seed(0)
    checkpoint = Checkpoint(dict(build_model().state_dict()), ours, 1.3, prior=tuple(prior), prior_strength=0.5)
    save_checkpoint(tmp_path / "t.pt", checkpoint)
    picture = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 1), dtype=np.uint8)
    faces = torch.from_numpy(ours.normalize(picture))
    teachers = Teachers([tmp_path / "t.pt"], ours, torch.device("cpu"), FaceDataset(picture, np.eye(8)[:2], ours))
    with torch.inference_mode():
        logits = checkpoint.build()(faces).numpy()
    for log_shares, expected in (
        (torch.empty(2, 0), checkpoint.calibration),
        (torch.from_numpy(np.log(asked)).float().expand(2, 8), Calibration(1.3, tuple(asked))),
    ):
        answers = teachers(faces, log_shares).probabilities.numpy()
        np.testing.assert_allclose(answers, expected.probabilities(logits), atol=1e-5)
