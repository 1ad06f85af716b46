"""Small videos that tests make themselves with PyAV: codecs, containers, and what a file tells about its pictures."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.filter
import numpy as np

from affect.faces.preprocessing import Image

SIZE = (160, 120)


def pattern(number: int, size: tuple[int, int] = SIZE) -> Image:
    """A picture that tells its number, and what is left and what is up: red left half, its upper part brighter."""
    width, height = size
    picture = np.zeros((height, width, 3), np.uint8)
    picture[:, : width // 2, 2] = 120
    picture[: height // 2, :, 1] = 100
    picture[:, :, 0] = 40 + number * 5 % 160
    return picture


def write_clip(
    path: Path,
    pictures: Iterable[Image] | int = 30,
    codec: str = "libx264",
    *,
    fps: int = 15,
    times: Iterable[float] | None = None,
    form: str = "yuv420p",
    aspect: Fraction | None = None,
    fields: str | None = None,
    sound: tuple[float, float] | None = None,
    options: dict[str, str] | None = None,
    container: dict[str, str] | None = None,
    metadata: dict[str, str] | None = None,
    file: Any = None,
    kind: str | None = None,
) -> Path:
    """Write a video.

    pictures: BGR, or how many of `pattern`.   times: of each, seconds; None: one after the other.
    fields:   "tff" or "bff": the frames are flagged as interlaced.   sound: from when to when a tone is heard, seconds.
    container, options, metadata: of the container and the encoder.   file, kind: written into it instead of `path`.
    """
    shown = [pattern(i) for i in range(pictures)] if isinstance(pictures, int) else list(pictures)
    at = [i / fps for i in range(len(shown))] if times is None else list(times)
    with av.open(file or str(path), "w", format=kind, options=container or {}) as output:
        output.metadata.update(metadata or {})
        stream: Any = output.add_stream(codec, rate=fps, options=options or {})
        stream.height, stream.width = shown[0].shape[:2]
        stream.pix_fmt = form
        tick = Fraction(1, 1000) if times is not None and codec != "mpeg2video" else Fraction(1, fps)
        stream.codec_context.time_base = tick
        if aspect is not None:
            stream.codec_context.sample_aspect_ratio = aspect
        tone: Any = output.add_stream("libopus" if path.suffix == ".webm" else "aac", rate=48000) if sound else None
        flagged = None
        for picture, time_s in zip(shown, at, strict=True):
            frame = av.VideoFrame.from_ndarray(picture, "bgr24").reformat(format=form)
            if fields is not None:
                flagged = flagged or _flagging(frame, fields)
                flagged.push(frame)
                frame = flagged.pull()
            frame.pts, frame.time_base = round(time_s / tick), tick
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
        if sound and tone is not None:
            for start in range(int(sound[0] * 48000), int(sound[1] * 48000), 960):
                wave = np.sin(np.arange(start, start + 960) * 440 * 2 * np.pi / 48000).astype(np.float32) * 0.3
                piece = av.AudioFrame.from_ndarray(wave[None], "fltp", "mono")
                piece.sample_rate, piece.pts, piece.time_base = 48000, start, Fraction(1, 48000)
                output.mux(tone.encode(piece))
            output.mux(tone.encode(None))
    return path


def write_still(path: Path, picture: Image, count: int, fps: int = 15) -> Path:
    """Write a video that shows the same picture all the time; it is encoded once."""
    with av.open(str(path), "w") as output:
        stream: Any = output.add_stream("mjpeg", rate=fps)
        stream.height, stream.width = picture.shape[:2]
        stream.pix_fmt = "yuvj420p"
        (packet,) = stream.encode(av.VideoFrame.from_ndarray(picture, "bgr24").reformat(format="yuvj420p"))
        data = bytes(packet)
        for number in range(count):
            again = av.Packet(data)
            again.stream, again.pts, again.dts, again.time_base = stream, number, number, Fraction(1, fps)
            again.is_keyframe = True
            output.mux(again)
    return path


def _flagging(frame: av.VideoFrame, fields: str) -> av.filter.Graph:
    graph = av.filter.Graph()
    source = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format.name, time_base=Fraction(1, 1000)
    )
    graph.link_nodes(source, graph.add("setparams", f"field_mode={fields}"), graph.add("buffersink")).configure()
    return graph


def interlaced(number: int, size: tuple[int, int] = SIZE) -> Image:
    """A frame of two fields: a bar that runs to the right, half a frame's way farther in every second line."""
    width, height = size
    picture = np.full((height, width, 3), 60, np.uint8)
    for field in (0, 1):
        left = number * 20 + 10 * field
        picture[field::2, left : left + 20] = 220
    return picture


def combs(picture: Image) -> float:
    """The share of pixels that are much brighter or darker than the lines above and below: combs of two fields."""
    grey = picture.mean(axis=2)
    above, middle, below = grey[:-2], grey[1:-1], grey[2:]
    return float(((middle - above) * (middle - below) > 50**2).mean())


def turn(path: Path, matrix: tuple[int, int, int, int]) -> Path:
    """Give an MP4's picture track a display matrix (a, b, c, d; ISO/IEC 14496-12, box tkhd)."""
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 44
    a, b, c, d = matrix
    data[at : at + 36] = struct.pack(">9i", a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
    return path


def cut(path: Path, share: float = 0.6) -> Path:
    """The first part of a file."""
    data = path.read_bytes()
    made = path.with_name(f"cut{path.suffix}")
    made.write_bytes(data[: int(len(data) * share)])
    return made
