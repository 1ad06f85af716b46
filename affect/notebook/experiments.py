"""Experiments as tables: the stages of one, and what differs between two."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from affect.experiments import Experiment
from affect.model import BLOCKS, build_model


def stages_of(experiment: Experiment) -> pd.DataFrame:
    """An experiment's stages as a table: what learns, how much that is, for how long, and what chooses the epoch."""
    features, classifier = build_model().features, build_model().classifier
    assert features is not None  # noqa: S101  torchvision's network has both

    def learned(blocks: int) -> int:
        parts = [*list(features)[BLOCKS - blocks :], classifier]  # type: ignore[arg-type]
        return sum(p.numel() for part in parts for p in part.parameters())

    rows = {
        s.name: {
            "learns": f"head and last {s.trained_blocks} of {BLOCKS} blocks" if s.trained_blocks else "head only",
            "parameters that learn": f"{learned(s.trained_blocks):,}",
            "epochs at most": s.epochs,
            "learning rate": f"{s.learning_rate:g}",
            "best epoch by": s.monitor.replace("_", " "),
            "patience": s.patience,
        }
        for s in experiment.stages
    }
    return pd.DataFrame.from_dict(rows, orient="index")


def differences(first: Experiment, second: Experiment) -> pd.DataFrame:
    """The settings in which two experiments differ, a row a setting; the name and the question are left out."""
    flat = [_flat(e) for e in (first, second)]
    rows = {
        key: {e.name: f[key] for e, f in zip((first, second), flat, strict=True)}
        for key in flat[0]
        if flat[0][key] != flat[1][key]
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=[first.name, second.name])


def _flat(experiment: Experiment) -> dict[str, str]:
    plain = vars(replace(experiment, name="", question=""))
    flat: dict[str, str] = {}
    for key, value in plain.items():
        if key == "stages":
            flat[key] = "; ".join(f"{s.name}: {s.trained_blocks} blocks, {s.epochs} epochs" for s in value)
        elif hasattr(value, "__dataclass_fields__"):
            flat |= {f"{key}.{k}": str(v) for k, v in vars(value).items()}
        else:
            flat[key] = str(value)
    return flat
