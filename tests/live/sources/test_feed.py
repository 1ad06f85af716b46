from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

from affect.errors import AffectError
from affect.live.sources.feed import FrameFeed
from affect.live.sources.files import Frame

PICTURE = np.zeros((4, 4, 3), np.uint8)


class Numbers:
    """A source of twenty numbered frames; a live one then breaks off."""

    description = "numbers"
    fps = 1000.0

    def __init__(self, live: bool) -> None:
        self.live = live
        self.given = threading.Event()
        self.closed = False

    def frames(self) -> Iterator[Frame]:
        for number in range(20):
            yield Frame(PICTURE, number / self.fps, number)
        self.given.set()
        if self.live:
            raise AffectError("The numbers stopped.")

    def close(self) -> None:
        self.closed = True


def test_a_file_gives_every_frame_in_order_to_a_slow_taker() -> None:
    numbers = []
    for frame in FrameFeed(Numbers(live=False)).frames():
        time.sleep(0.002)
        numbers.append(frame.number)
    assert numbers == list(range(20))


def test_a_camera_gives_a_slow_taker_the_newest_frame() -> None:
    source = Numbers(live=True)
    feed = FrameFeed(source)
    source.given.wait(10)
    frames = feed.frames()
    assert next(frames).number == 19
    with pytest.raises(AffectError, match="stopped"):
        next(frames)


def test_closing_ends_a_reader_that_waits_and_gives_the_source_back() -> None:
    source = Numbers(live=False)
    feed = FrameFeed(source)
    assert next(feed.frames()).number == 0
    feed.close()
    assert source.closed
    assert list(feed.frames()) == []


def test_stopping_ends_a_taker_that_waits() -> None:
    class Stuck(Numbers):
        def frames(self) -> Iterator[Frame]:
            self.given.wait(10)
            yield from ()

    source = Stuck(live=True)
    feed = FrameFeed(source)
    threading.Timer(0.1, feed.stop).start()
    assert list(feed.frames()) == []
    source.given.set()
