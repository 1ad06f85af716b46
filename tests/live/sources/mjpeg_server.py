"""A camera on the network: pictures over HTTP as multipart/x-mixed-replace, stopped and started at will."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cv2

from affect.faces.preprocessing import Image


class MjpegServer:
    """Serves `picture(seconds)` on one address of this computer, `fps` times a second, between `start` and `stop`."""

    def __init__(self, picture: Callable[[float], Image], fps: float = 15.0) -> None:
        self._picture = picture
        self._fps = fps
        self._began = time.monotonic()
        self._server: ThreadingHTTPServer | None = None
        self._clients: list[socket.socket] = []
        self._hanging: list[socket.socket] = []
        self._port = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._port}/camera.mjpg"

    def start(self) -> None:
        serve = self._serve

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                serve(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), Handler)
        self._server.daemon_threads = True
        self._port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        """As if the plug were pulled: nobody answers any more, and who is connected is cut off."""
        if self._server is None:
            return
        server, self._server = self._server, None
        server.shutdown()
        server.server_close()
        for client in self._clients:
            with suppress(OSError):  # it may have left by itself
                client.shutdown(socket.SHUT_RDWR)
        self._clients.clear()

    def hang(self) -> None:
        """Whoever is connected stays so, and gets nothing any more."""
        self._hanging += self._clients

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        server = self._server
        self._clients.append(handler.connection)
        try:
            handler.send_response(200)
            handler.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
            handler.end_headers()
            while self._server is server:
                if handler.connection not in self._hanging:
                    data = cv2.imencode(".jpg", self._picture(time.monotonic() - self._began))[1].tobytes()
                    head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}\r\n\r\n"
                    handler.wfile.write(head.encode() + data + b"\r\n")
                time.sleep(1 / self._fps)
        except OSError:  # the client has left
            pass
