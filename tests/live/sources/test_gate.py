"""Only the named host is contacted, whatever a playlist or a server says."""

from __future__ import annotations

import http.server
import io
import itertools
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, ClassVar

import pytest

from affect.errors import AffectError
from affect.live.sources.files import open_source
from affect.live.sources.gate import Gate, RtspGate, _answer, _BothWays, place_of
from tests.live.sources.test_decoding import playlist
from tests.tools.clips import write_clip
from tests.tools.rtsp_server import packets, playing, reply, rtsp_serving
from tests.tools.web_server import serving


class _Elsewhere(http.server.BaseHTTPRequestHandler):
    """A server that must not be asked for anything."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_error(404)

    def log_message(self, *_: object) -> None:
        pass


def _answering(folder: Path, away: str) -> type[http.server.BaseHTTPRequestHandler]:
    """A server of a folder that sends /to/NAME on to NAME, and /away/NAME on to another server."""

    class Answering(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *given: Any) -> None:
            super().__init__(*given, directory=str(folder))

        def do_GET(self) -> None:
            if self.path.startswith(("/to/", "/away/")):
                self.send_response(302)
                name = self.path.rpartition("/")[2]
                self.send_header("Location", f"/{name}" if self.path.startswith("/to/") else f"{away}/{name}")
                self.end_headers()
            elif self.path.startswith("/secret/") and self.headers.get("Authorization") != "Basic bWU6c2VjcmV0":
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="camera"')
                self.end_headers()
            else:
                super().do_GET()

        def log_message(self, *_: object) -> None:
            pass

    return Answering


@pytest.mark.parametrize(
    "lines",
    [
        ["#EXTINF:1.0,", "{away}/0.ts", "#EXT-X-ENDLIST"],
        ["#EXT-X-STREAM-INF:BANDWIDTH=1000", "{away}/a.m3u8"],
        ['#EXT-X-KEY:METHOD=AES-128,URI="{away}/key"', "#EXTINF:1.0,", "0.ts", "#EXT-X-ENDLIST"],
        ['#EXT-X-MAP:URI="{away}/init.mp4"', "#EXTINF:1.0,", "0.ts", "#EXT-X-ENDLIST"],
        ["#EXTINF:1.0,", "/away/0.ts", "#EXT-X-ENDLIST"],
        ["#EXTINF:1.0,", "tcp://{name}", "#EXT-X-ENDLIST"],
        ["#EXT-X-STREAM-INF:BANDWIDTH=1000", "/away/a.m3u8"],
    ],
    ids=["segment", "variant", "key", "map", "sent on", "tcp", "variant sent on"],
)
def test_a_playlist_makes_nobody_contact_another_host(tmp_path: Path, lines: list[str]) -> None:
    write_clip(tmp_path / "0.ts", 15)
    with serving(_Elsewhere) as away, serving(_answering(tmp_path, away)) as address:
        told = "\n".join(["#EXTM3U", "#EXT-X-TARGETDURATION:1", *lines])
        (tmp_path / "a.m3u8").write_text(told.format(away=away, name=away.removeprefix("http://")) + "\n")
        with suppress(AffectError):
            source = open_source(f"{address}/a.m3u8")
            list(itertools.islice(source.frames(), 3))
            source.close()
    assert _Elsewhere.asked == []


@pytest.mark.parametrize("name", ["0.ts", "a.m3u8"])
def test_an_address_is_followed_on_its_own_host_and_nowhere_else(tmp_path: Path, name: str) -> None:
    playlist(tmp_path, [7])
    with serving(_Elsewhere) as away, serving(_answering(tmp_path, away)) as address:
        for way in ("", "/to"):
            source = open_source(f"{address}{way}/{name}")
            assert len(list(source.frames())) == 15
            source.close()
        with pytest.raises(AffectError, match="does not answer or is no video"):
            open_source(f"{address}/away/{name}")
    assert _Elsewhere.asked == []


def test_a_playlist_behind_a_login_is_read_with_it(tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    playlist(tmp_path / "secret", [7, 8])
    with serving(_answering(tmp_path, "")) as address:
        source = open_source(f"{address.replace('//', '//me:secret@')}/secret/a.m3u8")
        assert len(list(source.frames())) == 30
        source.close()
        with pytest.raises(AffectError, match="does not answer"):
            open_source(f"{address}/secret/a.m3u8")


def test_a_setting_of_the_computer_opens_no_way_past_the_gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    playlist(tmp_path, [7])
    refused = pytest.raises(AffectError, match="does not answer or is no video")
    with serving(_Elsewhere) as away, serving(_answering(tmp_path, away)) as address, refused:
        open_source(f"{address}/away/0.ts")
    assert _Elsewhere.asked == []


def test_https_goes_through_the_gate_as_well() -> None:
    with serving(_Elsewhere) as away:
        port = int(away.rpartition(":")[2])
        gate = Gate(f"https://127.0.0.1:{port}/a.m3u8")
        for asked, answer in ((f"127.0.0.1:{port}", b"200"), ("127.0.0.1:9", b"403"), ("x", b"403"), ("", b"403")):
            with socket.create_connection(("127.0.0.1", int(gate.address.rpartition(":")[2])), 5) as client:
                client.sendall(f"CONNECT {asked} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
                assert client.recv(100)[9:12] == answer
        gate.close()


@pytest.mark.parametrize(
    ("address", "there"),
    [
        ("http://cam/a", True), ("http://me:pw@CAM/a", True), ("https://cam/b", True), ("http://cam:80/", True),
        ("http://cam:8080/", False), ("http://cam.example/", False), ("http://cam@evil/", False),
        ("file:///etc/passwd", False), ("http://evil/?http://cam/", False), ("http://[cam/", False), ("", False),
        ("rtsp://cam/", False),
    ],
)  # fmt: skip
def test_a_host_is_a_name_and_a_port(address: str, there: bool) -> None:
    gate = Gate("http://me:secret@cam/video")
    assert gate.opens_to(place_of(address)) == there
    gate.close()


# RTSP


@contextmanager
def _uncontacted() -> Iterator[str]:
    """The place of a server that fails the test if somebody has connected to it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()


@pytest.fixture(scope="module")
def stream() -> list[bytes]:
    return packets(80)


def test_a_camera_s_stream_is_read_with_its_login(stream: list[bytes]) -> None:
    asked, plays = [], playing(stream)

    def answer(method: str, request: str) -> bytes:
        asked.append(request)
        if "Authorization: Basic bWU6c2VjcmV0" not in request:
            return reply(request, "401 Unauthorized", 'WWW-Authenticate: Basic realm="camera"\r\n')
        return plays(method, request)

    with rtsp_serving(answer) as place:
        source = open_source(f"rtsp://me:secret@{place}/live/1?channel=2")
        frames = list(itertools.islice(source.frames(), 2))
        source.close()
    assert {frame.picture.shape for frame in frames} == {(48, 64, 3)}
    assert any(line.startswith("DESCRIBE rtsp://") and "/live/1?channel=2 RTSP" in line for line in asked)


@pytest.mark.parametrize("method", ["OPTIONS", "DESCRIBE", "SETUP", "PLAY"])
@pytest.mark.parametrize(
    "status", ["302 Moved", "301 Moved", "+302 x", "0302 x", "\t 302 x", "302\r", "305", "399 x"], ids=ascii
)
def test_a_camera_makes_nobody_contact_another_host(method: str, status: str, stream: list[bytes]) -> None:
    plays = playing(stream)
    with _uncontacted() as away:

        def answer(asked: str, request: str) -> bytes:
            if asked != method:
                return plays(asked, request)
            return reply(request, status, f"Location: rtsp://{away}/x\r\n")

        with rtsp_serving(answer) as place, suppress(AffectError):
            open_source(f"rtsp://{place}/a").close()


@pytest.mark.parametrize("control", ["rtsp://{away}/track1", "rtsp://{away}"])
def test_a_track_s_address_contacts_nobody_either(control: str, stream: list[bytes]) -> None:
    with _uncontacted() as away, rtsp_serving(playing(stream, control.format(away=away))) as place:
        source = open_source(f"rtsp://{place}/a")
        assert len(list(itertools.islice(source.frames(), 2))) == 2
        source.close()


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl to make a certificate")
def test_an_encrypted_stream_is_read(tmp_path: Path, stream: list[bytes]) -> None:
    made = ["-keyout", tmp_path / "key", "-out", tmp_path / "certificate", "-subj", "/CN=camera"]
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *made], check=True, capture_output=True)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(tmp_path / "certificate", tmp_path / "key")
    with rtsp_serving(playing(stream), tls) as place:
        source = open_source(f"rtsps://{place}/a")
        assert len(list(itertools.islice(source.frames(), 2))) == 2
        source.close()


class OneAtATime(socket.socket):
    """A socket that notes when it is used by two threads at once, which breaks an encrypted one."""

    used, twice = False, 0

    def recv_into(self, *given: Any) -> int:
        with self._alone():
            return super().recv_into(*given)

    def send(self, *given: Any) -> int:
        with self._alone():
            return super().send(*given)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self.twice += self.used
        self.used = True
        time.sleep(0.0005)
        try:
            yield
        finally:
            self.used = False


def test_a_connection_is_read_and_written_in_turns() -> None:
    near, far = socket.socketpair()
    noted = OneAtATime(fileno=near.detach())
    with noted, far:
        both = _BothWays(noted)
        sender = threading.Thread(target=lambda: [both.send(b"x" * 5000) for _ in range(100)])
        speaker = threading.Thread(target=lambda: [far.sendall(b"y" * 5000) for _ in range(100)])
        listener = threading.Thread(target=lambda: heard.append(far.recv(500_000, socket.MSG_WAITALL)))
        heard: list[bytes] = []
        for thread in (sender, speaker, listener):
            thread.start()
        assert io.BufferedReader(both).read(500_000) == b"y" * 500_000
        sender.join()
        listener.join(10)
        assert heard == [b"x" * 500_000]
        assert noted.twice == 0


@pytest.mark.parametrize("address", ["rtsp://{}/a", "rtsp:///{}/a", "rtsp://me:secret@/a"])
def test_a_camera_that_is_not_there_is_told_at_once(address: str) -> None:
    start = time.monotonic()
    with pytest.raises(AffectError, match="does not answer"):
        open_source(address.format("127.0.0.1:9"))
    assert time.monotonic() - start < 5


def test_nothing_of_a_closed_stream_goes_on(tmp_path: Path, stream: list[bytes]) -> None:
    write_clip(tmp_path / "0.ts", 15)
    plays = playing(stream)

    def answer(method: str, request: str) -> bytes:
        return b"" if method == "TEARDOWN" else plays(method, request)

    with rtsp_serving(answer) as place, serving(_answering(tmp_path, "")) as address:
        before = set(threading.enumerate())
        for name in (f"rtsp://{place}/a", f"{address}/0.ts"):
            source = open_source(name)
            next(iter(source.frames()))
            source.close()
        deadline = time.monotonic() + 10
        while left := {thread.name for thread in threading.enumerate() if thread not in before}:
            assert time.monotonic() < deadline, left
            time.sleep(0.05)


def test_the_stream_s_address_keeps_its_login_path_and_query() -> None:
    gate = RtspGate("rtsps://me:s%40@cam:8554/live/1?a=b&c")
    place = gate.address.removeprefix("rtsp://me:s%40@127.0.0.1:").removesuffix("/live/1?a=b&c")
    assert place.isdigit()
    gate.close()


@pytest.mark.parametrize(
    ("sent", "passed"),
    [
        (b"$\0\0\3abc", b"$\0\0\3abc"),
        (b"\r\nRTSP/1.0 200 OK\r\n\r\n", b"RTSP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"),
        (b"RTSP/1.0 200 OK\nA: b\ncontent-length: 2\n\nhi", b"RTSP/1.0 200 OK\r\nA: b\r\nContent-Length: 2\r\n\r\nhi"),
        (b"RTSP/1.0 200 OK\r\nLoca\rtion: x\r\n\r\n", b"RTSP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"),
        (b"RTSP/1.0 200\r\nno field\r\n\r\n", b"RTSP/1.0 200\r\nno field\r\nContent-Length: 0\r\n\r\n"),
        (b"OPTIONS * RTSP/1.0\r\n\r\n", b"OPTIONS * RTSP/1.0\r\nContent-Length: 0\r\n\r\n"), (b"", b""), (b"\r\n", b""),
    ],
)  # fmt: skip
def test_packets_and_messages_are_passed_on(sent: bytes, passed: bytes) -> None:
    assert _answer(io.BytesIO(sent)) == passed


@pytest.mark.parametrize(
    "sent",
    [
        b"RTSP/1.0 302 x\r\n\r\n", b"RT\rSP/1.0 302 x\r\n\r\n", b"RTSP/1.0\t302\r\n\r\n", b"RTSP/1.0  302\r\n\r\n",
        b"RTSP/1 302\r\n\r\n", b"HTTP/1.1 302 x\r\n\r\n", b"x" * 70_000, b"RTSP/1.0 200 OK\r\n" + b"a: b\r\n" * 300,
        b"RTSP/1.0 200 OK", b"rtsp/1.0 302 x\n\n",
    ],
)  # fmt: skip
def test_what_sends_on_or_has_no_end_is_not_passed_on(sent: bytes) -> None:
    with pytest.raises(ValueError, match="^$"):
        _answer(io.BytesIO(sent))
