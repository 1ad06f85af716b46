"""The commands as they are started elsewhere: other encodings, closed streams, no home folder, names of any bytes."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import cv2
import pytest

from affect.datasets.sample import write_sample
from affect.faces.preprocessing import Image
from tests.conftest import REPOSITORY, no_display

SCRIPT = str(REPOSITORY / "affectnet_webcam_detector.py")
DEMO = ["--source", "demo", "--headless", "--max-frames", "2"]
KNOWS_NOBODY = "import pathlib\ntry:\n pathlib.Path.home()\nexcept RuntimeError:\n print('no home')"


def run(
    *command: str | bytes, cwd: Path, before: tuple[str, ...] = (), **environment: str
) -> subprocess.CompletedProcess[bytes]:
    """A command of this project in a folder.   before: what starts Python.   environment: added."""
    known = {k: v for k, v in no_display().items() if k not in ("LC_ALL", "LANG", "LC_MESSAGES", "PYTHONUNBUFFERED")}
    return subprocess.run(
        [*before, sys.executable, *command], capture_output=True, timeout=240, cwd=cwd, stdin=subprocess.DEVNULL,
        env=known | {"PYTHONPATH": str(REPOSITORY)} | environment,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("names", "environment"),
    [
        (["会話 ñ.avi", "b\N{GRINNING FACE}.avi"], {"PYTHONIOENCODING": "ascii"}),
        (["会話 ñ.avi", "b\N{GRINNING FACE}.avi"], {"PYTHONIOENCODING": "cp1252:strict"}),
        (["a.avi", "b.avi"], {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}),
    ],
)
def test_no_encoding_ends_a_run_and_all_files_are_analysed(
    names: list[str], environment: dict[str, str], portrait_video: Path, tmp_path: Path
) -> None:
    for name in names:
        shutil.copy(portrait_video, tmp_path / name)
    arguments = ["--record", "out", "--consent", "--max-frames", "2", "--lang", "es"]
    done = run(SCRIPT, "--source", *names, *arguments, cwd=tmp_path, **environment)
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr
    assert len(list((tmp_path / "out").glob("*/report.html"))) == 2
    compared = run("-m", "affect.live.report", "out", "--compare", "--lang", "es", cwd=tmp_path, **environment)
    assert compared.returncode == 0, compared.stderr
    page = (tmp_path / os.fsdecode(compared.stdout.strip())).read_text(encoding="utf-8")
    assert [name for name in names if name not in page] == []


@pytest.mark.skipif(sys.platform == "win32", reason="names of bytes are Unix's")
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_a_name_of_any_bytes_is_read_and_shown_as_text(encoding: str, tmp_path: Path, portrait: Image) -> None:
    name = b"caf\xe9 \x1b[31m.png"
    (tmp_path / os.fsdecode(name)).write_bytes(cv2.imencode(".png", portrait)[1].tobytes())
    given = [SCRIPT, "--source", name, "--headless", "--csv", "o.csv", "--lang", "en"]
    done = run(*given, cwd=tmp_path, PYTHONIOENCODING=encoding)
    assert done.returncode == 0, done.stderr
    assert rb"image caf\xe9 \x1b[31m.png" in done.stdout
    assert b"\x1b" not in done.stdout + done.stderr
    with (tmp_path / "o.csv").open(encoding="utf-8") as file:
        assert [row["emotion"] for row in csv.DictReader(file)] == ["happy"]


@pytest.mark.skipif(sys.platform == "win32", reason="names of bytes are Unix's")
def test_sessions_in_a_folder_of_any_bytes_are_recorded_and_reported(tmp_path: Path) -> None:
    done = run(SCRIPT, *DEMO, "--lang", "en", "--record", b"s\xff\x1b", "--consent", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert rb"Report: s\xff\x1b/" in done.stderr
    for language in ("en", "es"):
        again = run("-m", "affect.live.report", b"s\xff\x1b", "--lang", language, cwd=tmp_path)
        assert again.returncode == 0, again.stderr
        assert again.stdout.startswith(rb"s\xff\x1b/")


@pytest.mark.skipif(shutil.which("sh") is None, reason="closes streams with a shell")
@pytest.mark.parametrize("closed", ["<&- >&- 2>&-", ">/dev/full", ">/dev/full 2>&1", "| true"])
def test_no_output_ends_a_recording_or_an_analysis(closed: str, tmp_path: Path) -> None:
    if "/dev/full" in closed and not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full")
    shell = ("sh", "-c", f'{{ "$@"; echo $? >code; }} {closed}', "sh")
    outputs = ["--csv", "o.csv", "--record", "r", "--consent"]
    done = run(SCRIPT, *DEMO, "--lang", "en", *outputs, cwd=tmp_path, before=shell)
    assert (tmp_path / "code").read_text() == "0\n", done.stderr
    assert b"Traceback" not in done.stderr
    assert b"Exception" not in done.stderr
    assert (b"Not all that was printed could be written" in done.stderr) == (closed == ">/dev/full")
    (folder,) = (tmp_path / "r").iterdir()
    for table in (tmp_path / "o.csv", folder / "emotions.csv"):
        with table.open(encoding="utf-8") as file:
            assert [row["frame"] for row in csv.DictReader(file)] == ["0", "1"]
    assert '"state": "finished"' in (folder / "session.json").read_text(encoding="utf-8")
    assert (folder / "report.html").is_file()


@pytest.mark.skipif(sys.platform == "win32", reason="pipes of Unix")
def test_a_reader_that_reads_no_further_does_not_hold_an_analysis_up(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with suppress(BlockingIOError):
        while os.write(writing, bytes(4096)):
            pass
    os.set_blocking(writing, True)
    given = [sys.executable, SCRIPT, *DEMO, "--lang", "en", "--csv", str(tmp_path / "o.csv")]
    with subprocess.Popen(given, stdout=writing, stderr=writing, env=no_display(), cwd=REPOSITORY) as process:
        os.close(writing)
        deadline = time.monotonic() + 60
        try:
            while not (tmp_path / "o.csv").is_file() or (tmp_path / "o.csv").read_bytes().count(b"\n") < 3:
                assert time.monotonic() < deadline
                time.sleep(0.05)
        finally:
            os.close(reading)  # what is said at the end waits for the reader
        assert process.wait(60) == 0


@pytest.fixture(scope="module")
def nobody() -> tuple[str, ...]:
    """What starts Python as a user whom the system does not know, without HOME."""
    without = ("env", "-u", "HOME", "-u", "USER", "-u", "LOGNAME", "-u", "AFFECT_CACHE", "-u", "XDG_CACHE_HOME")
    for starter in (
        ("unshare", "--user", "--map-user=54321"),
        ("setpriv", "--reuid=54321", "--regid=54321", "--clear-groups"),
    ):
        if shutil.which(starter[0]) is None:
            continue
        command = [*starter, *without, sys.executable, "-c", KNOWS_NOBODY]
        if subprocess.run(command, capture_output=True, text=True).stdout == "no home\n":
            return (*starter, *without)
    pytest.skip("no user without an account can be had here")


def test_who_has_no_home_folder_can_use_the_program_and_is_told_once(nobody: tuple[str, ...], tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    (tmp_path / "tmp").mkdir(mode=0o777)
    (tmp_path / "tmp").chmod(0o777)
    given = [SCRIPT, *DEMO, "--record", "out", "--consent", "--lang"]
    for language, sentence in (("en", "There is no home folder to write to"), ("es", "No hay carpeta personal")):
        done = run(*given, language, cwd=tmp_path, before=nobody, TMPDIR=str(tmp_path / "tmp"))
        told = done.stderr.decode()
        assert done.returncode == 0, told
        assert "Traceback" not in told
        assert told.count(sentence) == 1
        assert list((tmp_path / "tmp").iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "tmp"]
    assert len(list((tmp_path / "out").glob("*/report.html"))) == 2


def test_who_has_no_home_folder_can_use_the_research_commands(nobody: tuple[str, ...], tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    data = write_sample(tmp_path / "drawn", 2, 1, 48)
    done = run("-m", "affect.data.report", "--data", str(data), "--out", "r", cwd=tmp_path, before=nobody)
    told = done.stderr.decode()
    assert done.returncode == 0, told
    assert told.count("There is no home folder to write to") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["drawn", "r"]
