"""A camera for the tests: it stands where OpenCV captures, and can be unplugged, blocked and counted."""

from __future__ import annotations

import threading
import time

import numpy as np

from affect.faces.preprocessing import Image


class FakeCamera:
    """Stands in for `cv2.VideoCapture`. `plugged`: what is there, by index; `opened`: when it was opened, and whether.

    size: of the pictures, height and width.   blocks: reads do not return before it is set.
    """

    plugged: set[int]
    size: tuple[int, int]
    opened: list[tuple[float, bool]]
    released: int
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

    def read(self) -> tuple[bool, Image | None]:
        if self._open and FakeCamera.blocks is not None:
            FakeCamera.blocks.wait(30)
        time.sleep(0.005)
        if not self._open or self._index not in FakeCamera.plugged:
            return False, None
        return True, np.full((*FakeCamera.size, 3), 120, np.uint8)

    def release(self) -> None:
        FakeCamera.released += self._open
        self._open = False
