"""A video call on the virtual screen, as far as the detector sees it: a window that shows a person, and a mouse."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image as PillowImage
from Xlib import X
from Xlib.display import Display
from Xlib.ext import xtest

from affect.faces.preprocessing import Image
from tests.tools.virtual_screen import VirtualScreen

Point = tuple[int, int]


@contextmanager
def window_showing(screen: VirtualScreen, picture: Image, left: int, top: int) -> Iterator[None]:
    """A window without a frame that shows a picture, uint8 BGR (height, width, 3), until the block ends."""
    display = Display(screen.name)
    root = display.screen()
    height, width = picture.shape[:2]
    pixels = root.root.create_pixmap(width, height, root.root_depth)
    pixels.put_pil_image(pixels.create_gc(), 0, 0, PillowImage.fromarray(picture[:, :, ::-1].copy()))
    window = root.root.create_window(left, top, width, height, 0, root.root_depth, background_pixmap=pixels)
    window.map()
    display.sync()
    try:
        yield
    finally:
        display.close()  # takes its windows away


def drag(screen: VirtualScreen, start: Point, end: Point) -> None:
    """Draw a line with the left mouse button down."""
    display = Display(screen.name)
    steps = [(start[0] + (end[0] - start[0]) * i // 4, start[1] + (end[1] - start[1]) * i // 4) for i in range(5)]
    for i, (x, y) in enumerate(steps):
        xtest.fake_input(display, X.MotionNotify, x=x, y=y)
        if i == 0:
            xtest.fake_input(display, X.ButtonPress, 1)
        display.sync()
        time.sleep(0.1)
    xtest.fake_input(display, X.ButtonRelease, 1)
    display.sync()
    display.close()
