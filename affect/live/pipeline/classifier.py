"""Expression classifier: face crops to eight probabilities, on ONNX Runtime (no PyTorch import) or on PyTorch.

The ONNX export is made once from the `.pt` checkpoint and kept beside it (see `affect.live.pipeline.export`). That
needs PyTorch, except for a bundled model, which comes with its export. The `.pt` stays the source of truth.
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

from affect.arrays import Floats
from affect.emotions import EMOTIONS
from affect.errors import AffectError
from affect.faces.detection import FaceBox, crop_face
from affect.faces.preprocessing import Image, Preprocessing
from affect.files import sha256_of
from affect.live.pipeline.export import LARGEST, load_export
from affect.live.texts import TextError
from affect.model.calibration import Calibration, Sensitivity


class Classifier:
    """A loaded expression model with its preprocessing and temperature; call `probabilities(picture, boxes)`.

    logits:        the network's forward pass, float32 (n, 3, side, side) → float32 (n, 8).
    preprocessing: crop, resize and normalisation of a face.   calibration: how logits become probabilities.
    description:   file name and backend, for the user.   sensitivity: see `set_sensitivity`.
    """

    sensitivity: Sensitivity = "normal"

    def __init__(
        self,
        logits: Callable[[Floats], Floats],
        preprocessing: Preprocessing,
        calibration: Calibration,
        description: str,
    ) -> None:
        self.logits = logits
        self.calibration = self._measured = calibration
        self.preprocessing = preprocessing
        self.description = description

    @property
    def adjustable(self) -> bool:
        """Whether the model assumes class shares, without which its sensitivity cannot be changed."""
        return self._measured.prior is not None

    def set_sensitivity(self, sensitivity: Sensitivity) -> None:
        """Set how readily rare classes are named, from the next frame on: see `Calibration.with_sensitivity`.

        Thread-safe, as one attribute is replaced.
        """
        self.calibration, self.sensitivity = self._measured.with_sensitivity(sensitivity), sensitivity

    def probabilities(self, picture: Image, boxes: list[FaceBox]) -> Floats:
        """Classify all faces of a frame in one batch; probabilities are calibrated.

        picture: uint8 BGR (height, width, 3), or grey (height, width) for a model with grey input.
        boxes: n face boxes that overlap the picture.
        Returns float32 (n, 8) in the order of `EMOTIONS`, rows sum to 1.
        """
        if not boxes:
            return np.empty((0, len(EMOTIONS)), np.float32)
        prepare = self.preprocessing.prepare
        faces = np.stack([prepare(crop_face(picture, box, self.preprocessing)) for box in boxes])
        return self.calibration.probabilities(self.logits(self.preprocessing.normalize(faces))).astype(np.float32)


def load_classifier(
    model: Path,
    backend: str = "onnx",
    notify: Callable[[str], None] = print,
    language: str = "en",
    sensitivity: Sensitivity = "normal",
) -> Classifier:
    """Load a classifier from a `.pt` checkpoint.

    backend: "onnx" or "torch".   notify: takes a line, in `language`, about work that takes a while.
    sensitivity: see `Calibration.with_sensitivity`.
    Raises AffectError for a missing, damaged, unsafe or incompatible file, and for another sensitivity than "normal"
    with a model that assumes no class shares.
    """
    if not model.is_file():
        raise TextError("model_missing", path=model)
    try:
        if model.stat().st_size > LARGEST:  # checked before the whole file is hashed
            raise AffectError(
                f"{model} is larger than {LARGEST // 1_000_000} MB: it is no checkpoint of this network. "
                "Choose another model with --model."
            )
        classifier = _torch_classifier(model) if backend == "torch" else _onnx_classifier(model, notify, language)
        if sensitivity != "normal" and not classifier.adjustable:
            raise TextError("no_shares", name=model.name)
        classifier.set_sensitivity(sensitivity)
        return classifier
    except TextError:
        raise
    except (AffectError, OSError) as error:
        raise TextError("model_unusable", reason=error) from error


@contextmanager
def _needs_torch(path: Path) -> Iterator[None]:
    """Context manager for PyTorch imports: raises AffectError if it is missing, as requirements-live.txt omits it."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name not in ("torch", "torchvision", "onnx"):
            raise
        raise TextError("torch_missing", name=path.name) from error


def _torch_classifier(path: Path) -> Classifier:
    with _needs_torch(path):
        import torch

        from affect.model.checkpoint import load_checkpoint

    checkpoint = load_checkpoint(path)
    model = checkpoint.build()

    def logits(faces: Floats) -> Floats:
        with torch.inference_mode():
            return np.asarray(model(torch.from_numpy(faces)).numpy(), np.float32)

    return Classifier(logits, checkpoint.preprocessing, checkpoint.calibration, f"{path.name} (PyTorch)")


def _onnx_classifier(path: Path, notify: Callable[[str], None], language: str) -> Classifier:
    helper = ThreadPoolExecutor(1)
    helper.submit(importlib.import_module, "onnxruntime")  # imports while the main thread computes the hashes
    fingerprint = sha256_of(path)

    def make() -> bytes:
        with _needs_torch(path):
            from affect.model.checkpoint import load_checkpoint
            from affect.model.onnx import onnx_export

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
    prior, sure_from = (json.loads(values.get(name, "null")) for name in ("prior", "sure_from"))  # older ones lack them
    calibration = Calibration(
        float(values["temperature"]), prior and tuple(prior), float(values.get("prior_strength", 1.0)), sure_from
    )
    return Classifier(logits, preprocessing, calibration, f"{path.name} (ONNX Runtime)")


def _session(export: bytes) -> Any:
    """Create an ONNX Runtime inference session on the CPU, with one thread."""
    import onnxruntime

    onnxruntime.disable_telemetry_events()  # older Windows packages ignore the environment variable that affect sets
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1  # for one face a second thread costs more than it saves; see `logits` for several
    return onnxruntime.InferenceSession(export, options, providers=["CPUExecutionProvider"])
