"""What the original project reported on AffectNet, as data. The comparison shows it beside what is measured here.

Source: the published notebooks' own outputs. They evaluate the weights in memory after the *last* epoch, on the same
images that chose the epoch (6,201 of AffectNet's public copy for v1 to v3; 6,047 with a detected face for v4).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SOURCE: Final = "the published notebooks' own outputs"
DATA: Final = "AffectNet"


@dataclass(frozen=True)
class Reported:
    """One model's reported figures, as shares with two decimals.

    experiment, stage: "v1" … "v4"; "frozen" or "finetuned".
    n:     validation images.
    epoch: the epoch that was named beside the figures, where one was; the figures are the last epoch's all the same.
    """

    experiment: str
    stage: str
    accuracy: float
    f1_weighted: float
    auc_macro: float
    n: int
    epoch: int | None = None

    @property
    def name(self) -> str:
        """How tables and figures call the model, e.g. "v1 finetuned"."""
        return f"{self.experiment} {self.stage}"

    @property
    def checkpoint(self) -> str:
        """The file name of this project's checkpoint of the same model."""
        return f"best_model_{self.stage}_affectnet_{self.experiment}.pt"


@dataclass(frozen=True)
class ReportedClass:
    """One class's reported figures: shares with two decimals, and the number of images."""

    precision: float
    recall: float
    f1: float
    support: int


MODELS: Final = (
    Reported("v1", "frozen", accuracy=0.47, f1_weighted=0.46, auc_macro=0.86, n=6201),
    Reported("v1", "finetuned", accuracy=0.60, f1_weighted=0.61, auc_macro=0.92, n=6201),
    Reported("v2", "frozen", accuracy=0.47, f1_weighted=0.46, auc_macro=0.86, n=6201),
    Reported("v2", "finetuned", accuracy=0.62, f1_weighted=0.61, auc_macro=0.92, n=6201, epoch=4),
    Reported("v3", "finetuned", accuracy=0.62, f1_weighted=0.63, auc_macro=0.93, n=6201, epoch=4),
    Reported("v4", "finetuned", accuracy=0.65, f1_weighted=0.65, auc_macro=0.93, n=6047, epoch=3),
)

V4_PER_CLASS: Final = {
    "anger": ReportedClass(0.48, 0.53, 0.51, 668),
    "contempt": ReportedClass(0.67, 0.59, 0.63, 627),
    "disgust": ReportedClass(0.55, 0.41, 0.47, 530),
    "fear": ReportedClass(0.51, 0.53, 0.52, 654),
    "happy": ReportedClass(0.93, 0.87, 0.90, 1069),
    "neutral": ReportedClass(0.81, 0.86, 0.83, 1011),
    "sad": ReportedClass(0.47, 0.57, 0.52, 654),
    "surprise": ReportedClass(0.58, 0.56, 0.57, 834),
}
V4_F1_MACRO: Final = 0.62

# v4's best epoch (3) by its own training log, on the same 6,047 images; the 0.65 above are its last epoch's.
V4_BEST_EPOCH_ACCURACY: Final = 0.6805


def reported(experiment: str, stage: str) -> Reported:
    """The figures of one of the six models. Raises KeyError, naming the six, for another."""
    for model in MODELS:
        if (model.experiment, model.stage) == (experiment, stage):
            return model
    raise KeyError(f"{experiment} {stage} was not reported; there are {', '.join(m.name for m in MODELS)}.")
