"""Preprocessing of a face to model input: the one definition, stored in each checkpoint, for training and live use.

`Preprocessing` holds the settings; `prepare` makes the picture (uint8), `normalize` the model's input (float32).
Pictures are uint8 BGR, (height, width, 3), as OpenCV reads them, everywhere in `affect`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from affect.errors import AffectError, brief

# ImageNet's channel statistics in RGB order, with which torchvision's weights were trained.
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

Image = npt.NDArray[np.uint8]

_KINDS: dict[str, tuple[type, ...]] = {
    "image_size": (int,),
    "color": (str,),
    "crop_margin": (float, int),
    "crop_shift": (float, int),
    "detail": (int, type(None)),
    "mean": (list, tuple),
    "std": (list, tuple),
    "find_face": (bool,),
}


@dataclass(frozen=True)
class Preprocessing:
    """The settings that turn a detected face into model input.

    The defaults are those of the original notebooks: 224 px, colour, ImageNet statistics, the box itself.

    image_size:  side of the model's square input, pixels.
    color:       "rgb", or "grey" (luminance repeated in the three channels).
    crop_margin: margin on each side of the face box, in box sides: the crop's side is (1 + 2·crop_margin)·box side.
                 A negative margin cuts into the box.
    crop_shift:  offset of the crop's centre below the box's centre, in box sides.
    detail:      None, or the side in pixels of the training pictures. A larger crop is first reduced to it, so that
                 the model never sees finer detail live than in training.
    mean, std:   per channel, RGB, on the scale 0…1.
    find_face:   False: a data set's pictures are face crops already. True: the largest face of each is detected and
                 cropped as in live use; pictures without a detected face are left out.
    """

    image_size: int = 224
    color: str = "rgb"
    crop_margin: float = 0.0
    crop_shift: float = 0.0
    detail: int | None = None
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD
    find_face: bool = False

    def __post_init__(self) -> None:
        if not 32 <= self.image_size <= 1024:
            raise AffectError(f"image_size is {brief(self.image_size)}; it must lie between 32 and 1024 pixels.")
        if self.color not in ("rgb", "grey"):
            raise AffectError(f"color is '{brief(self.color)}'; it must be 'rgb' or 'grey'.")
        if not -0.4 <= self.crop_margin <= 2 or not abs(self.crop_shift) <= min(1, 0.5 + self.crop_margin + 1e-9):
            raise AffectError(
                f"crop_margin {brief(self.crop_margin)} or crop_shift {brief(self.crop_shift)} is out of range "
                "(-0.4…2 and -1…1 box sides, and the crop must show the box's centre)."
            )
        if self.detail is not None and not 16 <= self.detail <= 1024:
            raise AffectError(f"detail is {brief(self.detail)}; it must be None or 16 to 1024 pixels.")
        if len(self.mean) != 3 or len(self.std) != 3 or not all(s >= 1e-3 for s in self.std):
            raise AffectError("mean and std need three values each, std 0.001 or more.")

    @classmethod
    def from_dict(cls, values: object) -> Preprocessing:
        """Settings from the dict of `to_dict`. Raises AffectError if one is missing, unknown or of another type."""
        if not isinstance(values, Mapping):
            raise AffectError("The preprocessing settings are missing. Train the model again.")
        values = {"find_face": False, **values}  # the first checkpoints do not have it
        names = {f.name for f in fields(cls)}
        if set(values) != names:
            odd = brief(", ".join(sorted(brief(k) for k in set(values) ^ names)))
            raise AffectError(
                f"The preprocessing settings do not fit this version of affect (see: {odd}). "
                "Update affect, or train the model again."
            )
        plain = dict(values)
        for name, kinds in _KINDS.items():
            if type(plain[name]) not in kinds:
                raise AffectError(
                    f"The preprocessing settings are not usable: {name} is no {kinds[0].__name__}. "
                    "Train the model again."
                )
        for name in ("mean", "std"):
            if len(plain[name]) != 3 or not all(type(v) in (float, int) and abs(v) <= 1000 for v in plain[name]):
                raise AffectError(
                    f"The preprocessing settings are not usable: {name} is not three numbers. Train the model again."
                )
            plain[name] = tuple(map(float, plain[name]))
        return cls(**plain)

    def to_dict(self) -> dict[str, Any]:
        """The settings as plain values (numbers, strings, lists), for a checkpoint or JSON."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}

    @property
    def channels(self) -> int:
        """Channels of a prepared picture: 1 for grey, 3 for rgb."""
        return 1 if self.color == "grey" else 3

    def prepare(self, face: Image) -> Image:
        """Resize a face crop to the model's input picture and convert its colour; the values are not normalised yet.

        face: uint8 BGR (height, width, 3) or grey (height, width); a face crop or a whole training picture.
        Returns uint8 (image_size, image_size, channels), RGB or grey. A crop that is not square is stretched;
        `affect.faces.detection.crop_face` returns square ones.
        """
        if self.color == "grey":
            picture = face if face.ndim == 2 else cv2.cvtColor(face, cv2.COLOR_BGR2GRAY)
        else:
            picture = cv2.cvtColor(face, cv2.COLOR_GRAY2RGB if face.ndim == 2 else cv2.COLOR_BGR2RGB)
        if self.detail is not None and max(picture.shape[:2]) > self.detail:
            picture = cv2.resize(picture, (self.detail, self.detail), interpolation=cv2.INTER_AREA)
        size = (self.image_size, self.image_size)
        if picture.shape[:2] != size:
            shrinks = max(picture.shape[:2]) > self.image_size
            how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
            picture = cv2.resize(picture, size, interpolation=how)
        return np.asarray(picture, np.uint8).reshape(*size, self.channels)

    def normalize(self, pictures: Image) -> npt.NDArray[np.float32]:
        """Normalise prepared pictures to the model's input tensor.

        pictures: uint8 (n, image_size, image_size, channels), from `prepare`.
        Returns float32 (n, 3, image_size, image_size), (value/255 - mean)/std.
        """
        scale = 1 / (255 * np.asarray(self.std, np.float32))
        offset = -np.asarray(self.mean, np.float32) / np.asarray(self.std, np.float32)
        n, height, width, channels = pictures.shape
        faces = np.empty((n, 3, height, width), np.float32)
        for c in range(3):  # channel by channel takes a quarter of the time of one expression with a transposed result
            np.multiply(pictures[..., c % channels], scale[c], out=faces[:, c])
            faces[:, c] += offset[c]
        return faces
