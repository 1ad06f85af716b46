"""A frame, and what gives frames: the contract between the sources and everything that works on their pictures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from affect.emotions import EMOTIONS, UNCERTAIN
from affect.faces.detection import FaceBox
from affect.faces.preprocessing import Image


@dataclass(frozen=True)
class FaceResult:
    """One face in one frame.

    face_id:       1, 2, … in order of appearance.
    box:           in pixels of the frame; steadied.
    probabilities: float32 (8,) in the order of `EMOTIONS`, smoothed and calibrated, sum 1.
    emotion:       the label that is shown: one of `EMOTIONS`, or "uncertain".
    """

    face_id: int
    box: FaceBox
    probabilities: npt.NDArray[np.float32]
    emotion: str

    @property
    def confidence(self) -> float:
        """The probability of the label, 0…1; of the most probable class where the label is "uncertain"."""
        if self.emotion == UNCERTAIN:
            return float(self.probabilities.max())
        return float(self.probabilities[EMOTIONS.index(self.emotion)])


@dataclass
class Event:
    """A moment of a session, as a line of events.csv has it.

    timestamp_s: on the recording's clock.   event: marker, pause, resume, …
    text:        a marker's note, a snapshot's file.
    """

    timestamp_s: float
    event: str
    text: str = ""


class Frame(NamedTuple):
    """One picture of a source.

    picture:     uint8 BGR (height, width, 3); as the device gives it until it has passed `FrameFeed`.
    timestamp_s: seconds since the source's start: the file's own clock, or the monotonic clock of a live source.
    number:      0, 1, 2 …
    """

    picture: Image
    timestamp_s: float
    number: int


class Source(Protocol):
    """Anything that gives frames.

    kind:        "camera", "video", "image", "stream", "screen" or "demo".
    name:        which of its kind, in no language: a camera's number, a file's name, a part of the screen; "" where
                 there is one only, or where it must not be told, as a stream's address.
    description: both, for the person.   live: frames come at their own pace and cannot be repeated.
    fps:         nominal frames per second.
    """

    kind: str
    name: str
    description: str
    live: bool
    fps: float

    def frames(self) -> Iterator[Frame]:
        """The frames in order, until the source ends. A live source whose signal is lost waits for its return.

        Raises AffectError where it cannot go on.
        """
        ...

    def close(self) -> None:
        """Give the device or file back. Not while another thread is in `frames`."""
        ...


@runtime_checkable
class Interruptible(Protocol):
    """A source that may wait for its signal for long."""

    def interrupt(self) -> None:
        """End the wait, and `frames`, at once; from any thread."""
        ...
