"""Every figure that a command, a notebook or a report saves. Each says which data it shows and how many."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from sklearn.metrics import confusion_matrix

from affect.emotions import COLORS, EMOTIONS
from affect.files import atomic_path

Ints = npt.NDArray[np.integer[Any]]
Floats = npt.NDArray[np.floating[Any]]


def save(figure: Figure, path: Path) -> None:
    """Write a figure as PNG, 150 dpi."""
    with atomic_path(path) as part:
        figure.savefig(part, format="png", dpi=150, bbox_inches="tight")


def learning_curves(history: pd.DataFrame, origin: str) -> Figure:
    """Loss and accuracy by epoch, the best epoch marked. `history`: what `affect.training` writes to history.csv."""
    epochs = np.arange(1, len(history) + 1)
    best = int(history["val_accuracy"].to_numpy().argmax())
    figure = Figure(figsize=(10, 4))
    left, right = figure.subplots(1, 2)
    left.plot(epochs, history["train_loss"], "o-", color=COLORS["sad"], label="train (augmented)")
    left.plot(epochs, history["val_loss"], "s-", color=COLORS["anger"], label="val")
    left.set(xlabel="epoch", ylabel="cross-entropy (nats)", title="Loss")
    right.plot(epochs, history["val_accuracy"], "s-", color=COLORS["anger"], label="val accuracy")
    right.plot(epochs, history["val_f1_macro"], "^-", color=COLORS["disgust"], label="val macro F1")
    right.set(
        xlabel="epoch",
        ylabel="share",
        title=f"Best epoch {best + 1}: {history['val_accuracy'][best]:.1%}",
    )
    for axes in (left, right):
        axes.axvline(best + 1, color="0.6", linestyle=":", label="best epoch")
        axes.set_xticks(epochs)
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)
    figure.suptitle(origin)
    figure.tight_layout()
    return figure


def confusion(labels: Ints, predicted: Ints, origin: str) -> Figure:
    """Confusion matrix: colour and first line are the share of the row, the second line is the count."""
    counts = confusion_matrix(labels, predicted, labels=np.arange(len(EMOTIONS)))
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    text = np.array(
        [[f"{s:.0%}\n{c}" for s, c in zip(*pair, strict=True)] for pair in zip(shares, counts, strict=True)]
    )
    figure = Figure(figsize=(8, 7))
    axes = figure.subplots()
    sns.heatmap(
        shares, annot=text, fmt="", cmap="Blues", vmin=0, vmax=1, square=True, ax=axes,
        xticklabels=list(EMOTIONS), yticklabels=list(EMOTIONS), cbar_kws={"label": "share of the true class"},
    )  # fmt: skip
    accuracy = float((labels == predicted).mean())
    axes.set(xlabel="predicted", ylabel="true", title=f"{accuracy:.1%} are right\n{origin}")
    axes.tick_params(axis="y", rotation=0)
    return figure


def reliability(probabilities: Floats, labels: Ints, origin: str, bins: int = 15) -> Figure:
    """Reliability diagram: accuracy within equal-width confidence bins, and how many faces lie in each."""
    from affect.evaluation import expected_calibration_error

    confidence, correct = probabilities.max(1), probabilities.argmax(1) == labels
    edges = np.linspace(0, 1, bins + 1)
    which = np.minimum((confidence * bins).astype(int), bins - 1)
    count = np.bincount(which, minlength=bins)
    accuracy = np.bincount(which, weights=correct, minlength=bins) / np.maximum(count, 1)
    figure = Figure(figsize=(6, 6))
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    upper.bar(edges[:-1], accuracy, 1 / bins, align="edge", color=COLORS["sad"], edgecolor="white")
    upper.plot([0, 1], [0, 1], color="0.4", linestyle="--", label="perfect calibration")
    upper.set(ylabel="accuracy", ylim=(0, 1))
    upper.legend(frameon=False)
    lower.bar(edges[:-1], count, 1 / bins, align="edge", color="0.6", edgecolor="white")
    lower.set(xlabel="confidence", ylabel="faces", xlim=(0, 1))
    error = expected_calibration_error(probabilities, labels, bins)
    figure.suptitle(f"Confidence is off by {error:.1%} on average (ECE)\n{origin}")
    figure.tight_layout()
    return figure
