"""Results that the original project reported on AffectNet, as data for the comparison.

There are two sets of results, which differ for v2 and v3: those of its README's table, and those printed by its
notebooks. Both are of the weights after the *last* epoch, on the same images that chose the epoch (6,201 of AffectNet's
public copy for v1 to v3; 6,047 with a detected face for v4). The training logs in its notebooks contain the accuracy of
the saved checkpoint, which is of the best epoch. All values are copied from the published README and notebooks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from affect.training.run import checkpoint_file

PICTURES: Final = 31_002  # pictures of AffectNet's public copy, on which the first version was trained
METRICS: Final = ("accuracy", "f1_weighted", "auc_macro")  # metrics in its README, with metrics.json's names

# Names of the three sources in tables and figures.
README: Final = "first version's README"
PRINTED: Final = "printed by its notebook"
BEST_EPOCH: Final = "best epoch in its log"


@dataclass(frozen=True)
class Reported:
    """One model's results as reported by the original.

    experiment, stage: "v1" … "v4"; "frozen" or "finetuned".
    accuracy, f1_weighted, auc_macro: README's table, shares with two decimals.
    printed:    accuracy and weighted F1 that the notebook printed, shares with two decimals.
    log:        the notebook's validation accuracy after each epoch, shares with four decimals.
    best_epoch: the epoch (from 1) whose weights were saved: by loss in the frozen stage, else by accuracy.
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
        """The model's name in tables and figures, e.g. "v1 finetuned"."""
        return f"{self.experiment} {self.stage}"

    @property
    def checkpoint(self) -> str:
        """The file name of this project's checkpoint of the same model."""
        return checkpoint_file(self.experiment, self.stage)

    @property
    def best_accuracy(self) -> float:
        """Validation accuracy at the saved epoch, from the log, 0…1."""
        return self.log[self.best_epoch - 1]


# v2's logs equal v1's to the last digit, losses included: without augmentation it was the same run.
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
    """The reported results of a model by its name, such as "v1 frozen"; None if it is not one of the six."""
    return next((m for m in MODELS if m.name == name), None)
