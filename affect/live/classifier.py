"""From face crops to eight probabilities, on ONNX Runtime (fast, no PyTorch import) or on PyTorch.

The ONNX export is made once from the `.pt` and kept beside it (see `affect.live.export`); that needs PyTorch, a bundled
model's is there already. The `.pt` stays the source of truth.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from affect.emotions import EMOTIONS
from affect.errors import AffectError
from affect.faces import FaceBox, crop_face
from affect.files import sha256_of
from affect.live.export import LARGEST, load_export
from affect.live.texts import TextError
from affect.preprocessing import Image, Preprocessing

Floats = npt.NDArray[np.float32]


class Classifier:
    """A model ready to use: `probabilities(picture, boxes)`.

    logits:         the network, float32 (n, 3, side, side) → float32 (n, 8).
    """

    def __init__(
        self,
        logits: Callable[[Floats], Floats],
        preprocessing: Preprocessing,
        temperature: float,
        description: str,
    ) -> None:
        self.logits = logits
        self.temperature = temperature
        self.preprocessing = preprocessing
        self.description = description

    def probabilities(self, picture: Image, boxes: list[FaceBox]) -> Floats:
        """The calibrated probabilities of the faces in a frame, in one batch.

        picture: uint8 BGR (height, width, 3), or grey (height, width) where the model sees grey.
        boxes: n face boxes that overlap the picture.
        Returns float32 (n, 8) in the order of `EMOTIONS`, rows sum to 1.
        """
        if not boxes:
            return np.empty((0, len(EMOTIONS)), np.float32)
        prepare = self.preprocessing.prepare
        faces = np.stack([prepare(crop_face(picture, box, self.preprocessing)) for box in boxes])
        scaled = self.logits(self.preprocessing.normalize(faces)) / self.temperature
        powers = np.exp(scaled - scaled.max(1, keepdims=True))
        return np.asarray(powers / powers.sum(1, keepdims=True), np.float32)


def load_classifier(
    model: Path, backend: str = "onnx", notify: Callable[[str], None] = print, language: str = "en"
) -> Classifier:
    """The classifier of a `.pt` file.

    backend: "onnx" or "torch".   notify: told, in a line, of work that takes a while, in `language`.
    Raises AffectError for a missing, damaged, unsafe or unfitting file.
    """
    if not model.is_file():
        raise TextError("model_missing", path=model)
    try:
        if model.stat().st_size > LARGEST:  # said before the hash is taken of all of it
            raise AffectError(
                f"{model} is larger than {LARGEST // 1_000_000} MB: it is no checkpoint of this network. "
                "Choose another model with --model."
            )
        return _torch_classifier(model) if backend == "torch" else _onnx_classifier(model, notify, language)
    except TextError:
        raise
    except (AffectError, OSError) as error:
        raise TextError("model_unusable", reason=error) from error


@contextmanager
def _needs_torch(path: Path) -> Iterator[None]:
    """Around what imports PyTorch, which requirements-live.txt leaves out. Raises AffectError where it is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name not in ("torch", "torchvision", "onnx"):
            raise
        raise TextError("torch_missing", name=path.name) from error


def _torch_classifier(path: Path) -> Classifier:
    with _needs_torch(path):
        import torch

        from affect.model import load_checkpoint

    checkpoint = load_checkpoint(path)
    model = checkpoint.build()

    def logits(faces: Floats) -> Floats:
        with torch.inference_mode():
            return np.asarray(model(torch.from_numpy(faces)).numpy(), np.float32)

    return Classifier(logits, checkpoint.preprocessing, checkpoint.temperature, f"{path.name} (PyTorch)")


def _onnx_classifier(path: Path, notify: Callable[[str], None], language: str) -> Classifier:
    helper = ThreadPoolExecutor(1)
    helper.submit(importlib.import_module, "onnxruntime")  # its start hides the time that the hashes take
    fingerprint = sha256_of(path)

    def make() -> bytes:
        with _needs_torch(path):
            from affect.model import load_checkpoint, onnx_export

            return onnx_export(load_checkpoint(path), fingerprint)

    session = _session(load_export(path, fingerprint, make, notify, language))
    values = session.get_modelmeta().custom_metadata_map

    def run(faces: Floats) -> Floats:
        return np.asarray(session.run(["logits"], {"faces": faces})[0], np.float32)

    def logits(faces: Floats) -> Floats:
        if len(faces) < 2:
            return run(faces)
        half = len(faces) // 2
        helped = helper.submit(run, faces[:half])
        rest = run(faces[half:])
        return np.concatenate([helped.result(), rest])

    preprocessing = Preprocessing.from_dict(json.loads(values["preprocessing"]))
    return Classifier(logits, preprocessing, float(values["temperature"]), f"{path.name} (ONNX Runtime)")


def _session(export: bytes) -> Any:
    """An inference session on the CPU."""
    import onnxruntime

    onnxruntime.disable_telemetry_events()  # the older Windows packages do not heed the variable that affect sets
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1  # for one face a second thread costs more than it saves; see `logits` for several
    return onnxruntime.InferenceSession(export, options, providers=["CPUExecutionProvider"])
