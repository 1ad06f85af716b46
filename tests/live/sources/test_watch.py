"""When a live source is lost, black or frozen, and when only this program was slow or stood still."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from affect.live import session
from affect.live.control import Command
from affect.live.frame import Frame
from affect.live.session import Session
from affect.live.sources import clock, watch
from affect.live.sources.feed import FrameFeed
from affect.live.sources.watch import Change, SourceWatch, watch_of
from tests.conftest import REPOSITORY
from tests.live.sources.paced_camera import STEP_S, PacedCamera, noise, run
from tests.tools.reports import Reports

GREY = np.full((45, 80, 3), 90, np.uint8)
BLACK = np.zeros((45, 80, 3), np.uint8)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything four times as fast."""
    for name in ("SIGNAL_GAP_S", "STOPPED_S", "FROZEN_S", "BLACK_S", "LOOK_S"):
        monkeypatch.setattr(watch, name, getattr(watch, name) / 4)
    monkeypatch.setattr(session, "WATCH_S", 0.06)


class Hand:
    """A monotonic clock that is set by hand."""

    now_s = 1000.0

    def monotonic(self) -> float:
        return self.now_s


@pytest.fixture
def hand(monkeypatch: pytest.MonkeyPatch) -> Hand:
    made = Hand()
    monkeypatch.setattr(watch, "time", made)
    monkeypatch.setattr(clock, "time", made)
    return made


@pytest.fixture
def beating(hand: Hand) -> Callable[[SourceWatch, float], None]:
    """Lets time pass, with a sign of life four times a second."""

    def passes(watched: SourceWatch, seconds: float) -> None:
        for _ in range(round(4 * seconds)):
            hand.now_s += 0.25
            watched.beat()

    return passes


def frame(at_s: float, picture: np.ndarray | None = None) -> Frame:
    return Frame(noise(round(1000 * at_s)) if picture is None else picture, at_s, round(at_s / STEP_S))


# slow analysis


def test_a_healthy_camera_is_not_lost_however_long_one_analysis_takes(
    quick: None, tmp_path: Path, reports: Reports
) -> None:
    camera = PacedCamera()
    done = run(camera, tmp_path, 2.0, slow={5: 1.2})
    assert max(np.diff(camera.given)) < 0.4
    assert done.events == []
    assert not [line for line in done.told if "picture" in line]
    ((from_s, to_s),) = done.session["not_analysed"]
    assert to_s - from_s == pytest.approx(1.2 - 0.5, abs=0.2)
    assert done.session["lost_s"] == done.summary.lost_s == 0


def test_a_healthy_camera_is_not_lost_while_its_frames_are_slow_to_be_taken(
    quick: None, tmp_path: Path, reports: Reports
) -> None:
    def writes_slowly(_: Session, count: int) -> None:
        time.sleep(1.2 if count == 5 else 0)

    assert run(PacedCamera(), tmp_path, 2.0, between=writes_slowly).events == []


def test_a_camera_that_is_lost_during_a_slow_analysis_is_lost_from_its_last_frame_on(
    quick: None, tmp_path: Path, reports: Reports
) -> None:
    camera = PacedCamera(away=((0.6, 2.5),))
    during: list[str] = []

    def looks(_: Session, count: int) -> None:
        if count == 5:
            during.extend(path.read_text() for path in tmp_path.glob("*/events.csv"))

    done = run(camera, tmp_path, 3.0, slow={5: 2.2}, between=looks)
    last_s = max(t for t in camera.given if t < 0.7)
    first_s = min(t for t in camera.given if t > 2.4)
    start_s = camera.given[0]
    assert done.events == [
        ("signal_lost", pytest.approx(last_s - start_s, abs=0.1)),
        ("signal_back", pytest.approx(first_s - start_s, abs=0.1)),
    ]
    assert "signal_lost" in during[0]  # on the disk while the analysis still goes on
    assert done.summary.lost_s == pytest.approx(first_s - last_s, abs=0.1)
    assert done.session["lost_s"] == pytest.approx(first_s - last_s, abs=0.1)
    ((_, to_s),) = done.session["not_analysed"] or [(0, 0)]
    assert to_s <= last_s - start_s + 0.1  # before it was lost, it was only slow


def test_a_loss_that_is_over_before_a_slow_analysis_ends_is_recorded(
    quick: None, tmp_path: Path, reports: Reports
) -> None:
    done = run(PacedCamera(away=((0.6, 1.4),)), tmp_path, 2.5, slow={5: 2.0})
    assert [event for event, _ in done.events] == ["signal_lost", "signal_back"]
    assert any("The picture is back after 1 s." in line for line in done.told)


def test_a_marker_of_a_slow_analysis_has_the_time_of_its_key(quick: None, tmp_path: Path, reports: Reports) -> None:
    """The frame that waits is an old one where the camera was lost meanwhile: the clock does not go back to it."""
    marked: list[float] = []

    def marks(of: Session, count: int) -> None:
        if count == 6:  # the frame that waited while the fifth was analysed
            of.command(Command.MARK)
            of.answer(None)
            marked.append(time.monotonic())

    began = time.monotonic()
    camera = PacedCamera(away=((0.3, 1.8),))
    done = run(camera, tmp_path, 2.2, slow={5: 1.2}, between=marks)
    ((_, at_s),) = [event for event in done.events if event[0] == "marker"]
    assert at_s == pytest.approx(marked[0] - began - camera.given[0], abs=0.25)


# the program itself stands still


def test_a_program_that_stood_still_is_no_lost_camera(
    hand: Hand, beating: Callable[[SourceWatch, float], None]
) -> None:
    watched = SourceWatch(PacedCamera())
    watched.arrived(frame(0.0))
    beating(watched, 1.0)
    hand.now_s += 60  # suspended
    watched.arrived(frame(61.0))
    assert watched.news() == []
    assert watched.trouble is None
    beating(watched, 1.5)
    hand.now_s += 60
    assert watched.news() == []  # who asks first after it may be any thread
    watched.beat()
    assert watched.news() == []


def test_a_camera_that_does_not_come_back_after_a_stop_is_lost_from_its_last_frame_on(
    hand: Hand, beating: Callable[[SourceWatch, float], None]
) -> None:
    watched = SourceWatch(PacedCamera())
    watched.arrived(frame(5.0))
    beating(watched, 1.0)
    hand.now_s += 60
    beating(watched, 0.75)
    assert watched.news() == []
    beating(watched, 1.0)
    assert watched.news() == [Change("signal_lost", 5.0)]
    watched.arrived(frame(70.0))
    assert watched.news() == [Change("signal_back", 70.0, 65.0)]


def test_a_camera_is_lost_where_only_its_frames_stop(hand: Hand, beating: Callable[[SourceWatch, float], None]) -> None:
    watched = SourceWatch(PacedCamera())
    watched.arrived(frame(5.0))
    beating(watched, 1.75)
    assert watched.news() == []
    beating(watched, 0.5)
    assert watched.news() == [Change("signal_lost", 5.0)]
    assert watched.news() == []


def test_what_was_the_same_before_and_after_a_stop_is_not_frozen(
    hand: Hand, beating: Callable[[SourceWatch, float], None]
) -> None:
    watched = SourceWatch(PacedCamera())
    watched.arrived(frame(0.0, GREY))
    beating(watched, 0.25)
    hand.now_s += 60
    watched.arrived(frame(60.0, GREY))
    assert watched.news() == []
    for second in range(1, 6):
        watched.arrived(frame(60.0 + second, GREY))
        beating(watched, 1)
    assert watched.news() == [Change("frozen", 60.0)]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGSTOP")
def test_a_suspended_process_records_no_loss_and_that_nothing_was_analysed(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from tests.live.sources.paced_camera import PacedCamera, run\n"
        "def between(session, count):\n    print(count, flush=True)\n"
        "done = run(PacedCamera(), Path(sys.argv[1]), 6.0, between=between)\n"
        "print(done.events, done.session['not_analysed'])"
    )
    path = str(REPOSITORY)
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": path}) as child:
        assert child.stdout is not None
        while child.stdout.readline() != "40\n":
            assert child.poll() is None
        child.send_signal(signal.SIGSTOP)
        time.sleep(3.5)
        child.send_signal(signal.SIGCONT)
        last = child.stdout.read().splitlines()[-1]
    events, gaps = last.split("] ", 1)
    assert events == "["
    ((from_s, to_s),) = [(a, b) for a, b in eval(gaps) if b - a > 1]  # noqa: S307  (our own numbers)
    assert to_s - from_s == pytest.approx(3.0, abs=0.4)


# before the first frame


def test_a_camera_that_never_gives_a_frame_is_told_and_nothing_is_recorded_of_it(
    quick: None, tmp_path: Path, reports: Reports
) -> None:
    done = run(PacedCamera(away=((0.0, 1.5),)), tmp_path, 2.0)
    assert done.told[0] == "0:00  The camera gives no picture: check its cable. The session goes on when it returns."
    assert done.told[1].startswith("0:01  The picture is back after")
    assert done.events == []  # the recording begins with the first frame
    assert done.session["lost_s"] == 0


def test_a_source_that_nobody_reads_yet_is_not_lost(hand: Hand) -> None:
    watched = SourceWatch(PacedCamera())
    hand.now_s += 60
    assert watched.news() == []
    watched.begin()
    hand.now_s += 1.9
    assert watched.news() == []
    hand.now_s += 0.2
    assert watched.news() == [Change("signal_lost", 0.0)]


# frozen and black


def test_pictures_that_change_while_one_is_analysed_are_not_frozen(
    quick: None, tmp_path: Path, reports: Reports
) -> None:
    """The analysis sees the same picture each time: another one came between."""

    def is_grey(number: int) -> bool:  # in no rhythm, or what is looked at now and then might be grey each time as well
        return bool(np.random.default_rng(number).random() < 0.5)

    camera = PacedCamera(picture=lambda number: GREY if is_grey(number) else noise(number))
    taken = [0]

    def waits_for_the_grey_one(*_: object) -> None:
        taken[0] = len(camera.given)
        while len(camera.given) < taken[0] + 20 or not is_grey(len(camera.given) - 1):
            time.sleep(0.002)

    assert run(camera, tmp_path, 3.0, between=waits_for_the_grey_one).events == []


def test_a_picture_is_frozen_from_when_it_stopped_whatever_the_analysis_does(
    quick: None, tmp_path: Path, reports: Reports
) -> None:
    camera = PacedCamera(picture=lambda number: noise(min(number, 25)))
    done = run(camera, tmp_path, 3.0, slow=dict.fromkeys(range(5, 100), 0.9))
    assert done.events == [("frozen", pytest.approx(camera.given[25] - camera.given[0], abs=0.2))]


def test_a_black_picture_is_black_from_when_it_came_whatever_the_analysis_does(
    quick: None, tmp_path: Path, reports: Reports
) -> None:
    camera = PacedCamera(picture=lambda number: BLACK if 25 <= number < 75 else noise(number))
    done = run(camera, tmp_path, 2.5, slow={5: 2.0})
    assert done.events == [
        ("black", pytest.approx(camera.given[25] - camera.given[0], abs=0.2)),
        ("black_end", pytest.approx(camera.given[75] - camera.given[0], abs=0.2)),
    ]


# where it lies


def test_a_source_has_one_watch_and_a_frame_that_was_heard_is_not_heard_again() -> None:
    camera, other = PacedCamera(), PacedCamera()
    watched = watch_of(camera)
    assert watch_of(camera) is watched is not watch_of(other)
    watched.arrived(frame(0.0))
    watched.arrived(frame(1.0))
    assert watched.frame(frame(0.0), face=False) == []  # taken late
    assert watched.clock.last_s == 1.0
    assert watched.frame(frame(4.0), face=False) == [Change("signal_lost", 1.0), Change("signal_back", 4.0, 3.0)]


def test_a_source_that_is_read_once_more_is_heard_from_its_start(hand: Hand) -> None:
    watched = SourceWatch(PacedCamera())
    watched.begin()
    watched.arrived(frame(50.0))
    hand.now_s += 5
    assert watched.news() == [Change("signal_lost", 50.0)]
    watched.begin()
    hand.now_s += 1.9
    watched.arrived(frame(0.1))
    assert watched.news() == []
    assert watched.clock.last_s == 0.1
    watched.begin()
    hand.now_s += 2.1
    assert watched.news() == [Change("signal_lost", 0.0)]


def test_a_file_is_never_lost_and_its_time_is_that_of_the_frame_that_was_taken() -> None:
    camera = PacedCamera(kind="video")
    camera.live = False
    feed = FrameFeed(camera)
    frames = feed.frames()
    taken = next(frames)
    watched = watch_of(camera)
    assert watched.frame(taken, face=False) == []
    time.sleep(0.1)
    assert watched.clock.last_s == taken.timestamp_s
    assert watched.frame(frame(taken.timestamp_s + 60), face=False) == []
    feed.close()
    assert not [t for t in threading.enumerate() if t.name == "reader" and t.is_alive()]
