"""What the original project reported on AffectNet, as data. The comparison shows it beside what is measured here.

Two sets of figures stand under that name and differ for v2 and v3: those of its README's table, and those that its
notebooks printed. Both are of the weights in memory after the *last* epoch, on the same images that chose the epoch
(6,201 of AffectNet's public copy for v1 to v3; 6,047 with a detected face for v4). Its notebooks' training logs say
what the saved checkpoint, that of the best epoch, had. All is read off the published README and notebooks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from affect.training.run import checkpoint_file

PICTURES: Final = 31_002  # of AffectNet's public copy, on which the first version was trained
METRICS: Final = ("accuracy", "f1_weighted", "auc_macro")  # what its README tells of every model, as metrics.json does

# The three sources, as tables and figures call them.
README: Final = "first version's README"
PRINTED: Final = "printed by its notebook"
BEST_EPOCH: Final = "best epoch in its log"


@dataclass(frozen=True)
class Reported:
    """One model's reported figures.

    experiment, stage: "v1" … "v4"; "frozen" or "finetuned".
    accuracy, f1_weighted, auc_macro: README's table, shares with two decimals.
    printed:    accuracy and weighted F1 that the notebook printed, shares with two decimals.
    log:        the notebook's validation accuracy after each epoch, shares with four decimals.
    best_epoch: the epoch (from 1) whose weights were saved: by loss where the stage is frozen, else by accuracy.
    n:          validation images.
    """

    experiment: str
    stage: str
    accuracy: float
    f1_weighted: float
    auc_macro: float
    printed: tuple[float, float]
    log: tuple[float, ...]
    best_epoch: int
    n: int

    @property
    def name(self) -> str:
        """How tables and figures call the model, e.g. "v1 finetuned"."""
        return f"{self.experiment} {self.stage}"

    @property
    def checkpoint(self) -> str:
        """The file name of this project's checkpoint of the same model."""
        return checkpoint_file(self.experiment, self.stage)

    @property
    def best_accuracy(self) -> float:
        """The log's accuracy at the saved epoch, a share."""
        return self.log[self.best_epoch - 1]


# v2's logs are v1's to the last digit, losses and all: no picture was varied, so it was the same run.
_FROZEN: Final = (0.4509, 0.4407, 0.4677, 0.4614, 0.4907, 0.4896, 0.4680, 0.4910, 0.4580, 0.4704)
_FINETUNED: Final = (0.5794, 0.6054, 0.6217, 0.6239, 0.6173, 0.6204, 0.6141, 0.6078, 0.6043)
_FIVE_BLOCKS: Final = (0.6447, 0.6676, 0.6584, 0.6599, 0.6549, 0.6544, 0.6301)
_FACES: Final = (0.6458, 0.6714, 0.6805, 0.6704, 0.6641, 0.6590, 0.6411, 0.6502)

MODELS: Final = (
    Reported("v1", "frozen", 0.47, 0.46, 0.86, printed=(0.47, 0.46), log=_FROZEN, best_epoch=8, n=6201),
    Reported("v1", "finetuned", 0.60, 0.61, 0.92, printed=(0.60, 0.61), log=_FINETUNED, best_epoch=4, n=6201),
    Reported("v2", "frozen", 0.47, 0.46, 0.86, printed=(0.47, 0.46), log=_FROZEN, best_epoch=8, n=6201),
    Reported("v2", "finetuned", 0.62, 0.61, 0.92, printed=(0.60, 0.61), log=_FINETUNED, best_epoch=4, n=6201),
    Reported("v3", "finetuned", 0.62, 0.63, 0.93, printed=(0.63, 0.63), log=_FIVE_BLOCKS, best_epoch=2, n=6201),
    Reported("v4", "finetuned", 0.65, 0.65, 0.93, printed=(0.65, 0.65), log=_FACES, best_epoch=3, n=6047),
)


def find_reported(name: str) -> Reported | None:
    """What is reported of a model, by its name such as "v1 frozen"; None where it is none of the six."""
    return next((m for m in MODELS if m.name == name), None)
