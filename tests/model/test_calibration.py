from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.special import softmax

from affect.emotions import EMOTIONS
from affect.errors import AffectError
from affect.faces.detection import FaceBox
from affect.faces.preprocessing import Image, Preprocessing
from affect.live.pipeline.classifier import load_classifier
from affect.model.calibration import SENSITIVITIES, Calibration
from affect.model.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from affect.model.network import build_model

LOGITS = np.random.default_rng(3).normal(0, 3, (200, len(EMOTIONS))).astype(np.float32)
SHARES = np.array([0.1, 0.01, 0.01, 0.03, 0.3, 0.35, 0.1, 0.1])
PRIOR = tuple(SHARES.tolist())


def test_without_a_prior_it_is_the_softmax_of_the_scaled_logits() -> None:
    np.testing.assert_allclose(Calibration(1.7).probabilities(LOGITS), softmax(LOGITS / np.float64(1.7), axis=1))


def test_a_prior_multiplies_the_probabilities_by_the_assumed_shares() -> None:
    free = softmax(LOGITS.astype(float), axis=1)
    for strength in (0.0, 0.3, 1.0):
        weighted = free * SHARES**strength
        found = Calibration(1.0, PRIOR, strength).probabilities(LOGITS)
        np.testing.assert_allclose(found, weighted / weighted.sum(1, keepdims=True))


def test_very_large_logits_stay_numbers() -> None:
    found = Calibration(0.01, PRIOR).probabilities(np.array([[3e4, -3e4, 0, 0, 0, 0, 0, 0]], np.float32))
    np.testing.assert_allclose(found, [[1, 0, 0, 0, 0, 0, 0, 0]])


@pytest.mark.parametrize("backend", ["onnx", "torch"])
def test_a_checkpoint_keeps_its_calibration_and_both_backends_apply_it(
    backend: str, tmp_path: Path, portrait: Image, portrait_box: FaceBox
) -> None:
    network = build_model().eval()
    path = tmp_path / "m.pt"
    weights = dict(network.state_dict())
    saved = Checkpoint(weights, Preprocessing(image_size=64), 1.5, prior=PRIOR, prior_strength=0.5, sure_from=0.45)
    save_checkpoint(path, saved)
    assert load_checkpoint(path).calibration == saved.calibration == Calibration(1.5, PRIOR, 0.5, 0.45)
    classifier = load_classifier(path, backend, lambda _: None)
    assert classifier.calibration == saved.calibration
    faces = classifier.preprocessing.prepare(portrait)[None]
    for sensitivity, strength in {"low": 1.0, "high": 0.25}.items():
        moved = load_classifier(path, backend, lambda _: None, sensitivity=sensitivity)  # type: ignore[arg-type]
        assert moved.calibration == replace(saved.calibration, prior_strength=strength)
    logits = classifier.logits(classifier.preprocessing.normalize(faces))
    (found,) = classifier.probabilities(portrait, [portrait_box])
    assert found.argmax() in (4, 5)  # random weights say next to nothing: the shares decide
    assert np.abs(softmax(logits, axis=1) - 1 / 8).max() < 0.1


def test_a_model_without_a_prior_has_no_sensitivity_to_move(checkpoint_file: Path) -> None:
    with pytest.raises(AffectError, match=r"random\.pt assumes no class shares"):
        load_classifier(checkpoint_file, "torch", lambda _: None, sensitivity="high")


def test_a_higher_sensitivity_names_rare_classes_more_often_and_a_lower_one_frequent_ones() -> None:
    found = [Calibration(1.5, PRIOR, 0.6).with_sensitivity(s).probabilities(LOGITS).argmax(1) for s in SENSITIVITIES]
    rare, frequent = ([np.isin(f, classes).sum() for f in found] for classes in ([1, 2, 3], [4, 5]))
    assert rare[0] < rare[1] < rare[2]
    assert frequent[0] > frequent[1] > frequent[2]
