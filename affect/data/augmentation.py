"""Random augmentation of training pictures, from a seeded generator."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from affect.data.corruptions import contrast, gamma, jpeg, noise
from affect.faces.preprocessing import Image


@dataclass(frozen=True)
class Augmentation:
    """Augmentation settings; random values are drawn anew for each picture and epoch.

    flip:       probability of a horizontal flip.
    rotation:   maximum angle in degrees, in either direction.
    shift:      maximum shift in x and in y, as a share of the side (a detector's box is never exact).
    scale:      maximum relative change of size, smaller or larger.
    crop_area:  range of a random crop's area, as a share of the picture's (above 1: the border is replicated).
    aspect:     a random crop's width / height lies between 1/aspect and aspect.
    light:      maximum relative change of brightness and of contrast (0.4: factors 0.6…1.4).
    blur:       probability of a Gaussian blur (sigma 0.5…2 px).
    camera:     probability of webcam degradations (`affect.data.augmentation.through_a_camera`).
    reduce:     probability of a lower resolution: 32…72 px, enlarged again.
    cover:      probability that the lower 35…50 % are hidden, as by a mask or a hand, in one grey level.
    erase:      probability of random erasing: a rectangle of 2…15 % of the area in one grey level.
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
    reduce: float = 0.0
    cover: float = 0.0
    erase: float = 0.0


def augment(picture: Image, settings: Augmentation, image_size: int, rng: np.random.Generator) -> Image:
    """Augment one prepared picture at random and resize it to `image_size`.

    picture: uint8 (side, side, channels).   Returns uint8 (image_size, image_size, channels).
    Flip, rotation, scale, shift and resizing are one bilinear warp, so that the picture is interpolated only once; the
    border is replicated.
    """
    side = picture.shape[0]
    channels = picture.shape[2]
    angle = np.deg2rad(rng.uniform(-1, 1) * settings.rotation)
    zoom = (1 + rng.uniform(-1, 1) * settings.scale) * image_size / side
    mirror = -1.0 if rng.random() < settings.flip else 1.0
    cos, sin = zoom * np.cos(angle), zoom * np.sin(angle)
    matrix = np.array([[cos * mirror, -sin, 0], [sin * mirror, cos, 0]])
    shift = rng.uniform(-1, 1, 2) * settings.shift * image_size
    if settings.crop_area != (1.0, 1.0):
        area, aspect = rng.uniform(*settings.crop_area), settings.aspect ** rng.uniform(-1, 1)
        crop = np.sqrt(np.array([area * aspect, area / aspect]))  # width and height of the crop, in sides
        matrix[:, :2] /= crop[:, None]
        shift = shift / crop + rng.uniform(-0.5, 0.5, 2) * np.abs(1 / crop - 1) * image_size
    matrix[:, 2] = (image_size - 1) / 2 + shift - matrix[:, :2].sum(1) * (side - 1) / 2
    varied = cv2.warpAffine(
        picture,
        matrix,
        (image_size, image_size),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    if settings.light:
        brightness, contrast = 1 + rng.uniform(-1, 1, 2) * settings.light
        mean = float(np.mean(cv2.mean(varied)[:channels]))  # takes an eighth of the time of NumPy's mean of uint8
        levels = (np.arange(256) - mean) * contrast + mean * brightness
        varied = cv2.LUT(varied, np.clip(levels, 0, 255).astype(np.uint8))
    if rng.random() < settings.blur:
        varied = cv2.GaussianBlur(varied, (0, 0), rng.uniform(0.5, 2.0))
    varied = np.asarray(varied, np.uint8).reshape(image_size, image_size, channels)
    if settings.camera and rng.random() < settings.camera:
        varied = through_a_camera(varied, rng)
    if settings.reduce and rng.random() < settings.reduce:
        varied = _resized(varied, min(image_size, int(rng.integers(32, 73))), cv2.INTER_AREA)
        varied = _resized(varied, image_size, cv2.INTER_LINEAR)
    if settings.cover and rng.random() < settings.cover:
        varied[round(image_size * rng.uniform(0.5, 0.65)) :] = rng.integers(0, 256)
    if rng.random() < settings.erase:
        area, aspect = rng.uniform(0.02, 0.15), np.exp(rng.uniform(-1, 1))
        height = min(image_size, round(image_size * np.sqrt(area * aspect)))
        width = min(image_size, round(image_size * np.sqrt(area / aspect)))
        top = rng.integers(0, image_size - height + 1)
        left = rng.integers(0, image_size - width + 1)
        varied[top : top + height, left : left + width] = rng.integers(0, 256)
    return np.asarray(varied, np.uint8)


SMALLEST = 18  # pixels: smallest side of a face on the simulated camera's sensor


def through_a_camera(picture: Image, rng: np.random.Generator) -> Image:
    """Degrade a picture as a poor webcam would: low resolution, and at random changed light, contrast, noise and JPEG.

    picture: uint8 (side, side, channels), side above SMALLEST.   Returns the same shape.
    """
    side, shape = picture.shape[0], picture.shape
    pixels = round(np.exp(rng.uniform(np.log(SMALLEST), np.log(max(SMALLEST, side)))))
    seen = _resized(picture, pixels, cv2.INTER_AREA)
    if rng.random() < 0.5:
        seen = gamma(seen, float(np.exp(rng.uniform(np.log(0.4), np.log(3.0))))).reshape(seen.shape)
    if rng.random() < 0.5:
        seen = contrast(seen, rng.uniform(0.3, 1.2)).reshape(seen.shape)
    if rng.random() < 0.5:
        seen = noise(seen, rng.uniform(0, 30), rng)
    if rng.random() < 0.5:
        seen = jpeg(seen, int(rng.integers(8, 70)))
    return _resized(seen.reshape(pixels, pixels, shape[2]), side, cv2.INTER_LINEAR)


def _resized(picture: Image, side: int, interpolation: int) -> Image:
    return np.asarray(cv2.resize(picture, (side, side), interpolation=interpolation), np.uint8).reshape(
        side, side, picture.shape[2]
    )
