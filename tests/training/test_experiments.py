from __future__ import annotations

import json
from dataclasses import fields, replace

import pytest

from affect.data.augmentation import Augmentation
from affect.errors import AffectError
from affect.faces.detection import YuNetDetector
from affect.model.network import build_model
from affect.training.experiments import (
    EXPERIMENTS,
    MISTAKES,
    STARTER,
    V1,
    V2,
    V3,
    V4,
    Experiment,
    adapted,
    with_mistake,
)
from tests.conftest import REPOSITORY

MEASURED = REPOSITORY / "results" / "ferplus" / "crop_margin" / "crop_margin.json"


@pytest.mark.parametrize("experiment", EXPERIMENTS.values(), ids=lambda e: e.name)
def test_every_stage_trains_blocks_that_its_network_has(experiment: Experiment) -> None:
    """In PyTorch, more blocks than there are would silently be all of them."""
    blocks = len(build_model(experiment.network).features)  # type: ignore[arg-type]
    assert all(0 <= stage.trained_blocks <= blocks for stage in experiment.stages)
    assert experiment.stages[-1].trained_blocks in {"v1": [3], "v2": [3], "v3": [5], "v4": [5]}.get(
        experiment.name, [blocks]
    )


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


# Read off the first version's notebooks: layers, epochs, learning rate, what made an epoch the best, patience.
FROZEN = (0, 10, 1e-3, "val_loss", 5)
THREE_BLOCKS = (3, 10, 1e-4, "val_accuracy", 5)
FIVE_BLOCKS = (5, 20, 1e-4, "val_accuracy", 5)


@pytest.mark.parametrize(
    ("experiment", "stages"),
    [(V1, [FROZEN, THREE_BLOCKS]), (V2, [FROZEN, THREE_BLOCKS]), (V3, [FIVE_BLOCKS]), (V4, [FIVE_BLOCKS])],
    ids=lambda given: getattr(given, "name", ""),
)
def test_the_story_keeps_the_first_versions_settings(experiment: Experiment, stages: list[tuple[object, ...]]) -> None:
    own = [(s.trained_blocks, s.epochs, s.learning_rate, s.monitor, s.patience) for s in experiment.stages]
    assert own == stages
    plain = Experiment(experiment.name, "", experiment.preprocessing, experiment.stages, experiment.augmentation)
    assert difference(experiment, plain) <= {"measure_framing"}
    assert (plain.network, plain.optimizer, plain.schedule, plain.batch_size) == (
        "mobilenet_v2", "adam", "constant", 32,
    )  # fmt: skip
    assert (plain.weight_decay, plain.dropout, plain.chosen_on) == (0.0, 0.2, "hold-out")
    assert experiment.preprocessing.image_size == 224


def test_the_story_varies_pictures_as_the_first_version_meant_to() -> None:
    assert V1.augmentation == Augmentation(flip=0.5, rotation=15)
    assert V2.augmentation == V3.augmentation == V4.augmentation
    assert V2.augmentation == replace(
        V1.augmentation, crop_area=(0.8, 1.2), aspect=4 / 3, light=0.2, shift=0.1, scale=0.1
    )


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
    assert difference(V1, drifting) == {"frozen_batch_norm", "mistake"}
    assert drifting.frozen_batch_norm == "drifting"
    assert {with_mistake(V1, m).mistake for m in MISTAKES} == set(MISTAKES)
    with pytest.raises(AffectError, match="augmentation-lost"):
        with_mistake(V1, "bgr")
