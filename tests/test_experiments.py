from __future__ import annotations

import json

from conftest import REPOSITORY

from affect.experiments import EXPERIMENTS, STARTER
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
