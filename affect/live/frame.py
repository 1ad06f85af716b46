"""A frame, and what gives frames: the contract between the sources and everything that works on their pictures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol, runtime_checkable

from affect.preprocessing import Image


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
