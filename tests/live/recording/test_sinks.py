from __future__ import annotations

import csv
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from affect.errors import AffectError
from affect.faces.detection import FaceBox
from affect.live.frame import FaceResult
from affect.live.recording.sinks import CsvSink, Outputs, VideoSink
from affect.live.sources.files import Frame
from tests.tools.small_disk import fill, small_disk

PICTURE = np.full((120, 160, 3), 90, np.uint8)
RESULT = FaceResult(3, FaceBox(1, 2, 30, 30), np.eye(8, dtype=np.float32)[4], "happy")


def test_the_csv_has_the_columns_of_the_contract(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "out.csv"
    with CsvSink(path) as sink:
        sink.write(Frame(PICTURE, 1.5, 45), [RESULT, RESULT])
    header, first, _ = path.read_text(encoding="utf-8").splitlines()
    assert header == (
        "timestamp_s,frame,face_id,x,y,width,height,emotion,confidence,"
        "p_anger,p_contempt,p_disgust,p_fear,p_happy,p_neutral,p_sad,p_surprise"
    )
    assert first.startswith("1.500,45,3,1,2,30,30,happy,1.000000,0.000000,")


def test_a_check_from_another_thread_never_sees_half_of_a_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with CsvSink(tmp_path / "out.csv") as sink:
        written, checked = threading.Event(), threading.Event()
        raw = sink._file

        class Slow:
            """The file, with the other thread's check between a write and the note of its size."""

            def write(self, data: bytes) -> int:
                count = raw.write(data)
                written.set()
                checked.wait(0.2)
                return count

            def __getattr__(self, name: str) -> object:
                return getattr(raw, name)

        def check() -> None:
            written.wait()
            sink.check()
            checked.set()

        sink._file = Slow()  # type: ignore[assignment]
        with ThreadPoolExecutor(1) as pool:
            told = pool.submit(check)
            sink.write(Frame(PICTURE, 0.0, 0), [RESULT])
            told.result()


def test_rows_are_on_disk_before_the_file_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    with CsvSink(path) as sink:
        sink.write(Frame(PICTURE, 0.0, 0), [RESULT])
        with path.open(encoding="utf-8") as file:
            assert len(list(csv.DictReader(file))) == 1


def test_a_csv_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(AffectError, match="--csv"):
        CsvSink(tmp_path)


def test_an_unknown_video_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AffectError, match=r"\.mp4 or \.avi"):
        VideoSink(tmp_path / "out.webm", 30.0)


@pytest.mark.parametrize("ending", [".mp4", ".avi"])
def test_a_video_that_cannot_be_written_is_told_in_one_line(tmp_path: Path, ending: str) -> None:
    (tmp_path / f"out{ending}").mkdir()
    with pytest.raises(
        AffectError, match=rf"out\{ending} cannot be written \(.+\)\. Name another file with --save-video"
    ):
        VideoSink(tmp_path / f"out{ending}", 30.0)


@pytest.mark.parametrize("ending", [".mp4", ".avi"])
def test_a_full_disk_is_told_while_the_video_is_written_and_when_it_is_closed(tmp_path: Path, ending: str) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (40, 120, 160, 3), np.uint8)
    with small_disk(tmp_path / "disk", "1m") as disk:
        fill(disk, but=60_000)
        with pytest.raises(AffectError, match="No space left"), VideoSink(disk / f"out{ending}", 10.0) as sink:
            for i in range(400):
                sink.write(Frame(noise[i % 40], i / 10, i), noise[i % 40])
        fill(disk)
        with pytest.raises(AffectError, match="No space left"), VideoSink(disk / f"other{ending}", 10.0) as sink:
            sink.write(Frame(noise[0], 0.0, 0), noise[0])


@pytest.mark.parametrize("error", [KeyboardInterrupt, AffectError])
def test_a_video_that_cannot_be_ended_is_told_unless_another_error_came_first(
    error: type[BaseException], tmp_path: Path
) -> None:
    first = error("the first")
    with small_disk(tmp_path / "disk", "1m") as disk:
        fill(disk)
        with pytest.raises(AffectError) as told, VideoSink(disk / "out.mp4", 10.0) as sink:
            sink.write(Frame(PICTURE, 0.0, 0), PICTURE)
            raise first
    assert ("No space left" in str(told.value)) == (error is KeyboardInterrupt)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps a file that is open")
@pytest.mark.parametrize("name", ["out.csv", "out.avi"])
@pytest.mark.parametrize("way", ["deleted", "replaced"])
@pytest.mark.parametrize("error", [None, KeyboardInterrupt, AffectError])
def test_an_output_that_somebody_takes_away_is_told_at_the_end(
    name: str, way: str, error: type[BaseException] | None, tmp_path: Path
) -> None:
    path, first = tmp_path / name, None if error is None else error("the first")
    csv, video = (path, None) if name == "out.csv" else (None, path)
    with pytest.raises(AffectError) as told, Outputs("en", 10.0, csv, video) as outputs:
        outputs.write(Frame(PICTURE, 0.0, 0), [RESULT], None)
        path.unlink()
        if way == "replaced":
            path.write_text("another's")
        if first is not None:
            raise first
    assert (f"{name} cannot be written any more" in str(told.value)) == (error is not AffectError)


@pytest.mark.skipif(sys.platform == "win32", reason="pipes of Unix")
def test_a_table_into_a_pipe_is_not_missed_as_a_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    reading = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    with CsvSink(tmp_path / "pipe") as sink:
        sink.write(Frame(PICTURE, 0.0, 0), [RESULT])
        (tmp_path / "pipe").unlink()
    assert os.read(reading, 4096).count(b"\n") == 2
    os.close(reading)
