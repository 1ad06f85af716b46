from __future__ import annotations

import json
from dataclasses import fields

import pytest
from conftest import REPOSITORY

from affect.errors import AffectError
from affect.experiments import EXPERIMENTS, MISTAKES, STARTER, V1, V2, V3, V4, Augmentation, adapted, with_mistake
from affect.faces import YuNetDetector
from affect.model import BLOCKS

MEASURED = REPOSITORY / "results" / "ferplus" / "crop_margin" / "crop_margin.json"


def test_experiments_are_found_by_their_name() -> None:
    assert all(name == experiment.name for name, experiment in EXPERIMENTS.items())


def test_every_stage_can_be_trained() -> None:
    for experiment in EXPERIMENTS.values():
        for stage in experiment.stages:
            assert 0 <= stage.trained_blocks <= BLOCKS
            assert stage.epochs > 0
            assert stage.learning_rate > 0


def test_the_starters_crop_is_the_measured_one() -> None:
    measured = json.loads(MEASURED.read_text(encoding="utf-8"))
    assert STARTER.preprocessing.crop_margin == measured["crop_margin"]
    assert STARTER.preprocessing.crop_shift == measured["crop_shift"]


def test_yunets_box_becomes_haars_by_the_measured_ratio() -> None:
    yunet = json.loads(MEASURED.read_text(encoding="utf-8"))["yunet"]
    assert abs(YuNetDetector.HAAR_SCALE - yunet["haar_side_over_yunet_mean_side"]["median"]) < 0.02
    assert abs(YuNetDetector.HAAR_SHIFT - yunet["haar_centre_below_yunet_centre"]["median"]) < 0.02


def difference(one: object, other: object) -> set[str]:
    """The fields in which two experiments differ, beside their names and questions."""
    names = {f.name for f in fields(V1)} - {"name", "question"}
    return {n for n in names if getattr(one, n) != getattr(other, n)}


def test_the_story_changes_one_idea_at_a_time() -> None:
    assert difference(V1, V2) == {"preprocessing", "augmentation"}
    assert difference(V2, V3) == {"stages"}
    assert difference(V3, V4) == {"preprocessing", "measure_framing"}
    assert V4.preprocessing.find_face


def test_the_story_keeps_the_first_versions_settings() -> None:
    frozen, finetuned = V1.stages
    assert (frozen.trained_blocks, frozen.epochs, frozen.learning_rate, frozen.patience) == (0, 10, 1e-3, 5)
    assert (finetuned.trained_blocks, finetuned.epochs, finetuned.learning_rate) == (3, 10, 1e-4)
    assert V2.stages == V1.stages
    (only,) = V3.stages
    assert (only.trained_blocks, only.epochs, only.learning_rate, only.patience) == (5, 20, 1e-4, 5)
    assert only.monitor == "val_accuracy"
    for experiment in (V1, V2, V3, V4):
        assert experiment.preprocessing.image_size == 224
        assert experiment.batch_size == 32
        assert experiment.optimizer == "adam"
        assert not experiment.soft_labels
        assert experiment.imbalance == "none"
        assert experiment.chosen_on == "hold-out"


def test_other_epochs_are_those_of_every_stage() -> None:
    assert adapted(V1) == V1
    assert [stage.epochs for stage in adapted(V1, epochs=2).stages] == [2, 2]


@pytest.mark.parametrize("epochs", [0, -1])
def test_no_epochs_are_not_taken_for_the_experiments_own(epochs: int) -> None:
    with pytest.raises(AffectError, match=f"cannot have {epochs} epochs"):
        adapted(V1, epochs=epochs)


def test_a_mistake_changes_what_it_says_and_is_named() -> None:
    lost = with_mistake(V2, "augmentation-lost")
    assert difference(V2, lost) == {"augmentation", "mistake"}
    assert lost.augmentation == Augmentation()
    drifting = with_mistake(V1, "drifting-batch-norm")
    assert drifting.frozen_batch_norm == "drifting"
    assert all(stage.views is None for stage in drifting.stages)
    assert {with_mistake(V1, m).mistake for m in MISTAKES} == set(MISTAKES)
    with pytest.raises(AffectError, match="augmentation-lost"):
        with_mistake(V1, "bgr")
