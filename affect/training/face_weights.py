"""Conversion of a pretrained face recognition network to initial weights: `python -m affect.training.face_weights`.

The file is that of `affect.model.face_attributes`. Face recognition is closer to expression recognition than ImageNet's
classes are.
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
from affect.errors import AffectError, as_shown
from affect.model.face_attributes import face_network, pairs
from affect.model.safe_pt import write_whole
from affect.training.experiments import EXPERIMENTS

FACES = 512  # pictures from which the channels' means and variances are estimated


def face_mobilenet(path: Path, faces: torch.Tensor) -> nn.Module:
    """FaceMobileNet with the pretrained weights of a faceres-deep.json, and an untrained head.

    In the file, batch norm is folded into the convolutions. It is restored with the statistics of `faces`, preprocessed
    float32 (n, 3, side, side), such that the outputs stay the same and the network can be trained further. Raises
    AffectError for another file.
    """
    model = face_network(path)
    hooks = [norm.register_forward_pre_hook(partial(_settle, layer)) for layer, norm in pairs(model)]
    with torch.no_grad():
        model.features(faces)  # type: ignore[operator]
    for hook in hooks:
        hook.remove()
    return model


def _settle(convolution: nn.Conv2d, norm: Any, inputs: tuple[torch.Tensor]) -> torch.Tensor:
    """Forward pre-hook that gives a batch norm, which only scales and shifts, the statistics of its first input.

    The convolution before it is scaled to a mean output variance of 1, as at initialisation, since Adam's steps, whose
    size does not depend on the weights, would overwrite small filters.
    Returns the scaled convolution's output.
    """
    scale = inputs[0].var((0, 2, 3)).mean().rsqrt()
    convolution.weight.mul_(scale)
    values = inputs[0] * scale
    norm.running_mean.copy_(values.mean((0, 2, 3)))
    norm.running_var.copy_(values.var((0, 2, 3)))
    factor = norm.weight / scale
    norm.bias.add_(factor * norm.running_mean)
    norm.weight.copy_(factor * (norm.running_var + norm.eps).sqrt())
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
        if options.out.exists():
            raise AffectError(f"{options.out} is there already. Delete it, or name another file with --out.")
        manifest = manifest_of(options)
        preprocessing = EXPERIMENTS["face_teacher"].preprocessing
        rows = manifest.rows("train")
        rows = rows.sample(min(FACES, len(rows)), random_state=0)
        pictures, _ = prepare_pictures(manifest, rows, preprocessing, "faces")
        faces = normalized(torch.from_numpy(np.array(pictures)), preprocessing)
        write_whole(options.out, {"state_dict": dict(face_mobilenet(options.weights, faces).state_dict())})
        print(as_shown(str(options.out)))

    return exit_code_of(work)


if __name__ == "__main__":
    sys.exit(main())
