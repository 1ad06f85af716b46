"""A session with the real pipeline on the portrait, for the tests of what a person can ask of it."""

from __future__ import annotations

import csv
import json
import threading
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from affect.faces.detection import HaarDetector
from affect.files import sha256_of
from affect.live.control import Command
from affect.live.pipeline.classifier import Classifier, load_classifier
from affect.live.pipeline.pipeline import Pipeline
from affect.live.pipeline.search import AroundKnown
from affect.live.recording.kept_baseline import Person
from affect.live.recording.recording import Consent
from affect.live.session import Session
from affect.live.setup import describe_setup
from affect.live.sources.files import DemoSource, Frame
from affect.live.summary import Summary

EMPTY = np.full((720, 1280, 3), 90, np.uint8)
GIVEN = Consent("2026-11-25T10:00:00+01:00", "--consent")


class LiveDemo(DemoSource):
    """The demo clip as a camera would give it."""

    live = True


def remembering(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, which is computed once for each different input: most frames here show the very same again."""
    known: dict[object, Any] = {}

    def remembered(array: np.ndarray, *more: object) -> Any:
        key = (array.shape, sha256(array.tobytes()).digest(), *more)
        if key not in known:
            known[key] = function(array, *more)
        return known[key]

    return remembered


@cache
def _loaded(model: Path) -> Classifier:
    return load_classifier(model)


@cache
def _network(model: Path) -> Callable[..., Any]:
    return remembering(_loaded(model).logits)


@cache
def _cascade() -> Callable[..., Any]:
    return remembering(HaarDetector().search)


class Run:
    """A session, its frames (five a second), and what it has told."""

    def __init__(
        self, model: Path, folder: Path, consent: Consent | None = None, live: bool = True, person: str | None = None
    ) -> None:
        self.source = LiveDemo() if live else DemoSource()
        self.summary = Summary("en")
        self.told: list[str] = []
        self.left = threading.Event()
        loaded = _loaded(model)
        classifier = Classifier(_network(model), loaded.preprocessing, loaded.calibration, loaded.description)
        search = AroundKnown()
        search._detector.search = _cascade()
        self.pipeline = Pipeline(search, classifier, 1)
        sensitivity = {"sensitivity": "normal"}
        chosen = {"faces": 1, "language": "en", "detector": "haar", "backend": "onnx", "sensitivity": "normal"}
        self.session = Session(
            self.pipeline,
            self.source,
            self.summary,
            lambda: describe_setup(self.source, model, classifier, self.pipeline, chosen),
            folder,
            consent,
            self.told.append,
            self.left.set,
            None if person is None else Person(person, lambda: {"model_sha256": sha256_of(model), **sensitivity}),
        )
        self.number = 0

    def frames(self, count: int, picture: np.ndarray | None = None) -> list[Any]:
        """What the session says of the next frames: the clip's first picture, or the one that is given."""
        shown = self.source.picture(0.0) if picture is None else picture
        results = []
        for _ in range(count):
            results.append(self.session.process(Frame(shown, 3 + self.number / 5, self.number)))
            self.number += 1
        return results

    def press(self, *commands: Command) -> None:
        for command in commands:
            self.session.command(command)

    @property
    def message(self) -> str:
        return self.session.status().message

    def record(self) -> None:
        self.press(Command.RECORD)
        self.session.answer("yes")
        self.frames(1)


def only_folder(tmp_path: Path) -> Path:
    (folder,) = (tmp_path / "sessions").iterdir()
    return folder


def told_in(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "session.json").read_text(encoding="utf-8"))


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
