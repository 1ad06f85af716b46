"""The window: is there a screen for it, show a frame, has the person left?"""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import cv2

from affect.preprocessing import Image

ESCAPE = 27


def missing_display() -> str | None:
    """Why no window can be opened here, in a few words, or None where one can.

    opencv-python's window is Qt on X11 under Linux (on Wayland, XWayland serves it), and Qt ends the whole program
    where the display does not answer: so it is asked first.
    """
    if sys.platform in ("win32", "darwin"):
        return None
    display = os.environ.get("DISPLAY", "")
    if not display:
        return "there is no display (DISPLAY is not set)"
    host, _, rest = display.rpartition(":")
    number = rest.split(".")[0]
    if not number.isdecimal():
        return f"the display {display} does not exist"
    try:
        if host in ("", "unix"):
            _reach(socket.AF_UNIX, _unix_addresses(int(number)))
        else:
            _reach(socket.AF_INET, [(host, 6000 + int(number))])
    except OSError:
        return f"the display {display} does not answer"
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
    """A resizable window that shows frames until the person presses q or Esc, or closes it."""

    def __init__(self, title: str, width: int, height: int) -> None:
        self._title = title
        cv2.namedWindow(title, cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO | cv2.WINDOW_GUI_NORMAL)
        cv2.resizeWindow(title, width, height)

    def show(self, picture: Image) -> None:
        """Show a frame from the next `serve` on."""
        cv2.imshow(self._title, picture)

    def serve(self, wait_ms: int) -> bool:
        """Let the window live for `wait_ms`, 1 or more. Returns False once the person wants to leave."""
        key = cv2.waitKey(wait_ms) & 0xFF
        return key not in (ord("q"), ord("Q"), ESCAPE) and self._is_open()

    def _is_open(self) -> bool:
        try:
            return cv2.getWindowProperty(self._title, cv2.WND_PROP_VISIBLE) >= 1
        except cv2.error:  # some backends raise where the window is gone
            return False

    def close(self) -> None:
        """Take the window away."""
        cv2.destroyAllWindows()
