"""Evaluation of a model on one split of a data set: `python -m affect.evaluation --model … --data …`.

The command line and the notebooks both call `evaluate_pictures` to measure and `write_evaluation` to save.
"""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import nn
from tqdm import tqdm

from affect.data.cache import prepare_pictures
from affect.data.loading import FaceDataset, hard_labels, target_distributions
from affect.data.manifest import Manifest, add_labelling, manifest_of
from affect.data.tables import write_table
from affect.emotions import EMOTIONS, valence
from affect.errors import as_shown
from affect.evaluation.leakage import warning_of
from affect.evaluation.metrics import RESAMPLES, Floats, Ints, expected_calibration_error, intervals_of, metrics_of
from affect.files import sha256_of, write_text
from affect.model.calibration import Calibration
from affect.model.checkpoint import load_checkpoint
from affect.model.frozen import Trunk, placed

Crop = Literal["as-live", "whole"]
OVERALL = ("accuracy", "balanced_accuracy", "f1_weighted", "f1_macro", "auc_macro", "ece", "ece_uncalibrated")


@dataclass(frozen=True)
class Evaluation:
    """The evaluation of one model on one split: predictions and metrics, for tables and figures.

    model, data, split: the checkpoint's file name, the data set's name, the split.
    rows:          the n rows of the manifest, in the order of the arrays.
    logits:        float32 (n, 8), before temperature and softmax.
    calibration:   of the checkpoint.
    metrics:       the content of `metrics.json`.
    """

    model: str
    data: str
    split: str
    rows: pd.DataFrame
    logits: npt.NDArray[np.float32]
    calibration: Calibration
    metrics: dict[str, Any]

    @property
    def probabilities(self) -> Floats:
        """Calibrated probabilities, float64 (n, 8), rows sum to 1."""
        return probabilities_of(self.logits, self.rows, self.calibration)

    @property
    def uncalibrated(self) -> Floats:
        """Probabilities at temperature 1, float64 (n, 8), rows sum to 1."""
        return probabilities_of(self.logits, self.rows, replace(self.calibration, temperature=1.0))

    @property
    def labels(self) -> npt.NDArray[np.int64]:
        """The true class of each picture, int64 (n,), 0…7."""
        return hard_labels(self.rows)

    @property
    def predicted(self) -> Ints:
        """The most probable class of each picture, int (n,), 0…7."""
        return self.probabilities.argmax(1)

    @property
    def origin(self) -> str:
        """The subtitle of a figure: model, data set, split and n."""
        return f"{self.model} on {self.data} {self.split}, n = {len(self.rows):,}"


def add_measured(parser: argparse.ArgumentParser) -> None:
    """Add the options that name the labelled pictures of a measurement."""
    parser.add_argument(
        "--data", type=Path, default=os.environ.get("AFFECTNET_DIR"), metavar="DIR_OR_ZIP",
        help="default: the environment variable AFFECTNET_DIR",
    )  # fmt: skip
    parser.add_argument(
        "--split", choices=("train", "val", "test", "all"), help="default: val; where there is none, test, or all"
    )
    add_labelling(parser)


def measured_data(options: argparse.Namespace, parser: argparse.ArgumentParser) -> tuple[Manifest, str]:
    """The manifest and the split that the options of `add_measured` name; makes the folder `--out`."""
    if options.data is None:
        parser.error("name the data set with --data DIR_OR_ZIP")
    manifest = manifest_of(options)
    if options.out is not None:
        options.out.mkdir(parents=True, exist_ok=True)
    return manifest, options.split or manifest.judged


def partial_labels(rows: pd.DataFrame) -> list[str]:
    """The partial labels of a data set, as "sad/disgust"; either class is right, and the first stands for both."""
    return sorted(set(rows["either"]) - {""}) if "either" in rows else []


def right_classes(rows: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Which classes are right for each picture, bool (n, 8): the label's, or every one of a partial label."""
    return target_distributions(rows, soft=False) > 0


def probabilities_of(logits: Floats, rows: pd.DataFrame, calibration: Calibration) -> Floats:
    """Calibrated probabilities, float64 (n, 8).   logits: float (n, 8).   rows: any of the data set.

    If it has partial labels, the class that stands for several has the highest probability among them, for every
    picture, so that any of them counts as it.
    """
    probabilities = calibration.probabilities(logits)
    for classes in partial_labels(rows):
        places = [EMOTIONS.index(name) for name in classes.split("/")]
        probabilities[:, places] = -np.sort(-probabilities[:, places], axis=1)
    return probabilities


def mean_valence(probabilities: Floats, labels: npt.NDArray[np.int64]) -> dict[str, float]:
    """Mean derived valence (`affect.emotions.valence`) of the pictures of each class that occurs, −1…1.

    probabilities: (n, 8).   labels: (n,), 0…7.
    """
    derived = valence(probabilities)
    return {EMOTIONS[c]: float(derived[labels == c].mean()) for c in np.unique(labels)}


def predict_logits(model: nn.Module, dataset: FaceDataset, batch_size: int = 128) -> npt.NDArray[np.float32]:
    """The network's logits for every item, float32 (n, 8), in order. Leaves `model` in evaluation mode."""
    model.eval()
    trunk = Trunk(model, None, next(model.parameters()).device)
    parts = []
    with torch.inference_mode():
        for start in tqdm(range(0, len(dataset), batch_size), desc="predict", unit="batch", leave=False):
            faces, _ = dataset.__getitems__(list(range(start, min(start + batch_size, len(dataset)))))
            parts.append(model.classifier(trunk(faces)).float().cpu())  # type: ignore[operator]
    return torch.cat(parts).numpy()


def evaluate_logits(
    logits: npt.NDArray[np.float32],
    rows: pd.DataFrame,
    *,
    calibration: Calibration,
    model: str,
    data: str,
    split: str,
    resamples: int = RESAMPLES,
) -> Evaluation:
    """Evaluate logits that were computed before.

    logits: float32 (n, 8).   rows: n rows of a manifest (`pth`, `label`).   resamples: of the bootstrap, with seed 0.
    """
    labels, probabilities = hard_labels(rows), probabilities_of(logits, rows, calibration)
    uncalibrated = probabilities_of(logits, rows, replace(calibration, temperature=1.0))
    either = {"either": partial_labels(rows)} if partial_labels(rows) else {}
    metrics = {
        "model": model,
        "data": data,
        "split": split,
        **metrics_of(probabilities, labels),
        "mean_valence": mean_valence(probabilities, labels),
        "ece_uncalibrated": expected_calibration_error(uncalibrated, labels),
        "temperature": calibration.temperature,
        "prior_strength": None if calibration.prior is None else calibration.prior_strength,
        "intervals": intervals_of(probabilities, labels, resamples),
        **either,
    }
    return Evaluation(model, data, split, rows, logits, calibration, metrics)


def evaluate_pictures(
    model_path: str | Path, manifest: Manifest, split: str = "val", *, mirrored: bool = False, crop: Crop | None = None
) -> Evaluation:
    """Evaluate a checkpoint on one split ("train", "val", "test" or "all") of a data set.

        evaluation = evaluate_pictures("models/starter_ferplus.pt", read_manifest("ferplus.zip"))

    mirrored: test-time augmentation: the mean of the logits of each picture and its horizontal flip, for twice the
    time.   crop: "as-live" detects and crops each picture's largest face as the live program does, "whole" uses the
    picture unchanged; None: as in the model's training. Runs on the GPU if there is one.
    The metrics include `crop`; `faceless`, the number of pictures left out because no face was found; the file's
    `model_sha256`; the training `settings` if the checkpoint has them; and a `warning`, also on stderr, if it was
    trained on other pictures, labels or another split of this data set. Raises AffectError for an unusable file or an
    empty split.
    """
    checkpoint = load_checkpoint(model_path)
    find_face = checkpoint.preprocessing.find_face if crop is None else crop == "as-live"
    preprocessing = replace(checkpoint.preprocessing, find_face=find_face)
    pictures, rows = prepare_pictures(manifest, manifest.rows(split), preprocessing)
    targets = target_distributions(rows, soft=False)
    model = placed(checkpoint.build())
    views = (pictures, pictures[:, :, ::-1]) if mirrored else (pictures,)
    logits = [predict_logits(model, FaceDataset(view, targets, checkpoint.preprocessing)) for view in views]
    evaluation = evaluate_logits(
        np.mean(logits, axis=0),
        rows,
        calibration=checkpoint.calibration,
        model=as_shown(Path(model_path).name) + (" with mirror images" if mirrored else ""),
        data=manifest.name,
        split=split,
    )
    told = {
        "model_sha256": sha256_of(model_path),
        "settings": checkpoint.provenance.get("settings"),
        "warning": warning_of(model_path, checkpoint, manifest),
    }
    cropped = {"crop": "as-live" if find_face else "whole", "faceless": int(rows.attrs["faceless"])}
    return replace(evaluation, metrics=evaluation.metrics | cropped | {k: v for k, v in told.items() if v})


def most_confident_mistakes(evaluation: Evaluation, n: int = 20) -> pd.DataFrame:
    """The n misclassified pictures with the highest confidence: `pth, label, predicted, confidence`, in that order.

    The index is the picture's position in the evaluation's arrays. The rows hold no pictures: whether faces are shown
    is decided by the notebook's SHOW_FACES.
    """
    wrong = np.flatnonzero(evaluation.predicted != evaluation.labels)
    confidence = evaluation.probabilities.max(1)
    first = wrong[np.argsort(-confidence[wrong], kind="stable")][:n]
    return pd.DataFrame(
        {
            "pth": evaluation.rows["pth"].to_numpy()[first],
            "label": evaluation.rows["label"].to_numpy()[first],
            "predicted": [EMOTIONS[i] for i in evaluation.predicted[first]],
            "confidence": confidence[first],
        },
        index=first,
    )


def predictions_table(evaluation: Evaluation) -> pd.DataFrame:
    """Table of predictions, one row per picture: `pth, label, predicted, p_anger … p_surprise, z_anger … z_surprise`.

    `p_*` are calibrated probabilities, `z_*` the float32 logits, exactly; `either` follows for partial labels.
    """
    table = evaluation.rows[["pth", "label"]].assign(predicted=[EMOTIONS[i] for i in evaluation.predicted])
    probabilities = pd.DataFrame(evaluation.probabilities.round(6), table.index, [f"p_{name}" for name in EMOTIONS])
    logits = pd.DataFrame(evaluation.logits, table.index, [f"z_{name}" for name in EMOTIONS])
    either = evaluation.rows[["either"]] if partial_labels(evaluation.rows) else evaluation.rows[[]]
    return table.join([probabilities, logits, either])


def write_metrics(evaluation: Evaluation, out: str | Path) -> None:
    """Write `metrics.json` and `predictions.csv` to a folder."""
    folder = Path(out)
    write_text(folder / "metrics.json", json.dumps(evaluation.metrics, indent=2) + "\n")
    write_table(predictions_table(evaluation), folder / "predictions.csv")


def write_evaluation(evaluation: Evaluation, out: str | Path) -> None:
    """Write `metrics.json`, `predictions.csv` and the figures `confusion`, `roc`, `reliability`, `f1` (.png).

    There is no ROC figure if the pictures are all of one class.
    """
    from affect import figure_style
    from affect.evaluation import figures

    folder, origin, labels = Path(out), evaluation.origin, evaluation.labels
    write_metrics(evaluation, folder)
    figure_style.save(figures.confusion(labels, evaluation.predicted, origin), folder / "confusion.png")
    if evaluation.metrics["auc_macro"] is not None:
        figure_style.save(figures.roc(evaluation.probabilities, labels, origin), folder / "roc.png")
    figure_style.save(
        figures.reliability(evaluation.probabilities, labels, origin, uncalibrated=evaluation.uncalibrated),
        folder / "reliability.png",
    )
    figure_style.save(figures.f1_bars(evaluation.metrics, origin), folder / "f1.png")
