"""Synthetic clips with several moving faces, at any resolution and frame rate, made from the demo's portrait."""

from __future__ import annotations

import cv2
import numpy as np

from affect.faces.preprocessing import Image
from affect.live.sources.files import DemoSource, Frame

GRIDS = {1: (1, 1), 2: (2, 1), 4: (2, 2), 8: (4, 2)}  # columns, rows


class Clip:
    """A clip of faces that move on separate paths under changing light.

    faces: 1 (the demo clip itself), 2, 4 or 8.   size: width, height in pixels.   fps: frames per second.
    """

    def __init__(self, faces: int = 1, size: tuple[int, int] = (1280, 720), fps: float = 30.0) -> None:
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


def _tile(picture: Image, width: int, height: int) -> Image:
    """Crop a demo picture around its face and resize it to a tile."""
    scale = max(width / 900, height / 720)
    part_width, part_height = round(width / scale), round(height / scale)
    left = round(0.43 * picture.shape[1] - part_width / 2)
    top = max(0, round(0.45 * picture.shape[0] - part_height / 2))
    part = picture[top : top + part_height, left : left + part_width]
    return np.asarray(cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
