"""The experiments as data: architecture, preprocessing, augmentation, stages and hyperparameters.

`EXPERIMENTS` has them by name; `MISTAKES` has the changes that reproduce one mistake of the first version.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from affect.data.augmentation import Augmentation
from affect.errors import AffectError
from affect.faces.preprocessing import Preprocessing
from affect.model.face_attributes import FACE


@dataclass(frozen=True)
class Stage:
    """One stage of training, such as head only or fine-tuning. Starts from the best weights of the stage before.

    name:           in logs, and in the checkpoint's name if it is kept.
    trained_blocks: number of last blocks of `features` that are trained with the head (0…19; face_mobilenet: 0…14).
    epochs:         maximum number of epochs.
    learning_rate:  the constant rate, or the peak of the one-cycle schedule.
    image_size:     side in pixels of the pictures for training and for choosing the epoch (None: the preprocessing's).
    monitor:        metric that chooses the best epoch; "epoch": the last one is kept.
    patience:       early stopping: epochs in a row without improvement (None: no early stopping).
    views:          None: new augmentation in every epoch. A number: so many augmented versions of each picture are
                    used in turn, so that the activations of the frozen layers are computed once and cached.
    keep:           whether the stage's best weights are saved as a checkpoint.
    """

    name: str
    trained_blocks: int
    epochs: int
    learning_rate: float
    image_size: int | None = None
    monitor: Literal["val_loss", "val_accuracy", "val_f1_macro", "epoch"] = "val_accuracy"
    patience: int | None = None
    views: int | None = None
    keep: bool = True


@dataclass(frozen=True)
class Experiment:
    """The complete configuration of a training run, except data and seed.

    network:     architecture, one of `affect.model.network.ARCHITECTURES`.
    chosen_on:   data that choose the epoch and the temperature: "hold-out", a tenth of the training pictures, so that
                 val stays unused for any choice; or "val" itself.
    soft_labels: train on the distribution of the annotators' votes, if the data set has them.
    min_votes:   minimum number of a picture's votes for a class to count, since fewer are likely slips
                 (Barsoum et al. 2016, arXiv:1608.01041, drop single votes).
    distill:     weight of the teachers' probabilities in the targets, if a run has teachers (Hinton et al. 2015,
                 arXiv:1503.02531); they see each augmented and mixed batch (Beyer et al. 2022, arXiv:2106.05237).
    match:       weight of a feature distillation loss: the distance of a linear projection of the network's features
                 from the first teacher's standardised features; the projection is discarded after training
                 (Romero et al. 2015, arXiv:1412.6550).
    balanced_softmax: in training, the log of the classes' shares in each picture's data set is added to the logits, so
                 that the network learns the classes free of their shares (Ren et al. 2020, arXiv:2007.10740). The
                 checkpoint's `prior` has the shares of all training pictures.
    smoothing:   label smoothing: this part of each target goes to all classes, by their shares with balanced softmax,
                 else equally (Szegedy et al. 2016, arXiv:1512.00567).
    mixup:       alpha of the Beta distribution of mixup (Zhang et al. 2018, arXiv:1710.09412); 0: no mixup. A partial
                 label then gives its classes equal shares.
    average:     decay per step of the exponential moving average of the weights, which is what is evaluated and saved
                 (0: the weights themselves).
    measure_framing: set the live crop's margin and shift to the framing of the training pictures (for pictures that
                 are face crops already).
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
    match: float = 0.0
    balanced_softmax: bool = False
    smoothing: float = 0.0
    mixup: float = 0.0
    average: float = 0.0
    chosen_on: Literal["hold-out", "val"] = "hold-out"
    measure_framing: bool = False
    frozen_batch_norm: Literal["fixed", "drifting"] = "fixed"
    mistake: str | None = None


# v1…v4 keep the first version's stages, layers, learning rates, epochs, monitors, patience, batch size and optimizer.
# To save time, the frozen stage uses three augmented versions of each picture in turn instead of new ones every epoch.

TURNED = Augmentation(flip=0.5, rotation=15)

# Imitates webcams. The first version also varied saturation and hue (0.2, 0.1), which has no effect on grey pictures;
# the conversion to grey is part of the preprocessing, so that it applies live as well.
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

# The bundled models are made by distillation: first a teacher is trained, then the model, on the annotators' votes and
# the teacher's outputs, both free of the classes' shares. FER+ is 48 px and grey, so the live crop is reduced to 48 px
# and to grey as well; with further data sets (`--also`), only to grey.
FERPLUS = Preprocessing(image_size=104, color="grey", detail=48, crop_margin=0.011, crop_shift=0.005)

# The teacher is pretrained on face recognition instead of ImageNet (`--init-weights face_mobilenet.pt`, made by
# affect.training.face_weights). Its input is as in the pretraining, levels 0…255 minus the channel means, and larger
# than the student's: it was pretrained at 224 px, and smaller pictures lose more of what it knows.
FACE_TEACHER = Experiment(
    name="face_teacher",
    question="What do faces add that a network has learned to tell apart before?",
    network="face_mobilenet",
    preprocessing=replace(FERPLUS, image_size=128, mean=FACE.mean, std=FACE.std),
    stages=(Stage("all", 14, epochs=5, learning_rate=1e-3, monitor="val_f1_macro"),),
    augmentation=Augmentation(
        flip=0.5,
        rotation=12,
        shift=0.06,
        scale=0.1,
        light=0.3,
        blur=0.1,
        camera=0.15,
        reduce=0.3,
        cover=0.05,
        erase=0.1,
    ),
    optimizer="adamw",
    schedule="one-cycle",
    batch_size=64,
    weight_decay=0.05,
    dropout=0.3,
    soft_labels=True,
    min_votes=2,
    balanced_softmax=True,
    smoothing=0.05,
    average=0.998,
    chosen_on="val",
)

# Its teacher (`--teacher face_teacher_….pt`) sees the same augmented batches, so that memorised answers of the teacher
# are not learned; both the teacher's probabilities and its features are distilled. The last epoch is kept: with further
# data sets, FER+'s val alone would choose the first one, before their faces are learned.
STARTER = replace(
    FACE_TEACHER,
    name="starter",
    question="How good a model can be bundled with the program?",
    network="mobilenet_v2",
    preprocessing=FERPLUS,
    stages=(Stage("all", 19, epochs=7, learning_rate=6e-4, monitor="epoch"),),
    dropout=0.2,
    distill=0.6,
    match=1.0,
)

EXPERIMENTS = {e.name: e for e in (V1, V2, V3, V4, FACE_TEACHER, STARTER)}

# The first version's mistakes, one at a time, to measure the cost of each. (Reporting the last epoch instead of the
# best one needs no run of its own: every run of v1…v4 also saves its last epoch.)
MISTAKES: dict[str, Callable[[Experiment], Experiment]] = {
    # the validation transform replaced the training one, so there was no augmentation
    "augmentation-lost": lambda e: replace(e, augmentation=Augmentation()),
    # the frozen layers were in training mode, so their batch-norm statistics kept changing
    "drifting-batch-norm": lambda e: replace(e, frozen_batch_norm="drifting"),
}


def with_mistake(experiment: Experiment, mistake: str) -> Experiment:
    """The experiment with one of MISTAKES reproduced. Raises AffectError for another name."""
    if mistake not in MISTAKES:
        raise AffectError(f"There is no mistake {mistake!r}. Choose one of {', '.join(MISTAKES)}.")
    return replace(MISTAKES[mistake](experiment), mistake=mistake)


def adapted(experiment: Experiment, epochs: int | None = None, image_size: int | None = None) -> Experiment:
    """The experiment with another number of epochs in every stage, and another image size.

    epochs:     1 or more; None: the stages' own.   image_size: 32…1024 pixels; None: the stages' own.
    Raises AffectError for a number outside these ranges.
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
