"""Data types of frames, faces and events, and the `Source` interface. Sources, pipeline and recording share them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from affect.emotions import EMOTIONS, UNCERTAIN, valence
from affect.faces.detection import FaceBox
from affect.faces.preprocessing import Image


@dataclass(frozen=True)
class FaceResult:
    """Result of one face in one frame.

    face_id:       1, 2, … in order of appearance.
    box:           bounding box in pixels of the frame, smoothed.
    probabilities: float32 (8,) in the order of `EMOTIONS`, smoothed and calibrated, sum 1.
    emotion:       the displayed label: one of `EMOTIONS`, or "uncertain".
    quality:       how far the reading can be trusted, 0…1, from the picture (`affect.live.pipeline.quality`).
    covered:       the mouth seems covered, so the label is "uncertain".
    """

    face_id: int
    box: FaceBox
    probabilities: npt.NDArray[np.float32]
    emotion: str
    quality: float
    covered: bool = False

    @property
    def valence(self) -> float:
        """Valence, −1…1, derived from the probabilities: see `affect.emotions.valence`."""
        return float(valence(self.probabilities))

    @property
    def confidence(self) -> float:
        """Probability of the label, 0…1; of the most probable class if the label is "uncertain"."""
        if self.emotion == UNCERTAIN:
            return float(self.probabilities.max())
        return float(self.probabilities[EMOTIONS.index(self.emotion)])


@dataclass
class Event:
    """An event of a session, one row of events.csv.

    timestamp_s: on the recording's clock.   event: its kind: marker, pause, resume, …
    text:        a marker's note, or a snapshot's file name.
    """

    timestamp_s: float
    event: str
    text: str = ""


class Frame(NamedTuple):
    """One frame of a source.

    picture:     uint8 BGR (height, width, 3); before `FrameFeed` also in other formats of the device.
    timestamp_s: seconds since the source's start: a file's timestamps, or the monotonic clock of a live source.
    number:      0, 1, 2 …
    """

    picture: Image
    timestamp_s: float
    number: int


class Source(Protocol):
    """Interface of a frame source.

    kind:        "camera", "video", "image", "stream", "screen" or "demo".
    name:        language-independent name: a camera's index, a file's name, a rectangle of the screen; "" if there is
                 only one of its kind, or it must stay private, as a stream's address.
    description: kind and name, for the user.   live: frames arrive in real time and cannot be read again.
    fps:         nominal frames per second.
    """

    kind: str
    name: str
    description: str
    live: bool
    fps: float

    def frames(self) -> Iterator[Frame]:
        """Yield the frames in order, until the source ends. A live source that loses its signal reconnects.

        Raises AffectError if reading cannot continue.
        """
        ...

    def close(self) -> None:
        """Release the device or file. Do not call while another thread is in `frames`."""
        ...


@runtime_checkable
class Interruptible(Protocol):
    """Interface of a source whose waiting for a signal can be interrupted."""

    def interrupt(self) -> None:
        """End the wait and `frames` at once; thread-safe."""
        ...
