"""A session of a camera that keeps its own pace, read ahead by the feed, with an analysis that can be slow."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from affect.faces.preprocessing import Image
from affect.live.control import Command
from affect.live.frame import FaceResult, Frame
from affect.live.pipeline.baseline import Baseline
from affect.live.recording.recording import Consent
from affect.live.session import Session
from affect.live.sources.feed import FrameFeed
from affect.live.summary import Summary

STEP_S = 0.02


def noise(number: int) -> Image:
    """What a camera's picture is: never twice the same."""
    return np.random.default_rng(number).integers(60, 255, (45, 80, 3), dtype=np.uint8)


class PacedCamera:
    """Gives fifty pictures a second, except from … to … (seconds from its start) in `away`; `picture`: of a number."""

    name, description, live, fps = "0", "camera 0", True, 1 / STEP_S

    def __init__(
        self,
        away: tuple[tuple[float, float], ...] = (),
        picture: Callable[[int], Image] = noise,
        kind: str = "camera",
    ) -> None:
        self.kind = kind
        self.away = away
        self.picture = picture
        self.given: list[float] = []  # when, on its own clock
        self._closed = False

    def frames(self) -> Iterator[Frame]:
        start = time.monotonic()
        number = 0
        while not self._closed:
            time.sleep(STEP_S)
            now_s = time.monotonic() - start
            if any(from_s <= now_s < to_s for from_s, to_s in self.away):
                continue
            self.given.append(now_s)
            yield Frame(self.picture(number), now_s, number)
            number += 1

    def interrupt(self) -> None:
        self._closed = True

    def close(self) -> None:
        self._closed = True


class SlowPipeline:
    """Finds nobody; the frames whose count is in `slow` take that many seconds."""

    def __init__(self, slow: dict[int, float]) -> None:
        self.slow = slow
        self.count = 0
        self.baseline = Baseline()
        self.face_ids: set[int] = set()

    def process(self, frame: Frame) -> list[FaceResult]:
        self.count += 1
        time.sleep(self.slow.get(self.count, 0.0))
        return []


def setup() -> dict[str, Any]:
    return {
        "source": {"kind": "camera", "description": "camera 0"},
        "model": {"file": "m.pt", "sha256": "0" * 64},
        "settings": {"faces": 1},
        "versions": {},
    }


class Recorded:
    """What a run leaves: events (name, seconds), lines of the terminal, session.json."""

    def __init__(self, folder: Path, told: list[str], summary: Summary) -> None:
        (self.folder,) = folder.iterdir()
        with (self.folder / "events.csv").open(encoding="utf-8") as file:
            self.events = [(row["event"], float(row["timestamp_s"])) for row in csv.DictReader(file)]
        self.session = json.loads((self.folder / "session.json").read_text(encoding="utf-8"))
        self.told = told
        self.summary = summary


def run(
    camera: PacedCamera,
    folder: Path,
    seconds: float,
    slow: dict[int, float] | None = None,
    between: Callable[[Session, int], None] = lambda session, count: None,
) -> Recorded:
    """Record a camera for some seconds of its clock.   between: called after each frame's analysis, with its count."""
    told: list[str] = []
    summary = Summary("en")
    pipeline: Any = SlowPipeline(slow or {})
    with closing(FrameFeed(camera)) as feed:
        session = Session(pipeline, camera, summary, setup, folder, Consent.now("--consent"), told.append, feed.stop)
        with session:
            session.command(Command.RECORD)
            for frame in feed.frames():
                session.process(frame)
                between(session, pipeline.count)
                if frame.timestamp_s >= seconds:
                    break
    return Recorded(folder, told, summary)
