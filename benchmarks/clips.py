"""Synthetic clips of moving faces, at any resolution and frame rate, made from the demo's portrait and drawn faces."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from affect.datasets.drawing import draw_face
from affect.faces.preprocessing import Image
from affect.live.sources.files import DemoSource, Frame

GRIDS = {1: (1, 1), 2: (2, 1), 4: (2, 2), 8: (4, 2)}  # columns, rows
ZOOM: Final = 2.2  # of the portrait in the scenes: the face is about 200 pixels wide
DRAWN: Final = ("neutral", "happy", "surprise", "anger")
DRAWN_S: Final = 3.0  # how long each drawn expression stays

Matrix = npt.NDArray[np.float64]  # (2, 3)


class Clip:
    """A clip of faces that move on separate paths under changing light.

    faces: 1 (the demo clip itself), 2, 4 or 8.   size: width, height in pixels.   fps: frames per second.
    """

    FPS: Final = 30.0

    def __init__(self, faces: int = 1, size: tuple[int, int] = (1280, 720), fps: float = FPS) -> None:
        self._columns, self._rows = GRIDS[faces]
        self._size = size
        self.fps = fps
        self._demo = DemoSource()

    def frame(self, number: int) -> Frame:
        """One frame of the clip; `number` counts from 0 without limit."""
        time_s = number / self.fps
        width, height = DemoSource.SIZE
        if self._columns * self._rows == 1:
            picture = self._demo.picture(time_s)
        else:
            picture = np.empty((height, width, 3), np.uint8)
            tile_width, tile_height = width // self._columns, height // self._rows
            for i in range(self._columns * self._rows):
                left, top = i % self._columns * tile_width, i // self._columns * tile_height
                part = _tile(self._demo.picture(time_s + 1.7 * i), tile_width, tile_height)
                picture[top : top + tile_height, left : left + tile_width] = part
        if self._size != (width, height):
            how = cv2.INTER_AREA if self._size[0] < width else cv2.INTER_LINEAR
            picture = np.asarray(cv2.resize(picture, self._size, interpolation=how), np.uint8)
        return Frame(picture, time_s, number)

    def frames(self, count: int) -> list[Frame]:
        """The first `count` frames, rendered in advance."""
        return [self.frame(i) for i in range(count)]


class Scene:
    """A clip of one head, in 1280×720: "expressions" (the demo), "moving", "turning", "leaving", or "drawn".

    moving:  from side to side, at up to two face widths a second.   turning: left and right by up to 35°, and tilted.
    leaving: leaves the picture for two of every eight seconds and returns.
    drawn:   a drawn face, whose expression changes every DRAWN_S seconds.
    All but the drawn one go through the demo's expressions, at twice its speed where they move.
    """

    NAMES = ("expressions", "moving", "turning", "leaving", "drawn")

    def __init__(self, name: str, fps: float = 30.0) -> None:
        self.fps = fps
        self._demo = DemoSource()
        paths: dict[str, Callable[[float], Matrix]] = {"moving": _moving, "turning": _turning, "leaving": _leaving}
        self._path = paths.get(name)
        self._name = name

    @cached_property
    def _drawn(self) -> list[Image]:
        return [draw_face(emotion, np.random.default_rng(7), 360) for emotion in DRAWN]

    def frame(self, number: int) -> Frame:
        """One frame of the clip; `number` counts from 0 without limit."""
        time_s = number / self.fps
        if self._name == "expressions":
            picture = self._demo.picture(time_s)
        elif self._path is not None:
            picture = _placed(self._demo.portrait.at(2 * time_s), self._path(time_s))
        else:
            drawn = self._drawn[int(time_s / DRAWN_S) % len(DRAWN)]
            x, y = 640 + 60 * np.sin(time_s), 360 + 20 * np.sin(1.7 * time_s)
            picture = _placed(drawn, np.array([[1.0, 0, x - 180], [0, 1.0, y - 180]]))
        return Frame(picture, time_s, number)


def _moving(time_s: float) -> Matrix:
    return _at(640 + 260 * np.sin(1.6 * time_s), 330 + 60 * np.sin(2.3 * time_s))


def _turning(time_s: float) -> Matrix:
    yaw, roll = np.radians(35) * np.sin(1.3 * time_s), np.radians(12) * np.sin(0.9 * time_s)
    return _at(640 + 70 * np.sin(1.3 * time_s), 330, np.cos(yaw), roll)


def _leaving(time_s: float) -> Matrix:
    passed_s = time_s % 8
    away = np.clip((passed_s - 4) / 0.6, 0, 1) - np.clip((passed_s - 6.6) / 0.6, 0, 1)
    return _at(500 + 1100 * away, 330)


def _at(x: float, y: float, narrow: float = 1.0, roll: float = 0.0) -> Matrix:
    """Place the portrait's face at (x, y), made narrower by a factor and rotated by an angle in radians."""
    cos, sin = ZOOM * np.cos(roll), ZOOM * np.sin(roll)
    turned = np.array([[cos * narrow, -sin], [sin * narrow, cos]])
    return np.column_stack([turned, np.array([x, y]) - turned @ DemoSource.FACE])


def _placed(picture: Image, matrix: Matrix) -> Image:
    return np.asarray(
        cv2.warpAffine(picture, matrix, DemoSource.SIZE, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE),
        np.uint8,
    )


def _tile(picture: Image, width: int, height: int) -> Image:
    """Crop a demo picture around its face and resize it to a tile."""
    scale = max(width / 900, height / 720)
    part_width, part_height = round(width / scale), round(height / scale)
    left = round(0.43 * picture.shape[1] - part_width / 2)
    top = max(0, round(0.45 * picture.shape[0] - part_height / 2))
    part = picture[top : top + part_height, left : left + part_width]
    return np.asarray(cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
