"""MobileNetV2 for eight classes: the network, what is frozen and what is trained, checkpoints in and out.

Called by training, evaluation, and by the live classifier when an export has to be made.
"""

from __future__ import annotations

import math
import pickle
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torchvision.models import MobileNet_V2_Weights, mobilenet_v2

from affect.emotions import EMOTIONS
from affect.errors import AffectError
from affect.files import atomic_path
from affect.preprocessing import Preprocessing

FORMAT_VERSION = 1
ARCHITECTURE = "mobilenet_v2"
BLOCKS = 19  # the length of torchvision's mobilenet_v2().features
StateDict = dict[str, torch.Tensor]


def build_model() -> nn.Module:
    """torchvision's MobileNetV2 (Sandler et al. 2018, arXiv:1801.04381) with `classifier.1` 1280 → 8, untrained.

    Takes float32 (n, 3, side, side), gives logits float32 (n, 8) in the order of `EMOTIONS`.
    """
    model = mobilenet_v2(weights=None)
    model.classifier[1] = nn.Linear(model.last_channel, len(EMOTIONS))
    return model


def load_initial_weights(model: nn.Module, source: str) -> None:
    """Give the backbone its start, in place; the eight-class head keeps its random one.

    source: "none"; "imagenet" (torchvision's IMAGENET1K_V1, downloaded once by torch.hub); or the path of a
    mobilenet_v2 state_dict. Raises AffectError where the file or the download is not usable.
    """
    if source == "none":
        return
    if source == "imagenet":
        try:
            weights = MobileNet_V2_Weights.IMAGENET1K_V1.get_state_dict(progress=True, check_hash=True)
        except (OSError, RuntimeError) as error:
            raise AffectError(
                f"The ImageNet weights could not be downloaded ({error}). Check the network, "
                "or name a local state_dict with --init-weights FILE.pt."
            ) from error
    else:
        weights = _read_tensors(Path(source))
    backbone = {k: v for k, v in weights.items() if k.startswith("features.")}
    expected = {k: v.shape for k, v in model.state_dict().items() if k.startswith("features.")}
    if {k: v.shape for k, v in backbone.items()} != expected:
        raise AffectError(
            f"{source} does not hold the backbone of torchvision's mobilenet_v2. "
            "Name another file with --init-weights, or use --init-weights imagenet."
        )
    model.load_state_dict(backbone, strict=False)


@dataclass(frozen=True)
class Checkpoint:
    """A trained model with all that is needed to use it the way it was trained.

    state_dict:    tensors under torchvision's names.
    preprocessing: how a face becomes its input.
    temperature:   logits are divided by it before the softmax (Guo et al. 2017, arXiv:1706.04599).
    provenance:    plain values: data set, experiment, epoch, metrics, seed, versions.
    """

    state_dict: StateDict
    preprocessing: Preprocessing
    temperature: float = 1.0
    provenance: dict[str, Any] = field(default_factory=dict)

    def build(self) -> nn.Module:
        """The network with these weights, in evaluation mode."""
        model = build_model()
        model.load_state_dict(self.state_dict)
        return model.eval()


def save_checkpoint(path: str | Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint as a dict of tensors and plain values. A kill leaves the old file or the whole new one."""
    content = {
        "format_version": FORMAT_VERSION,
        "architecture": ARCHITECTURE,
        "classes": list(EMOTIONS),
        "preprocessing": checkpoint.preprocessing.to_dict(),
        "temperature": float(checkpoint.temperature),
        "provenance": checkpoint.provenance,
        "state_dict": {k: v.detach().cpu().contiguous() for k, v in checkpoint.state_dict.items()},
    }
    with atomic_path(path) as part:
        torch.save(content, part)


def load_checkpoint(path: str | Path) -> Checkpoint:
    """Read a checkpoint, or the bare state_dict that the original notebooks saved.

    A bare state_dict gets the original's preprocessing (224 px, colour, ImageNet statistics) and temperature 1.
    Nothing in the file is executed (`weights_only`). Raises AffectError, in one line, for a missing, damaged,
    unsafe or unfitting file.
    """
    path = Path(path)
    content = _read_file(path)
    if not isinstance(content, Mapping):
        raise AffectError(f"{path} is not a checkpoint: it holds a {type(content).__name__}.")
    if "state_dict" not in content:
        return Checkpoint(_checked_state_dict(path, content), Preprocessing())
    if content.get("format_version") != FORMAT_VERSION:
        raise AffectError(
            f"{path} has checkpoint format {content.get('format_version')!r}, this program reads "
            f"{FORMAT_VERSION}. Update affect, or train the model again with python -m affect.training."
        )
    if content.get("architecture") != ARCHITECTURE:
        raise AffectError(
            f"{path} holds a {content.get('architecture')!r}, this program runs {ARCHITECTURE}. "
            "Choose another model with --model."
        )
    classes = content.get("classes")
    if list(classes or []) != list(EMOTIONS):
        raise AffectError(
            f"{path} knows the classes {classes}, this program needs the eight of AffectNet in their order. "
            "Train it again with python -m affect.training, or choose another model with --model."
        )
    temperature = content.get("temperature")
    if not isinstance(temperature, (int, float)) or not 0 < temperature < math.inf:
        raise AffectError(f"{path} is damaged: its temperature is {temperature!r}. Use another copy.")
    try:
        preprocessing = Preprocessing.from_dict(content.get("preprocessing") or {})
    except AffectError as error:
        raise AffectError(f"{path}: {error}") from error
    return Checkpoint(
        state_dict=_checked_state_dict(path, content["state_dict"]),
        preprocessing=preprocessing,
        temperature=float(temperature),
        provenance=dict(content.get("provenance") or {}),
    )


def export_onnx(checkpoint: Checkpoint, path: str | Path, source_sha256: str) -> None:
    """Write the network as ONNX: input `faces` (n, 3, side, side) float32, output `logits` (n, 8) float32.

    What the live path needs beside the network (preprocessing, temperature, classes, the .pt's hash) goes into the
    file's metadata. The result is compared with PyTorch before it is kept. Raises AffectError where they differ.
    """
    import json

    import onnx
    import onnxruntime

    model = checkpoint.build()
    side = checkpoint.preprocessing.image_size
    example = torch.randn(2, 3, side, side, generator=torch.Generator().manual_seed(0))
    with atomic_path(path) as part:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                model,
                (example,),
                str(part),
                input_names=["faces"],
                output_names=["logits"],
                dynamic_axes={"faces": {0: "n"}, "logits": {0: "n"}},
                dynamo=False,  # the tracing exporter takes 1 s for this network, torch.export's takes 15 s
            )
        graph = onnx.load(str(part))
        values = {
            "source_sha256": source_sha256,
            "classes": json.dumps(EMOTIONS),
            "preprocessing": json.dumps(checkpoint.preprocessing.to_dict()),
            "temperature": repr(checkpoint.temperature),
        }
        onnx.helper.set_model_props(graph, values)
        onnx.save(graph, str(part))
        session = onnxruntime.InferenceSession(str(part), providers=["CPUExecutionProvider"])
        exported = torch.from_numpy(session.run(None, {"faces": example.numpy()})[0])
        with torch.inference_mode():
            difference = float((exported.softmax(1) - model(example).softmax(1)).abs().max())
        if not difference <= 1e-4:
            raise AffectError(
                f"The ONNX export differs from the PyTorch model by {difference:.1e} in probability. "
                "Run with --backend torch, and please report it with your versions of torch and onnxruntime."
            )


def _read_file(path: Path) -> Any:
    if not path.is_file():
        raise AffectError(
            f"The model file {path} does not exist. Choose one with --model, "
            "or train it with python -m affect.training."
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise AffectError(
            f"{path} holds more than tensors and plain values, and could run code; it was not loaded. "
            "Use a checkpoint that holds a state_dict only."
        ) from error
    except (
        RuntimeError,
        EOFError,
        OSError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
    ) as error:
        raise AffectError(f"{path} is damaged or not a PyTorch checkpoint. Download or train it again.") from error


def _read_tensors(path: Path) -> StateDict:
    content = _read_file(path)
    if isinstance(content, Mapping) and isinstance(content.get("state_dict"), Mapping):
        content = content["state_dict"]
    if not isinstance(content, Mapping) or not all(isinstance(v, torch.Tensor) for v in content.values()):
        raise AffectError(f"{path} does not hold a state_dict (names and tensors).")
    return dict(content)


def _checked_state_dict(path: Path, values: Any) -> StateDict:
    """The state_dict of our network, or an AffectError that says in what the file differs."""
    expected = {k: v.shape for k, v in build_model().state_dict().items()}
    if not isinstance(values, Mapping) or set(values) != set(expected):
        raise AffectError(
            f"{path} does not hold torchvision's mobilenet_v2 with eight classes. "
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
            raise AffectError(f"{path} is damaged: {name} does not have the shape {tuple(shape)}.")
        if not torch.isfinite(tensor).all():
            raise AffectError(f"{path} is damaged: {name} holds values that are not finite numbers.")
    return dict(values)
