"""Check for data leakage: whether a checkpoint was trained on another selection or split of the evaluated data set.

Called by `affect.evaluation` and `affect.evaluation.robustness`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from affect.data.manifest import Manifest
from affect.errors import as_shown, brief
from affect.model.checkpoint import Checkpoint


def warning_of(path: str | Path, checkpoint: Checkpoint, manifest: Manifest) -> str | None:
    """Warning, also printed on stderr, if a model was trained on this data set with other pictures, labels or split.

    None if it was trained on the same, on another data set, or if its checkpoint does not tell.
    """
    differences = _differences(checkpoint.provenance, manifest)
    if not differences:
        return None
    print(_warning(as_shown(Path(path).name), as_shown(manifest.name), differences), file=sys.stderr)
    return _warning(Path(path).name, manifest.name, differences)


def _warning(model: str, data: str, differences: str) -> str:
    return (
        f"{model} was trained on {data} as it is not here ({differences}): it may have learned pictures that it is "
        "measured on. Give the --labels, --classes and --split-mode of its training."
    )


def _differences(provenance: dict[str, Any], manifest: Manifest) -> str:
    settings, identity, pictures = (_dict(provenance.get(key)) for key in ("settings", "identity", "pictures"))
    if (beside := _dict(settings.get("also")).get(manifest.name)) is not None:  # one of several data sets
        settings, identity = _dict(beside), {"data": _dict(identity.get("also")).get(manifest.name)}
        settings["limit"] = _dict(provenance["settings"]).get("limit")
    elif settings.get("data", provenance.get("data")) != manifest.name:
        return ""
    here = {"labels": manifest.labels, "split": manifest.split}
    told = [
        f"{key} {brief(settings[key])} then, {here[key]} now"
        for key in here
        if settings.get(key, here[key]) != here[key]
    ]
    if told or "data" not in identity:
        return ", ".join(told)
    limits = [settings["limit"]] if "limit" in settings else [None, pictures.get("train")]  # either, in old ones
    same = identity["data"] in [manifest.digest(limit) for limit in limits]
    return "" if same else "other pictures, labels or split"


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
