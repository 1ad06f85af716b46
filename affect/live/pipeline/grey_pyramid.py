"""A frame as detector and model need it: a grey copy and its halves, made once, in memory that is used again.

A cascade passes over what has little contrast: OpenCV's rejects every place whose grey values deviate by less than 10
from their mean. So dim and backlit faces, and those in fog, are searched in an evened copy.
"""

from __future__ import annotations

import cv2
import numpy as np

from affect.faces.preprocessing import Image

SEARCHED = 640  # the longer side, in pixels, of the largest picture that a whole frame is searched in, at most
# Adaptive equalisation (Zuiderveld 1994) in 4×4 parts, unclipped. Of 78 FER+ faces in frames it lets the cascade find
# as many at a 16th of the light, backlit, or in fog as in full light; one equalisation of the whole frame finds fewer,
# and hardly any that are backlit.
EVENED_PARTS = (4, 4)
UNCLIPPED = 40.0


class GreyPyramid:
    """A frame's picture, and grey pictures of it, each half as wide and high as the one before.

    They stay valid until the next `take`; the memory is then written over.   picture: as given.
    levels: uint8 grey (height, width); the first has the frame's size, the last is about 30 pixels high.
    """

    def __init__(self) -> None:
        self.picture: Image = np.empty((0, 0, 3), np.uint8)
        self.levels: list[Image] = []
        self._evened: dict[int, Image] = {}

    def take(self, picture: Image) -> GreyPyramid:
        """Look at another frame, uint8 BGR (height, width, 3)."""
        if picture.shape[:2] != self.picture.shape[:2]:
            height, width = picture.shape[:2]
            self.levels = [np.empty((height, width), np.uint8)]
            while min(height, width) >= 60:
                height, width = height // 2, width // 2
                self.levels.append(np.empty((height, width), np.uint8))
        self.picture, self._evened = picture, {}
        cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY, dst=self.levels[0])
        for finer, coarser in zip(self.levels, self.levels[1:], strict=False):
            height, width = coarser.shape
            even = finer[: 2 * height, : 2 * width]  # exactly halved, OpenCV averages 2×2 pixels in one fast pass
            cv2.resize(even, (width, height), dst=coarser, interpolation=cv2.INTER_AREA)
        return self

    @property
    def grey(self) -> Image:
        """The whole frame in grey, at its own size."""
        return self.levels[0]

    def first_searched(self) -> int:
        """The number of the largest level that a whole frame is searched in."""
        return next((i for i, level in enumerate(self.levels) if max(level.shape) <= SEARCHED), len(self.levels) - 1)

    def evened(self, number: int) -> Image:
        """The level of this number with its contrast evened."""
        if number not in self._evened:
            self._evened[number] = evened(self.levels[number])
        return self._evened[number]


def evened(grey: Image, parts: tuple[int, int] = EVENED_PARTS) -> Image:
    """A grey picture in each of whose parts every grey value is about as frequent, uint8."""
    return np.asarray(cv2.createCLAHE(UNCLIPPED, parts).apply(grey), np.uint8)
