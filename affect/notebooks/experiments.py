"""Experiments as tables: the stages of one, and what differs between two."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace

import pandas as pd
from torch import nn

from affect.model.network import build_model
from affect.training.experiments import Experiment


def stages_of(experiment: Experiment) -> pd.DataFrame:
    """An experiment's stages as a table: trained layers, number of parameters, epochs, and monitor."""
    network = build_model(experiment.network)
    blocks: list[nn.Module] = list(network.features)  # type: ignore[arg-type]

    head: nn.Module = network.classifier  # type: ignore[assignment]

    def learned(last: int) -> int:
        parts = [*blocks[len(blocks) - last :], head]
        return sum(p.numel() for part in parts for p in part.parameters())

    rows = {
        s.name: {
            "learns": f"head and last {s.trained_blocks} of {len(blocks)} blocks" if s.trained_blocks else "head only",
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
    """Table of the settings in which two experiments differ, one row per setting; "–" for a stage that one lacks.

    All fields are compared, including stages, augmentation and preprocessing, except names and question. A column is
    named after its experiment and its mistake, if it has one.
    """
    one, other = (_flat(replace(e, name="", question="", mistake=None)) for e in (first, second))
    rows = {key: [one.get(key, "–"), other.get(key, "–")] for key in one | other if one.get(key) != other.get(key)}
    columns = [e.name if e.mistake is None else f"{e.name} {e.mistake}" for e in (first, second)]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns)


def _flat(value: object, name: str = "") -> dict[str, str]:
    """All settings of a dataclass and of nested ones by path, such as `stages.finetuned.epochs`."""
    flat: dict[str, str] = {}
    if is_dataclass(value):
        for field in fields(value):
            flat |= _flat(getattr(value, field.name), f"{name}.{field.name}".lstrip("."))
    elif isinstance(value, tuple) and any(map(is_dataclass, value)):
        flat[name] = ", ".join(part.name for part in value)
        for part in value:
            flat |= _flat(replace(part, name=""), f"{name}.{part.name}")
    else:
        flat[name] = str(value)
    return flat
