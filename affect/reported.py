"""What the original project reported on AffectNet, as data. The comparison shows it beside what is measured here.

Source: the published notebooks' own outputs. They evaluate the weights in memory after the *last* epoch, on the same
images that chose the epoch (6,201 of AffectNet's public copy for v1 to v3; 6,047 with a detected face for v4).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SOURCE: Final = "the published notebooks' own outputs"
DATA: Final = "AffectNet"
PICTURES: Final = 31_002  # of AffectNet's public copy, on which the first version was trained
METRICS: Final = ("accuracy", "f1_weighted", "auc_macro")  # what was reported of every model, as metrics.json calls it


def is_affectnet(data: str) -> bool:
    """Whether a data set is called AffectNet, so that the reported figures are about such pictures."""
    return DATA.lower() in data.lower()


def checkpoint_file(experiment: str, stage: str) -> str:
    """The file name of this project's checkpoint of one of the six models, on whatever data it was trained."""
    return f"best_model_{stage}_affectnet_{experiment}.pt"


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
        return checkpoint_file(self.experiment, self.stage)


MODELS: Final = (
    Reported("v1", "frozen", accuracy=0.47, f1_weighted=0.46, auc_macro=0.86, n=6201),
    Reported("v1", "finetuned", accuracy=0.60, f1_weighted=0.61, auc_macro=0.92, n=6201),
    Reported("v2", "frozen", accuracy=0.47, f1_weighted=0.46, auc_macro=0.86, n=6201),
    Reported("v2", "finetuned", accuracy=0.62, f1_weighted=0.61, auc_macro=0.92, n=6201, epoch=4),
    Reported("v3", "finetuned", accuracy=0.62, f1_weighted=0.63, auc_macro=0.93, n=6201, epoch=4),
    Reported("v4", "finetuned", accuracy=0.65, f1_weighted=0.65, auc_macro=0.93, n=6047, epoch=3),
)


def reported(experiment: str, stage: str) -> Reported:
    """The figures of one of the six models. Raises KeyError, naming the six, for another."""
    for model in MODELS:
        if (model.experiment, model.stage) == (experiment, stage):
            return model
    raise KeyError(f"{experiment} {stage} was not reported; there are {', '.join(m.name for m in MODELS)}.")
