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
