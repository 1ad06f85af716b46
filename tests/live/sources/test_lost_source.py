"""A source that is lost and returns: simulated where OpenCV captures, and for real with a stream on this computer."""

from __future__ import annotations

import csv
import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pytest

from affect.errors import AffectError
from affect.live.app import main
from affect.live.sources import captures, retries
from affect.live.sources.captures import CameraSource, StreamSource, answering_cameras
from affect.live.sources.feed import FrameFeed
from affect.live.sources.files import DemoSource, open_source
from affect.live.sources.retries import Retries
from tests.live.sources.mjpeg_server import MjpegServer
from tests.tools.fake_camera import FakeCamera
from tests.tools.reports import Reports
from tests.tools.web_server import half_served


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "RETRY_S", (0.02, 0.04, 0.08))


def test_a_camera_that_is_unplugged_and_plugged_in_again_goes_on(camera: type[FakeCamera], quick: None) -> None:
    source = CameraSource(0)
    frames = source.frames()
    before = [next(frames) for _ in range(5)]
    camera.plugged = set()
    began = time.monotonic()
    threading.Timer(0.3, camera.plugged.add, [0]).start()
    camera.size = (96, 128)  # it may come back with another resolution
    after = [next(frames) for _ in range(5)]
    assert time.monotonic() - began > 0.25
    assert [f.number for f in before + after] == list(range(10))
    times = [f.timestamp_s for f in before + after]
    assert times == sorted(times)
    assert after[0].timestamp_s - before[-1].timestamp_s == pytest.approx(time.monotonic() - began, abs=0.25)
    assert after[0].picture.shape == (96, 128, 3)
    failed = [opened for _, opened in camera.opened[1:-1]]
    assert 2 <= len(failed) <= 8
    assert not any(failed)
    assert camera.released == 1  # the number of a camera is free only when nobody holds it


@pytest.mark.parametrize("kept", [False, True])
def test_a_camera_s_pictures_that_are_left_out_are_not_decoded(camera: type[FakeCamera], kept: bool) -> None:
    source = CameraSource(0)
    if kept:
        source.pace.rate_hz = None
    camera.grabbed = camera.decoded = 0
    times = [frame.timestamp_s for frame in itertools.islice(source.frames(), 12)]
    assert camera.decoded == 12
    if kept:
        assert camera.grabbed == 12
    else:
        assert camera.grabbed >= 60  # of some 200 a second
        assert np.median(np.diff(times)) == pytest.approx(1 / 15, rel=0.5)


def test_a_camera_whose_picture_cannot_be_decoded_is_opened_anew(
    camera: type[FakeCamera], quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = CameraSource(0)
    frames, decode, given = source.frames(), camera.retrieve, iter([(False, None)])
    next(frames)
    monkeypatch.setattr(camera, "retrieve", lambda self: next(given, None) or decode(self))
    assert next(frames).picture.shape == (48, 64, 3)
    assert (len(camera.opened), camera.released) == (2, 1)


def test_the_tries_grow_rarer_and_never_end(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(threading.Event, "wait", lambda self, seconds=None: waited.append(seconds) or False)
    patience = Retries()
    assert all(patience.wait() for _ in range(500))
    assert waited[:7] == [0.5, 1, 2, 4, 5, 5, 5]
    assert set(waited[7:]) == {5}
    patience.succeeded()
    patience.wait()
    assert waited[-1] == 0.5


def test_leaving_ends_the_wait_for_a_lost_camera_at_once(
    camera: type[FakeCamera], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retries, "RETRY_S", (60.0,))
    source = CameraSource(0)
    feed = FrameFeed(source)
    assert next(feed.frames()).number >= 0
    camera.plugged = set()
    deadline = time.monotonic() + 10
    while not camera.released and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.05)  # now it waits
    began = time.monotonic()
    feed.close()
    assert time.monotonic() - began < 1.5
    assert not [t for t in threading.enumerate() if t.name == "reader" and t.is_alive()]
    assert list(feed.frames()) == []


def test_a_camera_that_blocks_does_not_hold_up_leaving(camera: type[FakeCamera]) -> None:
    feed = FrameFeed(CameraSource(0))
    assert next(feed.frames()).number >= 0
    camera.blocks = threading.Event()
    time.sleep(0.1)
    began = time.monotonic()
    feed.close()
    assert time.monotonic() - began < 4
    assert camera.released == 0  # not under a thread that reads it
    camera.blocks.set()


@pytest.mark.parametrize(
    ("plugged", "language", "sentence"),
    [
        ({0, 2}, "en", "No camera answers at index 4. Cameras that do answer: --source 0, --source 2."),
        ({0, 2}, "es", "con el número 4. Cámaras que sí responden: --source 0, --source 2."),
        (set(), "en", "No camera answers at index 4. No other camera answers."),
        (set(), "es", "con el número 4. No responde ninguna otra cámara."),
    ],
)
def test_a_wrong_index_lists_the_cameras_that_answer(
    plugged: set[int], language: str, sentence: str, camera: type[FakeCamera]
) -> None:
    camera.plugged = plugged
    with pytest.raises(AffectError) as told:
        open_source("4", language)
    assert sentence in str(told.value)


def test_a_camera_that_gives_no_picture_lists_the_others_too(
    camera: type[FakeCamera], monkeypatch: pytest.MonkeyPatch
) -> None:
    camera.plugged = {0, 1}
    works = camera.read
    monkeypatch.setattr(camera, "read", lambda self: (False, None) if self._index == 1 else works(self))
    with pytest.raises(AffectError, match=r"index 1 opens but gives no picture.*do answer: --source 0\."):
        open_source("1")


def test_a_camera_that_blocks_while_others_are_listed_is_left_out(
    camera: type[FakeCamera], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(captures, "PROBE_S", 0.5)
    camera.plugged = {0, 3, 5}
    works, released = camera.read, threading.Event()
    monkeypatch.setattr(
        camera, "read", lambda self: (released.wait(30), works(self))[1] if self._index == 3 else works(self)
    )
    began = time.monotonic()
    assert answering_cameras(besides=4) == [0]
    assert time.monotonic() - began < 5
    released.set()


@pytest.fixture
def stream() -> Iterator[MjpegServer]:
    demo = DemoSource()
    server = MjpegServer(lambda seconds: np.asarray(cv2.resize(demo.picture(seconds), (640, 360)), np.uint8))
    server.start()
    yield server
    server.stop()


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def eventually(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_stream_that_is_stopped_and_started_is_one_session_with_a_gap(
    stream: MjpegServer, tmp_path: Path, reports: Reports, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    arguments = ["--source", stream.address, "--headless", "--record", str(out), "--consent", "--lang", "en"]
    during: list[str] = []
    failures: list[BaseException] = []

    def events() -> str:
        return "".join(path.read_text(encoding="utf-8") for path in out.glob("*/events.csv"))

    def rows() -> int:
        return sum(path.read_text(encoding="utf-8").count("\n") - 1 for path in out.glob("*/emotions.csv"))

    def unplug() -> None:
        try:
            eventually(lambda: rows() >= 10)
            stream.stop()
            eventually(lambda: "signal_lost" in events())  # on the disk while it is lost: a kill does not take it
            during.append(events())
        except BaseException as error:
            failures.append(error)
        finally:
            stream.start()

    person = threading.Thread(target=unplug)
    person.start()
    assert main([*arguments, "--max-frames", "45"]) == 0
    person.join()
    assert failures == []
    (folder,) = out.iterdir()
    assert "signal_back" not in during[0]
    lost, back = table(folder / "events.csv")
    assert (lost["event"], back["event"]) == ("signal_lost", "signal_back")
    lost_s, back_s = float(lost["timestamp_s"]), float(back["timestamp_s"])
    assert back_s - lost_s > 2
    times = [float(row["timestamp_s"]) for row in table(folder / "emotions.csv")]
    assert len(times) == 45
    assert times == sorted(times)
    assert sum(t <= lost_s for t in times) >= 10
    assert sum(t >= back_s for t in times) >= 10
    assert not [t for t in times if lost_s < t < back_s]
    told = json.loads((folder / "session.json").read_text(encoding="utf-8"))
    assert (told["state"], told["frames"]) == ("finished", 45)
    assert told["duration_s"] == pytest.approx(times[-1], abs=0.5)
    err = capfd.readouterr().err
    assert "The stream gives no picture: check the network. The session goes on when it returns." in err
    assert "The picture is back after" in err


@pytest.mark.parametrize("rate_hz", [15.0, None])
def test_a_stream_gives_fifteen_pictures_a_second_or_all(rate_hz: float | None) -> None:
    served: list[float] = []
    server = MjpegServer(lambda seconds: (served.append(seconds), np.full((48, 64, 3), 99, np.uint8))[1], fps=60)
    server.start()
    with closing(open_source(server.address)) as source:
        source.pace.rate_hz = rate_hz  # type: ignore[attr-defined]
        frames = source.frames()
        next(frames)
        before = len(served)
        assert len(list(itertools.islice(frames, 20))) == 20
        passed = len(served) - before
    server.stop()
    assert passed >= 40 if rate_hz else passed <= 30


def test_a_stream_that_hangs_is_opened_anew(stream: MjpegServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(captures, "READ_TIMEOUT_MS", 500)
    with closing(FrameFeed(open_source(stream.address))) as feed:
        frames = feed.frames()
        before = [next(frames) for _ in range(5)][-1]
        stream.hang()
        after = list(itertools.islice((f for f in frames if f.timestamp_s - before.timestamp_s > 0.5), 5))
    assert [f.timestamp_s for f in after] == sorted(f.timestamp_s for f in after)
    assert after[0].number > before.number
    assert after[0].timestamp_s - before.timestamp_s < 15  # FFmpeg by itself waits for 30 s


def test_a_stream_that_hangs_does_not_hold_up_leaving(stream: MjpegServer) -> None:
    feed = FrameFeed(open_source(stream.address))
    next(feed.frames())
    stream.hang()
    time.sleep(0.3)
    began = time.monotonic()
    feed.close()
    assert time.monotonic() - began < 4


def test_a_video_behind_an_address_that_breaks_off_says_so(portrait_video: Path) -> None:
    with half_served(portrait_video.read_bytes()) as address:
        source = StreamSource(f"{address}/{portrait_video.name}")
        with pytest.raises(AffectError, match=r"broke off after 1 s of about 2 s.*Download it"):
            list(source.frames())
        source.close()
