"""A program with the real window over a still frame; prints what a session would be told: `windowed.py LANGUAGE`."""

from __future__ import annotations

import sys

import numpy as np
from skimage.data import astronaut

from affect.faces.detection import HaarDetector
from affect.live.control import Command
from affect.live.frame import FaceResult
from affect.live.window.app import LiveWindow
from tests.tools.windows import FakeClassifier, FakeSession


class Speaking(FakeSession):
    """Prints what it is told, but no drafts."""

    def command(self, command: Command) -> None:
        print(command.value, flush=True)
        super().command(command)

    def answer(self, text: str | None) -> None:
        print(f"answer {text!r}", flush=True)
        super().answer(text)


def main() -> None:
    picture = np.zeros((480, 640, 3), np.uint8)
    picture[:, 80:560] = astronaut()[:480, 16:496, ::-1]
    box = HaarDetector().detect(picture)[0]
    probabilities = np.array([0.01, 0.02, 0.01, 0.01, 0.84, 0.06, 0.02, 0.03], np.float32)
    screen = LiveWindow(Speaking(sys.argv[1]), FakeClassifier())
    screen.run(
        lambda: screen.offer(picture, [FaceResult(1, box, probabilities, "happy", 0.9)]), lambda: None, stays=True
    )
    print("left", flush=True)


if __name__ == "__main__":
    main()
