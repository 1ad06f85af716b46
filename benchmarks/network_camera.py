"""A network camera: serves a clip over HTTP in real time, JPEG by JPEG; and what a program takes that watches it."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

import cv2
from tqdm import tqdm

from benchmarks.clips import Clip

SETTLED_S: Final = 4.0  # from the start of a program to when its CPU time is counted


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


def cpu_of(code: Path, arguments: list[str], seconds: float, environment: dict[str, str]) -> tuple[float, str]:
    """CPU seconds that a Python program takes a second once it runs, and its output. Linux only.

    code: its checkout.   seconds: how long it is watched; then it is asked to end.
    """
    with subprocess.Popen(  # noqa: S603
        [sys.executable, *arguments],
        cwd=code,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        time.sleep(SETTLED_S)
        before, start = _cpu_s(process.pid), time.monotonic()
        time.sleep(seconds)
        used_s, passed_s = _cpu_s(process.pid) - before, time.monotonic() - start
        process.terminate()  # an interrupt is not heard by what a shell runs in the background
        output, _ = process.communicate(timeout=60)
    return used_s / passed_s, output


def _cpu_s(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
