"""Network architectures (MobileNetV2, and the teacher's FaceMobileNet) and the loading of initial weights.

Called by training, evaluation, and the live classifier when it exports a checkpoint.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import torch
from torch import nn
from torchvision.models import MobileNet_V2_Weights, mobilenet_v2

from affect.emotions import EMOTIONS
from affect.errors import AffectError
from affect.files import sha256_of
from affect.model.safe_pt import read_plain

# output channels of each of the thirteen blocks, and whether its stride is 2
FACE_BLOCKS = [(64, False), (128, True), (128, False), (256, True), (256, False), (512, True)]
FACE_BLOCKS += [(512, False)] * 5 + [(1024, True), (1024, False)]
FIRST = 32  # output channels of the first convolution


def convolution(inputs: int, outputs: int, size: int, halves: bool = False, groups: int = 1) -> nn.Sequential:
    """Convolution, batch norm and ReLU6. With stride 2 (`halves`), only the right and lower border are padded, as in
    TensorFlow."""
    padding = 0 if halves or size == 1 else size // 2
    return nn.Sequential(
        nn.ZeroPad2d((0, 1, 0, 1)) if halves else nn.Identity(),
        nn.Conv2d(inputs, outputs, size, 2 if halves else 1, padding, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU6(),
    )


class FaceMobileNet(nn.Module):
    """MobileNet (version 1) of a face recognition model: float32 (n, 3, side, side) to logits float32 (n, classes).

    Its modules are named as in torchvision's mobilenet_v2: `features`, a list of 14 blocks, and `classifier`.
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        blocks = [convolution(3, FIRST, 3, halves=True)]
        for inputs, (outputs, halves) in zip([FIRST, *(o for o, _ in FACE_BLOCKS)], FACE_BLOCKS, strict=False):
            each = convolution(inputs, inputs, 3, halves, groups=inputs)
            blocks.append(nn.Sequential(each, convolution(inputs, outputs, 1)))
        self.features = nn.Sequential(*blocks)
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(FACE_BLOCKS[-1][0], classes))

    def forward(self, faces: torch.Tensor) -> torch.Tensor:
        """Logits of a batch, float32 (n, classes)."""
        logits: torch.Tensor = self.classifier(self.features(faces).mean((2, 3)))
        return logits


ARCHITECTURE = "mobilenet_v2"
BLOCKS = 19  # length of its `features`
STRIDE = 32  # total stride: pixels per cell of the last block's feature map
StateDict = dict[str, torch.Tensor]


def build_model(architecture: str = ARCHITECTURE) -> nn.Module:
    """Build an untrained network with eight classes, one of `ARCHITECTURES`. Raises AffectError for another name.

    Input: float32 (n, 3, side, side). Output: logits float32 (n, 8) in the order of `EMOTIONS`. `features` is the list
    of its blocks; `classifier`, the head, is dropout and a linear layer.
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
    "face_mobilenet": lambda: FaceMobileNet(len(EMOTIONS)),  # architecture of a teacher
}


STARTS = {  # advice for missing initial weights
    ARCHITECTURE: "use --init-weights imagenet",
    "face_mobilenet": "make its start with python -m affect.training.face_weights",
}


def architecture_of(model: nn.Module) -> str:
    """The architecture's name of a network from `build_model`."""
    return "face_mobilenet" if isinstance(model, FaceMobileNet) else ARCHITECTURE


START_WORDS = ("imagenet", "none")  # accepted in place of a file


def load_initial_weights(model: nn.Module, source: str) -> None:
    """Load initial weights into a network, in place.

    source: "none"; "imagenet" (torchvision's IMAGENET1K_V1 for mobilenet_v2, downloaded once by torch.hub); or the path
    of a state_dict or checkpoint of the same architecture. A head for other classes is ignored, and the network's own
    stays randomly initialised. Raises AffectError if the file or the download is unusable.
    """
    architecture = architecture_of(model)
    if source == "none":
        return
    if source == "imagenet":
        if architecture != ARCHITECTURE:
            raise AffectError(
                f"{architecture} does not begin with ImageNet's weights. Make its start with "
                "python -m affect.training.face_weights, and name that with --init-weights."
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
            f"{source} holds weights of {other}, the experiment trains {told_architecture(architecture)}. "
            f"Name another file with --init-weights, or {STARTS[architecture]}."
            if other
            else f"{source} does not hold the backbone of {told_architecture(architecture)}. Name another file with "
            f"--init-weights, or {STARTS[architecture]}."
        )
    whole = {k: v.shape for k, v in weights.items()} == expected_shapes(architecture)
    start = weights if whole else backbone
    check_numbers(source, start)
    model.load_state_dict(start, strict=False)


def _imagenet_weights() -> StateDict:
    """torchvision's ImageNet weights, checked by SHA-256: torch.hub checks only downloads, not an existing file."""
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
def expected_shapes(architecture: str) -> dict[str, torch.Size]:
    """The shape of every tensor in the state_dict of one of ARCHITECTURES."""
    with torch.device("meta"):  # shapes only, without allocating or initialising weights
        return {k: v.shape for k, v in build_model(architecture).state_dict().items()}


def _fits(backbone: StateDict, architecture: str) -> bool:
    expected = {k: v for k, v in expected_shapes(architecture).items() if k.startswith("features.")}
    return {k: v.shape for k, v in backbone.items()} == expected


def told_architecture(architecture: str) -> str:
    """The name of an architecture in messages."""
    return f"torchvision's {architecture}" if architecture == ARCHITECTURE else architecture


def check_numbers(path: Path | str, values: Mapping[str, torch.Tensor]) -> None:
    """Raise AffectError if weights are not finite or variances are negative.   path: their file, for the message."""
    for name, tensor in values.items():
        if not torch.isfinite(tensor).all():
            raise AffectError(f"{path} is damaged: {name} holds values that are not finite numbers. Use another copy.")
        if name.endswith("running_var") and (tensor < 0).any():
            raise AffectError(f"{path} is damaged: {name} holds variances below zero. Use another copy.")
