"""A camera for the tests: it stands where OpenCV captures, and can be unplugged, blocked and counted."""

from __future__ import annotations

import threading
import time

import numpy as np

from affect.faces.preprocessing import Image


class FakeCamera:
    """Stands in for `cv2.VideoCapture`. `plugged`: what is there, by index; `opened`: when it was opened, and whether.

    size: of the pictures, height and width.   blocks: reads do not return before it is set.
    grabbed, decoded: how many pictures were taken from it, and how many of these were decoded.
    """

    plugged: set[int]
    size: tuple[int, int]
    opened: list[tuple[float, bool]]
    released: int
    grabbed: int
    decoded: int
    blocks: threading.Event | None

    def __init__(self, index: int, *_: object) -> None:
        self._index = index
        self._open = index in FakeCamera.plugged
        FakeCamera.opened.append((time.monotonic(), self._open))

    def isOpened(self) -> bool:
        return self._open

    def set(self, *_: object) -> bool:
        return self._open

    def get(self, *_: object) -> float:
        return 0.0

    def grab(self) -> bool:
        if self._open and FakeCamera.blocks is not None:
            FakeCamera.blocks.wait(30)
        time.sleep(0.005)
        there = self._open and self._index in FakeCamera.plugged
        FakeCamera.grabbed += there
        return there

    def retrieve(self) -> tuple[bool, Image | None]:
        FakeCamera.decoded += 1
        return True, np.full((*FakeCamera.size, 3), 120, np.uint8)

    def read(self) -> tuple[bool, Image | None]:
        return self.retrieve() if self.grab() else (False, None)

    def release(self) -> None:
        FakeCamera.released += self._open
        self._open = False
