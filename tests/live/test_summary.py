from __future__ import annotations

import numpy as np
import pytest

from affect.emotions import EMOTIONS
from affect.faces import FaceBox
from affect.live.results import FaceResult
from affect.live.sources import Frame
from affect.live.summary import Summary

PICTURE = np.zeros((48, 64, 3), np.uint8)


@pytest.mark.parametrize(
    ("language", "line", "share"),
    [
        ("en", "face 1 happy >99%", "a face in 100% of the frames"),
        ("es", "cara 1 alegría >99\N{NO-BREAK SPACE}%", "una cara en el 100\N{NO-BREAK SPACE}% de los fotogramas"),
    ],
)
def test_a_share_may_be_whole_and_a_confidence_is_not(
    language: str, line: str, share: str, capsys: pytest.CaptureFixture[str]
) -> None:
    probabilities = np.zeros(8, np.float32)
    probabilities[EMOTIONS.index("happy")] = 1.0
    results = [FaceResult(1, FaceBox(0, 0, 40, 40), probabilities, "happy")]
    summary = Summary(language)
    summary.start("demo", "model")
    summary.add(Frame(PICTURE, 0.0, 0), results)
    summary.print_line(results)
    summary.print()
    out = capsys.readouterr().out
    assert line in out
    assert share in out


@pytest.mark.parametrize(("language", "words"), [("en", "too dark: in 50%"), ("es", "demasiado oscuro: en el 50")])
def test_frames_that_are_too_dark_for_a_face_are_told(
    language: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    summary = Summary(language)
    summary.start("video", "model")
    for i in range(40):
        summary.add(Frame(PICTURE if i < 20 else PICTURE + 120, i / 10, i), [])
    summary.print()
    assert words in capsys.readouterr().out


def test_a_moment_in_the_dark_and_a_face_in_it_are_not(capsys: pytest.CaptureFixture[str]) -> None:
    face = FaceResult(1, FaceBox(0, 0, 40, 40), np.full(8, 0.125, np.float32), "happy")
    summary = Summary("en")
    summary.start("video", "model")
    for i in range(40):
        summary.add(Frame(PICTURE + (0 if i == 0 or i > 20 else 120), i / 10, i), [face] if i > 20 else [])
    summary.print()
    assert "too dark" not in capsys.readouterr().out
