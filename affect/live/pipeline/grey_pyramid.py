"""Grey image pyramid of a frame, computed once per frame in reused buffers. Detector and model read from it.

OpenCV's cascade rejects windows whose grey levels have a standard deviation below 10. Dim and backlit faces, and those
in fog, are therefore searched in a contrast-equalised copy.
"""

from __future__ import annotations

import cv2
import numpy as np

from affect.faces.preprocessing import Image

SEARCHED = 640  # maximum longer side, in pixels, of the level that a whole-frame search uses
# Adaptive histogram equalisation (Zuiderveld 1994) in 4×4 tiles without clipping. Of 78 FER+ faces in frames, the
# cascade then finds as many at a 16th of the light, backlit, or in fog as in full light; global equalisation finds
# fewer, and hardly any that are backlit.
EVENED_PARTS = (4, 4)
UNCLIPPED = 40.0


class GreyPyramid:
    """A frame and its grey image pyramid; each level has half the width and height of the one before.

    The levels are valid until the next `take`, which overwrites them.   picture: the frame as given.
    levels: uint8 grey (height, width); the first has the frame's size, the last is about 30 pixels high.
    """

    def __init__(self) -> None:
        self.picture: Image = np.empty((0, 0, 3), np.uint8)
        self.levels: list[Image] = []
        self._evened: dict[int, Image] = {}

    def take(self, picture: Image) -> GreyPyramid:
        """Compute the pyramid of a new frame, uint8 BGR (height, width, 3), and return self."""
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
            even = finer[: 2 * height, : 2 * width]  # for an exact factor of 2, OpenCV has a fast 2×2 average
            cv2.resize(even, (width, height), dst=coarser, interpolation=cv2.INTER_AREA)
        return self

    @property
    def grey(self) -> Image:
        """The grey frame at full size."""
        return self.levels[0]

    def first_searched(self) -> int:
        """Index of the largest level that a whole-frame search uses."""
        return next((i for i, level in enumerate(self.levels) if max(level.shape) <= SEARCHED), len(self.levels) - 1)

    def evened(self, number: int) -> Image:
        """Return the level of this index with its contrast equalised."""
        if number not in self._evened:
            self._evened[number] = evened(self.levels[number])
        return self._evened[number]


def halved(grey: Image, side: int) -> Image:
    """Halve a picture while its shorter side stays at least `side`: for exact halves OpenCV is ten times as fast."""
    while min(grey.shape) >= 2 * side:
        height, width = grey.shape[0] // 2, grey.shape[1] // 2
        even = grey[: 2 * height, : 2 * width]
        grey = np.asarray(cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    return grey


def evened(grey: Image, parts: tuple[int, int] = EVENED_PARTS) -> Image:
    """Apply adaptive histogram equalisation to a uint8 grey picture.   parts: number of tiles across and down."""
    return np.asarray(cv2.createCLAHE(UNCLIPPED, parts).apply(grey), np.uint8)
