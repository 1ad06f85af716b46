"""Frame reader thread with a one-frame buffer between a source and the pipeline, so that no queue builds up."""

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
    """Convert a picture to uint8 BGR (height, width, 3); None if it is not a picture.

    given: grey (height, width) or (height, width, 1), BGR, or BGRA, whose alpha is dropped; uint8, or uint16 over its
    full range, 0…65535. A contiguous uint8 BGR array is returned unchanged.
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


WAKE_S = 0.2  # polling interval of a waiting main thread, so that Ctrl-C reaches it on Windows too


class FrameFeed:
    """A one-frame buffer between the thread that reads a source and the consumer of its frames.

    A live source's new frame replaces an unread one: the consumer always gets the newest, and `Frame.number` shows how
    many it missed. A file's frame waits until the previous one is read: the consumer gets every frame, in order.
    Closing the feed closes the source.

    The source's watch (`watch_of`) is informed when a live source's frame arrives, not when it is consumed.

    Frames come out normalised: pictures are uint8 BGR, and timestamps increase (`SteadyTime`).
    skipped: number of frames left out because they could not be converted to a picture.
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
        """Yield frames until the source ends. After the last frame, an error of the source is raised again."""
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
        except Exception as error:  # raised again in the consumer's thread
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
        """End `frames` in any waiting thread, and interrupt the source's own waiting."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if isinstance(self.source, Interruptible):
            self.source.interrupt()

    def close(self) -> None:
        """Stop reading and close the source."""
        self.stop()
        self._reader.join(timeout=2)
        if not self._reader.is_alive():  # a capture must not be released while the reader waits for its device
            self.source.close()
