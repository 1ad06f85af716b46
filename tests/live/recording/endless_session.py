"""A session at 30 frames a second, recorded until it is killed or its disk is full: python endless_session.py DIR.

The real session, pipeline and recording; only the face is always found in the same place, and the network is one that
always says the same. A marker twice a second. After each frame it prints the frame's number, its time on the
recording's clock, and what the session has to say.
"""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from affect.faces.detection import FaceBox
from affect.faces.preprocessing import Preprocessing
from affect.live.bundled import BUNDLED
from affect.live.control import Command
from affect.live.pipeline.classifier import Classifier
from affect.live.pipeline.pipeline import Pipeline
from affect.live.recording.recording import Consent
from affect.live.session import Session
from affect.live.setup import describe_setup
from affect.live.sources.files import Frame
from affect.live.summary import Summary
from affect.model.calibration import Calibration

FPS = 30
MARK_EVERY = 15  # frames
PICTURE = np.full((240, 320, 3), 90, np.uint8)
LOGITS = np.eye(8, dtype=np.float32)[[4]] * 3


class Camera:
    """As far as a session asks."""

    kind, name, description, live, fps = "camera", "0", "camera 0", True, float(FPS)

    def frames(self) -> Iterator[Frame]:
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError


class Found:
    """A face in the middle of every frame."""

    def find(self, *_: object, **__: object) -> list[FaceBox]:
        return [FaceBox(110, 70, 100, 100)]


def main(parent: Path) -> int:
    """Until the session has something to say of a failure; the exit code is 2 then, as the program's."""
    camera, summary = Camera(), Summary("en")
    classifier = Classifier(
        lambda faces: LOGITS[: len(faces)], Preprocessing(image_size=48), Calibration(), "always happy"
    )
    pipeline = Pipeline(Found(), classifier)
    chosen = {"faces": 4, "language": "en", "detector": "haar", "backend": "onnx", "sensitivity": "normal"}
    consent = Consent.now("--consent")

    def setup() -> dict[str, object]:
        return describe_setup(camera, BUNDLED, classifier, pipeline, chosen)

    session = Session(pipeline, camera, summary, setup, parent, consent, lambda _: None, lambda: None)
    session.command(Command.RECORD)
    zero = start = time.monotonic()
    with session:
        for number in itertools.count():
            time.sleep(max(0.0, start + number / FPS - time.monotonic()))
            now = time.monotonic()
            zero = now if number == 0 else zero
            session.process(Frame(PICTURE, now - start, number))
            print(number, f"{now - zero:.4f}", session.failure or "", flush=True)
            if session.failure is not None:
                return 2
            if number % MARK_EVERY == 0:
                session.command(Command.MARK)
                session.answer(f'number, "{number}"')
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
