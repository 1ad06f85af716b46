from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest

from affect.errors import AffectError
from affect.faces import FaceBox
from affect.live.results import FaceResult
from affect.live.sinks import CsvSink, VideoSink
from affect.live.sources import Frame

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


def test_rows_are_on_disk_before_the_file_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    with CsvSink(path) as sink:
        sink.write(Frame(PICTURE, 0.0, 0), [RESULT])
        with path.open(encoding="utf-8") as file:
            assert len(list(csv.DictReader(file))) == 1


def test_a_csv_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(AffectError, match="--csv"):
        CsvSink(tmp_path)


@pytest.mark.parametrize("ending", [".mp4", ".avi"])
def test_a_slow_camera_still_gives_a_video_of_true_length(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"out{ending}"
    with VideoSink(path, 30.0) as sink:
        for i in range(11):  # ten frames a second for one second
            sink.write(Frame(PICTURE, i / 10, i), PICTURE)
    capture = cv2.VideoCapture(str(path))
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == 31


def test_an_unknown_video_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AffectError, match=r"\.mp4 or \.avi"):
        VideoSink(tmp_path / "out.webm", 30.0)


def frames_in(path: Path) -> int:
    capture = cv2.VideoCapture(str(path))
    count = 0
    while capture.read()[0]:
        count += 1
    capture.release()
    return count


@pytest.mark.parametrize(("times", "frames"), [((0.0, 1.0, 2.0), 61), ((0.0, 3600.0, 3601.0), 1 + 60 + 30)])
def test_a_slow_camera_gets_its_frames_repeated_and_an_hour_without_a_signal_is_shortened(
    times: tuple[float, ...], frames: int, tmp_path: Path
) -> None:
    with VideoSink(tmp_path / "out.avi", 30.0) as sink:
        for number, time_s in enumerate(times):
            sink.write(Frame(PICTURE, time_s, number), PICTURE)
    assert frames_in(tmp_path / "out.avi") == frames
