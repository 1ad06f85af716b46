"""Export of a checkpoint to ONNX, verified against PyTorch."""

from __future__ import annotations

import io
import warnings

import torch

from affect.emotions import EMOTIONS
from affect.errors import AffectError
from affect.model.checkpoint import Checkpoint


def onnx_export(checkpoint: Checkpoint, source_sha256: str) -> bytes:
    """Export a checkpoint to ONNX: input `faces` (n, 3, side, side) float32, output `logits` (n, 8) float32.

    The metadata hold what the live program needs beside the network: preprocessing, calibration, classes, and the
    checkpoint's SHA-256. Raises AffectError if probabilities differ from PyTorch's by more than 1e-4.
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
            dynamo=False,  # the tracing exporter takes 1 s for this network, torch.export 15 s
        )
    graph = onnx.load_from_string(traced.getvalue())
    values = {
        "source_sha256": source_sha256,
        "classes": json.dumps(EMOTIONS),
        "preprocessing": json.dumps(checkpoint.preprocessing.to_dict()),
        "temperature": repr(checkpoint.temperature),
        "prior": json.dumps(checkpoint.prior),
        "prior_strength": repr(checkpoint.prior_strength),
        "sure_from": json.dumps(checkpoint.sure_from),
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
