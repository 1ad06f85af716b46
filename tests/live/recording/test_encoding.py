"""The annotated video: it plays in browsers, has the source's times and sound, and survives a kill."""

from __future__ import annotations

import itertools
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from affect.faces.preprocessing import Image
from affect.live.app import main
from affect.live.recording import encoding
from affect.live.recording.encoding import VideoFile
from affect.live.recording.sinks import VideoSink
from affect.live.sources.files import Frame, open_source
from tests.conftest import REPOSITORY, no_display
from tests.tools.clips import pattern, write_clip

SCRIPT = [sys.executable, str(REPOSITORY / "affectnet_webcam_detector.py")]


def save(path: Path, shown: list[tuple[Image, float]], fps: float = 15.0, sound: Path | None = None) -> Path:
    with VideoSink(path, fps, sound) as sink:
        for number, (picture, time_s) in enumerate(shown):
            sink.write(Frame(picture, time_s, number), picture)
    return path


def times(path: Path) -> list[float]:
    source = open_source(str(path))
    given = [frame.timestamp_s for frame in source.frames()]
    source.close()
    return given


def boxes(path: Path) -> list[str]:
    """The outermost boxes of an MP4 (ISO/IEC 14496-12): one with fragments has a moof for each."""
    data, at, found = path.read_bytes(), 0, []
    while at < len(data):
        found.append(data[at + 4 : at + 8].decode())
        at += int.from_bytes(data[at : at + 4], "big")
    return found


def loud(path: Path) -> list[tuple[float, float]]:
    """When a file's sound is heard: the beginnings and ends of what is louder than a whisper, seconds."""
    with av.open(str(path)) as container:
        start_s = (container.start_time or 0) / av.time_base
        heard = []
        for frame in container.decode(audio=0):
            level = np.abs(frame.to_ndarray().astype(np.float32)).max() / (32768 if "s16" in frame.format.name else 1)
            if level > 0.1:
                heard.append((frame.time - start_s, frame.time - start_s + frame.samples / frame.sample_rate))
    if not heard:
        return []
    silent = [(end, begin) for (_, end), (begin, _) in itertools.pairwise(heard) if begin - end > 0.1]
    return list(zip([heard[0][0], *(b for _, b in silent)], [*(e for e, _ in silent), heard[-1][1]], strict=True))


def test_a_browser_can_play_it(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "a.mkv", 20, sound=(0, 1))
    saved = save(tmp_path / "o.mp4", [(pattern(i), i / 15) for i in range(20)], sound=source)
    with av.open(str(saved)) as container:
        picture, sound = container.streams.video[0], container.streams.audio[0]
        assert (picture.codec_context.name, picture.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (sound.codec_context.name, sound.codec_context.sample_rate) == ("aac", 48000)
        frame = next(container.decode(picture))
        assert (frame.colorspace, frame.color_range) == (1, 1)
    assert boxes(saved)[-2:] == ["mdat", "moov"]
    assert "moof" not in boxes(saved)


def test_no_picture_waits_for_a_later_one(tmp_path: Path) -> None:
    saved = save(tmp_path / "o.mp4", [(pattern(i), i / 15) for i in range(40)])
    with av.open(str(saved)) as container:
        kinds = [frame.pict_type for frame in container.decode(video=0)]
    assert len(kinds) == 40
    assert set(kinds) == {1, 2}  # I and P of AVPictureType, no B


def test_colours_stay_as_they_were(tmp_path: Path) -> None:
    colours = [(20, 30, 220), (30, 200, 40), (210, 40, 30), (120, 120, 120), (150, 170, 220)]
    picture = np.zeros((120, 160, 3), np.uint8)
    for i, colour in enumerate(colours):
        picture[:, 32 * i : 32 * (i + 1)] = colour
    for ending in ("mp4", "avi"):
        saved = save(tmp_path / f"o.{ending}", [(picture, 0.0), (picture, 0.1)])
        shown = next(iter(open_source(str(saved)).frames())).picture
        for i, colour in enumerate(colours):
            assert shown[60, 32 * i + 16].tolist() == pytest.approx(colour, abs=8)


@pytest.mark.parametrize(
    "at",
    [
        [0, 0.1, 0.15, 0.9, 1.0, 3.7], [1.5, 1.6, 1.7], [0, 0.033, 61.0, 3661.0, 3661.02], [0, 40_000.0, 40_000.1],
        [i / 90 for i in range(20)],
    ],
)  # fmt: skip
def test_an_mp4_has_the_source_s_own_times(tmp_path: Path, at: list[float]) -> None:
    with av.open(str(save(tmp_path / "o.mp4", [(pattern(i), t) for i, t in enumerate(at)]))) as container:
        assert [f.time for f in container.decode(video=0)] == pytest.approx(at, abs=0.0005)


def test_an_avi_shows_each_picture_at_the_nearest_place_also_after_an_hour(tmp_path: Path) -> None:
    at = [0.0, 0.21, 0.5, 1.5, 3601.5]
    given = times(save(tmp_path / "o.avi", [(pattern(i), t) for i, t in enumerate(at)], fps=30))
    assert [min(given, key=lambda g: abs(g - t)) for t in at] == pytest.approx(at, abs=1 / 60)
    assert given == sorted(given)


@pytest.mark.parametrize("ending", ["mp4", "avi"])
@pytest.mark.parametrize(("width", "height"), [(161, 121), (33, 120), (160, 17), (1, 1), (2, 500)])
def test_odd_and_tiny_sizes_work(tmp_path: Path, width: int, height: int, ending: str) -> None:
    picture = np.full((height, width, 3), 130, np.uint8)
    saved = save(tmp_path / f"o.{ending}", [(picture, i / 15) for i in range(3)])
    shown = [frame.picture for frame in open_source(str(saved)).frames()]
    assert [p.shape[:2] for p in shown] == [(height + height % 2, width + width % 2)] * 3
    assert shown[1].mean() == pytest.approx(130, abs=4)


@pytest.mark.parametrize(
    ("name", "codec", "start_s"),
    [
        ("a.mp4", "libx264", 0.0),
        ("a.mkv", "libx264", 0.5),
        ("a.webm", "libvpx", 0.5),
        ("a.ts", "libx264", 1.0),
        ("a.avi", "mpeg4", 0.0),
    ],
)
@pytest.mark.parametrize("ending", ["mp4", "avi"])
def test_the_sound_is_heard_when_it_was(tmp_path: Path, name: str, codec: str, start_s: float, ending: str) -> None:
    source = write_clip(
        tmp_path / name, 30, codec, times=[i / 15 for i in range(30)] if name != "a.avi" else None, sound=(start_s, 1.5)
    )
    out = tmp_path / f"o.{ending}"
    assert main(["--source", str(source), "--headless", "--save-video", str(out)]) == 0
    assert np.asarray(loud(out)) == pytest.approx(np.asarray(loud(source)), abs=0.06)
    assert np.asarray(loud(out)) == pytest.approx(np.array([(start_s, 1.5)]), abs=0.08)


def test_sound_that_an_mp4_holds_is_copied_and_other_sound_is_encoded(tmp_path: Path) -> None:
    def sizes(path: Path) -> list[int]:
        with av.open(str(path)) as container:
            return [packet.size for packet in container.demux(audio=0) if packet.size]

    source = write_clip(tmp_path / "a.mp4", 15, sound=(0, 1))
    saved = save(tmp_path / "o.mp4", [(pattern(i), i / 15) for i in range(15)], sound=source)
    assert sizes(saved) == pytest.approx(sizes(source)[-len(sizes(saved)) :])
    assert len(sizes(saved)) >= len(sizes(source)) - 2


def test_the_sound_ends_with_the_pictures(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "a.mp4", 60, sound=(0, 4))
    out = tmp_path / "o.mp4"
    assert main(["--source", str(source), "--headless", "--max-frames", "15", "--save-video", str(out)]) == 0
    assert loud(out)[-1][1] == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("rate", [8000, 22050, 96000, 192000])
@pytest.mark.parametrize("layout", ["mono", "stereo", "5.1"])
def test_sound_of_every_rate_and_channel_is_taken(tmp_path: Path, rate: int, layout: str) -> None:
    source = tmp_path / "a.mkv"
    with av.open(str(source), "w") as output:
        tone: Any = output.add_stream("pcm_s16le", rate=rate, layout=layout)
        frame = av.AudioFrame(format="s16", layout=layout, samples=rate)
        frame.planes[0].update((np.arange(rate * tone.codec_context.channels) % 50 * 500).astype(np.int16).tobytes())
        frame.sample_rate, frame.pts = rate, 0
        output.mux(tone.encode(frame))
        output.mux(tone.encode(None))
    saved = save(tmp_path / "o.mp4", [(pattern(i), i / 15) for i in range(15)], sound=source)
    assert np.asarray(loud(saved)) == pytest.approx(np.array([(0.0, 1.0)]), abs=0.1)


def test_a_file_without_sound_or_with_a_damaged_one_gives_a_video_without(tmp_path: Path) -> None:
    silent = write_clip(tmp_path / "a.mp4", 5)
    (tmp_path / "b.mp4").write_bytes(b"nothing")
    for sound in (silent, tmp_path / "b.mp4", None):
        saved = save(tmp_path / "o.mp4", [(pattern(i), i / 15) for i in range(5)], sound=sound)
        with av.open(str(saved)) as container:
            assert not container.streams.audio
        assert len(times(saved)) == 5


def test_without_an_encoder_for_h264_it_is_vp9(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoding.av, "codecs_available", av.codecs_available - {"libx264", "libopenh264"})
    saved = save(tmp_path / "o.mp4", [(pattern(i), i / 15) for i in range(10)])
    with av.open(str(saved)) as container:
        assert container.streams.video[0].codec_context.name == "vp9"
    assert times(saved) == pytest.approx([i / 15 for i in range(10)], abs=0.001)


@pytest.fixture(scope="module")
def half_a_minute(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video of thirty frames a second, with sound."""
    return write_clip(tmp_path_factory.mktemp("long") / "a.mp4", 900, fps=30, sound=(0, 30))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("ending", ["mp4", "avi"])
def test_after_a_kill_it_plays_up_to_about_the_last_second(tmp_path: Path, ending: str, half_a_minute: Path) -> None:
    """It is written until there are some seconds; its times are those of thirty frames a second."""
    out = tmp_path / f"o.{ending}"
    csv = tmp_path / "o.csv"
    script = [*SCRIPT, "--source", str(half_a_minute), "--headless"]
    with subprocess.Popen(
        [*script, "--save-video", str(out), "--csv", str(csv)], env=no_display(), stdout=subprocess.PIPE
    ) as running:
        written = 0.0
        assert running.stdout is not None
        for line in running.stdout:  # a line a second, that begins with the source's time
            written = float(line.split()[0].rstrip(b"s"))
            if written > 5:
                break
        running.send_signal(signal.SIGKILL)
    assert running.returncode == -signal.SIGKILL
    with av.open(str(out)) as container:
        told = [frame.time for frame in container.decode(video=0)]
    assert told[-1] > written - 2.5
    assert told == pytest.approx([i / 30 for i in range(len(told))], abs=0.002)
    if ending == "mp4":
        assert loud(out)[-1][1] > written - 2.5


@pytest.mark.parametrize(("ending", "gap_s"), [("mp4", 10 * 86_400.0), ("avi", 600.0)])
def test_a_long_gap_shows_the_picture_before_it(tmp_path: Path, ending: str, gap_s: float) -> None:
    saved = save(tmp_path / f"o.{ending}", [(pattern(0), 0.0), (pattern(20), gap_s)])
    frames = list(open_source(str(saved)).frames())
    assert [f.timestamp_s for f in frames] == pytest.approx([gap_s / 10 * i for i in range(11)])
    blue = [f.picture[60, 120, 0] for f in frames]
    assert blue == pytest.approx([40] * 10 + [140], abs=20)


def test_a_video_without_a_picture_is_closed_without_a_word(tmp_path: Path) -> None:
    assert save(tmp_path / "o.mp4", []).read_bytes() == b""
    with (tmp_path / "p.mp4").open("wb") as file:
        VideoFile(file, "mp4", 15.0, (160, 120), None).close()
