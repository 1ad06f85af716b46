"""Several video files analysed at the same time, by the real program in processes of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import pytest

from affect.faces.preprocessing import Image
from tests.conftest import REPOSITORY
from tests.tools.clips import write_still


def started(videos: list[Path], folder: Path, *more: str) -> subprocess.Popen[str]:
    arguments = ["--source", *map(str, videos), "--record", str(folder), "--consent", "--lang", "en", *more]
    return subprocess.Popen(
        [sys.executable, str(REPOSITORY / "affectnet_webcam_detector.py"), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder.parent,
        start_new_session=True,
    )


def sessions(folder: Path) -> list[dict]:
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*/session.json"))]


def copies(video: Path, folder: Path, names: str) -> list[Path]:
    made = [folder / f"{name}.avi" for name in names]
    for path in made:
        path.write_bytes(video.read_bytes())
    return made


def test_files_analysed_at_once_become_the_same_sessions_and_a_damaged_one_is_told(
    portrait_video: Path, tmp_path: Path
) -> None:
    videos = copies(portrait_video, tmp_path, "abc")
    videos[1].write_bytes(portrait_video.read_bytes()[:3000])
    results = {}
    for jobs in ("1", "3"):
        out, err = (process := started(videos, tmp_path / jobs, "--jobs", jobs)).communicate(timeout=120)
        assert process.returncode == 2
        assert len([line for line in err.splitlines() if "error: " in line and "b.avi" in line]) == 1
        assert sorted(line for line in out.splitlines() if "frames of video" in line)[0].startswith("30 frames of")
        assert out.count("frames of video") == 2
        assert err.count("2.0/2.0 s") >= 2
        assert err.count("Report: ") == 2
        assert err.count("AffectNet") == 1  # under what terms the model may be used
        folders = sorted((tmp_path / jobs).iterdir())
        results[jobs] = sorted((folder / "emotions.csv").read_text(encoding="utf-8") for folder in folders)
        assert all((folder / "report.html").is_file() for folder in folders)
    assert results["1"] == results["3"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no signal to a single process")
@pytest.mark.parametrize("kind", [pytest.param(signal.SIGINT, marks=pytest.mark.nightly), signal.SIGKILL])
def test_a_signal_leaves_whole_recordings_of_all_files_and_no_process(
    portrait: Image, tmp_path: Path, kind: signal.Signals
) -> None:
    long = write_still(tmp_path / "long.avi", cv2.resize(portrait, (640, 480)), 1800)
    videos = copies(long, tmp_path, "abc")
    process = started(videos, tmp_path / "out", "--jobs", "2")
    for _ in range(600):
        if len(list((tmp_path / "out").glob("*/emotions.csv"))) == 2:
            break
        time.sleep(0.05)
    process.send_signal(kind)
    process.communicate(timeout=60)  # until the last process has closed its end
    assert process.returncode == (130 if kind == signal.SIGINT else -signal.SIGKILL)
    told = sessions(tmp_path / "out")
    assert [s["state"] for s in told] == ["finished", "finished"]
    assert all(0 < s["frames"] < 1800 for s in told)
    with pytest.raises(ProcessLookupError):
        for _ in range(200):  # Python's own helper ends a moment later
            os.killpg(process.pid, 0)
            time.sleep(0.05)
