"""A proxy on this computer that lets FFmpeg reach one http or https host only. Called by `captures.StreamSource`.

A playlist (HLS, DASH) names the addresses of its parts, and a server can send a request on to another address. FFmpeg
follows both anywhere; but it takes every address through a proxy, if it is given one.
"""

from __future__ import annotations

import re
import select
import socket
import socketserver
import threading
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

USUAL_PORTS: Final = {"http": 80, "https": 443}
LONGEST_HEAD: Final = 64_000  # bytes of a request
CONNECT_S: Final = 10.0
BLOCK: Final = 1 << 16  # bytes
REFUSED: Final = b"HTTP/1.1 403 Another host\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
UNREACHABLE: Final = b"HTTP/1.1 502 No answer\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

Place = tuple[str, int]  # a host's name, and a port


class Gate:
    """A running proxy to the host of an http or https address.   address: its own, for FFmpeg's `http_proxy`."""

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
        usual = {place[1], self._place[1]} <= set(USUAL_PORTS.values())
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
    """Name and port of an http or https address's host; ("", 0) for any other address."""
    try:
        parts = urlsplit(address)
        if parts.scheme not in USUAL_PORTS:
            return "", 0
        return (parts.hostname or "").rstrip("."), parts.port or USUAL_PORTS[parts.scheme]
    except ValueError:
        return "", 0
