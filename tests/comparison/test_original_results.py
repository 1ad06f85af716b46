"""What was reported, by the names that the project gives its models and its data."""

from __future__ import annotations

import pytest

from affect.comparison.original_results import MODELS, find_reported
from affect.training.run import is_affectnet


def test_the_six_models_have_the_names_and_files_of_the_contract() -> None:
    assert [m.name for m in MODELS] == [
        "v1 frozen", "v1 finetuned", "v2 frozen", "v2 finetuned", "v3 finetuned", "v4 finetuned",
    ]  # fmt: skip
    assert MODELS[-1].checkpoint == "best_model_finetuned_affectnet_v4.pt"
    assert MODELS[0].checkpoint == "best_model_frozen_affectnet_v1.pt"
    assert [find_reported(m.name) for m in MODELS] == list(MODELS)
    assert find_reported("v4 frozen") is None


def test_the_three_sources_are_kept_apart() -> None:
    """The README's table and the notebooks' prints differ for v2 and v3; the saved checkpoint is better than both."""
    readme = {m.name: (m.accuracy, m.f1_weighted) for m in MODELS}
    printed = {m.name: m.printed for m in MODELS}
    assert {name for name in readme if readme[name] != printed[name]} == {"v2 finetuned", "v3 finetuned"}
    assert (readme["v2 finetuned"], printed["v2 finetuned"]) == ((0.62, 0.61), (0.60, 0.61))
    assert (readme["v3 finetuned"], printed["v3 finetuned"]) == ((0.62, 0.63), (0.63, 0.63))
    assert [round(m.best_accuracy, 4) for m in MODELS] == [0.4910, 0.6239, 0.4910, 0.6239, 0.6676, 0.6805]
    for model in MODELS:  # what was printed is the last epoch's
        assert model.printed[0] == pytest.approx(model.log[-1], abs=0.0051)
        assert model.best_accuracy == max(model.log)


def test_v1_and_v2_were_the_same_run() -> None:
    v1, v2 = ([find_reported(f"{name} {stage}") for stage in ("frozen", "finetuned")] for name in ("v1", "v2"))
    assert [m.log for m in v1 if m] == [m.log for m in v2 if m]


def test_the_reported_figures_are_about_data_that_are_called_affectnet() -> None:
    assert is_affectnet("AffectNet_sample")
    assert not is_affectnet("ferplus")
