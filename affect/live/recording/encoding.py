"""Video encoder for annotated videos with the source's audio, based on FFmpeg (PyAV). Used by `sinks.VideoSink`.

MP4 files contain H.264, which browsers play, or VP9 if this FFmpeg has no H.264 encoder; AVI files contain MJPEG.
"""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import IO, Any, Final, cast

import av
import cv2
import numpy as np

from affect.faces.preprocessing import Image
from affect.live.sources.decoding import ERRORS, FILE_PROTOCOLS, limits, seconds_of
from affect.live.sources.display_rules import MOST_PIXELS, ready

# No B-frames, and a keyframe about every second: a kill loses no more than that.
H264: Final = {"preset": "veryfast", "crf": "20", "bf": "0"}
VP9: Final = {"deadline": "realtime", "cpu-used": "8", "crf": "30", "row-mt": "1", "lag-in-frames": "0"}
ENCODERS: Final = {
    "mp4": (("libx264", "yuv420p", H264), ("libopenh264", "yuv420p", {}), ("libvpx-vp9", "yuv420p", VP9)),
    "avi": (("mjpeg", "yuvj420p", {"qmin": "2", "qmax": "4"}),),
}
# An MP4 is unreadable without its moov box, which is written last. Fragments have their own index, so that a file can
# be played after a kill; a file closed normally becomes an ordinary MP4.
MUXER: Final = {"mp4": {"movflags": "hybrid_fragmented+frag_keyframe+delay_moov"}, "avi": {}}
BT709: Final = 1  # ITU-R BT.709 in AVColorSpace, AVColorPrimaries and AVColorTransferCharacteristic
LIMITED: Final = 1  # 16…235, in AVColorRange
TICKS: Final = 10_000  # time base of MP4, ticks per second
# Longest frame duration, after which the frame is repeated: MP4 stores it in 31 bits of ticks, and AVI fills gaps with
# empty frames, of which only a limited number may follow one another.
LONGEST_S: Final = {"mp4": 86_400.0, "avi": 60.0}
SOUND: Final = {"mp4": "aac", "avi": "pcm_s16le"}
RATES: Final = (48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000)  # AAC sample rates, Hz


class VideoFile:
    """Encoder and muxer of one video file, written frame by frame.

    file:  open for writing bytes, and seekable.   kind: "mp4" or "avi".   fps: nominal frames per second.
    size:  width and height of the frames, padded to even numbers.   sound: file whose audio is added; None: no audio.
    Raises OSError or av.FFmpegError if the file cannot be written.
    """

    def __init__(self, file: IO[bytes], kind: str, fps: float, size: tuple[int, int], sound: Path | None) -> None:
        self._kind, self._fps, self._size = kind, fps, size
        self._last = -1
        self._still: av.VideoFrame | None = None  # the last frame, repeated over long gaps
        self._end_s = 0.0
        self._output = av.open(file, "w", format=kind, options=MUXER[kind])
        codec, form, options = next(each for each in ENCODERS[kind] if each[0] in av.codecs_available)
        rate = Fraction(fps).limit_denominator(1001)
        self._stream = cast(
            av.VideoStream, self._output.add_stream(codec, rate=rate, options={**options, "g": str(max(1, round(fps)))})
        )
        self._stream.width, self._stream.height = (side + side % 2 for side in size)
        self._stream.pix_fmt = form
        if kind == "mp4":
            told = self._stream.codec_context
            told.colorspace = told.color_primaries = told.color_trc = BT709
            told.color_range = LIMITED
        self._tick = Fraction(1, TICKS) if kind == "mp4" else 1 / rate
        self._stream.codec_context.time_base = self._tick
        self._longest = round(LONGEST_S[kind] / self._tick)
        self._sound = None if sound is None else Sound.of(sound, self._output, SOUND[kind])

    def write(self, picture: Image, time_s: float) -> None:
        """Write a frame, uint8 BGR, displayed from `time_s` on; other sizes are scaled to the first frame's."""
        at = round(time_s / self._tick)
        if at <= self._last:  # not later than the last frame, counted in ticks
            return
        if self._still is not None:
            for tick in range(self._last + self._longest, at, self._longest):
                self._encode(self._still, tick)
        self._still = self._frame(picture)
        self._encode(self._still, at)
        self._last, self._end_s = at, time_s + 1 / self._fps
        if self._sound is not None:
            self._sound.until(time_s)

    def close(self) -> None:
        """Flush the encoders, write the audio up to the end of the last frame and the index, and close the file."""
        try:
            if self._last >= 0:
                self._output.mux(self._stream.encode(None))
                if self._sound is not None:
                    self._sound.until(self._end_s)
                    self._sound.close()
        finally:
            self._output.close()

    def _encode(self, frame: av.VideoFrame, tick: int) -> None:
        frame.pts = tick
        self._output.mux(self._stream.encode(frame))

    def _frame(self, picture: Image) -> av.VideoFrame:
        """Convert a picture to a video frame in the encoder's size and pixel format."""
        if (picture.shape[1], picture.shape[0]) != self._size:
            picture = np.asarray(cv2.resize(picture, self._size, interpolation=cv2.INTER_AREA), np.uint8)
        if (odd := [side % 2 for side in picture.shape[:2]]) != [0, 0]:
            picture = np.asarray(cv2.copyMakeBorder(picture, 0, odd[0], 0, odd[1], cv2.BORDER_REPLICATE), np.uint8)
        frame = av.VideoFrame.from_ndarray(picture, "bgr24")
        if self._kind == "mp4":
            frame = frame.reformat(format="yuv420p", dst_colorspace=BT709, dst_color_range=LIMITED)
            frame.colorspace, frame.color_range = BT709, LIMITED
        frame.time_base = self._tick
        return frame


class Sound:
    """Copies a file's audio track into a video file: packets unchanged if the codec fits, else re-encoded.

    Timestamps count from the source container's start time, as those of its frames do.
    """

    def __init__(self, source: av.container.InputContainer, output: av.container.OutputContainer, codec: str) -> None:
        self._source, self._output = source, output
        self._from = source.streams.audio[0]
        self._start_s = (source.start_time or 0) / av.time_base
        self._graph: av.filter.Graph | None = None
        self._form = ""  # audio format for the encoder; "": packets are copied
        told = self._from.codec_context
        if told.name == codec and told.extradata:
            self._to = output.add_stream_from_template(self._from)
        else:
            rate = told.sample_rate if told.sample_rate in RATES else RATES[0]
            layout = "mono" if told.channels == 1 else "stereo"
            self._to = cast(av.AudioStream, output.add_stream(codec, rate=rate, layout=layout))
            name = self._to.codec_context.format.name
            self._form = f"sample_fmts={name}:sample_rates={rate}:channel_layouts={layout}"
        self._packets = source.demux(self._from)
        self._next = self._read()

    @classmethod
    def of(cls, path: Path, output: av.container.OutputContainer, codec: str) -> Sound | None:
        """Open the audio of a file; None if it has no readable audio track."""
        with suppress(*ERRORS):
            options = {"protocol_whitelist": FILE_PROTOCOLS} | limits(MOST_PIXELS)  # of its pictures, looked at as well
            source = av.open(str(path.absolute()), options=options, metadata_errors="replace")
            if source.streams.audio and getattr(source.streams.audio[0], "codec_context", None):
                return cls(source, output, codec)
        return None

    def until(self, time_s: float) -> None:
        """Write the audio up to this time, in seconds."""
        while self._next is not None and seconds_of(self._next.pts, self._next) - self._start_s <= time_s:
            self._write(self._next)
            self._next = self._read()

    def close(self) -> None:
        """Flush the encoder and close the source."""
        if self._graph is not None:
            self._graph.push(None)
            self._encode(self._graph)
        if self._form:
            self._output.mux(self._to.encode(None))
        self._source.close()

    def _read(self) -> av.Packet | None:
        """Read the next packet with a timestamp; None at the end, or where the file is damaged."""
        with suppress(*ERRORS):
            return next((packet for packet in self._packets if packet.pts is not None and packet.size), None)
        return None

    def _write(self, packet: av.Packet) -> None:
        if not self._form:
            self._shift(packet)
            packet.stream = self._to
            if (packet.pts or 0) >= 0:  # packets before 0 are the encoder's priming samples
                self._output.mux(packet)
            return
        with suppress(*ERRORS):  # damaged packets become silence
            for frame in packet.decode():
                self._shift(frame)
                if self._graph is None:
                    self._graph = self._new_graph(frame)
                self._graph.push(cast(av.AudioFrame, frame))
        if self._graph is not None:
            self._encode(self._graph)

    def _new_graph(self, frame: Any) -> av.filter.Graph:
        """Create the filter graph for frames like this first one; it fills gaps, also at the start, with silence."""
        graph = av.filter.Graph()
        told = {"sample_rate": frame.sample_rate, "format": frame.format.name, "layout": frame.layout.name}
        chain = [("aresample", "async=1000:first_pts=0"), ("aformat", self._form), ("abuffersink", None)]
        buffer = graph.add_abuffer(time_base=frame.time_base, **told)
        graph.link_nodes(buffer, *(graph.add(*each) for each in chain)).configure()
        return graph

    def _shift(self, what: Any) -> None:
        """Shift a packet's or frame's timestamps so that they count from the container's start time."""
        shift = round(self._start_s / what.time_base) if what.time_base else 0
        what.pts = None if what.pts is None else what.pts - shift
        what.dts = None if what.dts is None else what.dts - shift

    def _encode(self, graph: av.filter.Graph) -> None:
        for frame in ready(graph):
            self._output.mux(self._to.encode(frame))
