"""The reported figures are consistent in themselves: they were copied whole."""

from __future__ import annotations

import numpy as np
import pytest

from affect.emotions import EMOTIONS
from affect.reported import MODELS, V4_BEST_EPOCH_ACCURACY, V4_F1_MACRO, V4_PER_CLASS, reported


def test_the_six_models_have_the_names_and_files_of_the_contract() -> None:
    assert [m.name for m in MODELS] == [
        "v1 frozen", "v1 finetuned", "v2 frozen", "v2 finetuned", "v3 finetuned", "v4 finetuned",
    ]  # fmt: skip
    assert reported("v4", "finetuned").checkpoint == "best_model_finetuned_affectnet_v4.pt"
    assert reported("v1", "frozen").checkpoint == "best_model_frozen_affectnet_v1.pt"
    with pytest.raises(KeyError, match="v4 finetuned"):
        reported("v4", "frozen")


def test_v4s_classes_add_up_to_its_overall_figures() -> None:
    v4, rows = reported("v4", "finetuned"), [V4_PER_CLASS[name] for name in EMOTIONS]
    support = np.array([row.support for row in rows])
    assert support.sum() == v4.n
    assert np.average([row.f1 for row in rows], weights=support) == pytest.approx(v4.f1_weighted, abs=0.01)
    assert np.average([row.recall for row in rows], weights=support) == pytest.approx(v4.accuracy, abs=0.01)
    assert np.mean([row.f1 for row in rows]) == pytest.approx(V4_F1_MACRO, abs=0.01)
    for row in rows:
        assert 2 * row.precision * row.recall / (row.precision + row.recall) == pytest.approx(row.f1, abs=0.011)


def test_v4s_reported_figure_is_not_its_best_epochs() -> None:
    assert reported("v4", "finetuned").accuracy < V4_BEST_EPOCH_ACCURACY
