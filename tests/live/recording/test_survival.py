"""What outlives a recording's end, however it comes: killed, asked to go, its window or terminal closed, disk full."""

from __future__ import annotations

import csv
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from affect.errors import AffectError
from affect.live.recording.recording import Recording
from affect.live.report import write_report
from affect.live.sources.files import Frame
from tests.conftest import REPOSITORY, no_display
from tests.live.recording.endless_recording import CONSENT, PICTURE, SETUP
from tests.live.recording.endless_session import FPS, MARK_EVERY
from tests.tools.repeats import repeats
from tests.tools.small_disk import fill, small_disk
from tests.tools.virtual_screen import VirtualScreen

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has neither these signals nor terminals")

SCRIPT = [sys.executable, str(REPOSITORY / "affectnet_webcam_detector.py"), "--source", "demo"]
CHILD = [sys.executable, str(Path(__file__).with_name("endless_session.py"))]
ENVIRONMENT = no_display() | {"PYTHONPATH": str(REPOSITORY), "PYTHONIOENCODING": "utf-8", "OMP_NUM_THREADS": "1"}


def told_in(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "session.json").read_text(encoding="utf-8"))


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert all(None not in r and None not in r.values() for r in rows), f"{path} has a torn line"
    return rows


def wait_for(condition: Callable[[], object], seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def records(parent: Path) -> bool:
    """Whether rows of a recording in this folder have come."""
    return any(f.stat().st_size > 5000 for f in parent.glob("*/emotions.csv"))


def assert_finished(parent: Path) -> list[dict[str, str]]:
    """The only session in this folder has ended as it should; its rows."""
    (folder,) = parent.iterdir()
    assert sorted(p.name for p in folder.iterdir()) == [
        *("emotions.csv", "episodes.tsv", "events.csv", "report.html", "session.eaf", "session.json", "session.xlsx")
    ]
    told, rows = told_in(folder), table(folder / "emotions.csv")
    assert told["state"] == "finished"
    assert told["frames_with_face"] == len(rows) > 10
    return rows


class Killed(NamedTuple):
    """A recording that was killed: its folder, and the last frame that was handed to it, with its time."""

    folder: Path
    last_number: int
    last_s: float


def kill_after(parent: Path, seconds: float) -> Killed:
    """`kill -9` a recording so many seconds after its first frame."""
    with subprocess.Popen([*CHILD, str(parent)], stdout=subprocess.PIPE, text=True, env=ENVIRONMENT) as child:
        assert child.stdout is not None
        first = child.stdout.readline()
        time.sleep(seconds)
        child.kill()
        number, last_s = (first + child.stdout.read()).rstrip().splitlines()[-1].split()[:2]
    (folder,) = parent.iterdir()
    return Killed(folder, int(number), float(last_s))


def missing_s(killed: Killed) -> float:
    """How much of a killed recording is not in its files, seconds: of its length, its frames and its markers."""
    told, rows = told_in(killed.folder), table(killed.folder / "emotions.csv")
    assert told["state"] == "recording"
    assert [int(r["frame"]) for r in rows] == list(range(len(rows)))
    assert len(rows) > killed.last_number, "a frame that was handed over is in no row"
    marked = {r["text"]: float(r["timestamp_s"]) for r in table(killed.folder / "events.csv")}
    due = range(0, killed.last_number, MARK_EVERY)
    unmarked = [n / FPS for n in due if f'number, "{n}"' not in marked]
    kept_s = min([float(rows[-1]["timestamp_s"]), told["duration_s"], *unmarked])
    return max(0.0, killed.last_s - kept_s)


@repeats(5, 30)
def test_a_kill_at_any_moment_leaves_files_that_open_a_report_and_all_but_a_second(
    tmp_path: Path, repeats: int
) -> None:
    draw = random.Random(30)  # noqa: S311
    moments = [draw.uniform(0, 4) for _ in range(repeats)]
    with ThreadPoolExecutor(5) as several:
        killed = list(several.map(lambda i: kill_after(tmp_path / str(i), moments[i]), range(repeats)))
    lost = [missing_s(k) for k in killed]
    print(f"seconds missing after kill -9, of {len(lost)}: at most {max(lost):.2f}, mean {sum(lost) / len(lost):.2f}")
    assert max(lost) <= 1
    for k in killed:
        assert write_report([k.folder], "en").stat().st_size > 10_000


def test_two_scripts_that_record_at_once_into_one_folder_do_not_mix(tmp_path: Path) -> None:
    frames = {"en": 40, "es": 70}
    scripts = [
        subprocess.Popen(
            [*SCRIPT, "--headless", "--record", str(tmp_path), "--consent", "--lang", language, "--max-frames", str(n)],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT,
        )
        for language, n in frames.items()
    ]  # fmt: skip
    for script in scripts:
        _, stderr = script.communicate(timeout=120)
        assert script.returncode == 0, stderr
    folders = sorted(tmp_path.iterdir())
    assert {told_in(f)["settings"]["language"]: told_in(f)["frames"] for f in folders} == frames
    for folder in folders:
        told, rows = told_in(folder), table(folder / "emotions.csv")
        assert told["state"] == "finished"
        assert len(rows) == told["frames_with_face"] > 30
        assert [int(r["frame"]) for r in rows] == sorted({int(r["frame"]) for r in rows})
        assert f'lang="{told["settings"]["language"]}"' in (folder / "report.html").read_text(encoding="utf-8")


def test_a_closed_terminal_ends_a_recording_cleanly_however_often_it_says_so(tmp_path: Path) -> None:
    keyboard, terminal = os.openpty()
    with subprocess.Popen(
        [*SCRIPT, "--headless", "--record", str(tmp_path), "--consent"],
        stdin=terminal, stdout=terminal, stderr=terminal, env=ENVIRONMENT, preexec_fn=_take_terminal,
    ) as script:  # fmt: skip
        os.close(terminal)
        wait_for(lambda: records(tmp_path))
        os.close(keyboard)
        pester(script, signal.SIGHUP)  # as the shell does, beside the kernel
        assert script.wait(timeout=60) == 130
    assert_finished(tmp_path)


def _take_terminal() -> None:
    """Make the standard input the terminal that controls this process: its end is then told to it."""
    import fcntl
    import termios

    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def pester(script: subprocess.Popen[Any], number: int) -> None:
    """A signal again and again, until the process has gone."""
    while script.poll() is None:
        script.send_signal(number)
        time.sleep(0.03)


def test_ctrl_c_again_and_again_does_not_break_off_what_is_being_written(tmp_path: Path) -> None:
    out, parent = tmp_path / "out.csv", tmp_path / "sessions"
    with subprocess.Popen(
        [*SCRIPT, "--headless", "--lang", "en", "--csv", str(out), "--record", str(parent), "--consent"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT,
    ) as script:  # fmt: skip
        wait_for(lambda: records(parent))
        pester(script, signal.SIGINT)
        stdout, stderr = script.communicate(timeout=60)
    assert script.returncode == 130, stderr
    assert "Traceback" not in stderr
    assert "report.html" in stderr
    assert "frames of demo clip" in stdout
    assert abs(len(table(out)) - len(assert_finished(parent))) <= 1  # it may come between the two


@pytest.mark.parametrize(
    "way",
    [
        *("the window is closed", "SIGTERM", "the terminal is closed"),
        pytest.param("SIGINT", marks=pytest.mark.nightly),  # heard as SIGTERM is, and without a window above
    ],
)
def test_a_recording_in_the_window_ends_whole_when(way: str, tmp_path: Path, display: VirtualScreen) -> None:
    keyboard, terminal = os.openpty()
    with subprocess.Popen(
        [*SCRIPT, "--record", str(tmp_path), "--consent"], env=ENVIRONMENT | {"DISPLAY": display.name},
        stdin=terminal, stdout=terminal, stderr=terminal, preexec_fn=_take_terminal,
    ) as script:  # fmt: skip
        os.close(terminal)
        wait_for(lambda: records(tmp_path))
        if way == "the window is closed":
            display.close(display.window("affect"))
        elif way == "the terminal is closed":
            os.close(keyboard)
        else:
            script.send_signal(getattr(signal, way))
        assert script.wait(timeout=60) == (0 if way == "the window is closed" else 130)
    if way != "the terminal is closed":
        os.close(keyboard)
    assert_finished(tmp_path)


def test_a_full_disk_is_said_at_once_and_the_recording_keeps_what_it_has(tmp_path: Path) -> None:
    with (
        small_disk(tmp_path / "disk", "2m") as disk,
        subprocess.Popen([*CHILD, str(disk)], stdout=subprocess.PIPE, text=True, env=ENVIRONMENT) as child,
    ):
        assert child.stdout is not None
        wait_for(lambda: records(disk))
        fill(disk)
        filled_s = time.monotonic()
        said = next(line for line in child.stdout if len(line.split()) > 2)
        said_after_s = time.monotonic() - filled_s
        assert child.wait(timeout=60) == 2
        (folder,) = (p for p in disk.iterdir() if p.is_dir())
        rows = table(folder / "emotions.csv")
        number, last_s, line = said.split(maxsplit=2)
        assert line.startswith("The recording has stopped.")
        assert "No space left on device" in line
        assert [int(r["frame"]) for r in rows] == list(range(len(rows)))
        lost_s = float(last_s) - float(rows[-1]["timestamp_s"])
        print(f"full disk: said after {said_after_s:.2f} s, {lost_s:.2f} s before frame {number} were not kept")
        assert lost_s < 1
        assert told_in(folder)["state"] == "recording"
        (disk / "filler").unlink()
        assert write_report([folder], "en").is_file()


def test_a_full_disk_is_said_while_nobody_is_seen_and_no_row_is_written(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "1m") as disk:
        recording = Recording(disk, 0.0, lambda: 1.0, "recording", SETUP, CONSENT)
        with pytest.raises(AffectError, match="No space left on device"):
            for number in range(1500):
                fill(disk)  # again and again: a save that is under way at the first time gives room back
                recording.write(Frame(PICTURE, 1.0, number), [])
                time.sleep(0.02)
        with pytest.raises(AffectError, match="No space left on device"):
            recording.close()


def test_a_full_disk_ends_a_video_with_one_line(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "4m") as disk:
        out = tmp_path / "out.csv"
        command = [*SCRIPT, "--headless", "--save-video", str(disk / "out.avi"), "--csv", str(out)]
        done = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, timeout=120)
        assert done.returncode == 2, done.stderr
        assert "out.avi cannot be written (No space left on device)" in done.stderr.splitlines()[-1]
        assert "Traceback" not in done.stderr
        assert len(table(out)) > 10
