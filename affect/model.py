"""MobileNetV2 for eight classes, and what it may be taught by: networks, their start, checkpoints in and out.

Called by training, evaluation, and by the live classifier when an export has to be made.
"""

from __future__ import annotations

import io
import pickle
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torchvision.models import MobileNet_V2_Weights, mobilenet_v2

from affect.checkpoint_file import brief, read_plain, write_whole
from affect.emotions import EMOTIONS
from affect.errors import AffectError
from affect.face_network import FaceMobileNet
from affect.files import sha256_of
from affect.preprocessing import Preprocessing

FORMAT_VERSION = 1
ARCHITECTURE = "mobilenet_v2"
BLOCKS = 19  # the length of its features
STRIDE = 32  # a cell of the last block is so many pixels of the picture
TEMPERATURES = (0.01, 100.0)  # fitted ones lie between 0.5 and 3; the logits divided by one must stay numbers
StateDict = dict[str, torch.Tensor]


def build_model(architecture: str = ARCHITECTURE) -> nn.Module:
    """A network with a head of eight classes, untrained: one of `ARCHITECTURES`. Raises AffectError for another.

    Takes float32 (n, 3, side, side), gives logits float32 (n, 8) in the order of `EMOTIONS`. Its blocks are a list,
    `features`; its head is `classifier`, dropout and a linear layer.
    """
    if architecture not in ARCHITECTURES:
        raise AffectError(f"There is no network {architecture!r}. Choose one of {', '.join(ARCHITECTURES)}.")
    return ARCHITECTURES[architecture]()


def _mobilenet_v2() -> nn.Module:
    """torchvision's MobileNetV2 (Sandler et al. 2018, arXiv:1801.04381) with `classifier.1` 1280 → 8."""
    model = mobilenet_v2(weights=None)
    model.classifier[1] = nn.Linear(model.last_channel, len(EMOTIONS))
    return model


ARCHITECTURES: dict[str, Callable[[], nn.Module]] = {
    ARCHITECTURE: _mobilenet_v2,
    "face_mobilenet": lambda: FaceMobileNet(len(EMOTIONS)),  # a teacher
}


STARTS = {  # what to do for want of initial weights
    ARCHITECTURE: "use --init-weights imagenet",
    "face_mobilenet": "make its start with python -m affect.face_weights",
}


def architecture_of(model: nn.Module) -> str:
    """The name of a network that `build_model` made."""
    return "face_mobilenet" if isinstance(model, FaceMobileNet) else ARCHITECTURE


START_WORDS = ("imagenet", "none")  # what may be given in place of a file


def load_initial_weights(model: nn.Module, source: str) -> None:
    """Give the network its start, in place.

    source: "none"; "imagenet" (torchvision's IMAGENET1K_V1 for mobilenet_v2, downloaded once by torch.hub); or the path
    of a state_dict of such a network or of one of our checkpoints. A head of other classes than the eight is left away:
    ours keeps its random start then. Raises AffectError where the file or the download is not usable.
    """
    architecture = architecture_of(model)
    if source == "none":
        return
    if source == "imagenet":
        if architecture != ARCHITECTURE:
            raise AffectError(
                f"{architecture} does not begin with ImageNet's weights. Make its start with "
                "python -m affect.face_weights, and name that with --init-weights."
            )
        try:
            weights = _imagenet_weights()
        except (OSError, RuntimeError, pickle.UnpicklingError) as error:
            raise AffectError(
                f"The ImageNet weights could not be downloaded ({error}). Check the network, or name a local "
                "state_dict: --init-weights FILE.pt, in a notebook INIT_WEIGHTS."
            ) from error
    else:
        weights = _read_tensors(Path(source))
    backbone = {k: v for k, v in weights.items() if k.startswith("features.")}
    if not _fits(backbone, architecture):
        other = next((a for a in ARCHITECTURES if _fits(backbone, a)), "")
        raise AffectError(
            f"{source} holds weights of {other}, the experiment trains {_told(architecture)}. Name another file with "
            f"--init-weights, or {STARTS[architecture]}."
            if other
            else f"{source} does not hold the backbone of {_told(architecture)}. Name another file with "
            f"--init-weights, or {STARTS[architecture]}."
        )
    whole = {k: v.shape for k, v in weights.items()} == _expected_shapes(architecture)
    start = weights if whole else backbone
    _check_numbers(source, start)
    model.load_state_dict(start, strict=False)


@dataclass(frozen=True)
class Checkpoint:
    """A trained model with all that is needed to use it the way it was trained.

    state_dict:    tensors under torchvision's names.
    preprocessing: how a face becomes its input.
    temperature:   logits are divided by it before the softmax (Guo et al. 2017, arXiv:1706.04599).
    provenance:    plain values: data set, experiment, epoch, metrics, seed, versions.
    architecture:  of which network the weights are, one of `ARCHITECTURES`.
    """

    state_dict: StateDict
    preprocessing: Preprocessing
    temperature: float = 1.0
    provenance: dict[str, Any] = field(default_factory=dict)
    architecture: str = ARCHITECTURE

    def build(self) -> nn.Module:
        """The network with these weights, in evaluation mode."""
        model = build_model(self.architecture)
        model.load_state_dict(self.state_dict)
        return model.eval()


def save_checkpoint(path: str | Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint as a dict of tensors and plain values. A kill leaves the old file or the whole new one.

    Raises OSError where the disk is full.
    """
    content = {
        "format_version": FORMAT_VERSION,
        "architecture": checkpoint.architecture,
        "classes": list(EMOTIONS),
        "preprocessing": checkpoint.preprocessing.to_dict(),
        "temperature": float(checkpoint.temperature),
        "provenance": checkpoint.provenance,
        "state_dict": {k: v.detach().cpu().contiguous() for k, v in checkpoint.state_dict.items()},
    }
    write_whole(path, content)


def load_checkpoint(path: str | Path) -> Checkpoint:
    """Read a checkpoint, or the bare state_dict that the original notebooks saved.

    A bare state_dict gets the original's preprocessing (224 px, colour, ImageNet statistics) and temperature 1.
    Nothing in the file is executed (see `affect.checkpoint_file`). Raises AffectError, in one line, for a missing,
    damaged, unsafe or unfitting file.
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
    temperature = content.get("temperature")
    if (
        not isinstance(temperature, (int, float))
        or isinstance(temperature, bool)
        or not TEMPERATURES[0] <= temperature <= TEMPERATURES[1]
    ):
        raise AffectError(f"{path} is damaged: its temperature is {brief(temperature)}. Use another copy.")
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
    )


def onnx_export(checkpoint: Checkpoint, source_sha256: str) -> bytes:
    """The network as ONNX: input `faces` (n, 3, side, side) float32, output `logits` (n, 8) float32.

    What the live path needs beside the network (preprocessing, temperature, classes, the .pt's hash) goes into the
    metadata. The result is compared with PyTorch before it is given. Raises AffectError where they differ.
    """
    import json

    import onnx
    import onnxruntime

    model = checkpoint.build()
    side = checkpoint.preprocessing.image_size
    example = torch.randn(2, 3, side, side, generator=torch.Generator().manual_seed(0))
    traced = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model,
            (example,),
            traced,  # type: ignore[arg-type]  # torch takes a file as well
            input_names=["faces"],
            output_names=["logits"],
            dynamic_axes={"faces": {0: "n"}, "logits": {0: "n"}},
            dynamo=False,  # the tracing exporter takes 1 s for this network, torch.export's takes 15 s
        )
    graph = onnx.load_from_string(traced.getvalue())
    values = {
        "source_sha256": source_sha256,
        "classes": json.dumps(EMOTIONS),
        "preprocessing": json.dumps(checkpoint.preprocessing.to_dict()),
        "temperature": repr(checkpoint.temperature),
    }
    onnx.helper.set_model_props(graph, values)
    export: bytes = graph.SerializeToString()
    session = onnxruntime.InferenceSession(export, providers=["CPUExecutionProvider"])
    exported = torch.from_numpy(session.run(None, {"faces": example.numpy()})[0])
    with torch.inference_mode():
        difference = float((exported.softmax(1) - model(example).softmax(1)).abs().max())
    if not difference <= 1e-4:
        raise AffectError(
            f"The ONNX export differs from the PyTorch model by {difference:.1e} in probability. "
            "Run with --backend torch, and please report it with your versions of torch and onnxruntime."
        )
    return export


def _is(value: Any, wanted: Any) -> bool:
    """Equal and of the same type: 1.0 and True are no format version, and a tensor is neither equal nor unequal."""
    return type(value) is type(wanted) and bool(value == wanted)


def _holds_tensors(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_holds_tensors, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(_holds_tensors, value))
    return isinstance(value, torch.Tensor)


def _imagenet_weights() -> StateDict:
    """torchvision's file, by its SHA-256. torch.hub checks what it downloads, but not what it finds on the disk."""
    weights = MobileNet_V2_Weights.IMAGENET1K_V1
    file = Path(torch.hub.get_dir()) / "checkpoints" / weights.url.rsplit("/", 1)[-1]
    digest = file.stem.rsplit("-", 1)[-1]
    if file.is_file() and not sha256_of(file).startswith(digest):
        raise AffectError(
            f"{file} is not the file that torchvision published (its SHA-256 differs). "
            "Delete it and start again: it is downloaded anew."
        )
    return dict(weights.get_state_dict(progress=True, check_hash=True, weights_only=True))


def _read_tensors(path: Path) -> StateDict:
    if not path.is_file():
        raise AffectError(
            f"There are no weights at {path}. Name the file, with its folder, with --init-weights (in a notebook "
            "INIT_WEIGHTS), or give imagenet or none."
        )
    try:
        content = read_plain(path)
    except AffectError as error:
        raise AffectError(str(error).replace("--model", "--init-weights")) from error
    if isinstance(content, Mapping) and isinstance(content.get("state_dict"), Mapping):
        content = content["state_dict"]
    if not isinstance(content, Mapping) or not all(
        isinstance(k, str) and isinstance(v, torch.Tensor) for k, v in content.items()
    ):
        raise AffectError(
            f"{path} does not hold a state_dict (names and tensors). Name another file with --init-weights."
        )
    return dict(content)


@cache
def _expected_shapes(architecture: str) -> dict[str, torch.Size]:
    with torch.device("meta"):  # shapes alone: no memory, and no time for random weights
        return {k: v.shape for k, v in build_model(architecture).state_dict().items()}


def _fits(backbone: StateDict, architecture: str) -> bool:
    expected = {k: v for k, v in _expected_shapes(architecture).items() if k.startswith("features.")}
    return {k: v.shape for k, v in backbone.items()} == expected


def _told(architecture: str) -> str:
    return f"torchvision's {architecture}" if architecture == ARCHITECTURE else architecture


def _checked_state_dict(path: Path, values: Any, architecture: str = ARCHITECTURE) -> StateDict:
    """The state_dict of our network, or an AffectError that says in what the file differs."""
    expected = _expected_shapes(architecture)
    if not isinstance(values, Mapping) or set(values) != set(expected):
        raise AffectError(
            f"{path} does not hold {_told(architecture)} with eight classes. "
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
    _check_numbers(path, values)
    weights = {k: v.long() if k.endswith("num_batches_tracked") else v.float() for k, v in values.items()}
    _check_answer(path, weights, architecture)
    return weights


def _check_numbers(path: Path | str, values: Mapping[str, torch.Tensor]) -> None:
    for name, tensor in values.items():
        if not torch.isfinite(tensor).all():
            raise AffectError(f"{path} is damaged: {name} holds values that are not finite numbers. Use another copy.")
        if name.endswith("running_var") and (tensor < 0).any():
            raise AffectError(f"{path} is damaged: {name} holds variances below zero. Use another copy.")


def _check_answer(path: Path, weights: StateDict, architecture: str) -> None:
    """Weights may be numbers, and what the network makes of a picture overflow all the same."""
    with torch.device("meta"):
        model = build_model(architecture)
    model.load_state_dict(weights, assign=True)
    face = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        if not torch.isfinite(model.eval()(face)).all():
            raise AffectError(f"{path} is damaged: its weights give no finite numbers. Use another copy.")
