"""Frames of a source, read in a thread of their own: the next one is there when it is wanted, and none ever queues."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import cv2
import numpy as np

from affect.command_line import end_if_asked
from affect.faces.preprocessing import Image
from affect.live.frame import Frame, Interruptible, Source
from affect.live.sources.clock import SteadyTime
from affect.live.sources.watch import watch_of


def as_picture(given: object) -> Image | None:
    """A picture from outside as uint8 BGR (height, width, 3); None where it cannot be one.

    given: grey (height, width) or (height, width, 1), BGR, or BGRA, whose alpha is left out; uint8, or uint16 on its
    full range, 0…65535. What is uint8 BGR already is given back as it is.
    """
    if not isinstance(given, np.ndarray) or given.size == 0 or given.ndim not in (2, 3):
        return None
    if given.dtype == np.uint16:
        given = (given >> 8).astype(np.uint8)
    channels = 1 if given.ndim == 2 else given.shape[2]
    if given.dtype != np.uint8 or channels not in (1, 3, 4):
        return None
    whole = np.ascontiguousarray(given)
    if channels == 3:
        return whole
    return np.asarray(cv2.cvtColor(whole, cv2.COLOR_GRAY2BGR if channels == 1 else cv2.COLOR_BGRA2BGR), np.uint8)


WAKE_S = 0.2  # how often a waiting main thread looks up, so that Ctrl-C reaches it on Windows as well


class FrameFeed:
    """One place for one frame between the reading thread and the taker.

    A live source's frame replaces one that was not taken: the taker always gets the newest, and `Frame.number` shows
    how many it missed. A file's frame waits until the one before is taken: the taker gets every frame, in order.
    Closes the source when it is closed.

    The source's watch (`watch_of`) learns here when a live source's frames arrive, whenever they are taken.

    Everything that comes out of it is fit for use: pictures are uint8 BGR, and times do not go back (`SteadyTime`).
    skipped: how many frames were left out because no picture could be made of them.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.skipped = 0
        self._time = SteadyTime(source.fps)
        self._watch = watch_of(source)
        self._changed = threading.Condition()
        self._waiting: Frame | None = None
        self._failure: BaseException | None = None
        self._ended = False
        self._closed = False
        self._reader = threading.Thread(target=self._read, name="reader", daemon=True)
        self._reader.start()

    def frames(self) -> Iterator[Frame]:
        """The frames until the source ends. Raises what the source raised, after its last frame."""
        while True:
            end_if_asked()
            with self._changed:
                while self._waiting is None and not self._ended and not self._closed:
                    self._changed.wait(WAKE_S)
                    end_if_asked()
                frame, self._waiting = self._waiting, None
                self._changed.notify_all()
            if self._closed:
                return
            if frame is None:
                break
            yield frame
        if self._failure is not None:
            raise self._failure

    def _read(self) -> None:
        self._watch.begin()
        try:
            for given in self.source.frames():
                if self._closed:
                    return
                picture = as_picture(given.picture)
                if picture is None:
                    self.skipped += 1
                    continue
                frame = Frame(picture, self._time.steady(given.timestamp_s), given.number)
                if self.source.live:
                    self._watch.arrived(frame)
                if not self._put(frame):
                    return
        except Exception as error:  # handed over to the taker, in whose thread it is told to the person
            self._failure = error
        finally:
            with self._changed:
                self._ended = True
                self._changed.notify_all()

    def _put(self, frame: Frame) -> bool:
        with self._changed:
            while self._waiting is not None and not self.source.live and not self._closed:
                self._changed.wait()
            self._waiting = frame
            self._changed.notify_all()
            return not self._closed

    def stop(self) -> None:
        """End `frames`, whoever waits in it, and the source's own waiting."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if isinstance(self.source, Interruptible):
            self.source.interrupt()

    def close(self) -> None:
        """Stop reading and give the source back."""
        self.stop()
        self._reader.join(timeout=2)
        if not self._reader.is_alive():  # a capture that still waits for its device must not be released under it
            self.source.close()
