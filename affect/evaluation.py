"""How good a model is: predictions, metrics, calibration.  `python -m affect.evaluation --model … --data …`"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    f1_score,
    precision_recall_fscore_support,
    roc_auc_score,
)
from torch import nn
from torch.utils.data import DataLoader
from tqdm import tqdm

from affect.data.loading import FaceDataset, hard_labels, prepare_pictures, target_distributions
from affect.data.manifest import read_manifest
from affect.emotions import EMOTIONS
from affect.errors import AffectError
from affect.files import atomic_path
from affect.model import load_checkpoint

Floats = npt.NDArray[np.floating[Any]]
Ints = npt.NDArray[np.integer[Any]]


def expected_calibration_error(probabilities: Floats, labels: Ints, bins: int = 15) -> float:
    """How far confidence is from accuracy, averaged over confidence bins.

    probabilities: float (n, classes), rows sum to 1.   labels: int (n,), 0 … classes-1.
    Returns 0…1; 0 is perfectly calibrated. Empty bins count nothing. Raises ValueError if the two lengths differ.
    Guo et al. 2017 (arXiv:1706.04599), equal-width bins.
    """
    if len(probabilities) != len(labels):
        raise ValueError(f"{len(probabilities)} probabilities but {len(labels)} labels.")
    confidence = probabilities.max(1)
    correct = probabilities.argmax(1) == labels
    which = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [
        (which == b).mean() * abs(correct[which == b].mean() - confidence[which == b].mean())
        for b in range(bins)
        if (which == b).any()
    ]
    return float(sum(gaps))


def fit_temperature(logits: Floats, labels: Ints) -> float:
    """The temperature that gives the labels the highest likelihood: 0.05…20.

    logits: float (n, classes).   labels: int (n,).   Guo et al. 2017 (arXiv:1706.04599).
    """

    def negative_log_likelihood(log_temperature: float) -> float:
        scaled = log_softmax(logits / np.exp(log_temperature), axis=1)
        return float(-scaled[np.arange(len(labels)), labels].mean())

    best = minimize_scalar(negative_log_likelihood, bounds=(np.log(0.05), np.log(20)), method="bounded")
    return float(np.exp(best.x))


def metrics_of(probabilities: Floats, labels: Ints) -> dict[str, Any]:
    """The figures of one evaluation, as plain values, named as scikit-learn names them.

    probabilities: float (n, 8).   labels: int (n,), 0…7.
    `auc_macro` is the mean one-vs-rest area over the classes that occur beside others in `labels`.
    """
    predicted = probabilities.argmax(1)
    every = np.arange(len(EMOTIONS))
    precision, recall, f1, support = precision_recall_fscore_support(labels, predicted, labels=every, zero_division=0)
    areas = [roc_auc_score(labels == c, probabilities[:, c]) for c in every if 0 < (labels == c).sum() < len(labels)]
    return {
        "accuracy": float(accuracy_score(labels, predicted)),
        "f1_weighted": float(f1_score(labels, predicted, average="weighted", zero_division=0)),
        "f1_macro": float(f1_score(labels, predicted, average="macro", labels=every, zero_division=0)),
        "balanced_accuracy": float(balanced_accuracy_score(labels, predicted)),
        "auc_macro": float(np.mean(areas)) if areas else None,
        "ece": expected_calibration_error(probabilities, labels),
        "n": len(labels),
        "per_class": {
            name: {
                "precision": float(precision[i]),
                "recall": float(recall[i]),
                "f1": float(f1[i]),
                "support": int(support[i]),
            }
            for i, name in enumerate(EMOTIONS)
        },
    }


def predict_logits(model: nn.Module, dataset: FaceDataset, batch_size: int = 128) -> npt.NDArray[np.float32]:
    """The model's logits for every item, float32 (n, 8), in order. `model` must be in evaluation mode."""
    device = next(model.parameters()).device
    loader: DataLoader[Any] = DataLoader(dataset, batch_size=batch_size)
    with torch.inference_mode():
        parts = [
            model(faces.to(device, memory_format=torch.channels_last)).float().cpu()
            for faces, _ in tqdm(loader, desc="predict", unit="batch", leave=False)
        ]
    return torch.cat(parts).numpy()


def table_of(metrics: dict[str, Any]) -> str:
    """The per-class table and the overall figures as text."""
    rows = pd.DataFrame(metrics["per_class"]).T.astype({"support": int})
    overall = [
        f"{name:<18} {metrics[name]:.4f}" if metrics[name] is not None else f"{name:<18} -"
        for name in ("accuracy", "balanced_accuracy", "f1_weighted", "f1_macro", "auc_macro", "ece")
    ]
    return "\n".join([rows.to_string(float_format="{:.3f}".format), "", *overall, f"{'n':<18} {metrics['n']}"])


def evaluate(model_path: Path, data: Path, split: str, out: Path | None, labels: str = "folder") -> dict[str, Any]:
    """Measure a checkpoint on one split of a data set.

    Returns the metrics. With `out`, writes `metrics.json`, `predictions.csv` (`pth,label,predicted,p_*`) and the
    figures there.
    """
    checkpoint = load_checkpoint(model_path)
    manifest = read_manifest(data, "csv" if labels == "csv" else "folder")
    pictures, rows = prepare_pictures(manifest, manifest.rows(split), checkpoint.preprocessing)
    dataset = FaceDataset(pictures, target_distributions(rows, soft=False), checkpoint.preprocessing)
    model = checkpoint.build().to(memory_format=torch.channels_last)
    probabilities = softmax(predict_logits(model, dataset) / checkpoint.temperature, axis=1)
    truth = hard_labels(rows)
    metrics = metrics_of(probabilities, truth)
    if out is not None:
        from affect import plots

        origin = f"{model_path.name} on {manifest.name} {split}, n = {len(truth):,}"
        with atomic_path(out / "metrics.json") as part:
            part.write_text(json.dumps(metrics, indent=2) + "\n", encoding="utf-8")
        table = rows[["pth", "label"]].assign(predicted=[EMOTIONS[i] for i in probabilities.argmax(1)])
        for i, name in enumerate(EMOTIONS):
            table[f"p_{name}"] = probabilities[:, i].round(6)
        with atomic_path(out / "predictions.csv") as part:
            table.to_csv(part, index=False)
        plots.save(plots.confusion(truth, probabilities.argmax(1), origin), out / "confusion.png")
        plots.save(plots.reliability(probabilities, truth, origin), out / "reliability.png")
    return metrics


def main(arguments: list[str] | None = None) -> int:
    """The command line. Returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m affect.evaluation",
        description="Measure a checkpoint on a data set: per-class table on stdout, files with --out.",
    )
    parser.add_argument("--model", type=Path, required=True, metavar="FILE.pt")
    parser.add_argument(
        "--data",
        type=Path,
        default=os.environ.get("AFFECTNET_DIR"),
        metavar="DIR_OR_ZIP",
        help="default: the environment variable AFFECTNET_DIR",
    )
    parser.add_argument("--split", choices=("train", "val", "test", "all"), default="val")
    parser.add_argument("--labels", choices=("folder", "csv"), default="folder")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write metrics.json, predictions.csv and figures")
    options = parser.parse_args(arguments)
    if options.data is None:
        parser.error("name the data set with --data DIR_OR_ZIP")
    try:
        metrics = evaluate(options.model, options.data, options.split, options.out, options.labels)
    except AffectError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(table_of(metrics))
    return 0


if __name__ == "__main__":
    sys.exit(main())
