from __future__ import annotations

import struct
from pathlib import Path

import cv2
import numpy as np
import pytest

from affect.errors import AffectError
from affect.faces.preprocessing import Image
from affect.live.sources.files import DemoSource, StreamSource, open_source
from tests.tools.fake_camera import FakeCamera
from tests.tools.web_server import served


def test_the_demo_is_a_moving_720p_clip_with_changing_light() -> None:
    source = open_source("demo")
    frames = [f for f, _ in zip(source.frames(), range(90), strict=False)]
    assert frames[0].picture.shape == (720, 1280, 3)
    assert frames[0].picture.dtype == np.uint8
    assert [f.number for f in frames] == list(range(90))
    assert frames[30].timestamp_s == pytest.approx(1.0)
    assert (frames[0].picture != frames[60].picture).any()
    light = [DemoSource().picture(t).mean() for t in (1.3, 4.0)]
    assert light[0] > 1.3 * light[1]


def test_a_video_gives_every_frame_in_order_on_its_own_clock(portrait_video: Path) -> None:
    frames = list(open_source(str(portrait_video)).frames())
    assert [f.number for f in frames] == list(range(30))
    assert frames[15].timestamp_s == pytest.approx(1.0)
    assert frames[0].picture.shape == (480, 640, 3)


def test_a_video_of_varying_rate_keeps_its_own_times(tmp_path: Path) -> None:
    path = tmp_path / "call.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 10.0, (160, 120))
    for i in range(12):
        writer.write(np.full((120, 160, 3), 10 * i, np.uint8))
    writer.release()
    slow_down_second_half(path, factor=3)
    times = [f.timestamp_s for f in open_source(str(path)).frames()]
    assert times == pytest.approx([0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.9, 1.2, 1.5, 1.8, 2.1], abs=0.002)


def slow_down_second_half(path: Path, factor: int) -> None:
    """Give each frame of an MP4's second half so many times its duration (ISO/IEC 14496-12, boxes stts and elst)."""
    data = bytearray(path.read_bytes())
    table = data.index(b"stts")
    entries, frames, each = struct.unpack(">III", data[table + 8 : table + 20])
    assert (entries, data.index(b"mdat") < table) == (1, True)
    halves = struct.pack(">IIIII", 2, frames // 2, each, frames - frames // 2, factor * each)
    data[table + 8 : table + 20] = halves
    for box in (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stts"):
        size = data.index(box) - 4
        data[size : size + 4] = struct.pack(">I", struct.unpack(">I", data[size : size + 4])[0] + len(halves) - 12)
    duration = data.index(b"elst") + 12
    data[duration : duration + 4] = struct.pack(">I", factor * struct.unpack(">I", data[duration : duration + 4])[0])
    path.write_bytes(data)


def test_an_image_is_one_frame_also_where_its_path_has_accents(tmp_path: Path, portrait: Image) -> None:
    path = tmp_path / "retrato señora é.png"
    path.write_bytes(cv2.imencode(".png", portrait)[1].tobytes())
    (frame,) = open_source(str(path)).frames()
    np.testing.assert_array_equal(frame.picture, portrait)


def test_a_file_s_name_is_the_same_in_every_language(portrait_video: Path, tmp_path: Path, portrait: Image) -> None:
    image = tmp_path / "retrato.png"
    image.write_bytes(cv2.imencode(".png", portrait)[1].tobytes())
    for spec, name in ((portrait_video, "portrait.avi"), (image, "retrato.png"), ("demo", "")):
        assert {open_source(str(spec), language).name for language in ("en", "es")} == {name}


def test_a_camera_s_name_is_its_number(camera: type[FakeCamera]) -> None:
    source = open_source("0", "es")
    assert (source.name, source.description) == ("0", "cámara 0")


def test_a_video_file_is_read_over_http_and_ends_as_a_file_does(portrait_video: Path) -> None:
    with served(portrait_video.parent) as address:
        source = open_source(f"{address}/{portrait_video.name}")
        assert (source.name, source.description) == ("", "stream")  # an address may hold a password
        assert isinstance(source, StreamSource)
        assert [frame.number for frame in source.frames()] == list(range(30))
        source.close()


@pytest.mark.parametrize("name", ["empty.mp4", "text.mp4", "empty.png", "text.jpg"])
def test_an_unreadable_file_is_told_by_its_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"" if name.startswith("empty") else b"this is no picture " * 100)
    with pytest.raises(AffectError, match=name):
        open_source(str(path))


def test_a_missing_camera_says_what_to_do() -> None:
    with pytest.raises(AffectError, match=r"index 63.*--source demo"):
        open_source("63")


def test_an_unknown_source_lists_what_there_is() -> None:
    with pytest.raises(AffectError, match="or demo"):
        open_source("nothing.mp4")
