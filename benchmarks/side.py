"""One side of the comparison of two commits: analyses blocks of frames with the `affect` that it can import.

`benchmarks.against` starts it as a script, with a checkout in PYTHONPATH, and sends it a line of JSON for each block.
"""

from __future__ import annotations

import inspect
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from affect.live.frame import Frame
from affect.live.pipeline.classifier import load_classifier
from affect.live.pipeline.pipeline import Pipeline
from affect.live.pipeline.search import AroundKnown


def pipeline(model: str, faces: int, rate_hz: float | None) -> Pipeline:
    """Create a pipeline; an older one, which knows no rate, analyses every frame."""
    rate = {"rate_hz": rate_hz} if "rate_hz" in inspect.signature(Pipeline).parameters else {}
    return Pipeline(AroundKnown(), load_classifier(Path(model), notify=lambda _: None), faces, **rate)


def analysed(made: Pipeline, frames: np.ndarray, first: int, fps: float) -> list[dict[str, Any]]:
    """Analyse a block of frames: for each its time and CPU time in seconds, and its faces' boxes and labels."""
    rows = []
    for i, picture in enumerate(frames, first):
        frame = Frame(picture, i / fps, i)
        cpu, start = time.process_time(), time.perf_counter()
        results = made.process(frame)
        passed_s, cpu_s = time.perf_counter() - start, time.process_time() - cpu
        faces = [[list(map(int, result.box)), result.emotion] for result in results]
        rows.append({"s": passed_s, "cpu_s": cpu_s, "faces": faces})
    return rows


def main() -> None:
    """Answer each line of standard input with a line of JSON, until it ends."""
    made: Pipeline | None = None
    for line in sys.stdin:
        asked = json.loads(line)
        if "model" in asked:
            made, answer = pipeline(asked["model"], asked["faces"], asked["rate_hz"]), []
        else:
            assert made is not None, "no model was named"
            frames = np.memmap(asked["file"], np.uint8, "r", shape=tuple(asked["shape"]))
            answer = analysed(made, np.array(frames), asked["first"], asked["fps"])
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
