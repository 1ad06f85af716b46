"""The experiments as data: what is trained, on what picture, for how long. Nothing here runs anything.

`EXPERIMENTS` has them by name; `MISTAKES` the changes that switch one mistake of the first version back on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from affect.errors import AffectError
from affect.preprocessing import Preprocessing


@dataclass(frozen=True)
class Stage:
    """One stretch of training. It starts from the best weights of the stage before.

    name:           in logs, and in the checkpoint's name where it is kept.
    trained_blocks: how many of the last blocks of `features` learn beside the head (0…19, of face_mobilenet 0…14).
    epochs:         passes over the training pictures, at most.
    learning_rate:  the constant rate, or the peak of the one-cycle schedule.
    image_size:     side of the pictures that it learns from and that choose its epoch, pixels (None: the
                    preprocessing's).
    monitor:        what makes an epoch the best one.
    patience:       stop after so many epochs in a row that are no better (None: never).
    views:          None: every epoch sees new variations. A number: only so many of each picture are drawn and shown in
                    turn, so that what the frozen part of the network makes of them is computed once and kept.
    keep:           whether this stage's best weights become a checkpoint of their own.
    """

    name: str
    trained_blocks: int
    epochs: int
    learning_rate: float
    image_size: int | None = None
    monitor: Literal["val_loss", "val_accuracy", "val_f1_macro"] = "val_accuracy"
    patience: int | None = None
    views: int | None = None
    keep: bool = True


@dataclass(frozen=True)
class Augmentation:
    """How training pictures vary; each picture is drawn anew in each epoch.

    flip:       probability of a mirror image.
    rotation:   at most so many degrees either way.
    shift:      at most so much of the side, in x and in y (a detector's box is never exact).
    scale:      at most so much smaller or larger.
    crop_area:  a random crop has a share of the area in this range (above 1: the border repeats), at a random place.
    aspect:     a random crop's width / height lies between 1/aspect and aspect.
    light:      brightness and contrast change by at most this factor (0.4: 0.6…1.4).
    blur:       probability of a Gaussian blur (sigma 0.5…2 px).
    camera:     probability that the picture goes through a poor camera (`affect.data.augmentation.through_a_camera`).
    erase:      probability that a rectangle (2…15 % of the area) is hidden, as by a hand or a frame.
    """

    flip: float = 0.0
    rotation: float = 0.0
    shift: float = 0.0
    scale: float = 0.0
    crop_area: tuple[float, float] = (1.0, 1.0)
    aspect: float = 1.0
    light: float = 0.0
    blur: float = 0.0
    camera: float = 0.0
    erase: float = 0.0


@dataclass(frozen=True)
class Experiment:
    """All that defines a training run, but for the data and the seed.

    network:     one of `affect.model.ARCHITECTURES`.
    chosen_on:   what chooses the epoch and the temperature: a tenth of the training pictures, held out (the results on
                 val are then on pictures that nothing was chosen on), or "val" itself.
    soft_labels: learn the distribution of the annotators' votes, where the data set has them.
    min_votes:   a class that fewer annotators of a picture named does not count among its votes: more likely a slip
                 (Barsoum et al. 2016, arXiv:1608.01041, drop single votes).
    distill:     share of the teachers' probabilities in what is learned, where a run is given teachers
                 (Hinton et al. 2015, arXiv:1503.02531).
    taught_on:   what the teachers look at: each picture "as-it-is" and its mirror image, once; or "varied" and mixed as
                 the network sees it, every time (Beyer et al. 2022, arXiv:2106.05237).
    match:       weight of a second loss, where teachers look at what is learned from: how far the first teacher's
                 features, standardised, are from what a linear map makes of the network's own; the map is not kept
                 (Romero et al. 2015, arXiv:1412.6550).
    adjustment:  strength of logit adjustment, 0…1 (0: none): in training, the log of the classes' shares times this is
                 added to the logits (Menon et al. 2021, arXiv:2007.07314).
    balance:     pictures are drawn in proportion to their class's share to the power of minus this: 0 as they are,
                 1 every class equally often.
    mixup:       each batch is mixed with itself (Zhang et al. 2018, arXiv:1710.09412); the parameter alpha of the Beta
                 distribution that the shares come from (0: not mixed).
    average:     the network that is measured and kept is a moving average of the weights with this decay a step
                 (0: the weights themselves).
    measure_framing: set the live crop's margin and shift to what the training pictures show around a face
                 (for pictures that are taken as they are).
    frozen_batch_norm, mistake: see MISTAKES.
    """

    name: str
    question: str
    preprocessing: Preprocessing
    stages: tuple[Stage, ...]
    augmentation: Augmentation
    network: Literal["mobilenet_v2", "face_mobilenet"] = "mobilenet_v2"
    optimizer: Literal["adam", "adamw"] = "adam"
    schedule: Literal["constant", "one-cycle"] = "constant"
    batch_size: int = 32
    weight_decay: float = 0.0
    dropout: float = 0.2
    soft_labels: bool = False
    min_votes: int = 0
    distill: float = 0.0
    taught_on: Literal["as-it-is", "varied"] = "as-it-is"
    match: float = 0.0
    adjustment: float = 0.0
    balance: float = 0.0
    mixup: float = 0.0
    average: float = 0.0
    chosen_on: Literal["hold-out", "val"] = "hold-out"
    measure_framing: bool = False
    frozen_batch_norm: Literal["fixed", "drifting"] = "fixed"
    mistake: str | None = None


# v1…v4 keep the first version's stages, layers, learning rates, epochs, monitors, patience, batch size and optimiser.
# To save time, the frozen stage sees three variations of each picture in turn instead of a new one in every epoch.

TURNED = Augmentation(flip=0.5, rotation=15)

# Meant to imitate webcams. The first version also varied saturation and hue (0.2, 0.1), which does nothing to a picture
# that is grey already; grey itself belongs to the preprocessing, so that live pictures are grey as well.
WEBCAM = Augmentation(
    flip=0.5, rotation=15, shift=0.1, scale=0.1, crop_area=(0.8, 1.2), aspect=4 / 3, light=0.2
)  # fmt: skip

V1 = Experiment(
    name="v1",
    question="How far does a head on top of an ImageNet network come, and what does fine-tuning add?",
    preprocessing=Preprocessing(image_size=224),
    stages=(
        Stage("frozen", trained_blocks=0, epochs=10, learning_rate=1e-3, monitor="val_loss", patience=5, views=3),
        Stage("finetuned", trained_blocks=3, epochs=10, learning_rate=1e-4, monitor="val_accuracy", patience=5),
    ),
    augmentation=TURNED,
    measure_framing=True,
)

V2 = replace(
    V1,
    name="v2",
    question="Does augmentation that imitates webcams help?",
    preprocessing=Preprocessing(image_size=224, color="grey"),
    augmentation=WEBCAM,
)

V3 = replace(
    V2,
    name="v3",
    question="Does training more of the network, for longer, help?",
    stages=(Stage("finetuned", trained_blocks=5, epochs=20, learning_rate=1e-4, patience=5),),
)

V4 = replace(
    V3,
    name="v4",
    question="Does it help to learn from faces that are found and cropped as the live program does it?",
    preprocessing=Preprocessing(image_size=224, color="grey", crop_margin=0.05, find_face=True),
    measure_framing=False,
)

# How the bundled model is made: a teacher learns first, then the model in two runs, from the annotators' votes and the
# teacher. FER+ is 48 px and grey: colour cannot be learned from it, nor detail finer than 48 px, so the live crop loses
# both before the model sees it.
FERPLUS = Preprocessing(image_size=104, color="grey", detail=48, crop_margin=0.011, crop_shift=0.005)

# The teacher is another network, begun by telling people apart instead of ImageNet's objects
# (`--init-weights face_mobilenet.pt`, made by affect.face_weights). It sees the pictures as it did there: levels 0…255,
# without the means of the channels, and larger: it learned to look at 224 px, and what it knew is worth less the
# smaller the picture.
FACE_TEACHER = Experiment(
    name="face_teacher",
    question="What do faces add that a network has learned to tell apart before?",
    network="face_mobilenet",
    preprocessing=replace(
        FERPLUS, image_size=160, mean=(103.939 / 255, 116.779 / 255, 123.68 / 255), std=(1 / 255,) * 3
    ),
    stages=(Stage("all", 14, epochs=8, learning_rate=1e-3),),
    augmentation=Augmentation(flip=0.5, rotation=12, shift=0.06, scale=0.1, light=0.3, blur=0.1, camera=0.1, erase=0.1),
    optimizer="adamw",
    schedule="one-cycle",
    batch_size=64,
    weight_decay=0.05,
    dropout=0.3,
    soft_labels=True,
    min_votes=2,
    balance=0.3,
    average=0.998,
    chosen_on="val",
)

# The assistant begins with ImageNet's weights. Its teacher (`--teacher face_teacher_ferplus.pt`) answers to the
# very pictures that it learns from, varied and mixed, so that nothing is learned that the teacher knows by heart; what
# the teacher makes of a picture is learned as well as what it says. The first stage's pictures are small, and cheap.
ASSISTANT = replace(
    FACE_TEACHER,
    name="assistant",
    question="How much of what another network knows does MobileNetV2 learn?",
    network="mobilenet_v2",
    preprocessing=FERPLUS,
    stages=(
        Stage("small", 19, epochs=16, learning_rate=2e-3, image_size=80, monitor="val_loss", keep=False),
        Stage("full", 19, epochs=10, learning_rate=1e-3),
    ),
    dropout=0.2,
    distill=0.6,
    taught_on="varied",
    match=1.0,
    mixup=0.2,
)

# The bundled model goes on from the assistant's weights (`--init-weights assistant_ferplus.pt`) with the same teacher.
# It sees rare classes more often, and its best epoch is the one that serves all classes best.
STARTER = replace(
    ASSISTANT,
    name="starter",
    question="How good a model can be bundled with the program?",
    stages=(Stage("last", 19, epochs=7, learning_rate=6e-4, monitor="val_f1_macro"),),
    balance=0.5,
)

EXPERIMENTS = {e.name: e for e in (V1, V2, V3, V4, FACE_TEACHER, ASSISTANT, STARTER)}

# What the first version got wrong, one at a time, to measure what each cost. (That it reported the last epoch and not
# the best one needs no run of its own: every run of v1…v4 keeps its last epoch as well.)
MISTAKES: dict[str, Callable[[Experiment], Experiment]] = {
    # the validation transform replaced the training one: no picture was ever varied
    "augmentation-lost": lambda e: replace(e, augmentation=Augmentation()),
    # a frozen network in training mode: its batch-norm statistics went on moving
    "drifting-batch-norm": lambda e: replace(e, frozen_batch_norm="drifting"),
}


def with_mistake(experiment: Experiment, mistake: str) -> Experiment:
    """The experiment with one of MISTAKES switched back on. Raises AffectError for another name."""
    if mistake not in MISTAKES:
        raise AffectError(f"There is no mistake {mistake!r}. Choose one of {', '.join(MISTAKES)}.")
    return replace(MISTAKES[mistake](experiment), mistake=mistake)


def adapted(experiment: Experiment, epochs: int | None = None, image_size: int | None = None) -> Experiment:
    """The experiment with other epochs in every stage, and with another picture size.

    epochs:     1 or more; None: the stages' own.   image_size: 32…1024 pixels; None: the stages' own.
    Raises AffectError for a number outside.
    """
    if epochs is not None and epochs < 1:
        raise AffectError(f"A stage cannot have {epochs} epochs. Give 1 or more.")
    stages = tuple(
        replace(
            s, epochs=s.epochs if epochs is None else epochs, image_size=s.image_size if image_size is None else None
        )
        for s in experiment.stages
    )
    preprocessing = experiment.preprocessing
    if image_size is not None:
        preprocessing = replace(preprocessing, image_size=image_size)
    return replace(experiment, preprocessing=preprocessing, stages=stages)
