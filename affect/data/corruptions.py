"""Corruptions of face pictures as by a webcam, at three strengths each: light, colour, blur, noise, JPEG, occlusion,
misaligned crops.

Used by augmentation and by `affect.evaluation.robustness`. After Hendrycks and Dietterich 2019 (arXiv:1903.12261), with
strengths for small face pictures.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from affect.faces.preprocessing import Image


def _either_way(rng: np.random.Generator) -> float:
    return float(rng.choice((-1.0, 1.0)))


def gamma(picture: Image, power: float) -> Image:
    """Gamma correction: power above 1 darkens, as in low light; below 1 brightens.   picture: uint8."""
    levels = 255 * (np.arange(256) / 255) ** power
    return np.asarray(cv2.LUT(picture, np.rint(levels).astype(np.uint8)), np.uint8)


def contrast(picture: Image, factor: float) -> Image:
    """Scale the contrast: multiply each level's distance from the picture's mean by `factor`.   picture: uint8."""
    mean = float(picture.mean())
    levels = np.clip(mean + factor * (np.arange(256) - mean), 0, 255)
    return np.asarray(cv2.LUT(picture, np.rint(levels).astype(np.uint8)), np.uint8)


def tint(picture: Image, strength: float, rng: np.random.Generator) -> Image:
    """Apply a warm or cool colour cast: red and blue change in opposite directions, brightness stays.

    picture: uint8 BGR, also one whose channels are equal.   strength: 0…1; 0 changes nothing.
    The gains keep the luma of ITU-R BT.601, with which OpenCV converts to grey, except where levels exceed 255.
    """
    red = 1 + _either_way(rng) * strength * rng.uniform(0.75, 1)
    blue = 2 - red
    green = (1 - 0.299 * red - 0.114 * blue) / 0.587
    return np.asarray(np.clip(np.rint(picture * np.array([blue, green, red])), 0, 255), np.uint8)


def blur(picture: Image, sigma: float) -> Image:
    """Gaussian blur with sigma as a share of the shorter side.   picture: uint8."""
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), max(0.1, sigma * min(picture.shape[:2]))), np.uint8)


def noise(picture: Image, sigma: float, rng: np.random.Generator) -> Image:
    """Add independent Gaussian noise to every value, sigma in grey levels.   picture: uint8."""
    noisy = picture + rng.normal(0, sigma, picture.shape).astype(np.float32)
    return np.asarray(np.clip(np.rint(noisy), 0, 255), np.uint8)


def jpeg(picture: Image, quality: int) -> Image:
    """Compress a picture as JPEG and decode it.   picture: uint8 BGR or grey.   quality: 0…100."""
    packed = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    how = cv2.IMREAD_GRAYSCALE if picture.ndim == 2 or picture.shape[2] == 1 else cv2.IMREAD_COLOR
    return np.asarray(cv2.imdecode(packed, how), np.uint8).reshape(picture.shape)


def downscale(picture: Image, side: int) -> Image:
    """Reduce the resolution: shrink the shorter side to `side` pixels and enlarge again, as a face far away.

    picture: uint8, BGR or grey.   side: pixels.   Returns uint8 of the same shape; a smaller picture is unchanged.
    """
    height, width = picture.shape[:2]
    factor = side / min(height, width)
    if factor >= 1:
        return picture
    small = cv2.resize(picture, (round(width * factor), round(height * factor)), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8).reshape(
        picture.shape
    )


def hidden(picture: Image, share: float, rng: np.random.Generator) -> Image:
    """Cover a random rectangle with one grey level, as occlusion by a hand, a microphone or glasses.

    picture: uint8, BGR or grey.   share: of the area.   The rectangle's width / height lies between 1/2 and 2.
    """
    height, width = picture.shape[:2]
    level, aspect = rng.integers(0, 256), 2.0 ** rng.uniform(-1, 1)
    high, wide = round(height * np.sqrt(share / aspect)), round(width * np.sqrt(share * aspect))
    top, left = (int(rng.random() * (side - part)) for side, part in ((height, high), (width, wide)))
    changed = picture.copy()
    changed[top : top + high, left : left + wide] = level
    return changed


def moved(picture: Image, *, roll: float = 0.0, shift: tuple[float, float] = (0.0, 0.0), scale: float = 0.0) -> Image:
    """Misalign a face crop as a rotated, shifted or larger detector box would, with border replication.

    picture: uint8, BGR or grey.   Returns uint8 of the same shape.
    roll: degrees.   shift: of the box, to the right and down, in box sides.   scale: relative increase of the box.
    """
    height, width = picture.shape[:2]
    middle = ((width - 1) / 2, (height - 1) / 2)
    matrix = cv2.getRotationMatrix2D(middle, roll, 1 / (1 + scale))
    matrix[0, 2] -= shift[0] * width / (1 + scale)
    matrix[1, 2] -= shift[1] * height / (1 + scale)
    turned = cv2.warpAffine(picture, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(turned, np.uint8).reshape(picture.shape)


@dataclass(frozen=True)
class Corruption:
    """One corruption with its three strengths.

    measure:   the strength's quantity, in words.   told: format string of a strength.
    apply:     (picture uint8 BGR, strength, generator) → picture of the same shape.
    """

    name: str
    measure: str
    strengths: tuple[float, float, float]
    told: str
    apply: Callable[[Image, float, np.random.Generator], Image]


def _shifted(picture: Image, strength: float, rng: np.random.Generator) -> Image:
    angle = rng.uniform(0, 2 * np.pi)
    return moved(picture, shift=(strength * float(np.cos(angle)), strength * float(np.sin(angle))))


CORRUPTIONS = (
    Corruption("low light", "gamma", (1.5, 2.2, 3.2), "{:g}", lambda p, s, _: gamma(p, s)),
    Corruption("bright light", "gamma", (0.7, 0.5, 0.35), "{:g}", lambda p, s, _: gamma(p, s)),
    Corruption("low contrast", "factor", (0.6, 0.4, 0.25), "{:g}", lambda p, s, _: contrast(p, s)),
    Corruption("blur", "sigma, of the side", (0.015, 0.03, 0.05), "{:.1%}", lambda p, s, _: blur(p, s)),
    Corruption("noise", "sigma, grey levels", (8, 16, 32), "{:g}", noise),
    Corruption("JPEG", "quality", (40, 20, 8), "{:g}", lambda p, s, _: jpeg(p, int(s))),
    Corruption("downscale", "pixels", (32, 24, 16), "{:g}", lambda p, s, _: downscale(p, int(s))),
    Corruption("roll", "degrees either way", (5, 10, 15), "{:g}", lambda p, s, r: moved(p, roll=s * _either_way(r))),
    Corruption("box shift", "of the side", (0.03, 0.06, 0.10), "{:.0%}", _shifted),
    Corruption(
        "box scale", "either way", (0.05, 0.10, 0.15), "{:.0%}", lambda p, s, r: moved(p, scale=s * _either_way(r))
    ),
    Corruption("colour cast", "red and blue", (0.2, 0.4, 0.6), "±{:.0%}", tint),
    Corruption("hidden part", "of the area", (0.05, 0.10, 0.20), "{:.0%}", hidden),
)
