"""A virtual screen (Xvfb) that a test can look at, type on, and close windows of."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from Xlib import XK, X
from Xlib.display import Display
from Xlib.ext import xtest
from Xlib.protocol.event import ClientMessage
from Xlib.xobject.drawable import Window

from affect.faces.preprocessing import Image

XK.load_keysym_group("xkb")  # dead keys
UNUSED = 248  # a keycode without a key


class VirtualScreen:
    """A running X server. `name` is its DISPLAY."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._display = Display(name)

    def screenshot(self, window: Window | None = None) -> Image:
        """What the screen or one window shows, uint8 BGR (height, width, 3)."""
        shown = window or self._display.screen().root
        size = shown.get_geometry()
        data = shown.get_image(0, 0, size.width, size.height, X.ZPixmap, 0xFFFFFFFF).data
        return np.frombuffer(data, np.uint8).reshape(size.height, size.width, 4)[:, :, :3].copy()

    def window(self, title: str) -> Window:
        """The window with this title. Raises LookupError where there is none to see."""
        for window in self._display.screen().root.query_tree().children:
            if window.get_wm_name() == title and window.get_attributes().map_state == X.IsViewable:
                return window
        raise LookupError(f"no window is called {title!r}")

    def press(self, window: Window, key: str, hold: str | None = None) -> None:
        """Press and release a key (X's name of it) in a window, while another one (Shift_L) is held down."""
        window.set_input_focus(X.RevertToParent, X.CurrentTime)
        self._display.sync()
        code = self._code(key)
        strokes = [(X.KeyPress, code), (X.KeyRelease, code)]
        if hold is not None:
            strokes = [(X.KeyPress, self._code(hold)), *strokes, (X.KeyRelease, self._code(hold))]
        for kind, stroke in strokes:
            xtest.fake_input(self._display, kind, stroke)
            self._display.sync()
            time.sleep(0.05)

    def _code(self, key: str) -> int:
        """The keyboard's number of a key. One that a US keyboard does not have (ntilde) is put on it."""
        symbol = XK.string_to_keysym(key)
        code = self._display.keysym_to_keycode(symbol)
        if code == 0:
            code = UNUSED
            self._display.change_keyboard_mapping(code, [[symbol] * 4])
            self._display.sync()
            time.sleep(0.3)  # programs take note of it
        return code

    def place(self, window: Window) -> tuple[int, int, int, int]:
        """Where a window is on the screen: left, top, width, height."""
        size, at = window.get_geometry(), window.translate_coords(self._display.screen().root, 0, 0)
        return -at.x, -at.y, size.width, size.height

    def resize(self, window: Window, width: int, height: int) -> None:
        """Give a window another size, as a person does who drags its corner."""
        window.configure(width=width, height=height)
        self._display.sync()

    def close(self, window: Window) -> None:
        """Ask a window to close, as a window manager does when its button is clicked."""
        protocols, delete = (self._display.intern_atom(n) for n in ("WM_PROTOCOLS", "WM_DELETE_WINDOW"))
        message = ClientMessage(window=window, client_type=protocols, data=(32, [delete, X.CurrentTime, 0, 0, 0]))
        window.send_event(message)
        self._display.sync()


@contextmanager
def virtual_screen(xvfb: str, width: int = 1600, height: int = 900, depth: int = 24) -> Iterator[VirtualScreen]:
    """Start Xvfb on a free display, and stop it at the end."""
    command = [xvfb, "-displayfd", "1", "-screen", "0", f"{width}x{height}x{depth}", "-nolisten", "tcp"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            assert server.stdout is not None
            yield VirtualScreen(f":{server.stdout.readline().strip()}")
        finally:
            server.terminate()
