"""Full-screen dialog in which the user draws the capture rectangle on a dimmed screenshot of the desktop."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from PIL import Image as PillowImage
from PIL import ImageDraw

from affect.faces.preprocessing import Image
from affect.live.texts import text
from affect.live.window.lettering import font
from affect.live.window.region import SMALLEST, Region

TITLE = "affect: choose"
ACCEPT = (10, 13, 32, 141)  # line feed, return, space, and GTK's code of the number pad's Enter
ESCAPE = 27
LINE = (240, 176, 64)  # BGR, visible on light and dark pictures
WAIT_MS = 15


def choose_region(desktop: Image, monitor: Region, language: str) -> Region | None:
    """Let the user draw a rectangle on a screenshot, and return it in its pixels; None if the user cancels.

    desktop: uint8 BGR (height, width, 3) of all monitors.   monitor: the one that shows the dialog.
    Opens a window, so call it in the main thread.
    """
    drawing = Drawing(desktop, (monitor.width, monitor.height), language)
    cv2.namedWindow(TITLE, cv2.WINDOW_NORMAL | cv2.WINDOW_FREERATIO | cv2.WINDOW_GUI_NORMAL)
    try:
        cv2.moveWindow(TITLE, monitor.x, monitor.y)
        cv2.resizeWindow(TITLE, monitor.width, monitor.height)
        cv2.setWindowProperty(TITLE, cv2.WND_PROP_FULLSCREEN, cv2.WINDOW_FULLSCREEN)
        cv2.setMouseCallback(TITLE, drawing.mouse)
        return _until_decided(drawing)
    finally:
        cv2.destroyAllWindows()
        cv2.waitKey(1)  # the window closes only when its events are processed


def _until_decided(drawing: Drawing) -> Region | None:
    while True:
        if drawing.changed:
            cv2.imshow(TITLE, drawing.picture())
        key = cv2.waitKey(WAIT_MS) & 0xFF
        if key in ACCEPT and (region := drawing.region()) is not None:
            return region
        if key == ESCAPE or not _is_open():
            return None


def _is_open() -> bool:
    try:
        return cv2.getWindowProperty(TITLE, cv2.WND_PROP_VISIBLE) >= 1
    except cv2.error:  # some backends raise if the window is closed
        return False


class Drawing:
    """State of the dialog: the screenshot and the rectangle drawn so far.

    desktop: uint8 BGR (height, width, 3).   size: width and height of the window; the screenshot is scaled to fit.
    """

    def __init__(self, desktop: Image, size: tuple[int, int], language: str) -> None:
        width, height = size
        self._desktop = desktop.shape
        self._language = language
        self._scale = min(width / desktop.shape[1], height / desktop.shape[0])
        shown = (round(desktop.shape[1] * self._scale), round(desktop.shape[0] * self._scale))
        self._left, self._top = (width - shown[0]) // 2, (height - shown[1]) // 2
        self._bright = np.zeros((height, width, 3), np.uint8)
        placed = self._bright[self._top : self._top + shown[1], self._left : self._left + shown[0]]
        placed[:] = cv2.resize(desktop, shown, interpolation=cv2.INTER_AREA)
        self._dim = np.asarray(cv2.convertScaleAbs(self._bright, alpha=0.45), np.uint8)
        self._corners: tuple[tuple[int, int], tuple[int, int]] | None = None
        self._drawing = False
        self._pointer = (width // 2, height)
        self.changed = True

    def mouse(self, event: int, x: int, y: int, flags: int, data: object) -> None:
        """Mouse callback for OpenCV.   x, y: in pixels of the window's picture."""
        self._pointer = (x, y)
        if event == cv2.EVENT_LBUTTONDOWN:
            self._drawing, self._corners = True, ((x, y), (x, y))
        elif self._drawing and self._corners is not None:
            self._corners = (self._corners[0], (x, y))
            self._drawing = event != cv2.EVENT_LBUTTONUP
        self.changed = True

    def region(self) -> Region | None:
        """Rectangle in pixels of the desktop; None if there is none, or it is smaller than SMALLEST."""
        drawn = self._rectangle()
        return drawn if drawn is not None and min(drawn.width, drawn.height) >= SMALLEST else None

    def _rectangle(self) -> Region | None:
        if self._corners is None:
            return None
        (x0, y0), (x1, y1) = self._corners
        height, width = self._desktop[:2]
        left, right = (round(min(max(0.0, (x - self._left) / self._scale), width)) for x in sorted((x0, x1)))
        top, bottom = (round(min(max(0.0, (y - self._top) / self._scale), height)) for y in sorted((y0, y1)))
        return Region(left, top, right - left, bottom - top)

    def picture(self) -> Image:
        """Draw the dialog: the screenshot, dimmed outside the rectangle, and a line of instructions."""
        self.changed = False
        canvas = self._dim.copy()
        if self._corners is not None:
            (x0, x1), (y0, y1) = (sorted(pair) for pair in zip(*self._corners, strict=True))
            canvas[max(0, y0) : max(0, y1), max(0, x0) : max(0, x1)] = self._bright[
                max(0, y0) : max(0, y1), max(0, x0) : max(0, x1)
            ]
            cv2.rectangle(canvas, (x0, y0), (x1, y1), LINE, max(2, canvas.shape[0] // 400))
        hint = _hint(self._told(), canvas.shape[1], max(15, canvas.shape[0] // 36))
        top = canvas.shape[0] // 20
        if self._pointer[1] < canvas.shape[0] / 3:  # keeps the instructions away from the pointer
            top = canvas.shape[0] - top - hint.shape[0]
        left = (canvas.shape[1] - hint.shape[1]) // 2
        canvas[top : top + hint.shape[0], left : left + hint.shape[1]] = hint
        return canvas

    def _told(self) -> str:
        if self._corners is None or self._drawing:
            return text("screen_hint_draw", self._language)
        if self.region() is None:
            return text("screen_hint_small", self._language, smallest=SMALLEST)
        return text("screen_hint_accept", self._language)


@lru_cache(maxsize=8)
def _hint(line: str, width: int, size: int) -> Image:
    """Render a line of text on a dark background, uint8 BGR; the font shrinks until it fits into `width` pixels."""
    letters = font(size)
    while letters.getlength(line) + 2 * size > width and size > 8:
        size -= 1
        letters = font(size)
    ascent, descent = letters.getmetrics()
    ground = PillowImage.new(
        "RGB", (min(width, round(letters.getlength(line)) + 2 * size), ascent + descent + size), "#1c1816"
    )
    ImageDraw.Draw(ground).text((size, size // 2), line, "#f5f5f5", letters)
    return np.ascontiguousarray(np.asarray(ground, np.uint8)[:, :, ::-1])
