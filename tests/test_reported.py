"""What was reported, by the names that the project gives its models and its data."""

from __future__ import annotations

import pytest

from affect.reported import MODELS, is_affectnet, reported


def test_the_six_models_have_the_names_and_files_of_the_contract() -> None:
    assert [m.name for m in MODELS] == [
        "v1 frozen", "v1 finetuned", "v2 frozen", "v2 finetuned", "v3 finetuned", "v4 finetuned",
    ]  # fmt: skip
    assert reported("v4", "finetuned").checkpoint == "best_model_finetuned_affectnet_v4.pt"
    assert reported("v1", "frozen").checkpoint == "best_model_frozen_affectnet_v1.pt"
    with pytest.raises(KeyError, match="v4 finetuned"):
        reported("v4", "frozen")


def test_the_reported_figures_are_about_data_that_are_called_affectnet() -> None:
    assert is_affectnet("AffectNet_sample")
    assert not is_affectnet("ferplus")
