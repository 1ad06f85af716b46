"""Video decoder for files and network streams, based on FFmpeg (PyAV).

`files.VideoSource` and `captures.StreamSource` read from it. Cameras are captured by OpenCV instead.
"""

from __future__ import annotations

import heapq
import itertools
import math
import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from fractions import Fraction
from typing import Final, NamedTuple

import av
import av.filter
import av.logging

from affect.faces.extents import MOST_SCANNED, MOST_SCANS
from affect.faces.preprocessing import Image
from affect.live.sources.display_rules import GROWTH_PIXELS, MOST_BYTES, MOST_PIXELS, DisplayRules, bytes_of

# FFmpeg's log is off: its lines may contain an address with its password, and any level but None makes its threads
# wait for the GIL, which a thread that closes a decoder holds while it waits for them (deadlock).
av.logging.set_level(None)

# Protocols that a local file, such as a playlist, may use: other local files, never network addresses.
FILE_PROTOCOLS: Final = "file,crypto,data"

MOST_THREADED: Final = 100_000_000  # bytes of the frames that the decoder's threads work on at the same time

# Pictures of a playlist that are so far apart follow one another: its clock changed (EXT-X-DISCONTINUITY, RFC 8216). It
# is not told; FFmpeg's own programs take as much for such a change (-dts_delta_threshold).
SPLICE_S: Final = 10.0
CUT_S: Final = 0.25  # a picture track that ends so much before its own duration is cut off
# The duration of a whole file says less about its pictures: a screen recorder may write none while nothing changes.
CUT_SHARE: Final = 0.1
TIME_FORMS: Final = ("%Y-%m-%dT%H:%M:%S.%f%z", "%Y-%m-%dT%H:%M:%S%z")
ERRORS: Final = (av.FFmpegError, OSError, ValueError)


class Undecodable(Exception):
    """FFmpeg cannot open a file or stream, or finds no video track in it."""


class Cut(NamedTuple):
    """Where a truncated file ends and how long it should be, in seconds; whole_s is None if the file does not say."""

    read_s: float
    whole_s: float | None


class PictureTrack:
    """Decoder of a file's or stream's best video track: deinterlaced, square pixels, upright, uint8 BGR.

    where:   an address, or an absolute path, as FFmpeg takes the part before a colon for a protocol.
    options: FFmpeg options for opening.   timeouts: for opening and for each read, seconds; None for local files.
    live:    slice threading only, as frame threading delays frames in the decoder.

    fps:         nominal frames per second, 1…240; 30 if the file gives none, or another value.
    duration_s:  of the video track, else of the container; None if unknown, as for a camera's stream.
    recorded_at: creation time in the file's metadata; None if there is none.
    unusable:    number of frames so far that could not be decoded or converted.
    Raises Undecodable.
    """

    def __init__(
        self,
        where: str,
        options: dict[str, str],
        timeouts: tuple[float, float] | None = None,
        live: bool = False,
    ) -> None:
        options = options | limits(MOST_PIXELS)
        try:
            self._container = av.open(where, options=options, timeout=timeouts, metadata_errors="replace")
        except ERRORS as error:
            raise Undecodable from error
        best = self._container.streams.best("video")
        if not isinstance(best, av.VideoStream) or getattr(best, "codec_context", None) is None:
            self._container.close()
            raise Undecodable
        self._stream = best
        self._limit(live)
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
        self._rules = DisplayRules(_own_aspect(self._stream))
        self._last = (0.0, 0.0)  # from when to when the last picture read is shown, on the container's clock
        self._any_read_s = 0.0  # and any track
        self._splices_s = 0.0  # what a playlist's changes of its clock amount to
        self._step_s = 1 / self.fps  # between its last two pictures
        self._broken = False

    def _limit(self, live: bool) -> None:
        """Limit the decoder's frames and threads. Raises Undecodable if the file tells of larger frames."""
        decoder = self._stream.codec_context
        pixels = decoder.width * decoder.height
        size = 0 if decoder.format is None else bytes_of(decoder.format, pixels)
        if pixels > MOST_PIXELS or size > MOST_BYTES:
            self._container.close()
            raise Undecodable
        decoder.options = limits(max(pixels, GROWTH_PIXELS))
        decoder.thread_type = "SLICE" if live else "AUTO"
        decoder.thread_count = max(1, min(os.cpu_count() or 1, MOST_THREADED // max(size, 2 * GROWTH_PIXELS)))

    def pictures(self, wanted: Callable[[], bool] | None = None) -> Iterator[tuple[Image, float]]:
        """Decode frames, uint8 BGR (height, width, 3), each with its presentation time in seconds; NaN if unknown.

        wanted: asked for each frame of a live source; None: all are. What is not wanted is not decoded if no other
        frame needs it, else not converted, unless it is interlaced.
        Frame sizes may change. Frames that cannot be decoded or converted are skipped, as players do.
        """
        alone = self._stream.codec_context.codec.intra_only
        for frame in itertools.chain(self._frames(wanted if alone else None), [None]):
            if wanted is not None and frame is not None and not (alone or self._rules.interlaced or wanted()):
                continue
            try:
                shown = list(self._rules.applied(frame))
            except ERRORS:
                self.unusable += 1
                self._rules.restart()
                continue
            for each, picture in shown:
                yield picture(), self._as_players_tell(each)

    @property
    def cut(self) -> Cut | None:
        """Where the track is truncated, known once all was read; None if it is complete, or this cannot be checked."""
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
        """Whether the source is finite: a file, also one behind an address, but no camera stream or live playlist."""
        of_a_file = self._container.size > 0 and _kind(self._container) not in ("hls", "dash")
        return self.duration_s is not None or of_a_file

    def close(self) -> None:
        """Close the file or connection. Do not call while another thread is in `pictures`."""
        self._container.close()

    def _as_players_tell(self, frame: av.VideoFrame) -> float:
        """Presentation time of a frame, counted from the container's start time or, without one, the first frame."""
        if frame.time is None:
            return math.nan
        if self._start_s is None:
            self._start_s = frame.time
        return frame.time - self._start_s

    def _packets(self) -> Iterator[av.Packet]:
        """Demux the video track's packets; all tracks are read, as their ends show whether the file is complete."""
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

    def _frames(self, wanted: Callable[[], bool] | None = None) -> Iterator[av.VideoFrame]:
        """Decode the packets into frames with timestamps; packets that fail are skipped and counted.

        wanted: asked for each packet; None: all are.
        AVI stores only decoding timestamps: they are assigned to the frames in display order.
        """
        places: list[int] | None = [] if _kind(self._container) == "avi" else None
        for packet in self._packets():
            if places is not None and packet.dts is not None:
                heapq.heappush(places, packet.dts)
            if wanted is not None and not wanted():
                continue
            try:
                self._check(packet)
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

    def _check(self, packet: av.Packet) -> None:
        """Raise ValueError for a JPEG of so many scans that decoding takes seconds; other codecs have none."""
        decoder = self._stream.codec_context
        if "jpeg" in decoder.name and packet.size:
            scans = bytes(packet).count(b"\xff\xda")
            if scans > MOST_SCANS or scans * max(decoder.width * decoder.height, GROWTH_PIXELS) > MOST_SCANNED:
                raise ValueError

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


def limits(pixels: int) -> dict[str, str]:
    """FFmpeg's options for a decoder of frames of at most so many pixels."""
    return {"max_pixels": str(pixels)}


def seconds_of(ticks: int | None, of: av.Packet | av.VideoFrame | av.VideoStream) -> float:
    """Convert ticks of a packet, frame or stream to seconds; 0 if ticks or time base are missing."""
    return float(ticks * of.time_base) if ticks and of.time_base else 0.0


def _kind(container: av.container.InputContainer) -> str:
    return container.format.name.split(",")[0]


def _end_of_track(container: av.container.InputContainer, stream: av.VideoStream) -> float | None:
    """End of the video track on the container's clock, in seconds; None if the file does not store it.

    Only MP4/MOV, AVI and Matroska store it; for other formats, FFmpeg estimates it from file size or last packets.
    """
    kind = _kind(container)
    if kind == "mov" and stream.duration:
        return seconds_of((stream.start_time or 0) + stream.duration, stream)
    # AVI has frame slots of equal length, and the last ones may be empty. FFmpeg counts fewer slots than the header
    # gives only if the index at the end of the file is missing.
    if kind == "avi" and (stream.duration or 0) < stream.frames:
        return seconds_of(stream.frames, stream)
    told = re.fullmatch(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)", stream.metadata.get("DURATION", ""))
    if kind == "matroska" and told:
        return int(told[1]) * 3600 + int(told[2]) * 60 + float(told[3])
    return None


def _told_in_header(container: av.container.InputContainer, stream: av.VideoStream) -> bool:
    """Whether the container's duration is stored in its header; FFmpeg's estimate also gives each stream a duration."""
    return _kind(container) in ("matroska", "flv") and stream.duration is None


def _own_aspect(stream: av.VideoStream) -> Fraction | None:
    """Sample aspect ratio of the container if it differs from the codec's, as players prefer it; else None."""
    told = stream.sample_aspect_ratio
    return told if told and told != stream.codec_context.sample_aspect_ratio else None


def _recorded_at(told: dict[str, str]) -> datetime | None:
    """Read the creation time from a file's metadata; None if it is missing or a device's default date."""
    for key, form in itertools.product(("com.apple.quicktime.creationdate", "creation_time"), TIME_FORMS):
        with suppress(ValueError):
            when = datetime.strptime(told.get(key, ""), form)
            if when.year >= 1990 and (when.month, when.day, when.hour, when.minute, when.second) != (1, 1, 0, 0, 0):
                return when
    return None
