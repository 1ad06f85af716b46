"""The experiments as data: what is trained, on what picture, for how long. Nothing here runs anything."""

from __future__ import annotations

from dataclasses import dataclass

from affect.preprocessing import Preprocessing


@dataclass(frozen=True)
class Stage:
    """One stretch of training with its own schedule.

    trained_blocks: how many of the last blocks of `features` learn beside the head (0…19).
    epochs:         passes over the training split.
    learning_rate:  the peak of the one-cycle schedule (Smith and Topin 2018, arXiv:1708.07120).
    image_size:     side of the training pictures, pixels; validation always sees `preprocessing.image_size`.
    """

    name: str
    trained_blocks: int
    epochs: int
    learning_rate: float
    image_size: int


@dataclass(frozen=True)
class Augmentation:
    """How training pictures vary; each picture is drawn anew in each epoch.

    flip:       probability of a mirror image.
    rotation:   at most so many degrees either way.
    shift:      at most so much of the side, in x and in y (a detector's box is never exact).
    scale:      at most so much smaller or larger.
    light:      brightness and contrast change by at most this factor (0.4: 0.6…1.4).
    blur:       probability of a Gaussian blur (sigma 0.5…2 px).
    erase:      probability that a rectangle (2…15 % of the area) is hidden, as by a hand or a frame.
    """

    flip: float = 0.5
    rotation: float = 0.0
    shift: float = 0.0
    scale: float = 0.0
    light: float = 0.0
    blur: float = 0.0
    erase: float = 0.0


@dataclass(frozen=True)
class Experiment:
    """All that defines a training run, but for the data and the seed."""

    name: str
    preprocessing: Preprocessing
    stages: tuple[Stage, ...]
    augmentation: Augmentation
    soft_labels: bool  # learn the distribution of the annotators' votes, where the data set has them
    batch_size: int = 64
    weight_decay: float = 0.01


# The bundled model. FER+ is 48 px and grey: colour cannot be learned from it, nor detail finer than 48 px, so the
# live crop loses both before the model sees it. The first stage learns on small pictures at half the cost. The first
# four blocks (edges and blobs at the finest scale, more than half of the cost of a step) stay as ImageNet made them
# until the last stage.
STARTER = Experiment(
    name="starter",
    preprocessing=Preprocessing(image_size=112, color="grey", detail=48, crop_margin=0.011, crop_shift=0.005),
    stages=(
        Stage("small", trained_blocks=15, epochs=4, learning_rate=1.5e-3, image_size=80),
        Stage("full", trained_blocks=15, epochs=5, learning_rate=7e-4, image_size=112),
        Stage("all", trained_blocks=19, epochs=3, learning_rate=4e-4, image_size=112),
    ),
    augmentation=Augmentation(rotation=15, shift=0.08, scale=0.12, light=0.4, blur=0.1, erase=0.25),
    soft_labels=True,
)

EXPERIMENTS = {e.name: e for e in (STARTER,)}
