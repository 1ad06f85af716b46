"""Whether a window can be opened: checked before Qt is loaded, which ends the program where a library is missing."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import socket
import sys
from pathlib import Path

from affect.live.texts import text


def no_window(language: str = "en") -> str | None:
    """Reason why no window can be opened, as a short text; None if one can."""
    return missing_display(language) or missing_libraries(language)


def missing_display(language: str = "en") -> str | None:
    """Reason why there is no screen, as a short text; None if X11 answers or Wayland is there, and elsewhere."""
    if sys.platform in ("win32", "darwin") or os.environ.get("WAYLAND_DISPLAY"):
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


def missing_libraries(language: str = "en") -> str | None:
    """Reason why Qt does not run here: it is not installed, or a library of the system is missing; None if it runs."""
    found = importlib.util.find_spec("PySide6")
    if found is None or found.origin is None:
        return text("qt_missing", language)
    plugin = Path(found.origin).parent / "Qt" / "plugins" / "platforms" / "libqxcb.so"
    if not plugin.is_file():  # not Linux
        return None
    try:
        ctypes.CDLL(str(plugin))
    except OSError as error:
        return text("qt_libraries", language, reason=error)
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
