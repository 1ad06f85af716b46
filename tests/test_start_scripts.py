"""The scripts for a double click: the first start installs, the next ones only start, and a failure is a sentence."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="shell scripts")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The scripts beside a program that says what it was given, and a Python whose pip installs nothing."""
    folder = tmp_path / "with space"
    tools = tmp_path / "tools"
    tools.mkdir()
    folder.mkdir()
    for name in ("start.sh", "start.command", "requirements-live.txt"):
        shutil.copy(REPOSITORY / name, folder)
    (folder / "affectnet_webcam_detector.py").write_text(
        "import sys; print('runs', sys.argv[1:]); sys.exit(len(sys.argv) == 9)"
    )
    python = tools / "python3.13"
    python.write_text(
        "#!/bin/sh\n"
        'case "$1 $2" in\n'
        f'  "-m venv") [ -z "$NO_VENV" ] && mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;\n'
        '  "-m pip") echo "pip $*"; [ -z "$NO_NET" ] ;;\n'
        '  "-c "*) [ -z "$NO_PYTHON" ] ;;\n'
        f'  *) exec "{sys.executable}" "$@" ;;\n'
        "esac\n"
    )
    python.chmod(0o755)
    for name in ("python3.12", "python3.11", "python3.10", "python3", "python"):
        shutil.copy(python, tools / name)
    return folder


def run(
    checkout: Path, *arguments: str, script: str = "start.sh", **environment: str
) -> subprocess.CompletedProcess[str]:
    path = f"{checkout.parent / 'tools'}:/usr/bin:/bin"
    known = {"PATH": path, "LC_ALL": "en_GB.UTF-8", "HOME": str(checkout)} | environment
    return subprocess.run(
        [str(checkout / script), *arguments], capture_output=True, text=True, env=known, cwd="/", input="\n", timeout=60
    )


@pytest.mark.parametrize("script", ["start.sh", "start.command"])
def test_the_first_start_installs_and_the_next_one_only_starts(checkout: Path, script: str) -> None:
    first = run(checkout, script=script)
    assert first.returncode == 0, first.stdout + first.stderr
    assert "First start" in first.stdout
    assert "pip -m pip install" in first.stdout
    assert "-r requirements-live.txt" in first.stdout
    assert "runs []" in first.stdout
    second = run(checkout, "--source", "demo", script=script)
    assert second.stdout == "runs ['--source', 'demo']\n"
    (checkout / "requirements-live.txt").write_text("more\n")
    assert "pip -m pip install" in run(checkout, script=script).stdout, "a new version installs what is new"


@pytest.mark.parametrize(
    ("failing", "english", "spanish"),
    [
        ("NO_PYTHON", "Python 3.10 to 3.13 is not installed.", "No está instalado Python 3.10 a 3.13."),
        ("NO_VENV", "The folder .venv could not be made.", "No se ha podido crear la carpeta .venv."),
        ("NO_NET", "The installation broke off.", "La instalación se ha interrumpido."),
    ],
)
def test_what_fails_is_told_in_both_languages_and_the_next_start_tries_again(
    failing: str, english: str, spanish: str, checkout: Path
) -> None:
    for language, sentence in (("en_GB.UTF-8", english), ("es_MX.UTF-8", spanish)):
        done = run(checkout, **{failing: "1", "LC_ALL": language})
        assert done.returncode == 1
        assert sentence in done.stdout
        assert "runs" not in done.stdout
    assert "runs []" in run(checkout).stdout


def test_an_error_of_the_program_keeps_the_terminal_open(checkout: Path) -> None:
    run(checkout)
    done = run(checkout, *"abcdefgh")
    assert done.returncode == 1
    assert "Press Enter to close." in done.stdout


def test_the_scripts_can_be_started_and_the_windows_one_has_its_line_ends_and_the_same_sentences() -> None:
    for name in ("start.sh", "start.command"):
        assert os.access(REPOSITORY / name, os.X_OK)
    batch = (REPOSITORY / "start.bat").read_bytes()
    assert batch.count(b"\r\n") == batch.count(b"\n") > 30
    shell = (REPOSITORY / "start.sh").read_text(encoding="utf-8")
    for line in batch.decode().splitlines():
        if (line.strip().startswith("call :say") and "Check the room" not in line) or "broke off" in line:
            for sentence in line.split('"')[1::2]:
                assert sentence in shell
