"""Screen source: captures a rectangle of the desktop, such as a video call's picture of the patient, with mss."""

from __future__ import annotations

import ctypes
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Final

import cv2
import numpy as np
from mss import MSS
from mss.exception import ScreenShotError

from affect.errors import AffectError
from affect.faces.preprocessing import Image
from affect.live.display import missing_display
from affect.live.frame import Frame
from affect.live.sources.pace import Pace
from affect.live.sources.region import SMALLEST, Desktop, Region, parse_region, region_file, remember, remembered
from affect.live.sources.retries import Retries
from affect.live.texts import text

CORE_GRAPHICS = "/System/Library/Frameworks/CoreGraphics.framework/CoreGraphics"

# Pattern of mss's error message (version 10.2) → key of the user's message; the first match counts.
REMEDIES: Final = {
    r"^library |no x11 library": "screen_libraries",
    r"wayland|portal|pipewire": "screen_wayland",
    r"depth|visual|bits per pixel|scanline|LSB-first": "screen_colours",
    r"configuration changed": "screen_unreadable",
    r"monitor|randr|screen matching": "screen_no_monitor",
    r"display|connect|x server": "screen_no_display",
    r"CoreGraphics|CGWindow": "screen_forbidden",
    r"^windows graphics|denied|locked": "screen_locked",
}


class ScreenSource:
    """Source that captures a rectangle of the desktop.

    region:   rectangle in pixels of the desktop, which the live window keeps clear.
    pace:     how often; without a rate of its own, at up to `fps` frames per second.
    language: of the description, "en" or "es".
    """

    kind = "screen"
    live = True
    fps = 30.0  # video calls show no more

    def __init__(self, region: Region, language: str = "en") -> None:
        self.region = region
        self.name = str(region)
        self.description = text("screen", language, region=region)
        self.pace = Pace()
        self._retries = Retries()

    def frames(self) -> Iterator[Frame]:
        """See `Source.frames`. The screen is captured in the thread that iterates, as mss requires.

        Capturing takes at most half of the time, as a 4K screen is slow and the call needs the computer too. While the
        screen is locked or a monitor changes, capturing fails and is retried with a new grabber.
        """
        start = time.monotonic()
        number = 0
        while not self._retries.interrupted:
            with suppress(ScreenShotError), MSS() as grabber:
                while not self._retries.interrupted:
                    began = time.monotonic()
                    picture = _grab(grabber, self.region)
                    pause = max(1 / (self.pace.rate_hz or self.fps), 2 * (time.monotonic() - began))
                    yield Frame(picture, began - start, number)
                    number += 1
                    self._retries.succeeded()
                    self._retries.pause(max(0.0, began + pause - time.monotonic()))
            self._retries.wait()

    def interrupt(self) -> None:
        """See `Interruptible.interrupt`."""
        self._retries.interrupt()

    def close(self) -> None:
        """See `Source.close`."""


def open_screen(given: str, language: str, tell: Callable[[str], None]) -> ScreenSource:
    """Open a screen source for "X,Y,W,H", for "" (the saved rectangle) or for "new" (the user draws one).

    Without a saved rectangle, "" means "new". Call it in the main thread, as it may open a window.
    tell: takes a line for the user.
    Raises AffectError if the numbers are no rectangle of the desktop, or the screen cannot be captured.
    """
    named = parse_region(given, language) if given not in ("", "new") else None
    _check_access(language)
    try:
        with MSS() as grabber:
            desktop = _desktop(grabber)
            whole = _grab(grabber, desktop.bounds)
    except ScreenShotError as error:
        raise AffectError(_unreadable(error, language)) from None
    if _on_wayland() and not whole.any():
        raise AffectError(text("screen_wayland", language))
    region = named or (remembered(desktop) if given != "new" else None)
    if named is not None and not desktop.shows(named):
        raise AffectError(_outside(named, desktop, language))
    if region is None:
        region = _drawn(whole, desktop, language, tell)
    elif named is None:
        tell(text("screen_remembered", language, region=region))
    left, top = region.x - desktop.bounds.x, region.y - desktop.bounds.y
    part = whole[top : top + region.height, left : left + region.width]
    if (part == part[0, 0]).all():
        tell(text("screen_one_colour", language))
    return ScreenSource(region, language)


def _drawn(whole: Image, desktop: Desktop, language: str, tell: Callable[[str], None]) -> Region:
    from affect.live.window.region_chooser import choose_region

    drawn = choose_region(whole, desktop.bounds[:2], SMALLEST, language)
    if drawn is None:
        raise AffectError(text("screen_not_chosen", language))
    region = Region(*drawn)
    if not desktop.shows(region):
        raise AffectError(_outside(region, desktop, language))
    try:
        remember(region, desktop)
    except OSError as error:
        tell(text("screen_not_kept", language, region=region, file=region_file(), reason=error.strerror))
    else:
        tell(text("screen_kept", language, region=region, file=region_file()))
    return region


def _grab(grabber: MSS, region: Region) -> Image:
    """Capture a rectangle of the desktop, uint8 BGR (height, width, 3)."""
    shot = grabber.grab({"left": region.x, "top": region.y, "width": region.width, "height": region.height})
    return np.asarray(cv2.cvtColor(np.asarray(shot), cv2.COLOR_BGRA2BGR), np.uint8)


def _desktop(grabber: MSS) -> Desktop:
    bounds, *monitors = (Region(m["left"], m["top"], m["width"], m["height"]) for m in grabber.monitors)
    main = grabber.primary_monitor
    return Desktop(bounds, tuple(sorted(monitors, key=lambda m: (m.x, m.y) != (main["left"], main["top"]))))


def _check_access(language: str) -> None:
    """Check that the screen can be captured. Raises AffectError without a display or macOS's permission.

    Without permission, macOS gives no error but pictures of the bare wallpaper. The request adds the program to the
    list in its settings.
    """
    if missing_display() is not None:
        raise AffectError(text("screen_no_display", language))
    if sys.platform == "darwin":
        graphics = ctypes.CDLL(CORE_GRAPHICS)
        for name in ("CGPreflightScreenCaptureAccess", "CGRequestScreenCaptureAccess"):
            ask = getattr(graphics, name)
            ask.restype = ctypes.c_bool
            if ask():
                return
        raise AffectError(text("screen_forbidden", language))


def _on_wayland() -> bool:
    return bool(os.environ.get("WAYLAND_DISPLAY")) or os.environ.get("XDG_SESSION_TYPE") == "wayland"


def _unreadable(error: ScreenShotError, language: str) -> str:
    """Choose the user's message for an mss error, by the words of the error."""
    reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
    if _on_wayland():
        return text("screen_wayland", language)
    key = next((key for pattern, key in REMEDIES.items() if re.search(pattern, reason, re.I)), "screen_unreadable")
    return text(key, language, reason=reason)


def _outside(region: Region, desktop: Desktop, language: str) -> str:
    monitors = "; ".join(str(monitor) for monitor in desktop.monitors)
    _, _, width, height = desktop.bounds
    return text("screen_outside", language, region=region, width=width, height=height, monitors=monitors)
