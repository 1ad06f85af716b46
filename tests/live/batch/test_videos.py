"""Recorded sessions: video files into a session folder and a report each."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from affect.live.app import main
from affect.live.batch import videos
from tests.tools.reports import Reports


def told_in(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "session.json").read_text(encoding="utf-8"))


def sessions(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.exists() else []


def record(videos: list[Path], folder: Path, *more: str) -> int:
    return main(["--source", *map(str, videos), "--record", str(folder), "--lang", "en", *more])


def test_a_video_becomes_a_session_with_every_frame_at_the_video_s_own_time(
    portrait_video: Path, tmp_path: Path, reports: Reports, capfd: pytest.CaptureFixture[str]
) -> None:
    assert record([portrait_video], tmp_path / "out", "--consent") == 0
    (folder,) = sessions(tmp_path / "out")
    with (folder / "emotions.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [int(r["frame"]) for r in rows] == list(range(30))
    assert [float(r["timestamp_s"]) for r in rows] == pytest.approx([i / 15 for i in range(30)], abs=1e-3)
    told = told_in(folder)
    assert (told["state"], told["clock"], told["frames"]) == ("finished", "source", 30)
    assert told["duration_s"] == pytest.approx(2.0)
    assert told["source"] == {"kind": "video", "name": "portrait.avi", "description": "video portrait.avi"}
    assert told["consent"]["how"] == "--consent"
    assert reports.asked == [([folder], "en")]
    out, err = capfd.readouterr()
    assert "2.0/2.0 s" in err
    assert f"Report: {folder / 'report.html'}" in err
    assert "30 frames of video portrait.avi" in out


def test_a_damaged_video_among_several_is_told_and_the_others_go_on(
    portrait_video: Path, tmp_path: Path, reports: Reports, capfd: pytest.CaptureFixture[str]
) -> None:
    damaged = tmp_path / "damaged.mp4"
    damaged.write_bytes(b"\0\0\0\x18ftypmp42" + bytes(1000))
    code = record([portrait_video, damaged, portrait_video], tmp_path / "out", "--consent", "--max-frames", "5")
    assert code == 2
    assert [told_in(folder)["frames"] for folder in sessions(tmp_path / "out")] == [5, 5]
    assert len(reports.asked) == 2
    errors = [line for line in capfd.readouterr().err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert "damaged.mp4" in errors[0]


def test_a_video_that_breaks_off_is_recorded_so_far_and_told(
    portrait_video: Path, tmp_path: Path, reports: Reports, capfd: pytest.CaptureFixture[str]
) -> None:
    data = portrait_video.read_bytes()
    cut = tmp_path / "cut.avi"
    cut.write_bytes(data[: len(data) // 2])
    assert record([cut], tmp_path / "out", "--consent") == 2
    (folder,) = sessions(tmp_path / "out")
    assert told_in(folder)["state"] == "finished"
    assert 10 <= told_in(folder)["frames"] < 20
    assert "cut.avi could be read only up to 1 s of about 2 s" in capfd.readouterr().err


def test_who_interrupts_a_file_whose_recording_fails_is_told_and_no_other_file_follows(
    portrait_video: Path,
    tmp_path: Path,
    reports: Reports,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(videos, "_advance", interrupt)
    reports.fails = True
    assert record([portrait_video] * 2, tmp_path / "out", "--consent") == 2
    assert len(sessions(tmp_path / "out")) == 1
    told = capfd.readouterr().err
    assert "error: The report could not be made (no room)." in told
    assert "everything up to here is written" not in told
    reports.fails = False
    assert record([portrait_video], tmp_path / "other", "--consent") == 130
    assert "everything up to here is written" in capfd.readouterr().err


def test_without_consent_and_without_a_terminal_nothing_is_analysed(
    portrait_video: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert record([portrait_video], tmp_path / "out") == 2
    assert sessions(tmp_path / "out") == []
    assert capfd.readouterr().err == (
        "error: --record needs to know that the person agreed. Ask the person, and add --consent.\n"
    )


def test_several_sources_must_be_videos_and_need_a_folder(
    portrait_video: Path, tmp_path: Path, reports: Reports, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["--source", str(portrait_video), str(portrait_video), "--lang", "en"]) == 2
    assert "--record" in capfd.readouterr().err
    assert record([portrait_video, Path("demo")], tmp_path / "out", "--consent", "--max-frames", "2") == 2
    assert "demo is no video file" in capfd.readouterr().err
    assert len(sessions(tmp_path / "out")) == 1
    code = record([portrait_video] * 2, tmp_path / "other", "--consent", "--csv", str(tmp_path / "one.csv"))
    assert code == 2
    assert "--csv" in capfd.readouterr().err
