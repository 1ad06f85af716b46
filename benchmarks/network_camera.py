"""A network camera: serves a clip over HTTP in real time, JPEG by JPEG, to measure the program with a live source."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cv2
from tqdm import tqdm

from benchmarks.clips import Clip


@contextmanager
def network_camera(clip: Clip, seconds: float) -> Iterator[str]:
    """Serve a clip in real time as a network camera does, JPEG by JPEG over HTTP; yields its address."""
    pictures = [
        cv2.imencode(".jpg", clip.frame(i).picture)[1].tobytes()
        for i in tqdm(range(round(seconds * clip.fps)), desc="the camera's pictures", leave=False)
    ]

    class Camera(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
            self.end_headers()
            start = time.monotonic()
            try:
                for i in itertools.count():
                    time.sleep(max(0.0, start + i / clip.fps - time.monotonic()))
                    picture = pictures[i % len(pictures)]
                    head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n"
                    self.wfile.write(head.encode() + picture + b"\r\n")
            except OSError:
                return

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Camera)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/camera"
    finally:
        server.shutdown()
        server.server_close()
