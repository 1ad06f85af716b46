"""The window: is there a screen for it, show a picture at its own size, which key was pressed, is it still open?"""

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

SMALLEST = (400, 300)  # pixels: in a smaller window the bar's words no longer fit


def missing_display(language: str = "en") -> str | None:
    """Why no window can be opened here, in a few words, or None where one can.

    opencv-python's window is Qt on X11 under Linux (on Wayland, XWayland serves it), and Qt ends the whole program
    where the display does not answer: so it is asked first.
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
    """Connect to the first address that answers. Raises OSError where none does."""
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
    """A resizable window. Its pictures are drawn at its own size: where they are, nothing is scaled."""

    def __init__(self, title: str, width: int, height: int) -> None:
        self._title = title
        self._size = (width, height)
        cv2.namedWindow(title, cv2.WINDOW_NORMAL | cv2.WINDOW_FREERATIO | cv2.WINDOW_GUI_NORMAL)
        cv2.resizeWindow(title, width, height)

    def stay_in(self, place: Region) -> None:
        """Move into a part of the desktop, and shrink to it, but never below what can be read."""
        width = max(SMALLEST[0], min(self._size[0], place.width))
        height = max(SMALLEST[1], min(self._size[1], place.height))
        self._size = (width, height)  # on macOS the first picture sets the window to the last size that is known
        cv2.resizeWindow(self._title, width, height)
        cv2.moveWindow(self._title, place.x, place.y)

    def size(self) -> tuple[int, int]:
        """Width and height of the picture's place, in pixels; the last known where the window does not tell."""
        try:
            _, _, width, height = cv2.getWindowImageRect(self._title)
        except cv2.error:  # some backends raise where the window is gone
            return self._size
        if width > 0 and height > 0:
            self._size = (width, height)
        return self._size

    def show(self, picture: Image) -> None:
        """Show a picture from the next `key` on."""
        cv2.imshow(self._title, picture)

    def key(self, wait_ms: int) -> int | None:
        """Let the window live for `wait_ms`, 1 or more. Returns the code of a key that was pressed meanwhile."""
        code = int(cv2.waitKeyEx(wait_ms))
        return None if code == -1 else code

    def is_open(self) -> bool:
        """Has the person not closed it? A minimised window is open."""
        try:
            visible = cv2.getWindowProperty(self._title, cv2.WND_PROP_VISIBLE)
        except cv2.error:  # some backends raise where the window is gone
            return False
        # OpenCV's window on macOS says 0 where it is minimised, and has no button to close it; where it is gone, -1
        return visible >= (0 if sys.platform == "darwin" else 1)

    def close(self) -> None:
        """Take the window away."""
        cv2.destroyAllWindows()
