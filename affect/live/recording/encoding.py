"""An annotated video's file: pictures and the source's sound, encoded by FFmpeg (PyAV). `sinks.VideoSink` writes it.

MP4 holds H.264, which browsers play, or VP9 where this FFmpeg has no encoder for it; AVI holds JPEG pictures.
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
from affect.live.sources.decoding import ERRORS, FILE_PROTOCOLS, ready, seconds_of

# No pictures that wait for later ones, and a whole one at least every second or so: a kill takes no more than that.
H264: Final = {"preset": "veryfast", "crf": "20", "bf": "0"}
VP9: Final = {"deadline": "realtime", "cpu-used": "8", "crf": "30", "row-mt": "1", "lag-in-frames": "0"}
ENCODERS: Final = {
    "mp4": (("libx264", "yuv420p", H264), ("libopenh264", "yuv420p", {}), ("libvpx-vp9", "yuv420p", VP9)),
    "avi": (("mjpeg", "yuvj420p", {"qmin": "2", "qmax": "4"}),),
}
# The moov box of an MP4 comes last, and without it nothing can be read. Fragments have their own, so that what was
# written before a kill can be played; a file that is closed in order becomes an ordinary MP4.
MUXER: Final = {"mp4": {"movflags": "hybrid_fragmented+frag_keyframe+delay_moov"}, "avi": {}}
BT709: Final = 1  # ITU-R BT.709 in AVColorSpace, AVColorPrimaries and AVColorTransferCharacteristic
LIMITED: Final = 1  # 16…235, in AVColorRange
TICKS: Final = 10_000  # times in MP4, a second
# A picture is repeated after so long: MP4 counts a picture's ticks in 31 bits, and AVI fills gaps with empty pictures,
# of which it takes so many in a row.
LONGEST_S: Final = {"mp4": 86_400.0, "avi": 60.0}
SOUND: Final = {"mp4": "aac", "avi": "pcm_s16le"}
RATES: Final = (48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000)  # of AAC, in hertz


class VideoFile:
    """A video file that is being written, frame by frame.

    file:  open for writing bytes, and seekable.   kind: "mp4" or "avi".   fps: nominal frames per second.
    size:  width and height of the pictures, which get an even number of pixels.   sound: a file whose sound is taken.
    Raises OSError or av.FFmpegError where it cannot be written.
    """

    def __init__(self, file: IO[bytes], kind: str, fps: float, size: tuple[int, int], sound: Path | None) -> None:
        self._kind, self._fps, self._size = kind, fps, size
        self._last = -1
        self._still: av.VideoFrame | None = None  # the last picture
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
        """A picture, uint8 BGR, shown from `time_s` on; another size than the first one's is scaled to that."""
        at = round(time_s / self._tick)
        if at <= self._last:  # two within one tick
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
        """Write the rest: the last pictures, the sound up to them, and where everything lies."""
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
        """A picture as the encoder takes it."""
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
    """A file's sound, on its way into a video file: copied where that can hold it as it is, else encoded anew.

    Times count from where players start the file, as those of its pictures do.
    """

    def __init__(self, source: av.container.InputContainer, output: av.container.OutputContainer, codec: str) -> None:
        self._source, self._output = source, output
        self._from = source.streams.audio[0]
        self._start_s = (source.start_time or 0) / av.time_base
        self._graph: av.filter.Graph | None = None
        self._form = ""  # of frames that are ready for the encoder; "": packets are copied
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
        """The sound of a file; None where it has none, or none that can be read."""
        with suppress(*ERRORS):
            options = {"protocol_whitelist": FILE_PROTOCOLS}
            source = av.open(str(path.absolute()), options=options, metadata_errors="replace")
            if source.streams.audio and getattr(source.streams.audio[0], "codec_context", None):
                return cls(source, output, codec)
        return None

    def until(self, time_s: float) -> None:
        """Write the sound up to this time."""
        while self._next is not None and seconds_of(self._next.pts, self._next) - self._start_s <= time_s:
            self._write(self._next)
            self._next = self._read()

    def close(self) -> None:
        """Write what is still being encoded, and close the source."""
        if self._graph is not None:
            self._graph.push(None)
            self._encode(self._graph)
        if self._form:
            self._output.mux(self._to.encode(None))
        self._source.close()

    def _read(self) -> av.Packet | None:
        """The next packet with a time; None at the end, and where the file is damaged."""
        with suppress(*ERRORS):
            return next((packet for packet in self._packets if packet.pts is not None and packet.size), None)
        return None

    def _write(self, packet: av.Packet) -> None:
        if not self._form:
            self._shift(packet)
            packet.stream = self._to
            if (packet.pts or 0) >= 0:  # before it is what a decoder begins with and nobody hears
                self._output.mux(packet)
            return
        with suppress(*ERRORS):  # a damaged place: silence
            for frame in packet.decode():
                self._shift(frame)
                if self._graph is None:
                    self._graph = self._new_graph(frame)
                self._graph.push(cast(av.AudioFrame, frame))
        if self._graph is not None:
            self._encode(self._graph)

    def _new_graph(self, frame: Any) -> av.filter.Graph:
        """The filters for a decoder's frames, of which this is the first; gaps become silence, the first too."""
        graph = av.filter.Graph()
        told = {"sample_rate": frame.sample_rate, "format": frame.format.name, "layout": frame.layout.name}
        chain = [("aresample", "async=1000:first_pts=0"), ("aformat", self._form), ("abuffersink", None)]
        buffer = graph.add_abuffer(time_base=frame.time_base, **told)
        graph.link_nodes(buffer, *(graph.add(*each) for each in chain)).configure()
        return graph

    def _shift(self, what: Any) -> None:
        """Count a packet's or frame's time from where players start."""
        shift = round(self._start_s / what.time_base) if what.time_base else 0
        what.pts = None if what.pts is None else what.pts - shift
        what.dts = None if what.dts is None else what.dts - shift

    def _encode(self, graph: av.filter.Graph) -> None:
        for frame in ready(graph):
            self._output.mux(self._to.encode(frame))
