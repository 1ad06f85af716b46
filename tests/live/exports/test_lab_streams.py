"""Lab Streaming Layer, with real outlets and inlets over this computer's loopback."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from affect.emotions import EMOTIONS
from affect.errors import AffectError
from affect.faces.detection import FaceBox
from affect.live.exports.lab_streams import CHANNELS, LabStreams
from affect.live.frame import Event, FaceResult

pylsl = pytest.importorskip("pylsl")

FACE = FaceResult(3, FaceBox(1, 2, 30, 30), np.eye(8, dtype=np.float32)[EMOTIONS.index("sad")], "sad", 0.75)
FRAME_S = 1 / 30
WAIT_S = 10.0


class Hand:
    """The streams of a source that began 100 s after the computer's clock, and what they received."""

    def __init__(self) -> None:
        self.zero_s = time.monotonic() - 5
        self.received: list[tuple[str, float]] = []
        self.streams = LabStreams(self.now_s, lambda text, at_s: self.received.append((text, at_s)))

    def now_s(self) -> float:
        return time.monotonic() - self.zero_s


@pytest.fixture
def hand() -> Iterator[Hand]:
    made = Hand()
    yield made
    made.streams.close()


def inlet(name: str, known: str) -> Any:
    """An inlet of the only stream of this name whose source is `known`."""
    wanted = f"name='{name}' and starts-with(source_id,'{known}')"
    (told,) = pylsl.resolve_bypred(wanted, timeout=WAIT_S)
    opened = pylsl.StreamInlet(told, recover=False)
    opened.open_stream(timeout=WAIT_S)
    return opened


def test_each_frame_s_values_arrive_at_the_frame_s_time(hand: Hand) -> None:
    values = inlet("affect", hand.streams._identity)
    at_s = hand.now_s()
    hand.streams.send(at_s, [FACE])
    hand.streams.send(at_s + FRAME_S, [])
    row, sent_s = values.pull_sample(timeout=WAIT_S)
    told = dict(zip([name for name, _ in CHANNELS], row, strict=True))
    assert (told["p_sad"], told["p_happy"], told["valence"], told["quality"], told["face_id"]) == (1, 0, -1, 0.75, 3)
    there_s = sent_s + values.time_correction() - pylsl.local_clock() + hand.now_s()
    assert abs(there_s - at_s) < FRAME_S
    empty, later_s = values.pull_sample(timeout=WAIT_S)
    assert all(map(math.isnan, empty))
    assert later_s - sent_s == pytest.approx(FRAME_S, abs=0.005)


def test_the_channels_have_names_and_units(hand: Hand) -> None:
    channel = inlet("affect", hand.streams._identity).info(timeout=WAIT_S).desc().child("channels").first_child()
    found = []
    while not channel.empty():
        found.append((channel.child_value("label"), channel.child_value("unit")))
        channel = channel.next_sibling()
    assert tuple(found) == CHANNELS


def test_events_go_out_with_their_text(hand: Hand) -> None:
    markers = inlet("affect-markers", hand.streams._identity)
    at_s = hand.now_s()
    hand.streams.send_event(Event(1.0, "pause"), at_s)
    hand.streams.send_event(Event(1.0, "marker", "ñandú"), at_s)
    first, sent_s = markers.pull_sample(timeout=WAIT_S)
    assert (first, markers.pull_sample(timeout=WAIT_S)[0]) == (["pause"], ["marker ñandú"])
    assert abs(sent_s - pylsl.local_clock() + hand.now_s() - at_s) < FRAME_S


def test_a_marker_of_another_program_is_received_with_its_time_and_own_ones_are_not(hand: Hand) -> None:
    for name in ("first", "second"):  # the one ends before the other begins
        outlet = pylsl.StreamOutlet(pylsl.StreamInfo("experiment", "Markers", 1, 0, "string", f"test-{name}"))
        assert outlet.wait_for_consumers(WAIT_S)
        hand.streams.send_event(Event(1.0, "marker", "own"), hand.now_s())
        shown_s = hand.now_s()
        outlet.push_sample([f"{name} ñ"], pylsl.local_clock())
        until_s = time.monotonic() + WAIT_S
        while not hand.received and time.monotonic() < until_s:
            time.sleep(0.01)
        time.sleep(0.3)  # so that an own marker would have come as well
        ((text, at_s),) = hand.received
        assert text == f"{name} ñ"
        assert abs(at_s - shown_s) < FRAME_S
        del outlet
        hand.received.clear()


def test_the_offset_of_the_clocks_is_told(hand: Hand) -> None:
    told = hand.streams.described
    assert told["clock_offset_s"] == pytest.approx(pylsl.local_clock() - hand.now_s(), abs=0.01)
    assert told["streams"] == ["affect", "affect-markers"]


def test_without_the_library_the_message_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pylsl", None)
    with pytest.raises(AffectError, match="pip install pylsl"):
        LabStreams(time.monotonic, lambda text, at_s: None)
