"""Live sources with reconnection: cameras captured by OpenCV, and network streams decoded by FFmpeg."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import cv2

from affect.errors import AffectError, without_login
from affect.live.frame import Frame
from affect.live.sources.gate import Gate, RtspGate
from affect.live.sources.pace import Pace
from affect.live.sources.retries import Retries
from affect.live.texts import text

if TYPE_CHECKING:
    from affect.live.sources.decoding import PictureTrack

OPEN_TIMEOUT_MS: Final = 10_000
READ_TIMEOUT_MS: Final = 5_000  # a stream without data for this long is opened again

# Protocols that FFmpeg may use for each kind of address: only the necessary ones, never files of this computer.
_HTTP: Final = "http,https,httpproxy,tcp,tls,crypto,data"
PROTOCOLS: Final = {
    "http": _HTTP, "https": _HTTP, "rtsp": "rtsp,tcp", "rtsps": "rtsp,tcp", "rtmp": "rtmp,tcp", "udp": "udp",
}  # fmt: skip

PROBED: Final = 6  # number of camera indices to try if the requested one does not answer
PROBE_S: Final = 5.0  # time limit for all of them: a camera in use by another program can block


class CameraSource:
    """Source that captures a local camera, with the backend that starts fastest on each platform.

    pace: which pictures are decoded; the others are only taken from the device.
    """

    kind = "camera"
    live = True

    def __init__(self, index: int, language: str = "en") -> None:
        self._index = index
        self.pace = Pace()
        self._retries = Retries()
        self._capture = self._open()
        self.fps = rate_of(self._capture)
        if not self._capture.isOpened():
            raise AffectError(text("camera_missing", language, index=index, others=_others(index, language)))
        if not self._capture.read()[0]:
            self._capture.release()
            raise AffectError(text("camera_silent", language, index=index, others=_others(index, language)))
        self.name = str(index)
        self.description = text("camera", language, index=index)

    def frames(self) -> Iterator[Frame]:
        """See `Source.frames`."""
        start = time.monotonic()
        number = 0
        while not self._retries.interrupted:
            ok, now_s = self._capture.grab(), time.monotonic() - start
            if ok and not self.pace.due(now_s):
                continue
            ok, picture = self._capture.retrieve() if ok else (False, None)
            if ok:
                self._retries.succeeded()
                yield Frame(picture, now_s, number)  # type: ignore[arg-type]
                number += 1
            else:
                self._capture.release()  # frees the index, so that a camera plugged in again gets the same one
                if self._retries.wait():
                    self._capture = self._open()

    def interrupt(self) -> None:
        """See `Interruptible.interrupt`."""
        self._retries.interrupt()

    def close(self) -> None:
        """See `Source.close`."""
        self._capture.release()

    def _open(self) -> cv2.VideoCapture:
        """Create a capture at 1280×720; the caller checks `isOpened`."""
        capture = open_camera(self._index)
        # USB 2 is too slow for uncompressed 720p at 30 frames per second, but not for MJPEG
        capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, 1280)
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, 720)
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # for the newest frame instead of a queued one
        return capture


class StreamSource:
    """Source that reads a video stream from the network (RTSP, HTTP, RTMP or UDP).

    live: it has no end, as a camera's; a lost signal is waited for. A video file or a finished playlist behind an
    address gives every picture on its own clock and ends as a file does; where it breaks off before, it cannot go on
    from there. A live playlist that is finished later ends as well.
    pace: which pictures of a live stream are decoded, or at least converted.
    """

    kind = "stream"
    name = ""  # private, as the address may contain a password

    def __init__(self, address: str, language: str = "en") -> None:
        self._address = address
        self._language = language
        self.pace = Pace()
        self._retries = Retries()
        self._track: PictureTrack | None = None
        self._gate: Gate | None = None
        track = self._track = self._open()
        if track is None:
            raise AffectError(text("stream_missing", language, address=without_login(address)))
        self.live = not track.ends
        self.fps = track.fps
        self.description = text("stream", language)

    def frames(self) -> Iterator[Frame]:
        """See `Source.frames`."""
        start = time.monotonic()
        number = 0
        while not self._retries.interrupted:
            wanted = (lambda: self.pace.due(time.monotonic())) if self.live else None
            for picture, told_s in self._track.pictures(wanted) if self._track is not None else ():
                self._retries.succeeded()
                yield Frame(picture, time.monotonic() - start if self.live else told_s, number)
                number += 1
                if self._retries.interrupted:
                    return
            if not self.live:
                self._end()
                return
            self.close()
            if self._retries.wait():
                self._track = self._open()
                if self._track is not None and self._track.ends:  # a finished playlist would begin anew
                    return

    def interrupt(self) -> None:
        """See `Interruptible.interrupt`."""
        self._retries.interrupt()

    def close(self) -> None:
        """See `Source.close`."""
        if self._track is not None:
            self._track.close()
            self._track = None
        if self._gate is not None:
            self._gate.close()
            self._gate = None

    def _open(self) -> PictureTrack | None:
        """Open the stream's decoder; None if the address does not answer, or is no video."""
        from affect.live.sources.decoding import PictureTrack, Undecodable  # only files and streams need FFmpeg

        scheme, address = self._address.split(":")[0].lower(), self._address
        options = {"protocol_whitelist": PROTOCOLS[scheme], "rtsp_transport": "tcp"}
        timeouts = (OPEN_TIMEOUT_MS / 1000, READ_TIMEOUT_MS / 1000)
        if scheme in ("http", "https"):
            os.environ.pop("no_proxy", None)  # with it, FFmpeg would pass by the gate
            self._gate = Gate(self._address)
            options |= {"http_proxy": self._gate.address, "http_persistent": "0", "multiple_requests": "0"}
        elif scheme in ("rtsp", "rtsps"):
            self._gate = RtspGate(self._address)
            address = self._gate.address
        try:
            return PictureTrack(address, options, timeouts, live=True)
        except Undecodable:
            self.close()
            return None

    def _end(self) -> None:
        """Check that a file behind an address was read to its end. Raises AffectError if it is truncated."""
        track = self._track
        if track is not None and (cut := track.cut) is not None:
            told = {"read_s": cut.read_s, "whole_s": track.duration_s if cut.whole_s is None else cut.whole_s}
            address = without_login(self._address)
            key = "cut_somewhere" if told["whole_s"] is None else "stream_cut"
            raise AffectError(text(key, self._language, address=address, source=address, **told))


def quiet_capture(index: int, backend: int) -> cv2.VideoCapture:
    """Create an OpenCV capture without OpenCV's warnings on stderr; the caller checks `isOpened`."""
    level = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        return cv2.VideoCapture(index, backend)
    finally:
        cv2.utils.logging.setLogLevel(level)


def open_camera(index: int) -> cv2.VideoCapture:
    """Create a capture of a camera with the platform's fastest backend; the caller checks `isOpened`."""
    return quiet_capture(
        index, {"win32": cv2.CAP_DSHOW, "darwin": cv2.CAP_AVFOUNDATION}.get(sys.platform, cv2.CAP_V4L2)
    )


def camera_name(index: int) -> str:
    """Name of a camera, as its maker gave it, on Linux; "" elsewhere, where OpenCV tells none."""
    try:
        return Path(f"/sys/class/video4linux/video{index}/name").read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return ""


def rate_of(capture: cv2.VideoCapture) -> float:
    """Nominal frames per second of a capture; 30 if the device gives no value within 1…240."""
    rate = capture.get(cv2.CAP_PROP_FPS)
    return float(rate) if 1 <= rate <= 240 else 30.0


def answering_cameras(besides: int) -> list[int]:
    """Find the indices of cameras that deliver a frame within PROBE_S.   besides: index that is not tried."""
    answered: list[int] = []

    def probe() -> None:
        for index in _candidates():
            if index == besides:
                continue
            capture = open_camera(index)
            if capture.isOpened() and capture.read()[0]:
                answered.append(index)
            capture.release()

    prober = threading.Thread(target=probe, name="prober", daemon=True)
    prober.start()
    prober.join(PROBE_S)
    return list(answered)


def _candidates() -> list[int]:
    """Camera indices to try: on Linux those with a device file (most cameras have two), else the first PROBED."""
    if sys.platform == "linux":
        names = (path.name.removeprefix("video") for path in Path("/dev").glob("video*"))
        return sorted(int(name) for name in names if name.isdecimal())[: 2 * PROBED]
    return list(range(PROBED))


def _others(index: int, language: str) -> str:
    """Message for the user that lists the other cameras that answer."""
    found = answering_cameras(index)
    if not found:
        return text("cameras_none", language)
    return text("cameras_answering", language, cameras=", ".join(f"--source {camera}" for camera in found))
