"""Pictures of the program's window on a virtual screen; those of docs: `PYTHONPATH=. python tests/look.py docs`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import cv2
from virtual_screen import VirtualScreen, virtual_screen
from Xlib.xobject.drawable import Window

REPOSITORY = Path(__file__).resolve().parents[1]
LOOKS = {  # language: the picture, and what is pressed before it is taken; numbers are seconds to wait
    "en": ("live_window.jpg", ("y", 8, "b", 5)),
    "es": ("live_window_es.jpg", ("s", 20, "m", 1, *"sonr", "iacute", "e")),
}


def take(language: str, target: Path, steps: tuple[str | int, ...]) -> None:
    """Run the program on the demo source, press keys, and keep what its window shows."""
    xvfb = shutil.which("Xvfb")
    assert xvfb is not None, "Xvfb is not installed"
    with virtual_screen(xvfb) as screen, tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, str(REPOSITORY / "affectnet_webcam_detector.py"), "--source", "demo"]
        command += ["--lang", language, "--record", folder]
        with subprocess.Popen(command, env=os.environ | {"DISPLAY": screen.name}, cwd=folder) as program:
            try:
                window = wait_for_window(screen)
                for step in steps:
                    if isinstance(step, str):
                        screen.press(window, step)
                    else:
                        time.sleep(step)
                time.sleep(0.5)
                cv2.imwrite(str(target), screen.screenshot(window), [cv2.IMWRITE_JPEG_QUALITY, 90])
            finally:
                program.kill()


def wait_for_window(screen: VirtualScreen) -> Window:
    """The program's window, once it shows a face for a moment."""
    for _ in range(60):
        time.sleep(1)
        with suppress(LookupError):
            window = screen.window("affect")
            time.sleep(2)
            return window
    raise LookupError("the program opened no window")


if __name__ == "__main__":
    for language, (name, steps) in LOOKS.items():
        take(language, Path(sys.argv[1]) / name, steps)
