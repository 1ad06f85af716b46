"""The real huggingface_hub in a process of its own, against a Hub on this machine."""

from __future__ import annotations

import hashlib
import io
import os
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from affect.data.manifest import read_manifest
from affect.datasets import download as module
from affect.datasets.download import download
from affect.errors import AffectError
from tests.conftest import REPOSITORY


def random_zip(size: int) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("anger/a.jpg", os.urandom(size))
    return file.getvalue()


class Hub(ThreadingHTTPServer):
    """Serves one file as the Hub does. What it does, and what it was asked, is written on it."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.content = random_zip(300_000)
        self.refusal: tuple[int, str] | None = None
        self.stop_after: int | None = None  # bytes of an answer, then it hangs
        self.asked: list[tuple[str, str | None, str | None]] = []  # method, range, token
        self.mark: str | None = None  # the file's, instead of its SHA-256

    @property
    def etag(self) -> str:
        return self.mark or hashlib.sha256(self.content).hexdigest()


class Answer(BaseHTTPRequestHandler):
    server: Hub

    def do_HEAD(self) -> None:
        self.answer(with_content=False)

    def do_GET(self) -> None:
        self.answer(with_content=True)

    def answer(self, with_content: bool) -> None:
        hub = self.server
        span, token = self.headers.get("Range"), self.headers.get("Authorization")
        if self.path != "/datasets/chitradrishti/AffectNet/resolve/main/affectnet.zip":
            self.send_error(404)  # what huggingface_hub asks on its own account
            return
        hub.asked.append((self.command, span, token))
        if hub.refusal:
            self.send_response(hub.refusal[0])
            self.send_header("X-Error-Code", hub.refusal[1])
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        start = int(span.removeprefix("bytes=").split("-")[0]) if span else 0
        content = hub.content[start:]
        self.send_response(206 if span else 200)
        self.send_header("Content-Length", str(len(content)))
        if span:
            self.send_header("Content-Range", f"bytes {start}-{len(hub.content) - 1}/{len(hub.content)}")
        self.send_header("ETag", f'"{hub.etag}"')
        self.send_header("X-Repo-Commit", "0" * 40)
        self.end_headers()
        if with_content:
            self.wfile.write(content[: hub.stop_after])
            self.wfile.flush()
            if hub.stop_after is not None:
                time.sleep(30)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def hub() -> Iterator[Hub]:
    server = Hub()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def environment(hub: Hub | None, home: Path, **more: str) -> dict[str, str]:
    address = f"http://127.0.0.1:{hub.server_address[1]}" if hub else "http://127.0.0.1:9"
    kept = {k: v for k, v in os.environ.items() if not k.startswith("HF_") and "proxy" not in k.lower()}
    return kept | {"HF_ENDPOINT": address, "HF_HOME": str(home / "hf")} | more


def start(out: Path, env: dict[str, str]) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "affect.datasets.download", "--out", str(out)]
    return subprocess.Popen(command, cwd=REPOSITORY, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    stdout, stderr = process.communicate(timeout=60)
    return process.returncode, stdout, stderr


def test_the_whole_file_arrives_and_is_a_data_set_and_is_not_fetched_twice(hub: Hub, tmp_path: Path) -> None:
    code, stdout, stderr = finish(start(tmp_path, environment(hub, tmp_path, HF_TOKEN="hf_mine")))  # noqa: S106
    assert code == 0, stderr
    path = Path(stdout.strip())
    assert path == tmp_path / "affectnet.zip"
    assert path.read_bytes() == hub.content
    assert read_manifest(path).name == "affectnet"
    assert hub.asked == [("HEAD", None, "Bearer hf_mine"), ("GET", None, "Bearer hf_mine")]
    assert [p.name for p in tmp_path.iterdir() if p.name != "hf"] == ["affectnet.zip"]
    assert download(tmp_path) == path  # without asking anybody
    assert len(hub.asked) == 2


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no SIGINT to one process")
def test_an_interrupted_download_leaves_no_zip_and_goes_on_where_it_stopped(hub: Hub, tmp_path: Path) -> None:
    hub.content = random_zip(24_000_000)
    hub.stop_after = 15_000_000
    process = start(tmp_path, environment(hub, tmp_path))
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and not sum(p.stat().st_size for p in tmp_path.glob(".*.part")):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    code, _, stderr = finish(process)
    assert code == 130
    assert stderr.splitlines()[-1] == "interrupted: run it again to go on where it stopped"
    assert not (tmp_path / "affectnet.zip").exists()
    part = next(tmp_path.glob(".affectnet.zip.*.part")).stat().st_size
    hub.stop_after = None
    code, stdout, stderr = finish(start(tmp_path, environment(hub, tmp_path)))
    assert code == 0, stderr
    assert Path(stdout.strip()).read_bytes() == hub.content
    assert part > 5_000_000
    assert hub.asked[-1][1] == f"bytes={part}-"


def test_a_part_of_the_file_is_continued(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / f".affectnet.zip.{hub.etag[:16]}.part").write_bytes(hub.content[:100_000])
    code, stdout, stderr = finish(start(tmp_path, environment(hub, tmp_path)))
    assert code == 0, stderr
    assert Path(stdout.strip()).read_bytes() == hub.content
    assert hub.asked[-1][1] == "bytes=100000-"


def test_a_damaged_part_is_noticed_and_removed(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / f".affectnet.zip.{hub.etag[:16]}.part").write_bytes(b"x" * 100_000)
    code, stdout, stderr = finish(start(tmp_path, environment(hub, tmp_path)))
    assert (code, stdout) == (2, "")
    assert "arrived damaged" in stderr
    assert not list(tmp_path.glob("*.zip*")) + list(tmp_path.glob(".*.part"))


def test_what_could_not_be_checked_is_not_fetched(hub: Hub, tmp_path: Path) -> None:
    hub.mark = "d41d8cd98f00b204e9800998ecf8427e"  # of a small file, the Hub tells git's number and no SHA-256
    code, stdout, stderr = finish(start(tmp_path, environment(hub, tmp_path)))
    assert (code, stdout) == (2, "")
    assert "does not tell the SHA-256" in stderr
    assert [method for method, *_ in hub.asked] == ["HEAD"]
    assert not list(tmp_path.glob("*.zip*")) + list(tmp_path.glob(".*.part"))


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        ((401, "GatedRepo"), "hf auth login"),
        ((403, "GatedRepo"), "hf auth login"),
        ((401, "RepoNotFound"), "hf auth login"),
        ((404, "EntryNotFound"), "no affectnet.zip"),
        ((418, ""), "418"),
    ],
)
def test_a_refusal_is_one_line_that_says_what_to_do(
    hub: Hub, tmp_path: Path, refusal: tuple[int, str], words: str
) -> None:
    hub.refusal = refusal
    code, stdout, stderr = finish(start(tmp_path, environment(hub, tmp_path)))
    assert (code, stdout) == (2, "")
    assert stderr.startswith("error: ")
    assert words in stderr
    assert len(stderr.splitlines()) == 1


@pytest.mark.parametrize("more", [{}, {"HF_HUB_OFFLINE": "1"}], ids=["nobody answers", "offline mode"])
def test_no_connection_is_one_line(tmp_path: Path, more: dict[str, str]) -> None:
    code, _, stderr = finish(start(tmp_path, environment(None, tmp_path, **more)))
    assert code == 2
    assert "Check the network" in stderr
    assert len(stderr.splitlines()) == 1


def test_too_little_room_is_told_before_anything_is_fetched(tmp_path: Path) -> None:
    with pytest.raises(AffectError, match="Make room"):
        module._check_room(tmp_path, 10**18)


def test_a_full_disk_and_a_locked_folder_are_told() -> None:
    full = module._interruption(OSError(28, "No space left on device"), Path("data/affectnet.zip"))
    assert "is full" in full
    locked = module._interruption(PermissionError(13, "Permission denied", "data"), Path("data/affectnet.zip"))
    assert "another folder" in locked
