"""The demo's portrait goes through expressions that the program tells apart."""

from __future__ import annotations

from itertools import groupby, pairwise
from pathlib import Path

import numpy as np
import pytest

from affect.emotions import UNCERTAIN
from affect.faces.preprocessing import Image
from affect.live.bundled import bundled_models
from affect.live.pipeline.baseline import SECONDS as BASELINE_S
from affect.live.pipeline.classifier import load_classifier
from affect.live.pipeline.pipeline import Pipeline
from affect.live.pipeline.search import create_search
from affect.live.sources.files import DemoSource, Frame
from affect.live.sources.portrait import (
    BOTTOM,
    FIXED,
    LEFT,
    MOUTH,
    NEUTRAL,
    RIGHT,
    TOP,
    TURN_S,
    TURNS,
    Expression,
    Portrait,
    displacement,
)

FPS = 5
# label → whole seconds for which it stays, by model; of another model, any three of at least LEAST_S are enough
WINS = {
    "starter_faces.pt": {"happy": 5, "surprise": 4, "sad": 4},
    "starter_ferplus.pt": {"happy": 5, "neutral": 10, "surprise": 4, "sad": 5},
}
LEAST_S = 3


@pytest.mark.parametrize("model", bundled_models(), ids=lambda model: model.name)
def test_at_least_three_labels_win_for_three_seconds_each(model: Path) -> None:
    demo, pipeline = DemoSource(), Pipeline(create_search("haar", None), load_classifier(model))
    found = [pipeline.process(Frame(demo.picture(i / FPS), i / FPS, i)) for i in range(demo.SECONDS * FPS)]
    assert [len(faces) for faces in found] == [1] * len(found)
    runs = [(label, len([*run]) / FPS) for label, run in groupby(faces[0].emotion for faces in found)]
    wins = {label: int(seconds) for label, seconds in runs if seconds >= LEAST_S and label != UNCERTAIN}
    assert len(wins) >= 3, runs
    assert all(wins.get(label, 0) >= seconds for label, seconds in WINS.get(model.name, {}).items()), runs


def test_neutral_lasts_long_enough_for_a_baseline() -> None:
    (lasts_s,) = (after[0] - at[0] - TURN_S for at, after in pairwise(TURNS) if at[1] is NEUTRAL)
    assert lasts_s > BASELINE_S


def test_the_portrait_begins_and_ends_as_it_is_and_never_jumps(portrait: Image) -> None:
    shown = Portrait(portrait)
    assert (shown.at(0.0) == portrait).all()
    assert (shown.at(Portrait.SECONDS) == portrait).all()
    assert (shown.at(3 * Portrait.SECONDS + 8.0) == shown.at(8.0)).all()
    pictures = [shown.at(i / 30).astype(np.int16) for i in range(30 * Portrait.SECONDS + 1)]
    steps = [float(np.abs(a - b)[TOP:BOTTOM, LEFT:RIGHT].mean()) for a, b in pairwise(pictures)]
    assert max(steps) < 2
    assert sum(step > 0 for step in steps) > 100


def test_only_the_face_moves(portrait: Image) -> None:
    rest = np.ones(portrait.shape[:2], bool)
    rest[TOP:BOTTOM, LEFT:RIGHT] = False
    original, shown = portrait.copy(), Portrait(portrait)
    for time_s in range(0, Portrait.SECONDS, 3):
        assert (shown.at(time_s)[rest] == original[rest]).all()
    assert (portrait == original).all()


@pytest.mark.parametrize("expression", [e for _, e in TURNS if e is not None])
def test_brows_eyes_and_chin_are_carried_where_the_expression_says(expression: Expression) -> None:
    before, after = expression.moves()
    way = displacement(expression, (RIGHT - LEFT, BOTTOM - TOP))
    assert (way[0] == 0).all()
    assert (way[:, 0] == 0).all()
    for (x0, y0), (x, y) in list(zip(before, after, strict=True))[4 * len(MOUTH) : -len(FIXED)]:
        assert np.abs(way[round(y) - TOP, round(x) - LEFT] - (x0 - x, y0 - y)).max() < 2
