"""The picture track of a file or a network stream, decoded by FFmpeg (PyAV) and shown as players show it.

`sources.VideoSource` and `captures.StreamSource` read from it. Cameras do not: OpenCV captures them.
"""

from __future__ import annotations

import heapq
import itertools
import math
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from fractions import Fraction
from typing import Any, Final, NamedTuple, cast

import av
import av.filter
import av.logging
import cv2
import numpy as np
from av.sidedata.sidedata import Type

from affect.faces.preprocessing import Image

# FFmpeg says nothing: its own lines may hold an address with its password, and any level but None makes its threads
# wait for Python's lock, which whoever closes a decoder holds while it waits for them.
av.logging.set_level(None)

# What a local file may make FFmpeg open, as a playlist does: other local files, never an address.
FILE_PROTOCOLS: Final = "file,crypto,data"

# Deinterlaces only what is flagged as interlaced. Pixels are made square by scaling up, so that no line is lost; a
# pixel that is more than ten times as wide as high is a fault of the file.
DEINTERLACE: Final = ("bwdif", "mode=send_frame:deint=interlaced")
SQUARE: Final = (
    "scale",
    "w='round(iw*max(clip(sar,0.1,10),1))':h='round(ih/min(clip(sar,0.1,10),1))':eval=frame:flags=bicubic",
)

# Pictures of a playlist that are so far apart follow one another: its clock changed (EXT-X-DISCONTINUITY, RFC 8216). It
# is not told; FFmpeg's own programs take as much for such a change (-dts_delta_threshold).
SPLICE_S: Final = 10.0
CUT_S: Final = 0.25  # a picture track that ends so much before its own duration is cut off
# The duration of a whole file says less about its pictures: a screen recorder may write none while nothing changes.
CUT_SHARE: Final = 0.1
TIME_FORMS: Final = ("%Y-%m-%dT%H:%M:%S.%f%z", "%Y-%m-%dT%H:%M:%S%z")
ERRORS: Final = (av.FFmpegError, OSError, ValueError)


class Undecodable(Exception):
    """FFmpeg cannot open something, or finds no picture track in it."""


class Cut(NamedTuple):
    """How far a damaged file could be read, in seconds, and how long it should be; None: it does not say."""

    read_s: float
    whole_s: float | None


class PictureTrack:
    """The best picture track of a file or stream: deinterlaced, with square pixels, turned upright, as uint8 BGR.

    where:   a path, absolute so that no colon in it is taken for a protocol, or an address.
    options: FFmpeg's, for opening.   timeouts: for opening and for each read, seconds; None: local.
    live:    fewer threads, so that no picture waits in the decoder for the next ones.

    fps:         nominal frames per second, 1…240; 30 where none is told, or an odd one.
    duration_s:  of the picture track, else of the whole file; None: neither is told, as of a camera's stream.
    recorded_at: when the file says that it was recorded; None: it does not say.
    unusable:    how many pictures could not be decoded or converted so far.
    Raises Undecodable.
    """

    def __init__(
        self,
        where: str,
        options: dict[str, str],
        timeouts: tuple[float, float] | None = None,
        live: bool = False,
    ) -> None:
        try:
            self._container = av.open(where, options=options, timeout=timeouts, metadata_errors="replace")
        except ERRORS as error:
            raise Undecodable from error
        best = self._container.streams.best("video")
        if not isinstance(best, av.VideoStream) or getattr(best, "codec_context", None) is None:
            self._container.close()
            raise Undecodable
        self._stream = best
        self._stream.thread_type = "SLICE" if live else "AUTO"
        rates = [float(rate or 0) for rate in (self._stream.guessed_rate, self._stream.average_rate)]
        self.fps = next((rate for rate in rates if 1 <= rate <= 240), 30.0)
        start = self._container.start_time
        self._start_s = None if start is None else start / av.time_base
        self._end_s = _end_of_track(self._container, self._stream)
        whole_s = (self._container.duration or 0) / av.time_base
        self._whole_s = whole_s if whole_s > 0 else None
        track_s = seconds_of(best.duration, best) if self._end_s is None else self._end_s - (self._start_s or 0.0)
        self.duration_s = track_s or self._whole_s
        self.recorded_at = _recorded_at(self._container.metadata)
        self.unusable = 0
        self._graph: av.filter.Graph | None = None
        self._form: tuple[object, ...] = ()
        self._interlaced = False
        self._aspect = _own_aspect(self._stream)
        self._last = (0.0, 0.0)  # from when to when the last picture read is shown, on the container's clock
        self._any_read_s = 0.0  # and any track
        self._splices_s = 0.0  # what a playlist's changes of its clock amount to
        self._step_s = 1 / self.fps  # between its last two pictures
        self._broken = False

    def pictures(self) -> Iterator[tuple[Image, float]]:
        """Each picture, uint8 BGR (height, width, 3), and its time as players show it, seconds; NaN where none is told.

        The sizes of successive pictures may differ. What cannot be decoded or converted is left out, as players do.
        """
        for frame in itertools.chain(self._frames(), [None]):
            try:
                shown = list(self._converted(frame))
            except ERRORS:
                self.unusable += 1
                self._graph = None
                continue
            for each in shown:
                yield _upright(each), self._as_players_tell(each)

    @property
    def cut(self) -> Cut | None:
        """Where the track broke off, once all was read; None: it is whole, or nothing tells that it is not."""
        start_s = self._start_s or 0.0
        if self._end_s is not None:
            read_s, end_s, least_s = self._last[1], self._end_s, 1.5 / self.fps if self._broken else CUT_S
        elif self._whole_s is not None and _told_in_header(self._container, self._stream):
            read_s, end_s, least_s = self._any_read_s, start_s + self._whole_s, max(1.0, CUT_SHARE * self._whole_s)
        else:
            return Cut(self._last[1] - start_s, None) if self._broken else None
        return Cut(max(0.0, read_s - start_s), end_s - start_s) if end_s - read_s > least_s else None

    @property
    def ends(self) -> bool:
        """Whether it is a file, also one behind an address; a camera's stream, or a live playlist, has no end."""
        of_a_file = self._container.size > 0 and _kind(self._container) not in ("hls", "dash")
        return self.duration_s is not None or of_a_file

    def close(self) -> None:
        """Give the file or connection back. Not while another thread is in `pictures`."""
        self._container.close()

    def _as_players_tell(self, frame: av.VideoFrame) -> float:
        """A frame's time from where players start; where the file does not tell that, from its first frame."""
        if frame.time is None:
            return math.nan
        if self._start_s is None:
            self._start_s = frame.time
        return frame.time - self._start_s

    def _packets(self) -> Iterator[av.Packet]:
        """The picture track's packets. All tracks are read: their ends tell whether the file is whole."""
        try:
            for packet in self._container.demux():
                if packet.size and not packet.is_corrupt:
                    self._any_read_s = max(
                        self._any_read_s, seconds_of(packet.pts, packet) + seconds_of(packet.duration, packet)
                    )
                if packet.stream is not self._stream:
                    continue
                if packet.size:
                    self._broken = packet.is_corrupt
                yield packet
        except ERRORS:
            self._broken = True

    def _frames(self) -> Iterator[av.VideoFrame]:
        """The decoded frames. What a damaged place makes of them is left out and counted.

        AVI tells only in which order its pictures are decoded: they are shown in its places one after the other.
        """
        places: list[int] | None = [] if _kind(self._container) == "avi" else None
        for packet in self._packets():
            if places is not None and packet.dts is not None:
                heapq.heappush(places, packet.dts)
            try:
                frames = packet.decode()
            except ERRORS:
                self.unusable += 1
                if places and packet.dts in places:
                    places.remove(packet.dts)
                    heapq.heapify(places)
                continue
            for frame in frames:
                if not isinstance(frame, av.VideoFrame):
                    continue
                if places is not None:
                    frame.pts = heapq.heappop(places) if places else None
                elif frame.pts is None:
                    frame.pts = frame.dts
                if frame.time is not None and _kind(self._container) == "hls":
                    self._splice(frame)
                if frame.time is not None:
                    self._has_shown(frame.time, seconds_of(frame.duration, frame))
                yield frame

    def _splice(self, frame: av.VideoFrame) -> None:
        """Put a playlist's picture where its clock would be, had it never changed."""
        time_s, (last_s, end_s) = seconds_of(frame.pts, frame) + self._splices_s, self._last
        if end_s and 0 < time_s - last_s < SPLICE_S:
            self._step_s = time_s - last_s
        elif end_s:
            self._splices_s += last_s + self._step_s - time_s
            time_s = last_s + self._step_s
        if frame.time_base:
            frame.pts = round(time_s / frame.time_base)

    def _has_shown(self, from_s: float, lasts_s: float) -> None:
        self._last = max(self._last, (from_s, from_s + (lasts_s or 1 / self.fps)))

    def _converted(self, frame: av.VideoFrame | None) -> Iterator[av.VideoFrame]:
        """What comes out of the filters for a decoded frame, as BGR; for None, what is still in them."""
        if frame is not None:
            self._interlaced |= frame.interlaced_frame
        form = () if frame is None else (frame.width, frame.height, frame.format.name, self._interlaced)
        if self._graph is not None and form != self._form:
            self._graph.push(None)
            yield from ready(self._graph)
            self._graph = None
        if frame is None:
            return
        if self._graph is None:
            self._graph, self._form = self._new_graph(frame), form
        self._graph.push(frame)
        yield from ready(self._graph)

    def _new_graph(self, frame: av.VideoFrame) -> av.filter.Graph:
        """The filters for frames of this size and format."""
        graph = av.filter.Graph()
        graph.threads = 1  # more cost a sixth of the time, and the model wants the other cores
        buffer = graph.add_buffer(
            width=frame.width,
            height=frame.height,
            format=cast(av.VideoFormat, frame.format.name),  # PyAV's own types want an object, and PyAV the name
            time_base=frame.time_base,
        )
        aspect = [("setsar", f"{self._aspect.numerator}/{self._aspect.denominator}")] if self._aspect else []
        chain = [*aspect, *([DEINTERLACE] if self._interlaced else []), SQUARE, ("format", "bgr24")]
        graph.link_nodes(buffer, *(graph.add(*each) for each in chain), graph.add("buffersink")).configure()
        return graph


def ready(graph: av.filter.Graph) -> Iterator[Any]:
    """The frames that filters have ready."""
    with suppress(BlockingIOError, EOFError):  # they want another frame; they were told that there is none
        while True:
            yield graph.pull()


def _upright(frame: av.VideoFrame) -> Image:
    """A BGR frame as an array, turned and mirrored as its display matrix says (ISO/IEC 14496-12, matrix of tkhd)."""
    picture = np.asarray(frame.to_ndarray(), np.uint8)
    matrix = frame.side_data.get(Type.DISPLAYMATRIX)  # type: ignore[call-overload]  # told by kind, not by content
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


def seconds_of(ticks: int | None, of: av.Packet | av.VideoFrame | av.VideoStream) -> float:
    """The ticks of a packet, frame or stream in seconds; 0 where it has none."""
    return float(ticks * of.time_base) if ticks and of.time_base else 0.0


def _kind(container: av.container.InputContainer) -> str:
    return container.format.name.split(",")[0]


def _end_of_track(container: av.container.InputContainer, stream: av.VideoStream) -> float | None:
    """When the picture track ends on the container's clock, seconds; None where the file does not tell that.

    Other formats than these only estimate it, from their size or their last packets.
    """
    kind = _kind(container)
    if kind == "mov" and stream.duration:
        return seconds_of((stream.start_time or 0) + stream.duration, stream)
    # AVI's pictures have places of equal length, of which the last may be empty; FFmpeg counts fewer than the header
    # tells only where the index, which comes last, is missing
    if kind == "avi" and (stream.duration or 0) < stream.frames:
        return seconds_of(stream.frames, stream)
    told = re.fullmatch(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)", stream.metadata.get("DURATION", ""))
    if kind == "matroska" and told:
        return int(told[1]) * 3600 + int(told[2]) * 60 + float(told[3])
    return None


def _told_in_header(container: av.container.InputContainer, stream: av.VideoStream) -> bool:
    """Whether the whole file's duration stands in its header, and is not estimated, which gives streams one as well."""
    return _kind(container) in ("matroska", "flv") and stream.duration is None


def _own_aspect(stream: av.VideoStream) -> Fraction | None:
    """The shape of the pixels that the container tells against its frames, as players believe it; None: it does not."""
    told = stream.sample_aspect_ratio
    return told if told and told != stream.codec_context.sample_aspect_ratio else None


def _recorded_at(told: dict[str, str]) -> datetime | None:
    """When a file says that it was recorded; None where it does not, or its clock stood at a zero point."""
    for key, form in itertools.product(("com.apple.quicktime.creationdate", "creation_time"), TIME_FORMS):
        with suppress(ValueError):
            when = datetime.strptime(told.get(key, ""), form)
            if when.year >= 1990 and (when.month, when.day, when.hour, when.minute, when.second) != (1, 1, 0, 0, 0):
                return when
    return None
