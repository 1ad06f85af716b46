from __future__ import annotations

import errno
import sys

import numpy as np
import pytest

from affect.emotions import EMOTIONS
from affect.errors import AffectError
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


@pytest.mark.parametrize(
    ("language", "count", "line"),
    [("en", 1, "1 frame of demo"), ("en", 2, "2 frames of"), ("es", 1, "1 fotograma de"), ("es", 2, "2 fotogramas de")],
)
def test_one_frame_is_told_in_the_singular(
    language: str, count: int, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    summary = Summary(language)
    summary.start("demo", "model")
    for number in range(count):
        summary.add(Frame(PICTURE, 0.0, number), [])
    summary.print()
    assert line in capsys.readouterr().out


@pytest.mark.parametrize(
    ("number", "kind"), [(errno.EPIPE, BrokenPipeError), (errno.ENOSPC, AffectError), (errno.EIO, AffectError)]
)
def test_an_output_that_cannot_be_written_is_told_apart_from_a_reader_that_has_gone(
    number: int, kind: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(text: str) -> int:
        raise OSError(number, "no more")

    summary = Summary("en")
    summary.start("demo", "model")
    summary.add(Frame(PICTURE, 0.0, 0), [])
    monkeypatch.setattr(sys.stdout, "write", write)
    for say in (summary.print, lambda: summary.print_line([])):
        with pytest.raises(kind, match="no more"):
            say()
