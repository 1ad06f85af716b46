from __future__ import annotations

from pathlib import Path

from affect.experiments import STARTER, V1, V2, V3, V4, with_mistake
from affect.reported import MODELS
from affect.runs import Run, checkpoint_name, default_folder


def test_models_of_affectnet_and_of_other_data_sets_do_not_mix() -> None:
    assert default_folder("affectnet") == Path("models")
    assert default_folder("ferplus") == Path("models/ferplus")
    names = {checkpoint_name(e, s, "affectnet") for e in (V1, V2, V3, V4) for s in e.stages}
    assert names == {model.checkpoint for model in MODELS}


def test_a_mistake_and_a_last_epoch_lie_apart_from_the_run_that_they_are_compared_with() -> None:
    run, stage = Run(V3, "affectnet", Path("m"), Path("r"), {}), V3.stages[0]
    wrong = Run(with_mistake(V3, "augmentation-lost"), "affectnet", Path("m"), Path("r"), {})
    file = "best_model_finetuned_affectnet_v3.pt"
    assert (run.checkpoint(stage), run.home) == (Path("m", file), Path("r/affectnet/v3"))
    apart = "mistakes/v3__augmentation-lost"
    assert (wrong.checkpoint(stage), wrong.home) == (Path("m", apart, file), Path("r/affectnet", apart))
    last = "mistakes/v3__last-epoch"
    assert run.last_epoch(stage) == (Path("m", last, file), Path("r/affectnet", last, "finetuned"))
    assert wrong.last_epoch(stage) is None
    assert Run(STARTER, "ferplus", Path("m"), Path("r"), {}).last_epoch(STARTER.stages[-1]) is None
