"""An RTSP server on this computer, of pictures that FFmpeg packs, or of answers of a test's own."""

from __future__ import annotations

import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from typing import Any

import av
import numpy as np

SDP = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nt=0 0\r\nm=video 0 RTP/AVP 32\r\na=control:{control}\r\n"
Answer = Callable[[str, str], bytes]


def packets(count: int = 20, size: tuple[int, int] = (64, 48)) -> list[bytes]:
    """RTP packets of MPEG-2 pictures (payload type 32)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiving:
        receiving.bind(("127.0.0.1", 0))
        receiving.settimeout(0.2)
        found = []
        with av.open(f"rtp://127.0.0.1:{receiving.getsockname()[1]}", "w", format="rtp") as output:
            stream: Any = output.add_stream("mpeg2video", rate=25)
            stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
            stream.gop_size = 5
            for i in range(count):
                picture = np.random.default_rng(i).integers(0, 256, (*size[::-1], 3), np.uint8)
                frame = av.VideoFrame.from_ndarray(picture, "bgr24")
                frame.pts, frame.time_base = i, Fraction(1, 25)
                output.mux(stream.encode(frame))
                with suppress(TimeoutError):
                    found.append(receiving.recv(65_536))
            output.mux(stream.encode(None))
        with suppress(TimeoutError):
            while True:
                found.append(receiving.recv(65_536))
    return [packet for packet in found if packet[1] & 127 == 32]  # not those that report (RTCP)


def reply(request: str, status: str = "200 OK", fields: str = "", content: str = "") -> bytes:
    """An answer to a request, with its number."""
    number = re.search(r"CSeq: *(\d+)", request)
    told = f"RTSP/1.0 {status}\r\nCSeq: {number[1] if number else 0}\r\nSession: 1\r\n{fields}"
    return f"{told}Content-Length: {len(content)}\r\n\r\n{content}".encode()


@contextmanager
def rtsp_serving(answer: Answer, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """The place, "127.0.0.1:PORT", of a server that answers so.   answer: of a method and a whole request."""

    def talk(client: socket.socket) -> None:
        with suppress(OSError), client:
            client = client if tls is None else tls.wrap_socket(client, server_side=True)
            asked = b""
            while block := client.recv(65_536):
                asked = re.sub(rb"^(\$.{3,})+", b"", asked + block, flags=re.DOTALL)  # reports of the receiver
                while b"\r\n\r\n" in asked:
                    request, _, asked = asked.partition(b"\r\n\r\n")
                    client.sendall(answer(request.split()[0].decode(), request.decode()))

    def wait() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=talk, args=(server.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=wait, daemon=True).start()
        yield f"127.0.0.1:{server.getsockname()[1]}"


def playing(stream: list[bytes], control: str = "track1") -> Answer:
    """What a camera answers; its pictures follow PLAY at once."""
    framed = b"".join(b"$\0" + len(packet).to_bytes(2, "big") + packet for packet in stream)

    def answer(method: str, request: str) -> bytes:
        if method == "DESCRIBE":
            return reply(request, fields="Content-Type: application/sdp\r\n", content=SDP.format(control=control))
        if method == "SETUP":
            return reply(request, fields="Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n")
        return reply(request) + framed * (method == "PLAY")

    return answer
