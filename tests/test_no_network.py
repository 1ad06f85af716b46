"""Nothing leaves the machine: the program runs where there is no network, and opens no socket that could reach one.

Three witnesses, each first shown a program that does reach out: a network namespace without a network, Python's audit
hooks, and strace for native code. Sockets within the machine (AF_UNIX: the display) are allowed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from affect.faces.preprocessing import Image
from affect.live.options import parser
from tests.conftest import REPOSITORY, no_display
from tests.tools.virtual_call import window_showing
from tests.tools.virtual_screen import VirtualScreen

SCRIPT = [sys.executable, str(REPOSITORY / "affectnet_webcam_detector.py")]
CALLER = [sys.executable, "-c", "import socket; socket.create_connection(('192.0.2.1', 80), timeout=0.5)"]  # RFC 5737
Witness = Callable[[list[str], dict[str, str]], tuple[subprocess.CompletedProcess[str], list[str]]]
WITNESS = """\
import os, sys
seen = os.open(os.environ["AFFECT_WITNESS"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
os.write(seen, b"watching\\n")

def hook(event, arguments):
    if event == "socket.__new__" and arguments[1] == 1:  # AF_UNIX
        return
    if event == "socket.connect" and isinstance(arguments[1], (str, bytes)):  # a path
        return
    if event.startswith("socket."):
        os.write(seen, f"{event} {arguments[1:]!r}\\n".encode())

sys.addaudithook(hook)
"""


def works(*command: str) -> bool:
    if shutil.which(command[0]) is None:
        return False
    return subprocess.run([*command, "true"], capture_output=True, timeout=30).returncode == 0


# what silences ONNX Runtime's telemetry from outside, and would let the program pass without its own doing
SILENCERS = (
    "ORT_DISABLE_TELEMETRY", "ORT_RUNNING_UNIT_TESTS", "CI", "TF_BUILD", "GITHUB_ACTIONS", "GITLAB_CI", "CIRCLECI",
    "TRAVIS", "JENKINS_URL", "BUILDKITE", "TEAMCITY_VERSION", "APPVEYOR", "CODEBUILD_BUILD_ID",
)  # fmt: skip
UNSHARE = next((u for u in (["unshare", "-rn"], ["unshare", "-n"]) if works(*u)), None)
STRACE = ["strace", "-f", "--seccomp-bpf", "-qq", "-e", "trace=socket,connect,sendto"]


def a_users_environment() -> dict[str, str]:
    """The environment without a display, and without what a test machine sets."""
    return {k: v for k, v in no_display().items() if k not in SILENCERS}


@pytest.fixture
def watched(tmp_path: Path) -> Witness:
    """Runs a command under Python's audit hooks. Returns how it ended, and what its Python code did with sockets."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(WITNESS)
    seen = tmp_path / "seen"

    def run(command: list[str], environment: dict[str, str]) -> tuple[subprocess.CompletedProcess[str], list[str]]:
        paths = [str(tmp_path / "site"), *filter(None, [environment.get("PYTHONPATH")])]
        added = {"PYTHONPATH": os.pathsep.join(paths), "AFFECT_WITNESS": str(seen)}
        done = subprocess.run(command, capture_output=True, text=True, timeout=400, env=environment | added)
        lines = seen.read_text().splitlines()
        assert lines.count("watching") >= 1
        return done, [line for line in lines if line != "watching"]

    return run


@dataclass(frozen=True)
class Strace:
    """strace, to be put before a command."""

    log: Path

    def before(self, command: list[str]) -> list[str]:
        return [*STRACE, "-o", str(self.log), *command]

    def calls(self) -> list[str]:
        """Every system call of the command that is not about a local socket."""
        calls = [line for line in self.log.read_text().splitlines() if "socket(" in line or "sa_family=" in line]
        return [line for line in calls if "AF_UNIX" not in line]


@pytest.fixture
def strace(tmp_path: Path) -> Strace:
    if not works(*STRACE, "-o", os.devnull):
        pytest.skip("strace is not installed, or may not trace here")
    return Strace(tmp_path / "strace")


@pytest.fixture
def without_network() -> list[str]:
    """What to put before a command so that it runs without any network."""
    if UNSHARE is None:
        pytest.skip("this system lets nobody make a network namespace")
    return UNSHARE


@pytest.fixture
def first_start(tmp_path: Path, bundled_model: Path) -> list[str]:
    """Arguments for a start on a new machine: the model is not prepared yet."""
    model = tmp_path / "model.pt"
    shutil.copy(bundled_model, model)
    return ["--model", str(model), "--source", "demo", "--headless", "--max-frames", "40"]


@pytest.fixture
def call(display: VirtualScreen, portrait: Image) -> Iterator[dict[str, str]]:
    """The environment of a desktop on which a window shows the portrait."""
    with window_showing(display, portrait, 100, 100):
        yield a_users_environment() | {"DISPLAY": display.name}


def test_the_witnesses_see_a_program_that_reaches_out(
    watched: Witness,
) -> None:
    done, seen = watched(CALLER, a_users_environment())
    assert done.returncode != 0
    assert any("socket.__new__" in line for line in seen)
    assert any("socket.connect" in line and "192.0.2.1" in line for line in seen)


def test_strace_sees_a_program_that_reaches_out(
    strace: Strace,
) -> None:
    subprocess.run(strace.before(CALLER), capture_output=True, timeout=60, env=a_users_environment())
    assert any("socket(AF_INET" in line for line in strace.calls())
    assert any("connect(" in line and "192.0.2.1" in line for line in strace.calls())


def test_onnx_runtimes_telemetry_is_switched_off_before_it_is_loaded() -> None:
    code = "import affect, os, sys; print(os.environ['ORT_DISABLE_TELEMETRY'], 'onnxruntime' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, env=a_users_environment()
    )
    assert done.stdout.split() == ["1", "False"]


def test_the_namespace_has_no_network(without_network: list[str]) -> None:
    done = subprocess.run([*without_network, *CALLER], capture_output=True, text=True, timeout=60)
    assert "Network is unreachable" in done.stderr


def test_the_first_start_needs_no_network_and_neither_python_nor_native_code_opens_a_socket(
    watched: Witness,
    strace: Strace,
    without_network: list[str],
    first_start: list[str],
) -> None:
    done, seen = watched([*without_network, *strace.before([*SCRIPT, *first_start])], a_users_environment())
    assert done.returncode == 0, done.stderr
    assert "Preparing" in done.stderr
    assert "40 frames" in done.stdout
    assert seen == []
    assert strace.calls() == []


def test_the_screen_is_read_and_the_window_shown_without_a_network(
    strace: Strace,
    without_network: list[str],
    call: dict[str, str],
) -> None:
    arguments = ["--source", "screen:80,80,560,560", "--max-frames", "20"]
    command = strace.before([*without_network, *SCRIPT, *arguments])
    done = subprocess.run(command, capture_output=True, text=True, timeout=400, env=call)
    assert done.returncode == 0, done.stderr
    assert "20 frames of screen" in done.stdout
    assert strace.calls() == []


@pytest.mark.skipif("--record" not in parser().format_help(), reason="this version records no sessions")
def test_a_session_is_recorded_and_reported_without_a_network(
    watched: Witness,
    without_network: list[str],
    tmp_path: Path,
) -> None:
    recording = ["--record", str(tmp_path / "sessions"), "--consent"]
    arguments = ["--source", "demo", "--headless", "--max-frames", "60", *recording]
    done, seen = watched([*without_network, *SCRIPT, *arguments], a_users_environment())
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "sessions").glob("*/session.json"))) == 1
    assert len(list((tmp_path / "sessions").glob("*/report.html"))) == 1
    assert seen == []
