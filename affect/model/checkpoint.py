"""Checkpoints: a trained model's weights with its preprocessing, temperature and provenance, saved and loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

import torch
from torch import nn

from affect.emotions import EMOTIONS
from affect.errors import AffectError, brief
from affect.faces.preprocessing import Preprocessing
from affect.model.calibration import Calibration, is_prior
from affect.model.network import (
    ARCHITECTURE,
    ARCHITECTURES,
    StateDict,
    build_model,
    check_numbers,
    expected_shapes,
    told_architecture,
)
from affect.model.safe_pt import read_plain, write_whole

FORMAT_VERSION = 1
LOWEST, HIGHEST = 0.01, 100.0  # temperatures; fitted ones lie between 0.5 and 3, and scaled logits must stay finite


@dataclass(frozen=True)
class Checkpoint:
    """A trained model's weights, with the preprocessing and temperature that it is used with.

    state_dict:    tensors under torchvision's names.
    preprocessing: how a face becomes model input.
    temperature, prior, prior_strength, sure_from: see `affect.model.calibration.Calibration`.
    provenance:    plain values: data set, experiment, epoch, metrics, seed, versions.
    architecture:  the network's name, one of `ARCHITECTURES`.
    """

    state_dict: StateDict
    preprocessing: Preprocessing
    temperature: float = 1.0
    provenance: dict[str, Any] = field(default_factory=dict)
    architecture: str = ARCHITECTURE
    prior: tuple[float, ...] | None = None
    prior_strength: float = 1.0
    sure_from: float | None = None

    @property
    def calibration(self) -> Calibration:
        """How the logits become probabilities, and from which one on a label is shown."""
        return Calibration(self.temperature, self.prior, self.prior_strength, self.sure_from)

    def build(self) -> nn.Module:
        """The network with these weights, in evaluation mode."""
        model = build_model(self.architecture)
        model.load_state_dict(self.state_dict)
        return model.eval()


def save_checkpoint(path: str | Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint atomically, as a dict of tensors and plain values.

    Raises OSError if the disk is full.
    """
    content = {
        "format_version": FORMAT_VERSION,
        "architecture": checkpoint.architecture,
        "classes": list(EMOTIONS),
        "preprocessing": checkpoint.preprocessing.to_dict(),
        "temperature": float(checkpoint.temperature),
        "prior": None if checkpoint.prior is None else [float(share) for share in checkpoint.prior],
        "prior_strength": float(checkpoint.prior_strength),
        "sure_from": None if checkpoint.sure_from is None else float(checkpoint.sure_from),
        "provenance": checkpoint.provenance,
        "state_dict": {k: v.detach().cpu().contiguous() for k, v in checkpoint.state_dict.items()},
    }
    write_whole(path, content)


def load_checkpoint(path: str | Path) -> Checkpoint:
    """Load a checkpoint, or a bare state_dict as the original notebooks saved it.

    A bare state_dict gets the original's preprocessing (224 px, colour, ImageNet statistics) and temperature 1.
    No code in the file is executed (see `affect.model.safe_pt`). Raises AffectError for a file that is missing,
    damaged, unsafe or of another network.
    """
    path = Path(path)
    content = read_plain(path)
    if not isinstance(content, dict):
        raise AffectError(
            f"{path} is not a checkpoint: it holds a {type(content).__name__}. Choose another model with --model."
        )
    if "state_dict" not in content:
        return Checkpoint(_checked_state_dict(path, content), Preprocessing())
    if not _is(content.get("format_version"), FORMAT_VERSION):
        raise AffectError(
            f"{path} has checkpoint format {brief(content.get('format_version'))}, this program reads "
            f"{FORMAT_VERSION}. Update affect, or train the model again with python -m affect.training."
        )
    architecture = content.get("architecture")
    if not isinstance(architecture, str) or architecture not in ARCHITECTURES:
        raise AffectError(
            f"{path} holds a {brief(architecture)}, this program runs {' and '.join(ARCHITECTURES)}. "
            "Choose another model with --model."
        )
    classes = content.get("classes")
    if not _is(classes, list(EMOTIONS)):
        raise AffectError(
            f"{path} knows the classes {brief(classes)}, this program needs the eight of AffectNet in their order. "
            "Train it again with python -m affect.training, or choose another model with --model."
        )
    temperature: Any = content.get("temperature")
    prior, strength = content.get("prior"), content.get("prior_strength", 1.0)  # files without them assume no shares
    sure_from = content.get("sure_from")
    for name, value, fits in (
        ("temperature", temperature, type(temperature) in (int, float) and LOWEST <= temperature <= HIGHEST),
        ("prior", prior, prior is None or is_prior(prior, len(EMOTIONS))),
        ("prior_strength", strength, type(strength) is float and 0 <= strength <= 1),
        ("sure_from", sure_from, sure_from is None or (type(sure_from) is float and 0 <= sure_from < 1)),
    ):
        if not fits:
            raise AffectError(f"{path} is damaged: its value of {name} is {brief(value)}. Use another copy.")
    try:
        preprocessing = Preprocessing.from_dict(content.get("preprocessing"))
    except AffectError as error:
        raise AffectError(f"{path}: {error}") from error
    provenance = content.get("provenance")
    if not isinstance(provenance, dict) or _holds_tensors(provenance):
        raise AffectError(f"{path} is damaged: its provenance is not a dict of plain values. Use another copy.")
    return Checkpoint(
        state_dict=_checked_state_dict(path, content["state_dict"], architecture),
        preprocessing=preprocessing,
        temperature=float(temperature),
        provenance=provenance,
        architecture=architecture,
        prior=None if prior is None else tuple(prior),
        prior_strength=strength,
        sure_from=sure_from,
    )


def _is(value: Any, wanted: Any) -> bool:
    """Whether two values are equal and of the same type: 1.0, True and tensors do not count as the number 1."""
    return type(value) is type(wanted) and bool(value == wanted)


def _holds_tensors(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_holds_tensors, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(_holds_tensors, value))
    return isinstance(value, torch.Tensor)


def _checked_state_dict(path: Path, values: Any, architecture: str = ARCHITECTURE) -> StateDict:
    """Check that a state_dict fits the network. Raises AffectError that names the difference."""
    expected = expected_shapes(architecture)
    if not isinstance(values, Mapping) or set(values) != set(expected):
        raise AffectError(
            f"{path} does not hold {told_architecture(architecture)} with eight classes. "
            "Choose another model with --model, or train one with python -m affect.training."
        )
    head = values["classifier.1.weight"]
    if isinstance(head, torch.Tensor) and head.ndim == 2 and head.shape[0] != len(EMOTIONS):
        raise AffectError(
            f"{path} holds {head.shape[0]} classes, this program needs the eight of AffectNet. "
            "Train it again with python -m affect.training, or choose another model with --model."
        )
    for name, shape in expected.items():
        tensor = values[name]
        if not isinstance(tensor, torch.Tensor) or tensor.shape != shape:
            raise AffectError(f"{path} is damaged: {name} does not have the shape {tuple(shape)}. Use another copy.")
    check_numbers(path, values)
    weights = {k: v.long() if k.endswith("num_batches_tracked") else v.float() for k, v in values.items()}
    _check_answer(path, weights, architecture)
    return weights


def _check_answer(path: Path, weights: StateDict, architecture: str) -> None:
    """Raise AffectError if the network's outputs are not finite: finite weights can still overflow."""
    face = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode(), _one_at_a_time:
        answer = torch.func.functional_call(_without_weights(architecture), weights, (face,))
    if not torch.isfinite(answer).all():
        raise AffectError(f"{path} is damaged: its weights give no finite numbers. Use another copy.")


_one_at_a_time = Lock()  # functional_call puts the weights into the network for the time of the call


@cache
def _without_weights(architecture: str) -> nn.Module:
    """The network on the meta device, in evaluation mode: to build it takes longer than a call."""
    with torch.device("meta"):
        return build_model(architecture).eval()
