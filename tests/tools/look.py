"""What the windows look like: sessions from start to report on a virtual screen, and every state of the live window.

    PYTHONPATH=. python tests/tools/look.py docs

writes the pictures of docs: the windows, and the top of the report in Chromium.

    PYTHONPATH=. python tests/tools/look.py states DIR

writes the live window in many states, in both languages; with QT_SCALE_FACTOR=2 as on a screen of high resolution.
Pictures of the portrait only.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from PySide6.QtGui import QImage, QPainter
from skimage.data import astronaut
from Xlib.xobject.drawable import Window

from affect.emotions import EMOTIONS, LANGUAGES, UNCERTAIN, color_rgb
from affect.faces.detection import FaceBox
from affect.faces.preprocessing import Image
from affect.live.control import Question
from affect.live.sources.files import DemoSource
from affect.live.texts import text
from affect.live.window.main import MainWindow
from affect.live.window.settings import Settings
from affect.live.window.theme import application
from tests.tools.virtual_call import window_showing
from tests.tools.virtual_screen import VirtualScreen, virtual_screen
from tests.tools.windows import FakeClassifier, FakeSession, face

REPOSITORY = Path(__file__).resolve().parents[2]
WALKS = {  # language: the keys pressed, by X's names; numbers are seconds to wait, an expression is waited for
    "en": ("", "y happy 3 b surprise m t a l k Return 1 picture sad 2 p 3 p 8 m Return 5 q"),
    "es": ("_es", "s happy 3 b sad m c a l l oacute picture Return 12 m Return 6 q"),
}
PAGE = (900, 1120)  # CSS pixels, up to the end of the timeline; the picture has twice as many


CALL = (680, 640)  # of the mock call's picture of the patient
MOVES = 8  # pixels that the patient moves up and down


def walk(language: str, sessions: Path, picture: Path, steps: str) -> Path:
    """Run the program on the demo source and press keys. Returns the report's file."""
    xvfb = shutil.which("Xvfb")
    assert xvfb is not None, "Xvfb is not installed"
    with virtual_screen(xvfb) as screen:
        command = [sys.executable, str(REPOSITORY / "affectnet_webcam_detector.py"), "--source", "demo"]
        command += ["--lang", language, "--record", str(sessions)]
        with subprocess.Popen(command, env=own_home(screen, sessions), cwd=sessions) as program:
            try:
                window = wait_for_window(screen)
                for step in steps.split():
                    if step == "picture":
                        cv2.imwrite(str(picture), painted(screen, window), [cv2.IMWRITE_JPEG_QUALITY, 90])
                    elif step in EMOTIONS:
                        wait_until(lambda name=step: reads(screen.screenshot(window), name))
                    elif step.isdigit():
                        time.sleep(int(step))
                    else:
                        screen.press(window, step)
                program.wait(60)
            finally:
                program.kill()
    (report,) = sessions.glob("*/report.html")
    return report


def wait_until(condition: Callable[[], bool]) -> None:
    for _ in range(300):
        if condition():
            return
        time.sleep(0.2)
    raise LookupError("it did not happen")


def reads(window: Image, emotion: str) -> bool:
    """Whether an expression's bar is more than half full, in a picture of the full form."""
    return bool((window[:400, 700:] == color_rgb(emotion)[::-1]).all(2).sum() > 1500)


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


def own_home(screen: VirtualScreen, home: Path) -> dict[str, str]:
    """The environment of somebody who has never started the program."""
    return os.environ | {"DISPLAY": screen.name, "HOME": str(home), "XDG_CONFIG_HOME": str(home / "config")}


def beside_a_call(language: str, picture: Path) -> None:
    """The compact form on a laptop's screen, beside a call that moves a little, as a living picture does."""
    face = cv2.resize(astronaut()[:480, :, ::-1], (CALL[0], CALL[1] + MOVES))
    with virtual_screen(str(shutil.which("Xvfb")), 1366, 768) as screen, tempfile.TemporaryDirectory() as home:
        call = np.full((768, 1080, 3), 46, np.uint8)
        call[64 : 64 + CALL[1], 200 : 200 + CALL[0]] = face[:-MOVES]
        command = [sys.executable, str(REPOSITORY / "affectnet_webcam_detector.py"), "--lang", language]
        command += ["--source", f"screen:200,64,{CALL[0]},{CALL[1]}"]
        with window_showing(screen, call, 0, 0), subprocess.Popen(command, env=own_home(screen, Path(home))) as program:
            try:
                window = wait_for_window(screen)
                for key in ("r", "y" if language == "en" else "s"):
                    screen.press(window, key)
                    time.sleep(1)
                for step in range(30):
                    call[64 : 64 + CALL[1], 200 : 200 + CALL[0]] = face[step % 5 * 2 :][: CALL[1]]
                    with window_showing(screen, call, 0, 0):
                        time.sleep(1)
                        if step == 20:
                            screen.press(window, "m")
                            screen.press(window, "Return")
                        if step == 29:
                            cv2.imwrite(str(picture), screen.screenshot(), [cv2.IMWRITE_JPEG_QUALITY, 85])
                screen.press(window, "q")
                program.wait(60)
            finally:
                program.kill()


def start_window(language: str, picture: Path) -> None:
    """The start window, asking for the source."""
    with virtual_screen(str(shutil.which("Xvfb")), 1366, 768) as screen, tempfile.TemporaryDirectory() as home:
        config = Path(home, "config", "affect")
        config.mkdir(parents=True)
        (config / "window.json").write_text(
            f'{{"language": "{language}", "kind": "demo", "folder": "affect-sessions"}}'
        )
        command = [sys.executable, str(REPOSITORY / "affectnet_webcam_detector.py")]
        with subprocess.Popen(command, env=own_home(screen, Path(home))) as program:
            try:
                cv2.imwrite(str(picture), painted(screen, wait_for_window(screen)))
            finally:
                program.kill()


def states(folder: Path) -> None:
    """The live window in many states, compact and full, in both languages."""
    for language in LANGUAGES:
        for compact in (True, False):
            for name in STATES:
                shown = live_window(name, compact, language).grab()
                shown.save(str(folder / f"{name}_{'compact' if compact else 'full'}_{language}.png"))


STATES = ("happy", "recording", "uncertain", "small", "frozen", "consent", "note", "report", "four")


def live_window(state: str, compact: bool, language: str) -> MainWindow:
    """The live window in one of STATES, with two minutes of history."""
    demo = DemoSource().picture(0.0)
    where = FaceBox(365, 180, 330, 330)
    smile = replace(face("happy"), box=where)
    unclear = replace(face("sad", label=UNCERTAIN, share=0.3), box=where)
    now: dict[str, object] = {}
    picture, faces = demo, [unclear if state == "uncertain" else smile]
    if state == "recording":
        now = {"recording_s": 754.0, "baseline": 1.0}
    elif state == "small":
        faces = [replace(smile, box=FaceBox(600, 200, 14, 14))]
    elif state == "frozen":
        now = {"no_picture": True, "message": text("frozen", language)}
    elif state == "consent":
        now = {"question": Question(text("consent_question", language), "yes-no")}
    elif state == "note":
        now = {"recording_s": 71.0, "question": Question(text("marker_question", language, time="1:11"), "text")}
    elif state == "report":
        path = Path("/home/ana/affect-sessions/report.html")
        now = {"report": path, "message": text("report_made", language, path=path)}
    elif state == "four":
        clip = [DemoSource().picture(time_s)[:, 200:900] for time_s in (0.0, 10.0, 18.5, 23.0)]
        picture = np.hstack([cv2.resize(part, (320, 330)) for part in clip])
        names = ("happy", "neutral", "surprise", "sad")
        boxes = [FaceBox(76 + 320 * i, 85, 150, 150) for i in range(4)]
        faces = [replace(face(names[i], face_id=i + 1), box=box) for i, box in enumerate(boxes)]
    session = FakeSession(language)
    session.now = replace(session.now, **now)  # type: ignore[arg-type]
    window = MainWindow(session, FakeClassifier(), Settings(), None, compact)
    window.resize(*((264, 440) if compact else (1000, 640)))
    for i in range(230):
        past = face(("happy", "neutral", "sad", "surprise", "happy")[i // 50], share=0.5 + i % 40 / 90)
        window.strip.add(time.monotonic() - 120 + i / 2, [past], None)
    window.strip.mark(time.monotonic() - 45)
    window.show()
    for _ in range(3):
        window.show_frame(picture, faces)
        window.refresh()
        application().processEvents()
    return window


def side_by_side(language: str, picture: Path) -> None:
    """Six states of the compact form beside each other."""
    names = ("happy", "uncertain", "small", "frozen", "recording", "note")
    shots = [live_window(name, True, language).grab().toImage() for name in names]
    width, height = shots[0].width(), shots[0].height()
    sheet = QImage(len(shots) * (width + 12) + 12, height + 24, QImage.Format.Format_RGB32)
    sheet.fill(0xFFFFFFFF)
    painter = QPainter(sheet)
    for i, shot in enumerate(shots):
        painter.drawImage(12 + i * (width + 12), 12, shot)
    painter.end()
    sheet.save(str(picture))


def forms(language: str, ending: str, folder: Path) -> None:
    """The full form with several faces, the question for consent, and six states of the compact form."""
    application(["affect", "-platform", "offscreen"])
    for state in ("four", "consent"):
        live_window(state, False, language).grab().save(str(folder / f"window_{state}{ending}.jpg"), None, 88)
    side_by_side(language, folder / f"window_states{ending}.png")


def documents(folder: Path, sessions_to: Path | None = None) -> None:
    """The pictures of docs.   sessions_to: a place for the sessions as well."""
    for language, (ending, steps) in WALKS.items():
        with tempfile.TemporaryDirectory() as sessions:
            report = walk(language, Path(sessions), folder / f"live_window{ending}.jpg", steps)
            top_of(report, folder / f"report{ending}.png")
            if sessions_to is not None:
                shutil.copytree(report.parent, sessions_to / language)
        beside_a_call(language, folder / f"beside_call{ending}.jpg")
        start_window(language, folder / f"start_window{ending}.png")
        forms(language, ending, folder)


if __name__ == "__main__":
    if sys.argv[1] == "states":
        application()
        states(Path(sys.argv[2]))
    else:
        documents(*(Path(given) for given in sys.argv[1:]))
