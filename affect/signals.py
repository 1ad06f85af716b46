"""What ends a program from outside (Ctrl-C, a polite kill, a closed terminal) ends it once, and cleanly.

Called by the command lines that write while they run: the webcam program and the training.
"""

from __future__ import annotations

import atexit
import math
import signal
import sys
import threading
import time
from types import FrameType

_asked = threading.Event()
ENDING_S = 10.0  # what is still to be written then, a session's report among it, takes a few seconds


def end_on_signals() -> None:
    """Raise KeyboardInterrupt in the main thread at SIGINT, SIGTERM and SIGHUP, but not again while the program ends.

    One closed terminal sends SIGHUP more than once (the kernel does, and the shell), and people press Ctrl-C twice: a
    second interrupt would break off the writing that the first one began. After ENDING_S it is heard again. What the
    caller's system ignores (`nohup`) stays ignored.   Does nothing outside the main thread.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    raised_s = -math.inf
    _asked.clear()
    _say_no_dropped_interrupt()

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal raised_s
        if time.monotonic() - raised_s >= ENDING_S:
            raised_s = time.monotonic()
            _asked.set()
            raise KeyboardInterrupt

    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is not None and signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
            signal.signal(number, interrupt)
            atexit.register(signal.signal, number, signal.SIG_IGN)  # Python takes `interrupt` away as it shuts down


def _say_no_dropped_interrupt() -> None:
    """Let Python not print an interrupt that it drops: `end_if_asked` raises it again."""
    say = sys.unraisablehook

    def hook(dropped: sys.UnraisableHookArgs) -> None:
        if not isinstance(dropped.exc_value, KeyboardInterrupt):
            say(dropped)

    sys.unraisablehook = hook


def end_if_asked() -> None:
    """Raise KeyboardInterrupt where a signal came and its interrupt was lost: Python drops what is raised while it
    cleans up an object. To be called now and then by what runs for long; does nothing outside the main thread.
    """
    if _asked.is_set() and threading.current_thread() is threading.main_thread():
        _asked.clear()
        raise KeyboardInterrupt
