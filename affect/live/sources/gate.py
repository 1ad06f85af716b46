"""Proxies on this computer that let FFmpeg reach one host only. Called by `captures.StreamSource`.

A playlist (HLS, DASH) names the addresses of its parts, and a server can send a request on to another address. FFmpeg
follows both anywhere. It takes every http and https address through a proxy, if it is given one; RTSP knows none, so
the answers of its servers are passed on without those that name another address.
"""

from __future__ import annotations

import io
import re
import select
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import BinaryIO, Final
from urllib.parse import urlsplit

USUAL_PORTS: Final = {"http": 80, "https": 443, "rtsp": 554, "rtsps": 322}
LONGEST_HEAD: Final = 64_000  # bytes of a request, and of a line of an answer
LONGEST_LIST: Final = 200  # lines of an answer
CONNECT_S: Final = 10.0
WAIT_S: Final = 0.2  # a plain socket that takes nothing more is tried again after that
BLOCK: Final = 1 << 16  # bytes
REFUSED: Final = b"HTTP/1.1 403 Another host\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
UNREACHABLE: Final = b"HTTP/1.1 502 No answer\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

# The first line of an answer that sends nobody on, or of a request by the server.
PASSED: Final = re.compile(rb"RTSP/\d\.\d [12456]\d\d( .*)?|[A-Z_]+ \S+ RTSP/\d\.\d", re.DOTALL)

Place = tuple[str, int]  # a host's name, and a port


class Gate:
    """A running proxy to the host of an address.   address: its own; of http and https for FFmpeg's `http_proxy`."""

    def __init__(self, address: str) -> None:
        self._place = place_of(address)
        gate = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with suppress(OSError, ValueError):
                    gate._serve(self.request)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler, bind_and_activate=False)
        self._server.daemon_threads = True
        self._server.server_bind()
        self._server.server_activate()
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.1,), name="gate", daemon=True).start()

    def opens_to(self, place: Place) -> bool:
        """Whether a place is this host: the same name and port, or both of the usual ports of http and https."""
        usual = {place[1], self._place[1]} <= {USUAL_PORTS["http"], USUAL_PORTS["https"]}
        return bool(place[0]) and (place == self._place or (place[0] == self._place[0] and usual))

    def close(self) -> None:
        """Let nothing through any more."""
        self._server.shutdown()
        self._server.server_close()

    def _serve(self, client: socket.socket) -> None:
        """Answer one request: pass it on with the path only, or make a tunnel (CONNECT)."""
        client.settimeout(CONNECT_S)
        head, _, rest = _head(client).partition(b"\r\n\r\n")
        line, *fields = head.split(b"\r\n")
        method, target, version = line.decode("latin-1").split(" ")
        tunnel = method == "CONNECT"
        place = place_of(f"https://{target}" if tunnel else target)
        if not self.opens_to(place):
            client.sendall(REFUSED)
            return
        try:
            server = socket.create_connection(place, CONNECT_S)
        except OSError:
            client.sendall(UNREACHABLE)
            return
        with server:
            if tunnel:
                client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                server.sendall(rest)
            else:
                path = urlsplit(target)._replace(scheme="", netloc="").geturl() or "/"
                kept = [field for field in fields if not re.match(rb"(proxy-|connection:)", field, re.IGNORECASE)]
                asked = [f"{method} {path} {version}".encode("latin-1"), *kept, b"Connection: close", b"", b""]
                server.sendall(b"\r\n".join(asked))
            _relay(client, server, both=tunnel)


class RtspGate(Gate):
    """A running proxy to the host of an rtsp or rtsps address.   address: that of the stream through this proxy.

    The way to the proxy is not encrypted; of rtsps, that from it to the host is, for any certificate, as FFmpeg has it.
    """

    def __init__(self, address: str) -> None:
        super().__init__(address)
        parts = urlsplit(address)
        login = "".join(parts.netloc.rpartition("@")[:2])
        own = f"{login}{urlsplit(self.address).netloc}"
        self.address = parts._replace(scheme="rtsp", netloc=own).geturl()
        self._tls: ssl.SSLContext | None = None
        if parts.scheme == "rtsps":
            self._tls = ssl.create_default_context()
            self._tls.check_hostname, self._tls.verify_mode = False, ssl.CERT_NONE

    def _serve(self, client: socket.socket) -> None:
        """Pass on what is asked as it is, and the answers until one names another address."""
        with socket.create_connection(self._place, CONNECT_S) as plain:
            server = plain if self._tls is None else self._tls.wrap_socket(plain, server_hostname=self._place[0])
            with server:
                both = _BothWays(server)
                threading.Thread(target=_copy, args=(client, both), name="gate", daemon=True).start()
                answers = io.BufferedReader(both)
                with suppress(OSError, ValueError):
                    while part := _answer(answers):
                        client.sendall(part)
                for one in (client, plain):
                    with suppress(OSError):  # it is closed already
                        one.shutdown(socket.SHUT_RDWR)


class _BothWays(io.RawIOBase):
    """A connected socket that one thread reads while another one sends.

    OpenSSL does not allow that at the same time (it breaks the connection, or the process), so they take turns, and
    neither waits in its turn.
    """

    def __init__(self, connected: socket.socket) -> None:
        self._socket, self._turn = connected, threading.Lock()
        connected.setblocking(False)

    def readable(self) -> bool:
        """See `io.RawIOBase`."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """See `io.RawIOBase`."""
        return self._done(partial(self._socket.recv_into, buffer))

    def send(self, data: bytes) -> None:
        """Send all of the data."""
        left = memoryview(data)
        while left:
            left = left[self._done(partial(self._socket.send, left)) :]

    def end(self) -> None:
        """End both ways."""
        with suppress(OSError), self._turn:
            self._socket.shutdown(socket.SHUT_RDWR)

    def _done(self, step: Callable[[], int]) -> int:
        while True:
            reads, writes = [self._socket], list[socket.socket]()
            with self._turn:
                try:
                    return step()
                except ssl.SSLWantWriteError:
                    writes = reads
                except (ssl.SSLWantReadError, BlockingIOError):
                    pass
            select.select(reads, writes, [], WAIT_S)


def _copy(client: socket.socket, server: _BothWays) -> None:
    """Send on what arrives until one side closes, and end the other."""
    with suppress(OSError, ValueError):
        while block := client.recv(BLOCK):
            server.send(block)
    server.end()


def _answer(file: BinaryIO) -> bytes:
    """Read a packet of the stream, or an RTSP message (RFC 2326), and return it as it is passed on; b"" at the end.

    A message is written anew, so that FFmpeg reads nothing in it that was not seen here.
    Raises ValueError for one that sends on to another address, or is none.
    """
    first = file.read(1)
    if first == b"$":
        head = file.read(3)
        return first + head + file.read(int.from_bytes(head[1:], "big"))
    lines: list[bytes] = []
    while line := first + file.readline(LONGEST_HEAD):
        first = b""
        if not line.endswith(b"\n") or len(lines) > LONGEST_LIST:
            raise ValueError
        if not (plain := line.replace(b"\r", b"").strip()):
            if lines:
                break
            continue  # between two messages
        lines.append(plain)
    if not lines:
        return b""
    if not PASSED.fullmatch(lines[0]):
        raise ValueError
    told = (re.match(rb"content-length:\s*(\d{1,5})$", line, re.IGNORECASE) for line in lines)
    length = next((int(found[1]) for found in told if found), 0)
    kept = [line for line in lines if not re.match(rb"(location|content-length)\b", line, re.IGNORECASE)]
    return b"\r\n".join([*kept, b"Content-Length: %d" % length, b"", file.read(length)])


def _head(client: socket.socket) -> bytes:
    """Read a request's head. Raises ValueError if it does not end."""
    data = b""
    while b"\r\n\r\n" not in data:
        block = client.recv(BLOCK)
        data += block
        if not block or len(data) > LONGEST_HEAD:
            raise ValueError
    return data


def _relay(client: socket.socket, server: socket.socket, both: bool) -> None:
    """Pass on what arrives until one side closes.   both: what the client sends as well; else there is one request."""
    other = {client: server, server: client}
    while True:
        for one in select.select([client, server], [], [])[0]:
            block = one.recv(BLOCK)
            if not block:
                return
            if both or one is server:
                other[one].sendall(block)


def place_of(address: str) -> Place:
    """Name and port of the host of an address of USUAL_PORTS; ("", 0) for any other address."""
    try:
        parts = urlsplit(address)
        if parts.scheme not in USUAL_PORTS:
            return "", 0
        return (parts.hostname or "").rstrip("."), parts.port or USUAL_PORTS[parts.scheme]
    except ValueError:
        return "", 0
