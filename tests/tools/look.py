"""A session from start to report, as a person has it, on a virtual screen, in both languages; and what it looks like.

    PYTHONPATH=. python tests/tools/look.py docs

writes the pictures of docs: the window, and the top of the report in Chromium. Pictures of the portrait only.
"""

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
from Xlib.xobject.drawable import Window

from affect.faces.preprocessing import Image
from tests.tools.virtual_screen import VirtualScreen, virtual_screen

REPOSITORY = Path(__file__).resolve().parents[2]
PICTURE = "take the picture"
WALKS = {  # language: what is pressed; numbers are seconds to wait
    "en": ("", ("y", 8, "b", 5, PICTURE, 7, "m", *"talk", "Return", 8, "p", 3, "p", 6, "m", "Return", 5, "q")),
    "es": ("_es", ("s", 10, "b", 12, "m", *"sonr", "iacute", "e", PICTURE, "Return", 12, "m", "Return", 6, "q")),
}
PAGE = (900, 1120)  # CSS pixels, up to the end of the timeline; the picture has twice as many


def walk(language: str, sessions: Path, picture: Path, steps: tuple[str | int, ...]) -> Path:
    """Run the program on the demo source and press keys. Returns the report's file."""
    xvfb = shutil.which("Xvfb")
    assert xvfb is not None, "Xvfb is not installed"
    with virtual_screen(xvfb) as screen:
        command = [sys.executable, str(REPOSITORY / "affectnet_webcam_detector.py"), "--source", "demo"]
        command += ["--lang", language, "--record", str(sessions)]
        with subprocess.Popen(command, env=os.environ | {"DISPLAY": screen.name}, cwd=sessions) as program:
            try:
                window = wait_for_window(screen)
                for step in steps:
                    if step == PICTURE:
                        cv2.imwrite(str(picture), painted(screen, window), [cv2.IMWRITE_JPEG_QUALITY, 90])
                    elif isinstance(step, str):
                        screen.press(window, step)
                    else:
                        time.sleep(step)
                program.wait(60)
            finally:
                program.kill()
    (report,) = sessions.glob("*/report.html")
    return report


def painted(screen: VirtualScreen, window: Window) -> Image:
    """What the window shows; on a busy machine it is black for a moment before it is painted."""
    for _ in range(60):
        time.sleep(0.5)
        if (picture := screen.screenshot(window)).any():
            return picture
    raise LookupError("the window stays black")


def wait_for_window(screen: VirtualScreen) -> Window:
    """The program's window, once it shows a face for a moment."""
    for _ in range(60):
        time.sleep(1)
        with suppress(LookupError):
            window = screen.window("affect")
            time.sleep(2)
            return window
    raise LookupError("the program opened no window")


def top_of(report: Path, picture: Path) -> None:
    """What Chromium shows of a report, down to its timeline."""
    chromium = shutil.which("chromium")
    assert chromium is not None, "Chromium is not installed"
    look = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--force-device-scale-factor=2"]
    look += [f"--window-size={PAGE[0]},{PAGE[1]}", f"--screenshot={picture.resolve()}"]
    subprocess.run([chromium, *look, report.as_uri()], check=True, capture_output=True)


if __name__ == "__main__":
    for language, (ending, steps) in WALKS.items():
        with tempfile.TemporaryDirectory() as sessions:
            report = walk(language, Path(sessions), Path(sys.argv[1]) / f"live_window{ending}.jpg", steps)
            top_of(report, Path(sys.argv[1]) / f"report{ending}.png")
            if len(sys.argv) > 2:  # a place for the sessions as well
                shutil.copytree(report.parent, Path(sys.argv[2]) / language)
