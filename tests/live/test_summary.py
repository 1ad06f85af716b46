from __future__ import annotations

import numpy as np
import pytest

from affect.emotions import EMOTIONS
from affect.faces.detection import FaceBox
from affect.live import summary as module
from affect.live.frame import FaceResult
from affect.live.sources.files import Frame
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


class Hand:
    """A monotonic clock that is set by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_s = 100.0
        monkeypatch.setattr(module, "time", self)

    def monotonic(self) -> float:
        return self.now_s


def rate_after(hand: Hand, steps_s: list[float]) -> float | None:
    """The frame rate that is shown after frames with these times between them."""
    summary = Summary("en")
    summary.start("demo", "model")
    hand.now_s += 3  # the start-up counts for nothing
    summary.add(Frame(PICTURE, 0.0, 0), [])
    for number, step_s in enumerate(steps_s, 1):
        hand.now_s += step_s
        summary.add(Frame(PICTURE, 0.0, number), [])
    return summary.fps


@pytest.mark.parametrize(
    ("steps_s", "rate"),
    [
        ([1 / 30] * 300, 30),
        ([0.0647, 0.002] * 150, 30),  # in pairs
        ([0.2, 0.001, 0.001, 0.001, 0.0] * 60, 24.6),  # in bursts
        ([1 / 60] * 600 + [1 / 10] * 30, 10),  # it became slower three seconds ago
        ([1 / 10] * 60 + [1 / 60] * 180, 60),
        ([3.0] * 5, 1 / 3),  # a source, or a computer, that is slower than what is looked at
        ([0.5], 2),
    ],
)
def test_the_frame_rate_is_frames_by_the_time_that_they_took(
    steps_s: list[float], rate: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert rate_after(Hand(monkeypatch), steps_s) == pytest.approx(rate, rel=0.07)


def test_one_frame_has_no_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    assert rate_after(Hand(monkeypatch), []) is None


def test_a_pause_is_none_of_the_time_that_frames_took(monkeypatch: pytest.MonkeyPatch) -> None:
    hand, summary = Hand(monkeypatch), Summary("en")
    for number in range(60):
        hand.now_s += 60 if number == 30 else 0.1
        if number == 30:
            summary.interrupted(paused_s=60)
        summary.add(Frame(PICTURE, 0.0, number), [])
        assert summary.fps is None or summary.fps == pytest.approx(10, rel=0.01)


def face(emotion: str = "happy") -> FaceResult:
    probabilities = np.zeros(8, np.float32)
    probabilities[EMOTIONS.index(emotion)] = 1.0
    return FaceResult(1, FaceBox(0, 0, 40, 40), probabilities, emotion)


def test_a_pause_and_a_lost_picture_are_told_and_are_not_frames_without_a_face(
    capsys: pytest.CaptureFixture[str],
) -> None:
    summary = Summary("en")
    summary.start("camera 0", "model")
    for number in range(10):
        summary.add(Frame(PICTURE, number / 10, number), [face("happy" if number else "sad")], usable=number < 4)
    summary.interrupted(paused_s=12.0)
    summary.interrupted(lost_s=7.4)
    summary.print_line([face()])
    summary.print()
    out = capsys.readouterr().out
    assert "no usable picture\n" in out  # the line of the moment says no label
    assert "10 frames of camera 0" in out
    assert "paused for 12 s\n" in out
    assert "no usable picture for 7 s" in out
    assert "a face in 100% of the frames\nread as, in frames:\n  happy        75%\n  sad          25%\n" in out


def test_a_run_that_only_saw_black_says_nothing_of_faces(capsys: pytest.CaptureFixture[str]) -> None:
    summary = Summary("es")
    summary.start("cámara 0", "model")
    summary.add(Frame(PICTURE, 0.0, 0), [], usable=False)
    summary.interrupted(lost_s=5.0)
    summary.print()
    out = capsys.readouterr().out
    assert "una cara" not in out
    assert "sin imagen útil durante 5 s" in out


def test_a_run_without_a_break_mentions_none(capsys: pytest.CaptureFixture[str]) -> None:
    summary = Summary("en")
    summary.start("camera 0", "model")
    summary.add(Frame(PICTURE, 0.0, 0), [])
    summary.print()
    out = capsys.readouterr().out
    assert "a face in 0% of the frames" in out
    assert not any(word in out for word in ("paused", "usable", "read as"))


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
