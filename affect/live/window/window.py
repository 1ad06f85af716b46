"""Wrapper around OpenCV's window: display check, showing pictures, reading keys, open or closed state."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import cv2

from affect.faces.preprocessing import Image
from affect.live.texts import text

if TYPE_CHECKING:
    from affect.live.window.region import Region

SMALLEST = (400, 300)  # minimum width and height in pixels, so that the status bar's text fits


def missing_display(language: str = "en") -> str | None:
    """Reason why no window can be opened, as a short text; None if one can.

    Under Linux, opencv-python uses Qt on X11 (XWayland on Wayland), and Qt terminates the program if the display does
    not answer. Therefore the display is checked first.
    """
    if sys.platform in ("win32", "darwin"):
        return None
    display = os.environ.get("DISPLAY", "")
    if not display:
        return text("display_unset", language)
    host, _, rest = display.rpartition(":")
    number = rest.split(".")[0]
    if not number.isdecimal():
        return text("display_missing", language, name=display)
    try:
        if host in ("", "unix"):
            _reach(socket.AF_UNIX, _unix_addresses(int(number)))
        else:
            _reach(socket.AF_INET, [(host, 6000 + int(number))])
    except OSError:
        return text("display_silent", language, name=display)
    return None


def _unix_addresses(number: int) -> list[str]:
    path = str(Path("/tmp/.X11-unix") / f"X{number}")  # noqa: S108 - the fixed place of X11
    return [path, f"\0{path}"]


def _reach(family: socket.AddressFamily, addresses: list[str] | list[tuple[str, int]]) -> None:
    """Connect to the first address that answers. Raises OSError if none does."""
    failure: OSError = OSError("no address")
    for address in addresses:
        with socket.socket(family, socket.SOCK_STREAM) as connection:
            connection.settimeout(2)
            try:
                connection.connect(address)
            except OSError as error:
                failure = error
            else:
                return
    raise failure


class Window:
    """A resizable OpenCV window, which shows pictures of its own size without scaling."""

    def __init__(self, title: str, width: int, height: int) -> None:
        self._title = title
        self._size = (width, height)
        cv2.namedWindow(title, cv2.WINDOW_NORMAL | cv2.WINDOW_FREERATIO | cv2.WINDOW_GUI_NORMAL)
        cv2.resizeWindow(title, width, height)

    def stay_in(self, place: Region) -> None:
        """Move into a part of the desktop, and shrink to fit, but not below SMALLEST."""
        width = max(SMALLEST[0], min(self._size[0], place.width))
        height = max(SMALLEST[1], min(self._size[1], place.height))
        self._size = (width, height)  # on macOS, the first picture resizes the window to this size
        cv2.resizeWindow(self._title, width, height)
        cv2.moveWindow(self._title, place.x, place.y)

    def size(self) -> tuple[int, int]:
        """Width and height of the picture area in pixels; the last known size if the window gives none."""
        try:
            _, _, width, height = cv2.getWindowImageRect(self._title)
        except cv2.error:  # some backends raise if the window is closed
            return self._size
        if width > 0 and height > 0:
            self._size = (width, height)
        return self._size

    def show(self, picture: Image) -> None:
        """Set the picture to show; it becomes visible during the next call of `key`."""
        cv2.imshow(self._title, picture)

    def key(self, wait_ms: int) -> int | None:
        """Process window events for `wait_ms`, 1 or more, and return the code of a pressed key, if any."""
        code = int(cv2.waitKeyEx(wait_ms))
        return None if code == -1 else code

    def is_open(self) -> bool:
        """Whether the window is open; a minimised window counts as open."""
        try:
            visible = cv2.getWindowProperty(self._title, cv2.WND_PROP_VISIBLE)
        except cv2.error:  # some backends raise if the window is closed
            return False
        # on macOS, OpenCV gives 0 for a minimised window and -1 for a closed one
        return visible >= (0 if sys.platform == "darwin" else 1)

    def close(self) -> None:
        """Close the window."""
        cv2.destroyAllWindows()
