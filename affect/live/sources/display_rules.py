"""Conversion of decoded frames to pictures as video players show them: deinterlaced, square pixels, upright."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from fractions import Fraction
from functools import partial
from typing import Any, Final, cast

import av
import av.filter
import cv2
import numpy as np
from av.sidedata.sidedata import Type

from affect.faces.preprocessing import Image

# The largest frame: the picture of a 6K screen, and as many bytes as 4K has with 16 bits in four channels. A stream may
# grow to 4K, or to the size that its file tells.
MOST_PIXELS: Final = 6144 * 3456
GROWTH_PIXELS: Final = 4096 * 2304
MOST_BYTES: Final = 8 * GROWTH_PIXELS

# Deinterlaces only frames flagged as interlaced. Non-square pixels are scaled up, so that no line is lost; a sample
# aspect ratio above 10 or below 0.1 is taken as an error of the file and clipped.
_STRETCH: Final = f"min(max({{0}},1),max({MOST_PIXELS}/(iw*ih),1))"
DEINTERLACE: Final = ("bwdif", "mode=send_frame:deint=interlaced")
SQUARE: Final = (
    "scale",
    f"w='round(iw*{_STRETCH.format('clip(sar,0.1,10)')})':h='round(ih*{_STRETCH.format('1/clip(sar,0.1,10)')})'"
    ":eval=frame:flags=bicubic",
)


class DisplayRules:
    """Applies them to the frames of a track, in order, in a filter graph that is made anew when these change.

    aspect: sample aspect ratio, where the container's differs from the frames'.
    interlaced: whether a frame so far was.
    """

    def __init__(self, aspect: Fraction | None) -> None:
        self.interlaced = False
        self._aspect = aspect
        self._graph: av.filter.Graph | None = None
        self._form: tuple[object, ...] = ()
        self._matrix: bytes | None = None  # display matrix of the frames in the graph

    def restart(self) -> None:
        """Drop the filter graph after an error, with the frames in it."""
        self._graph = None

    def applied(self, frame: av.VideoFrame | None) -> Iterator[tuple[av.VideoFrame, Callable[[], Image]]]:
        """Pass a decoded frame through the filter graph and yield BGR frames, each with what makes its picture.

        frame: None flushes the graph. The matrix is read from the first frame of a size and format only: PyAV's side
        data and frame refer to each other, so that hundreds of frames would wait for Python's garbage collector.
        """
        if frame is not None:
            self.interlaced |= frame.interlaced_frame
        form = () if frame is None else (frame.width, frame.height, frame.format.name, self.interlaced)
        if self._graph is not None and form != self._form:
            self._graph.push(None)
            for each in ready(self._graph):
                yield each, partial(_upright, each, self._matrix)
            self._graph = None
        if frame is None:
            return
        if self._graph is None:
            self._graph, self._form = self._new_graph(frame), form
            matrix = frame.side_data.get(Type.DISPLAYMATRIX)  # type: ignore[call-overload]  # by type, not by index
            self._matrix = None if matrix is None else bytes(matrix)
        self._graph.push(frame)
        for each in ready(self._graph):
            yield each, partial(_upright, each, self._matrix)

    def _new_graph(self, frame: av.VideoFrame) -> av.filter.Graph:
        """Create the filter graph for frames of this size and format. Raises ValueError if they are too large."""
        if bytes_of(frame.format, frame.width * frame.height) > MOST_BYTES:
            raise ValueError
        graph = av.filter.Graph()
        graph.threads = 1  # more threads cost a sixth more time, and the model needs the other cores
        buffer = graph.add_buffer(
            width=frame.width,
            height=frame.height,
            format=cast(av.VideoFormat, frame.format.name),  # PyAV needs the name despite its type hints
            time_base=frame.time_base,
        )
        aspect = [("setsar", f"{self._aspect.numerator}/{self._aspect.denominator}")] if self._aspect else []
        chain = [*aspect, *([DEINTERLACE] if self.interlaced else []), SQUARE, ("format", "bgr24")]
        graph.link_nodes(buffer, *(graph.add(*each) for each in chain), graph.add("buffersink")).configure()
        return graph


def bytes_of(form: av.VideoFormat, pixels: int) -> int:
    """The memory of a decoded frame, as far as its format tells."""
    return pixels * form.padded_bits_per_pixel // 8


def ready(graph: av.filter.Graph) -> Iterator[Any]:
    """Pull all frames that a filter graph has ready."""
    with suppress(BlockingIOError, EOFError):  # the graph needs more input, or was flushed
        while True:
            yield graph.pull()


def _upright(frame: av.VideoFrame, matrix: bytes | None) -> Image:
    """Convert a BGR frame to an array and apply its display matrix (ISO/IEC 14496-12, matrix of tkhd)."""
    picture = np.asarray(frame.to_ndarray(), np.uint8)
    if matrix is None:
        return picture
    a, b, _, c, d = np.frombuffer(matrix, np.int32)[:5].tolist()
    if abs(a) + abs(d) >= abs(b) + abs(c):
        return _mirrored(picture, a < 0, d < 0)
    return _mirrored(np.asarray(cv2.transpose(picture), np.uint8), c < 0, b < 0)


def _mirrored(picture: Image, across: bool, down: bool) -> Image:
    if not (across or down):
        return picture
    return np.asarray(cv2.flip(picture, -1 if across and down else int(across)), np.uint8)
