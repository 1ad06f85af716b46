"""Records until a file would have more than BYTES, which fails as a full disk does, in the middle of a row.

python endless_recording.py DIR BYTES
"""

from __future__ import annotations

import itertools
import sys
import time
from pathlib import Path

import numpy as np

from affect.faces.detection import FaceBox
from affect.live.frame import FaceResult
from affect.live.recording.recording import Consent, Recording
from affect.live.sources.files import Frame

PICTURE = np.full((120, 160, 3), 90, np.uint8)
FACE = FaceResult(1, FaceBox(1, 2, 30, 30), np.eye(8, dtype=np.float32)[4], "happy", 0.9)
CONSENT = Consent("2026-11-25T10:00:00+01:00", "asked")
SETUP = {"source": {"kind": "camera", "description": "camera 0"}, "model": {"file": "x.pt", "figures": None}}


def record(parent: Path) -> None:
    start = time.monotonic()
    recording = Recording(parent, 0.0, lambda: time.monotonic() - start, "recording", SETUP, CONSENT)
    for number in itertools.count():
        recording.write(Frame(PICTURE, time.monotonic() - start, number), [FACE])


if __name__ == "__main__":
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
    record(Path(sys.argv[1]))
