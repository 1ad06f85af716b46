"""Video files are read as players show them: interlacing, times, wholeness, the shape of pixels, rotation, names."""

from __future__ import annotations

import csv
import gc
import http.server
import io
import itertools
import os
import struct
import sys
from collections.abc import Iterable, Iterator
from datetime import datetime, timezone
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from affect.errors import AffectError
from affect.faces.preprocessing import Image
from affect.live.app import main
from affect.live.sources import decoding, display_rules, retries
from affect.live.sources.decoding import PictureTrack
from affect.live.sources.display_rules import DisplayRules
from affect.live.sources.feed import FrameFeed
from affect.live.sources.files import VideoSource, open_source
from tests.tools.clips import SIZE, combs, cut, interlaced, pattern, turn, write_clip
from tests.tools.reports import Reports
from tests.tools.web_server import half_served, served, serving

FASTSTART = {"movflags": "faststart"}


def read(path: Path) -> list[Any]:
    source = open_source(str(path))
    frames = list(source.frames())
    source.close()
    return frames


def times(path: Path) -> list[float]:
    return [frame.timestamp_s for frame in read(path)]


def fed(path: Path | str) -> list[float]:
    """The times that come out of the feed, which gives pictures without a time one."""
    feed = FrameFeed(open_source(str(path)))
    given = [frame.timestamp_s for frame in feed.frames()]
    feed.close()
    return given


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


# 1. interlaced, black, undecodable


@pytest.mark.parametrize("fields", ["tff", "bff"])
@pytest.mark.parametrize(
    ("name", "codec", "form", "size", "options"),
    [
        ("a.mp4", "libx264", "yuv420p", SIZE, {"flags": "+ilme+ildct"}),
        ("a.ts", "libx264", "yuv420p", SIZE, {"flags": "+ilme+ildct"}),
        ("a.mpg", "mpeg2video", "yuv420p", SIZE, {"flags": "+ilme+ildct", "b": "2000000"}),
        ("a.mov", "prores_ks", "yuv422p10le", SIZE, {"flags": "+ildct"}),
        ("a.mkv", "mpeg2video", "yuv422p", SIZE, {"flags": "+ilme+ildct", "b": "4000000"}),
    ],
)
def test_an_interlaced_file_is_deinterlaced(
    tmp_path: Path, name: str, codec: str, form: str, size: tuple[int, int], options: dict[str, str], fields: str
) -> None:
    made = [interlaced(i, size) for i in range(8)]
    own = {**options, "x264-params": "tff=1" if fields == "tff" else "bff=1"} if codec == "libx264" else options
    path = write_clip(tmp_path / name, made, codec, fps=25, form=form, fields=fields, options=own)
    frames = read(path)
    assert len(frames) == 8
    assert combs(made[4]) > 0.05
    assert combs(frames[4].picture) < 0.01
    assert frames[4].picture.mean() == pytest.approx(made[4].mean(), abs=8)
    assert times(path) == pytest.approx([i / 25 for i in range(8)], abs=0.002)


def test_an_interlaced_stream_keeps_every_picture_as_the_next_one_needs_it(tmp_path: Path) -> None:
    own, asked = {"flags": "+ilme+ildct", "x264-params": "tff=1"}, itertools.count()
    path = write_clip(tmp_path / "a.ts", [interlaced(i) for i in range(8)], fps=25, fields="tff", options=own)
    track = PictureTrack(str(path), {})
    pictures = [picture for picture, _ in track.pictures(lambda: next(asked) % 2 == 0)]
    assert len(pictures) == 8
    assert combs(pictures[4]) < 0.01


@pytest.mark.parametrize(
    ("name", "codec", "form", "decoded"), [("a.avi", "mjpeg", "yuvj420p", 10), ("a.mp4", "libx264", "yuv420p", 20)]
)
def test_pictures_that_are_not_wanted_are_not_decoded_where_no_other_needs_them(
    tmp_path: Path, name: str, codec: str, form: str, decoded: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, asked = write_clip(tmp_path / name, 20, codec, form=form), itertools.count()
    whole = [picture for picture, _ in PictureTrack(str(path), {}).pictures()]
    seen, converted = [], []
    shown, convert = PictureTrack._has_shown, DisplayRules.applied
    monkeypatch.setattr(PictureTrack, "_has_shown", lambda *given: (seen.append(1), shown(*given))[1])
    monkeypatch.setattr(DisplayRules, "applied", lambda *given: (converted.append(1), convert(*given))[1])
    given = [picture for picture, _ in PictureTrack(str(path), {}).pictures(lambda: next(asked) % 2 == 0)]
    np.testing.assert_array_equal(given, whole[::2])
    assert (len(seen), len(converted)) == (decoded, 10 + 1)  # and what is left at the end


def test_digital_video_is_deinterlaced(tmp_path: Path) -> None:
    made = [interlaced(i, (720, 576)) for i in range(4)]
    frames = read(write_clip(tmp_path / "a.avi", made, "dvvideo", fps=25, form="yuv420p", fields="bff"))
    assert combs(made[2]) > 0.02
    assert combs(frames[2].picture) < 0.005
    assert frames[2].picture.mean() == pytest.approx(made[2].mean(), abs=8)


def test_a_progressive_file_keeps_every_line(tmp_path: Path) -> None:
    made = [interlaced(i) for i in range(4)]
    frames = read(write_clip(tmp_path / "a.mp4", made, options={"crf": "4"}))
    assert combs(frames[2].picture) == pytest.approx(combs(made[2]), abs=0.02)


def test_a_file_that_turns_interlaced_on_the_way_keeps_every_picture_and_time(tmp_path: Path) -> None:
    parts = []
    for name, fields in (("a.ts", None), ("b.ts", "tff"), ("c.ts", None)):
        at = [len(parts) * 0.4 + i / 25 for i in range(10)]
        options = {"flags": "+ilme+ildct", "x264-params": "tff=1"} if fields else {}
        made = [interlaced(i) for i in range(10)]
        parts.append(write_clip(tmp_path / name, made, fps=25, times=at, fields=fields, options=options).read_bytes())
    whole = tmp_path / "whole.ts"
    whole.write_bytes(b"".join(parts))
    frames = read(whole)
    assert len(frames) == 30
    assert [combs(f.picture) > 0.05 for f in frames[2:30:10]] == [True, False, True]


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_file_whose_pictures_are_all_black_is_told(
    tmp_path: Path, language: str, reports: Reports, capfd: pytest.CaptureFixture[str]
) -> None:
    black = write_clip(tmp_path / "black.mp4", [np.zeros((120, 160, 3), np.uint8)] * 5)
    for more in (["--headless"], ["--record", str(tmp_path / "out"), "--consent"]):
        assert main(["--source", str(black), *more, "--lang", language]) == 0
        told = {"en": "All pictures of black.mp4 are black", "es": "Todas las imágenes de black.mp4 están en negro"}
        assert told[language] in capfd.readouterr().err


def test_a_file_with_one_picture_that_is_not_black_is_not_told_so(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    nothing = np.zeros((120, 160, 3), np.uint8)
    path = write_clip(tmp_path / "a.mp4", [nothing, nothing, pattern(9), nothing])
    assert main(["--source", str(path), "--headless", "--lang", "en"]) == 0
    assert "black" not in capfd.readouterr().err


def test_a_file_of_which_no_picture_can_be_decoded_is_told(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = write_clip(tmp_path / "a.mp4", 10, container=FASTSTART)
    data = path.read_bytes()
    start = data.index(b"mdat") + 4
    path.write_bytes(data[:start] + b"\xff" * (len(data) - start))
    assert main(["--source", str(path), "--headless", "--lang", "en"]) == 2
    out, err = capfd.readouterr()
    assert "a.mp4 cannot be read as a video" in err
    assert "a face in" not in out


def test_a_damaged_place_is_passed_over_and_counted(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = write_clip(tmp_path / "a.mp4", 30, options={"g": "1"})
    data = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        for packet in list(container.demux(video=0))[10:13]:
            data[packet.pos : packet.pos + packet.size] = b"\xff" * packet.size
    path.write_bytes(data)
    assert main(["--source", str(path), "--headless", "--csv", str(tmp_path / "o.csv"), "--lang", "en"]) == 0
    out, err = capfd.readouterr()
    assert "could not be used: 3 of the source's pictures" in err
    assert "27 frames" in out
    assert times(path)[9:12] == pytest.approx([9 / 15, 13 / 15, 14 / 15], abs=0.001)


# 2. whole and cut off


def test_a_trimmed_file_is_whole(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", 30)
    data = bytearray(path.read_bytes())
    segment = data.index(b"elst") + 12  # its duration, in the movie's thousandths
    data[segment : segment + 4] = struct.pack(">I", 1000)
    path.write_bytes(data)
    assert len(read(path)) == pytest.approx(15, abs=1)


def test_a_file_of_varying_rate_whose_sound_is_longer_is_whole(tmp_path: Path) -> None:
    at = [0, 0.1, 0.2, 0.9, 1.0, 1.7, 2.0]
    for name, codec in (("a.mp4", "libx264"), ("a.mkv", "libx264"), ("a.webm", "libvpx"), ("a.mov", "mpeg4")):
        path = write_clip(tmp_path / name, 7, codec, times=at, sound=(0, 4))
        assert times(path) == pytest.approx(at, abs=0.03)  # some containers begin the sound before it


@pytest.mark.parametrize("share", [1.0, 0.6])
def test_a_webm_without_a_duration_is_not_called_damaged(tmp_path: Path, share: float) -> None:
    stream = io.BytesIO()
    stream.seekable = lambda: False  # type: ignore[method-assign]
    write_clip(tmp_path / "a.webm", 30, "libvpx", file=stream, kind="webm", container={"live": "1"}, sound=(0, 3))
    path = tmp_path / "a.webm"
    path.write_bytes(stream.getvalue()[: int(share * len(stream.getvalue()))])
    assert VideoSource(path).duration_s is None
    assert len(read(path)) >= 15


@pytest.mark.parametrize("name", ["a.mp4", "a.ts", "a.avi", "a.flv", "a.mkv", "a.gif", "a.m2v", "a.h264", "a.ogv"])
def test_whole_files_of_many_formats_give_every_picture(tmp_path: Path, name: str) -> None:
    codecs = {"a.gif": "gif", "a.m2v": "mpeg2video", "a.ogv": "ffv1", "a.avi": "mpeg4", "a.flv": "flv"}
    codec = codecs.get(name, "libx264")
    if name == "a.ogv":
        name, codec = "a.nut", "ffv1"
    form = "rgb8" if codec == "gif" else "yuv420p"
    path = write_clip(tmp_path / name, 30, codec, fps=25, form=form, options={"bf": "2"} if name == "a.avi" else {})
    assert fed(path) == pytest.approx([i / 25 for i in range(30)], abs=0.011)


CUT = {
    "mp4": ("a.mp4", "libx264", {"container": FASTSTART}),
    "mov": ("a.mov", "mpeg4", {"container": FASTSTART, "options": {"g": "1"}}),
    "with sound that is longer": ("a.mp4", "libx264", {"container": FASTSTART, "sound": (0, 4)}),
    "fragmented": ("a.mp4", "libx264", {"container": {"movflags": "frag_keyframe+empty_moov"}, "options": {"g": "10"}}),
    "mkv": ("a.mkv", "libx264", {}),
    "mkv with sound": ("a.mkv", "libx264", {"sound": (0, 4)}),
    "webm": ("a.webm", "libvpx", {}),
    "avi": ("a.avi", "mjpeg", {"form": "yuvj420p"}),
    "flv": ("a.flv", "flv", {"options": {"g": "1"}}),
}


@pytest.mark.parametrize("case", CUT)
def test_a_file_that_is_cut_off_gives_what_it_has_and_is_told(tmp_path: Path, case: str) -> None:
    name, codec, more = CUT[case]
    noise = np.random.default_rng(0).integers(0, 40, (45, 120, 160, 3), np.uint8)
    path = write_clip(tmp_path / name, [pattern(i) + noise[i] for i in range(45)], codec, **more)
    assert len(read(path)) == 45
    given = []
    with pytest.raises(AffectError, match=r"cut\.\w+ could be read only up to [012] s") as told:
        for frame in open_source(str(cut(path))).frames():
            given.append(frame.number)
    assert given == list(range(len(given)))
    assert 3 < len(given) < 45
    assert case == "fragmented" or "of about 3 s" in str(told.value)


@pytest.mark.parametrize("how", ["--csv", "--headless", "--save-video", "--record"])
def test_a_file_that_is_cut_off_is_told_in_every_way_of_reading(
    tmp_path: Path, how: str, reports: Reports, capfd: pytest.CaptureFixture[str]
) -> None:
    path = cut(write_clip(tmp_path / "a.mp4", 30, container=FASTSTART))
    out = {"--csv": [how, str(tmp_path / "o.csv"), "--headless"], "--headless": [how],
           "--save-video": [how, str(tmp_path / "o.mp4"), "--headless"],
           "--record": [how, str(tmp_path / "out"), "--consent"]}[how]  # fmt: skip
    assert main(["--source", str(path), *out, "--lang", "es"]) == 2
    said, err = capfd.readouterr()
    assert "error: cut.mp4 solo se ha podido leer hasta 1 s de unos 2 s" in err
    assert "fotogramas de vídeo cut.mp4" in said
    if how == "--save-video":
        assert len(read(tmp_path / "o.mp4")) == len(list(_until_cut(path)))


def _until_cut(path: Path) -> Iterator[Image]:
    try:
        for frame in open_source(str(path)).frames():
            yield frame.picture
    except AffectError:
        return


def test_fewer_frames_than_the_file_has_are_no_fault(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = write_clip(tmp_path / "a.mp4", 30)
    assert main(["--source", str(path), "--headless", "--max-frames", "3", "--lang", "en"]) == 0
    assert "only up to" not in capfd.readouterr().err


def test_an_avi_that_ends_with_repeated_pictures_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.avi"
    with av.open(str(path), "w") as output:
        stream: Any = output.add_stream("mjpeg", rate=15)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuvj420p"
        for number in range(10):
            output.mux(stream.encode(av.VideoFrame.from_ndarray(pattern(number), "bgr24")))
        for number in range(10, 30):
            packet = av.Packet(0)
            packet.stream, packet.time_base, packet.pts, packet.dts = stream, Fraction(1, 15), number, number
            output.mux(packet)
    assert len(read(path)) == 10


# 3. and 4. times


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.mov"])
def test_gaps_of_minutes_and_hours_stay(tmp_path: Path, name: str, reports: Reports) -> None:
    at = [0, 0.1, 61.3, 61.4, 7261.4, 7261.5]
    path = write_clip(tmp_path / name, 6, times=at)
    out = tmp_path / "o.mp4"
    assert main(["--source", str(path), "--headless", "--save-video", str(out)]) == 0
    assert fed(path) == pytest.approx(at, abs=0.002)
    assert times(out) == pytest.approx(at, abs=0.002)


@pytest.mark.parametrize(
    ("name", "codec"), [("a.mp4", "libx264"), ("a.mkv", "libx264"), ("a.webm", "libvpx"), ("a.ts", "libx264")]
)
def test_pictures_that_begin_after_the_sound_have_the_times_that_players_show(
    tmp_path: Path, name: str, codec: str, portrait: Image, reports: Reports
) -> None:
    small = np.asarray(cv2.resize(portrait, (320, 240)), np.uint8)
    at = [1.5 + i / 15 for i in range(6)]
    path = write_clip(tmp_path / name, [small] * 6, codec, times=at, sound=(0, 2), options={"b": "2000000", "bf": "0"})
    assert main(["--source", str(path), "--headless", "--csv", str(tmp_path / "o.csv")]) == 0
    assert [float(r["timestamp_s"]) for r in rows_of(tmp_path / "o.csv")] == pytest.approx(at, abs=0.03)
    video = tmp_path / "o.mp4"
    arguments = ["--record", str(tmp_path / "out"), "--consent", "--save-video", str(video)]
    assert main(["--source", str(path), *arguments]) == 0
    (folder,) = (tmp_path / "out").iterdir()
    assert [float(r["timestamp_s"]) for r in rows_of(folder / "emotions.csv")] == pytest.approx(at, abs=0.03)
    assert times(video) == pytest.approx(at, abs=0.03)


def test_a_video_that_starts_at_an_hour_begins_at_zero_as_in_a_player(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.ts", 6, times=[3600 + i / 15 for i in range(6)])
    assert times(path) == pytest.approx([i / 15 for i in range(6)], abs=0.002)


@pytest.mark.parametrize(
    ("name", "codec"), [("a.avi", "mpeg4"), ("a.avi", "libx264"), ("a.mp4", "libx264"), ("a.mkv", "mpeg4")]
)
def test_pictures_that_wait_for_later_ones_come_in_order_and_from_zero(tmp_path: Path, name: str, codec: str) -> None:
    path = write_clip(tmp_path / name, 20, codec, fps=25, options={"bf": "3", "b_strategy": "0", "b-adapt": "0"})
    frames = read(path)
    assert [f.timestamp_s for f in frames] == pytest.approx([i / 25 for i in range(20)], abs=0.002)
    blue = [float(f.picture[60, 120, 0]) for f in frames]
    assert blue == sorted(blue)


# 5. the shape of pixels, rotation, sizes


@pytest.mark.parametrize(
    ("aspect", "size"),
    [(Fraction(2), (120, 320)), (Fraction(64, 45), (120, 228)), (Fraction(1, 2), (240, 160)), (None, (120, 160))],
)
@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts", "a.avi"])
def test_pixels_are_made_square(tmp_path: Path, name: str, aspect: Fraction | None, size: tuple[int, int]) -> None:
    path = write_clip(tmp_path / name, 3, aspect=aspect)
    assert {f.picture.shape[:2] for f in read(path)} == {size}


def test_a_saved_video_has_square_pixels(tmp_path: Path) -> None:
    path, out = write_clip(tmp_path / "a.mp4", 3, aspect=Fraction(64, 45)), tmp_path / "o.mp4"
    assert main(["--source", str(path), "--headless", "--save-video", str(out)]) == 0
    with av.open(str(out)) as saved:
        stream = saved.streams.video[0]
        assert (stream.height, stream.width) == (120, 228)
        assert stream.sample_aspect_ratio in (None, 1)


def test_the_container_s_shape_of_pixels_counts_for_more_than_the_pictures(tmp_path: Path) -> None:
    plain = write_clip(tmp_path / "plain.mp4", 3, aspect=Fraction(2))
    data = bytearray(plain.read_bytes())
    at = data.index(b"pasp") + 4
    data[at : at + 8] = struct.pack(">II", 4, 3)
    plain.write_bytes(data)
    assert read(plain)[0].picture.shape[:2] == (120, 213)


def test_sizes_and_shapes_of_pixels_that_change_on_the_way_are_followed(tmp_path: Path) -> None:
    parts = []
    for number, (size, aspect) in enumerate(
        [((160, 120), None), ((160, 120), 2), ((320, 240), None), ((64, 48), None)]
    ):
        made = [pattern(i, size) for i in range(6)]
        at = [number * 0.4 + i / 15 for i in range(6)]
        own = None if aspect is None else Fraction(aspect)
        parts.append(write_clip(tmp_path / f"{number}.ts", made, times=at, aspect=own).read_bytes())
    path = tmp_path / "whole.ts"
    path.write_bytes(b"".join(parts))
    frames = read(path)
    assert len(frames) == 24
    assert [f.picture.shape[:2] for f in frames[3::6]] == [(120, 160), (120, 320), (240, 320), (48, 64)]
    assert main(["--source", str(path), "--headless", "--save-video", str(tmp_path / "o.mp4")]) == 0
    assert {f.picture.shape for f in read(tmp_path / "o.mp4")} == {(120, 160, 3)}


@pytest.mark.parametrize("kind", ["mp4", "mov", "mkv"])
@pytest.mark.parametrize(
    ("matrix", "expected"),
    [
        ((1, 0, 0, 1), lambda p: p),
        ((0, 1, -1, 0), lambda p: np.rot90(p, -1)),
        ((-1, 0, 0, -1), lambda p: np.rot90(p, 2)),
        ((0, -1, 1, 0), lambda p: np.rot90(p, 1)),
        ((-1, 0, 0, 1), lambda p: p[:, ::-1]),
        ((1, 0, 0, -1), lambda p: p[::-1]),
        ((0, 1, 1, 0), lambda p: p.transpose(1, 0, 2)),
    ],
)
def test_a_turned_or_mirrored_file_is_shown_upright(
    tmp_path: Path, matrix: tuple[int, int, int, int], expected: Any, kind: str
) -> None:
    path = turn(write_clip(tmp_path / f"a.{'mp4' if kind == 'mkv' else kind}", 3, options={"crf": "4"}), matrix)
    if kind == "mkv":
        path = _in_matroska(path)
        if matrix == (0, 1, 1, 0):
            pytest.skip("Matroska has no word for a mirrored and turned picture")
    picture = read(path)[1].picture
    wanted = expected(pattern(1))
    assert picture.shape == wanted.shape
    assert np.abs(picture.astype(int) - wanted).mean() < 8


def _in_matroska(path: Path) -> Path:
    """The same packets in another container."""
    made = path.with_suffix(".mkv")
    with av.open(str(path)) as source, av.open(str(made), "w") as output:
        stream = output.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                output.mux(packet)
    return made


@pytest.mark.parametrize(
    ("name", "codec", "form"),
    [
        ("a.mp4", "libx264", "yuv420p10le"), ("a.mp4", "libx264", "yuv422p"), ("a.mp4", "libx264", "yuvj420p"),
        ("a.mkv", "ffv1", "gray"), ("a.mkv", "ffv1", "gray16le"), ("a.mov", "png", "rgba"), ("a.mov", "qtrle", "argb"),
        ("a.mkv", "ffv1", "yuva420p"), ("a.mkv", "ffv1", "yuv444p16le"), ("a.avi", "rawvideo", "bgr24"),
        ("a.mp4", "libx265", "yuv420p10le"), ("a.webm", "libvpx-vp9", "yuva420p"), ("a.avi", "utvideo", "gbrp"),
    ],
)  # fmt: skip
def test_pictures_of_every_kind_become_bgr_of_8_bits(tmp_path: Path, name: str, codec: str, form: str) -> None:
    options = {"x265-params": "log-level=none"} if codec == "libx265" else {}
    picture = read(write_clip(tmp_path / name, 3, codec, form=form, options=options))[1].picture
    assert (picture.shape, picture.dtype) == ((120, 160, 3), np.uint8)
    wanted = pattern(1)
    if form.startswith("gray"):
        wanted = cv2.cvtColor(cv2.cvtColor(wanted, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    assert np.abs(picture.astype(int) - wanted).mean() < 9


# 6. names


@pytest.mark.parametrize(
    "name",
    [
        "a:b.mp4",
        "10:30.mp4",
        "file:x.mp4",
        "http:x.mp4",
        "screen:call.mp4",
        "100 % %d.mp4",
        "'q\"uoted.mp4",
        "concat:a|b.mp4",
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no colon in names")
def test_a_colon_or_another_mark_in_a_relative_name_is_part_of_it(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_clip(tmp_path / "plain.mp4", 5).rename(tmp_path / name)
    source = open_source(name)
    assert source.name == name
    assert len(list(source.frames())) == 5


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no colon in names")
def test_a_video_can_be_saved_under_a_name_with_a_colon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_clip(tmp_path / "10:30.mp4", 5, sound=(0, 0.3))
    assert main(["--source", "10:30.mp4", "--headless", "--save-video", "o:o.mp4"]) == 0
    with av.open(str(tmp_path / "o:o.mp4")) as saved:
        assert [stream.type for stream in saved.streams] == ["video", "audio"]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_name_that_is_no_utf_8_is_read_and_told_safely(
    tmp_path: Path, reports: Reports, capfd: pytest.CaptureFixture[str]
) -> None:
    name = Path(os.fsdecode(bytes(tmp_path) + b"/caf\xe9.mp4"))
    write_clip(tmp_path / "plain.mp4", 5).rename(name)
    video = Path(os.fsdecode(bytes(tmp_path) + b"/sesi\xf3n.mp4"))
    assert main(["--source", str(name), "--headless", "--save-video", str(video), "--lang", "en"]) == 0
    assert r"5 frames of video caf\xe9.mp4" in capfd.readouterr().out
    assert len(read(video)) == 5
    assert main(["--source", str(name), "--record", str(tmp_path / "out"), "--consent", "--lang", "en"]) == 0
    (told,) = (tmp_path / "out").glob("*/session.json")
    assert r"caf\\xe9.mp4" in told.read_text(encoding="utf-8")
    name.write_bytes(b"no video")
    assert main(["--source", str(name), "--headless", "--lang", "en"]) == 2
    assert r"caf\xe9.mp4 cannot be read" in capfd.readouterr().err
    missing = os.fsdecode(b"nada\xe9.mp4")
    assert main(["--source", missing, "--headless", "--lang", "en"]) == 2
    assert r"There is no source 'nada\udce9.mp4'" in capfd.readouterr().err


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_folder_as_a_source_says_what_to_name(
    tmp_path: Path, language: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["--source", str(tmp_path), "--lang", language]) == 2
    err = capfd.readouterr().err
    assert {"en": "is a folder without pictures. Name a video", "es": "es una carpeta sin imágenes. Indique un vídeo"}[
        language
    ] in err


def test_an_address_that_is_longer_than_any_file_name_is_an_address(capfd: pytest.CaptureFixture[str]) -> None:
    address = "http://127.0.0.1:9/video?key=" + "k" * 400
    assert main(["--source", address, "--headless", "--csv", "never.csv", "--lang", "en"]) == 2
    assert "The stream http://127.0.0.1:9/video does not answer" in capfd.readouterr().err
    assert not Path("never.csv").exists()


# what a file may open, and what it tells


def test_a_local_file_makes_nobody_open_an_address(tmp_path: Path) -> None:
    asked = []

    class Listening(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

    with serving(Listening) as base:
        playlists = {
            "a.m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{base}/a.ts\n#EXT-X-ENDLIST\n",
            "a.txt": f"ffconcat version 1.0\nfile {base}/a.mp4\n",
            "a.mp4": f"ffconcat version 1.0\nfile '{base}/a.mp4'\n",
        }
        for name, content in playlists.items():
            (tmp_path / name).write_text(content)
            with pytest.raises(AffectError, match="cannot be read"):
                open_source(str(tmp_path / name))
    assert asked == []


def test_a_stream_makes_nobody_open_a_file_of_this_computer(tmp_path: Path) -> None:
    secret = write_clip(tmp_path / "secret.ts", 10)
    (tmp_path / "a.m3u8").write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nfile://{secret}\n#EXT-X-ENDLIST\n")
    with served(tmp_path) as address, pytest.raises(AffectError, match="does not answer or is no video"):
        open_source(f"{address}/a.m3u8")


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("2026-03-01T10:20:30.000000Z", datetime(2026, 3, 1, 10, 20, 30, tzinfo=timezone.utc)),
        ("1970-01-01T00:00:00.000000Z", None), ("1904-01-01T00:00:00.000000Z", None), ("", None), ("yesterday", None),
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_a_file_tells_when_it_was_recorded_and_how_long_it_is(
    tmp_path: Path, name: str, told: str, expected: datetime | None
) -> None:
    metadata = {"creation_time": told} if told else {}
    source = VideoSource(write_clip(tmp_path / name, 30, metadata=metadata, sound=(0, 3)))
    assert source.recorded_at == expected
    assert source.duration_s == pytest.approx(2.0, abs=0.03)
    source.close()


# files behind addresses, streams


@pytest.mark.parametrize(
    ("name", "codec"), [("a.mp4", "libx264"), ("a.mkv", "libx264"), ("a.webm", "libvpx"), ("a.ts", "libx264")]
)
def test_a_file_behind_an_address_gives_every_picture_at_its_own_time(tmp_path: Path, name: str, codec: str) -> None:
    at = [0.5 + i / 15 for i in range(20)] + [75.0]
    write_clip(tmp_path / name, 21, codec, times=at, sound=(0, 1))
    with served(tmp_path) as address:
        assert fed(f"{address}/{name}") == pytest.approx(at, abs=0.03)


def test_a_session_of_a_file_behind_an_address_has_its_times(tmp_path: Path, portrait: Image, reports: Reports) -> None:
    small = np.asarray(cv2.resize(portrait, (320, 240)), np.uint8)
    at = [0.5, 0.6, 0.7, 75.0]
    write_clip(tmp_path / "a.mp4", [small] * 4, times=at, sound=(0, 1))
    with served(tmp_path) as address:
        arguments = ["--source", f"{address}/a.mp4", "--headless", "--record", str(tmp_path / "out"), "--consent"]
        assert main(arguments) == 0
    (folder,) = (tmp_path / "out").iterdir()
    assert [float(r["timestamp_s"]) for r in rows_of(folder / "emotions.csv")] == pytest.approx(at, abs=0.03)


@pytest.mark.parametrize(
    "shown", ["rtsp://me:secret@127.0.0.1:9/live?token=secret", "http://me:secret@127.0.0.1:9/a.mp4"]
)
@pytest.mark.parametrize("language", ["en", "es"])
def test_no_message_shows_an_address_s_password(shown: str, language: str, capfd: pytest.CaptureFixture[str]) -> None:
    misspelled = [shown.replace("://", wrong) for wrong in ("s://", ":/", "//", "::")]
    for source in (shown, shown.replace("rtsp:", "rstp:"), *misspelled):
        assert main(["--source", source, "--headless", "--lang", language]) == 2
        out, err = capfd.readouterr()
        assert "127.0.0.1:9" in err
        assert "secret" not in out + err
        assert len(err.splitlines()) == 1
    with pytest.raises(SystemExit):
        main(["--sorce", shown, "--lang", language])
    assert "secret" not in capfd.readouterr().err


@pytest.mark.parametrize(
    ("name", "words"), [("a.ts", "could be read only up to 1 s: the file breaks off"), ("a.mkv", "broke off after 1 s")]
)
def test_a_file_behind_an_address_that_breaks_off_is_told_without_the_password(
    tmp_path: Path, name: str, words: str
) -> None:
    noise = np.random.default_rng(0).integers(0, 40, (30, 120, 160, 3), np.uint8)
    whole = write_clip(tmp_path / name, [pattern(i) + noise[i] for i in range(30)], options={"g": "1"}).read_bytes()

    with half_served(whole) as address:
        source = open_source(f"{address.replace('//', '//me:secret@')}/{name}?key=secret")
        with pytest.raises(AffectError, match=words) as told:
            list(source.frames())
        assert "secret" not in str(told.value)
        source.close()


# playlists (HLS, RFC 8216)


def playlist(folder: Path, starts: list[float], *, finished: bool = True, suffix: str = "ts") -> Path:
    """A playlist of segments of one second each, whose own clocks start at these times."""
    lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-TARGETDURATION:1", "#EXT-X-MEDIA-SEQUENCE:0"]
    for number, start in enumerate(starts):
        name = f"{number}.{suffix}"
        at = [start + i / 15 for i in range(15)]
        write_clip(folder / name, 15, times=at, options={"g": "15", "bf": "0"}, container=SEGMENT.get(suffix))
        if number and start != starts[number - 1] + 1:
            lines.append("#EXT-X-DISCONTINUITY")
        lines += ["#EXTINF:1.0,", name]
    path = folder / "a.m3u8"
    path.write_text("\n".join(lines + ["#EXT-X-ENDLIST"] * finished) + "\n")
    return path


SEGMENT = {"mp4": {"movflags": "frag_keyframe+empty_moov+default_base_moof"}}
ONE_SECOND_EACH = [i / 15 for i in range(45)]


@pytest.mark.parametrize(
    "starts",
    [[7, 8, 9], [100, 5000, 5001], [5000, 5001, 3], [9000, 100, 7000], [100, 101, 101.5]],
    ids=["one clock", "ahead", "back", "both", "a little back"],
)
def test_a_finished_playlist_has_the_times_that_players_show(tmp_path: Path, starts: list[float]) -> None:
    playlist(tmp_path, starts)
    (tmp_path / "all.m3u8").write_text("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=100000\na.m3u8\n")
    with served(tmp_path) as address:
        for name in ("a.m3u8", "all.m3u8"):
            assert not open_source(f"{address}/{name}").live
            assert fed(f"{address}/{name}") == pytest.approx(ONE_SECOND_EACH, abs=0.005)
    assert fed(tmp_path / "a.m3u8") == pytest.approx(ONE_SECOND_EACH, abs=0.005)


def test_a_gap_in_a_playlist_is_as_long_as_it_is_told(tmp_path: Path) -> None:
    playlist(tmp_path, [3, 4, 9])
    assert fed(tmp_path / "a.m3u8")[30] == pytest.approx(6.0, abs=0.002)


def test_a_session_of_a_finished_playlist_has_its_times(tmp_path: Path, portrait: Image, reports: Reports) -> None:
    small = np.asarray(cv2.resize(portrait, (320, 240)), np.uint8)
    at = [50 + i / 4 for i in range(12)]
    made = {"hls_time": "1", "hls_list_size": "0", "hls_segment_type": "fmp4"}
    (tmp_path / "made").mkdir()
    write_clip(
        tmp_path / "made" / "a.m3u8", [small] * 12, fps=4, times=at, kind="hls", container=made, options={"g": "4"}
    )
    with served(tmp_path / "made") as address:
        rows = tmp_path / "rows.csv"
        assert main(["--source", f"{address}/a.m3u8", "--headless", "--csv", str(rows)]) == 0
    assert [float(r["timestamp_s"]) for r in rows_of(rows)] == pytest.approx([i / 4 for i in range(12)], abs=0.03)


def test_a_live_playlist_has_the_times_of_arrival_and_ends_when_it_is_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retries, "RETRY_S", (0.02,))
    path = playlist(tmp_path, [7, 8, 9], finished=False)
    with served(tmp_path) as address:
        source = open_source(f"{address}/a.m3u8")
        assert source.live
        source.pace.rate_hz = None  # type: ignore[attr-defined]  # count them all
        frames = source.frames()
        came = [next(frames).timestamp_s for _ in range(30)]
        path.write_text(path.read_text() + "#EXT-X-ENDLIST\n")
        assert len(list(itertools.islice(frames, 30))) == 15  # and not all of it once more
        source.close()
    assert came[-1] < 1.5  # it was all there at once


def test_frames_that_were_shown_do_not_stay_in_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "long.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 30.0, (64, 48))
    for i in range(120):
        writer.write(np.full((48, 64, 3), i, np.uint8))
    writer.release()
    gc.collect()
    before = [thing for thing in gc.get_objects() if type(thing) is av.VideoFrame]  # of other tests
    source = open_source(str(path))
    for frame in source.frames():
        kept = sum(type(thing) is av.VideoFrame for thing in gc.get_objects()) if frame.number % 30 == 29 else 0
        assert kept - len(before) < 10


# 9. frames that would take all memory, or minutes


def jpegs(path: Path, size: tuple[int, int], pictures: Iterable[bytes], codec: str = "mjpeg") -> Path:
    """A video whose frames are these bytes, whatever size its header tells."""
    with av.open(str(path), "w") as output:
        stream: Any = output.add_stream(codec, rate=10)
        stream.width, stream.height, stream.pix_fmt = *size, "yuvj420p" if codec == "mjpeg" else "rgb24"
        for number, content in enumerate(pictures):
            packet = av.Packet(content)
            packet.pts = packet.dts = number
            packet.stream, packet.time_base, packet.duration = stream, Fraction(1, 10), 1
            output.mux(packet)
    return path


def grey_jpeg(width: int, height: int) -> bytes:
    """A grey JPEG of 16×16 pixels whose header tells another size, with as many bytes as that needs."""
    small = cv2.imencode(".jpg", np.full((16, 16), 128, np.uint8))[1].tobytes()
    place = small.index(b"\xff\xc0") + 5
    return (
        small[:place]
        + struct.pack(">HH", height, width)
        + small[place + 4 : -2]
        + bytes(width * height // 64)
        + small[-2:]
    )


@pytest.mark.parametrize("told", [(16_000, 16_000), (640, 480)])
def test_frames_of_an_absurd_size_are_not_decoded(tmp_path: Path, told: tuple[int, int]) -> None:
    path = jpegs(tmp_path / "a.avi", told, [grey_jpeg(16_000, 16_000)] * 2)
    Path("/proc/self/clear_refs").write_text("5")
    before = _memory_mb("VmHWM")
    with pytest.raises(AffectError, match=r"a\.avi cannot be read"):
        read(path)
    assert _memory_mb("VmHWM") - before < 30


def test_frames_may_grow_to_4k_and_no_further_on_the_way(tmp_path: Path) -> None:
    sizes = [(640, 480), (3840, 2160), (6000, 3400), (320, 240)]
    source = open_source(str(jpegs(tmp_path / "a.avi", (640, 480), [grey_jpeg(*size) for size in sizes])))
    assert [frame.picture.shape[1::-1] for frame in source.frames()] == [sizes[0], sizes[1], sizes[3]]
    assert isinstance(source, VideoSource)
    assert source.unusable == 1
    source.close()


def test_a_frame_of_3000_scans_is_left_out(tmp_path: Path) -> None:
    whole = grey_jpeg(64, 48)
    source = open_source(
        str(jpegs(tmp_path / "a.avi", (64, 48), [whole, whole[:-2] + b"\xff\xda\0\x08" * 3000, whole]))
    )
    assert len(list(source.frames())) == 2
    source.close()


def test_frames_of_many_bytes_a_pixel_are_not_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (decoding, display_rules):
        monkeypatch.setattr(module, "MOST_BYTES", 64 * 48 * 4)
    assert len(read(write_clip(tmp_path / "a.mkv", [pattern(0, (64, 48))] * 3, "ffv1", form="yuv444p"))) == 3
    with pytest.raises(AffectError, match="cannot be read"):
        read(write_clip(tmp_path / "b.mkv", [pattern(0, (64, 48))] * 3, "ffv1", form="gbrp16le"))


def test_pixels_of_an_absurd_shape_make_no_absurd_frame(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_clip(tmp_path / "a.mkv", [pattern(0, (640, 480))], aspect=Fraction(10))
    monkeypatch.setattr(
        display_rules, "SQUARE", (display_rules.SQUARE[0], display_rules.SQUARE[1].replace("21233664", "640000"))
    )
    (frame,) = read(path)
    assert frame.picture.shape[:2] == (480, 1333)  # 640,000 pixels, not ten times as wide


def test_threads_do_not_multiply_large_frames(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 64)
    threads = []
    for size in ((64, 48), (6000, 3400)):
        track = decoding.PictureTrack(str(jpegs(tmp_path / "a.avi", size, [grey_jpeg(*size)])), {})
        threads.append(track._stream.codec_context.thread_count)
        track.close()
    assert threads == [5, 4]  # of 64: 100 MB by 4K's 19 MB, and by this one's 20 MB


def _memory_mb(field: str) -> float:
    told = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in told.splitlines() if line.startswith(field)) / 1e3
