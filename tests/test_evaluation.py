from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import REPOSITORY, SHARED
from scipy.special import softmax
from sklearn.metrics import roc_auc_score

from affect.emotions import EMOTIONS
from affect.evaluation import expected_calibration_error, fit_temperature, main, metrics_of

FERPLUS = SHARED / "data" / "ferplus.zip"
STARTER = REPOSITORY / "models" / "starter_ferplus.pt"


def drawn(n: int = 8000, temperature: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Logits and labels drawn from them: calibrated at this temperature."""
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (n, 8))
    labels = np.array([rng.choice(8, p=p) for p in softmax(logits / temperature, axis=1)])
    return logits, labels


def test_a_calibrated_model_has_almost_no_error_and_an_overconfident_one_has() -> None:
    logits, labels = drawn()
    assert expected_calibration_error(softmax(logits, axis=1), labels) < 0.04
    assert expected_calibration_error(softmax(4 * logits, axis=1), labels) > 0.15


def test_calibration_error_of_a_case_that_can_be_done_by_hand() -> None:
    probabilities = np.array([[0.9, 0.1], [0.9, 0.1], [0.4, 0.6], [0.4, 0.6]])
    labels = np.array([0, 1, 1, 1])
    assert expected_calibration_error(probabilities, labels) == pytest.approx(0.5 * 0.4 + 0.5 * 0.4)
    with pytest.raises(ValueError, match="labels"):
        expected_calibration_error(probabilities, labels[:2])


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_temperature_is_found_again(temperature: float) -> None:
    logits, labels = drawn(temperature=temperature)
    assert fit_temperature(logits, labels) == pytest.approx(temperature, rel=0.1)


def test_the_metrics_agree_with_scikit_learn_and_count_every_class() -> None:
    logits, labels = drawn()
    probabilities = softmax(logits, axis=1)
    metrics = metrics_of(probabilities, labels)
    assert metrics["auc_macro"] == pytest.approx(roc_auc_score(labels, probabilities, multi_class="ovr"))
    assert metrics["n"] == 8000
    assert list(metrics["per_class"]) == list(EMOTIONS)
    assert sum(c["support"] for c in metrics["per_class"].values()) == 8000
    json.dumps(metrics)


def test_a_class_that_never_occurs_does_not_break_the_table() -> None:
    metrics = metrics_of(np.eye(8)[[4, 4, 5]], np.array([4, 5, 5]))
    assert metrics["accuracy"] == pytest.approx(2 / 3)
    assert metrics["per_class"]["fear"] == {"precision": 0, "recall": 0, "f1": 0, "support": 0}


def test_the_command_line_says_what_is_missing(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["--model", str(tmp_path / "none.pt"), "--data", str(tmp_path)]) == 2
    assert "does not exist" in capsys.readouterr().err


@pytest.mark.skipif(not FERPLUS.is_file(), reason="FER+ is not on this machine")
def test_the_bundled_model_reaches_its_published_figures(tmp_path: Path) -> None:
    assert main(["--model", str(STARTER), "--data", str(FERPLUS), "--out", str(tmp_path)]) == 0
    measured = json.loads((tmp_path / "metrics.json").read_text())
    published = json.loads((REPOSITORY / "results" / "ferplus" / "starter" / "metrics.json").read_text())
    assert measured["accuracy"] >= 0.82
    assert measured["accuracy"] == pytest.approx(published["accuracy"], abs=0.002)
    predictions = pd.read_csv(tmp_path / "predictions.csv")
    assert len(predictions) == measured["n"] == 3553
    assert (predictions["label"] == predictions["predicted"]).mean() == pytest.approx(measured["accuracy"])
    assert {p.name for p in tmp_path.iterdir()} == {
        "metrics.json", "predictions.csv", "confusion.png", "reliability.png",
    }  # fmt: skip


def test_the_model_card_shows_the_published_figures() -> None:
    card = (REPOSITORY / "models" / "starter_ferplus.md").read_text(encoding="utf-8")
    published = json.loads((REPOSITORY / "results" / "ferplus" / "starter" / "metrics.json").read_text())
    assert f"{published['accuracy']:.4f}" in card
    for name, row in published["per_class"].items():
        line = next(li for li in card.splitlines() if li.startswith(f"| {name} "))
        assert f"{row['f1']:.3f}" in line
        assert str(row["support"]) in line
