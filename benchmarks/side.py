"""One side of the comparison of two commits: analyses blocks of frames with the `affect` that it can import.

`benchmarks.against` starts it as a script, with a checkout in PYTHONPATH, and sends it a line of JSON for each block.
"""

from __future__ import annotations

import inspect
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from affect.live.frame import Frame
from affect.live.pipeline.classifier import load_classifier
from affect.live.pipeline.pipeline import Pipeline
from affect.live.pipeline.search import AroundKnown


class Analysis:
    """A pipeline as the program runs it.   live: for a live source, as far as the code knows that as a case of its own.

    noise: grey levels of noise that are added to each frame, to see how well the labels repeat.
    """

    def __init__(self, model: str, faces: int, live: bool, noise: int) -> None:
        rate = {"rate_hz": 15.0} if live and "rate_hz" in inspect.signature(Pipeline).parameters else {}
        self._pipeline = Pipeline(AroundKnown(), load_classifier(Path(model), notify=lambda _: None), faces, **rate)
        self._due: Callable[[float], bool] = lambda now_s: True
        if live:
            try:
                from affect.live.sources.pace import Pace
            except ModuleNotFoundError:
                pass
            else:
                self._due = Pace().due
        self._noise, self._random = noise, np.random.default_rng(0)
        self._faces: list[Any] = []

    def rows(self, frames: np.ndarray, first: int, fps: float) -> list[dict[str, Any]]:
        """Analyse a block of frames: for each its time and CPU time in seconds, and its faces' boxes and labels.

        A frame that is left out has the faces of the one before, and no time.
        """
        rows = []
        for i, picture in enumerate(frames, first):
            if self._noise:
                added = self._random.integers(-self._noise, self._noise + 1, picture.shape, np.int16)
                picture = np.clip(picture + added, 0, 255).astype(np.uint8)
            cpu, start = time.process_time(), time.perf_counter()
            passed_s = None
            if self._due(i / fps):
                results = self._pipeline.process(Frame(picture, i / fps, i))
                passed_s = time.perf_counter() - start
                self._faces = [[list(map(int, result.box)), result.emotion] for result in results]
            rows.append({"s": passed_s, "cpu_s": time.process_time() - cpu, "faces": self._faces})
        return rows


def main() -> None:
    """Answer each line of standard input with a line of JSON, until it ends."""
    made: Analysis | None = None
    for line in sys.stdin:
        asked = json.loads(line)
        if "model" in asked:
            made, answer = Analysis(**asked), []
        else:
            assert made is not None, "no model was named"
            frames = np.memmap(asked["file"], np.uint8, "r", shape=tuple(asked["shape"]))
            answer = made.rows(np.array(frames), asked["first"], asked["fps"])
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
