"""Live sources: cameras, captured by OpenCV, and network streams, decoded by FFmpeg. A lost signal is waited for."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import cv2

from affect.errors import AffectError
from affect.live.frame import Frame
from affect.live.sources.retries import Retries
from affect.live.texts import text

if TYPE_CHECKING:
    from affect.live.sources.decoding import PictureTrack

OPEN_TIMEOUT_MS: Final = 10_000
READ_TIMEOUT_MS: Final = 5_000  # a stream that is silent for so long is opened anew

# What each kind of address needs FFmpeg to open, and no more: never a file of this computer.
_HTTP: Final = "http,https,httpproxy,tcp,tls,crypto,data"
_RTSP: Final = "rtsp,rtsps,rtp,rtcp,srtp,udp,tcp,tls,crypto"
PROTOCOLS: Final = {
    "http": _HTTP, "https": _HTTP, "rtsp": _RTSP, "rtsps": _RTSP, "rtmp": "rtmp,tcp", "udp": "udp",
}  # fmt: skip

PROBED: Final = 6  # camera indices that are tried where the wanted one does not answer
PROBE_S: Final = 5.0  # and for how long in all: a camera that another program holds can keep one waiting


class CameraSource:
    """A camera of this computer, opened with the backend that starts fastest on its platform."""

    kind = "camera"
    live = True

    def __init__(self, index: int, language: str = "en") -> None:
        self._index = index
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
            ok, picture = self._capture.read()
            if ok:
                self._retries.succeeded()
                yield Frame(picture, time.monotonic() - start, number)  # type: ignore[arg-type]
                number += 1
            else:
                self._capture.release()  # a camera that is plugged in again gets its number only where that is free
                if self._retries.wait():
                    self._capture = self._open()

    def interrupt(self) -> None:
        """See `Interruptible.interrupt`."""
        self._retries.interrupt()

    def close(self) -> None:
        """See `Source.close`."""
        self._capture.release()

    def _open(self) -> cv2.VideoCapture:
        """A new capture, opened or not."""
        capture = quiet_capture(self._index, _camera_backend())
        # uncompressed 720p does not fit through USB 2 at 30 frames a second, MJPEG does
        capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, 1280)
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, 720)
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # the newest frame, not one of a queue
        return capture


class StreamSource:
    """A video stream from the network (RTSP or HTTP).

    live: it has no end, as a camera's; a lost signal is waited for. A video file or a finished playlist behind an
    address gives every picture on its own clock and ends as a file does; where it breaks off before, it cannot go on
    from there. A live playlist that is finished later ends as well.
    """

    kind = "stream"
    name = ""  # its address may hold a password

    def __init__(self, address: str, language: str = "en") -> None:
        self._address = address
        self._language = language
        self._retries = Retries()
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
            for picture, told_s in self._track.pictures() if self._track is not None else ():
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

    def _open(self) -> PictureTrack | None:
        """The stream's pictures; None: it does not answer, or is no video."""
        from affect.live.sources.decoding import PictureTrack, Undecodable  # FFmpeg is for files and streams alone

        scheme = self._address.split(":")[0].lower()
        options = {"protocol_whitelist": PROTOCOLS[scheme], "rtsp_flags": "prefer_tcp"}
        try:
            return PictureTrack(self._address, options, (OPEN_TIMEOUT_MS / 1000, READ_TIMEOUT_MS / 1000), live=True)
        except Undecodable:
            return None

    def _end(self) -> None:
        """A file behind an address has ended. Raises AffectError where that is before its end."""
        track = self._track
        if track is not None and (cut := track.cut) is not None:
            told = {"read_s": cut.read_s, "whole_s": track.duration_s if cut.whole_s is None else cut.whole_s}
            address = without_login(self._address)
            key = "cut_somewhere" if told["whole_s"] is None else "stream_cut"
            raise AffectError(text(key, self._language, address=address, source=address, **told))


def without_login(address: str) -> str:
    """An address as it may be shown: without user, password, and the query, which may hold a key."""
    scheme, _, rest = address.partition("://")
    host, slash, path = rest.partition("?")[0].partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


def quiet_capture(index: int, backend: int) -> cv2.VideoCapture:
    """A capture, opened or not, without OpenCV's own warnings on stderr."""
    level = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        return cv2.VideoCapture(index, backend)
    finally:
        cv2.utils.logging.setLogLevel(level)


def rate_of(capture: cv2.VideoCapture) -> float:
    """A capture's nominal frames per second; 30 where it tells none, or an odd one."""
    rate = capture.get(cv2.CAP_PROP_FPS)
    return float(rate) if 1 <= rate <= 240 else 30.0


def answering_cameras(besides: int) -> list[int]:
    """The indices of cameras that give a picture, of the first PROBED but one; those that do so within PROBE_S."""
    answered: list[int] = []

    def probe() -> None:
        for index in _candidates():
            if index == besides:
                continue
            capture = quiet_capture(index, _camera_backend())
            if capture.isOpened() and capture.read()[0]:
                answered.append(index)
            capture.release()

    prober = threading.Thread(target=probe, name="prober", daemon=True)
    prober.start()
    prober.join(PROBE_S)
    return list(answered)


def _candidates() -> list[int]:
    """Indices at which there may be a camera; on Linux each has a device file, and most cameras have two."""
    if sys.platform == "linux":
        names = (path.name.removeprefix("video") for path in Path("/dev").glob("video*"))
        return sorted(int(name) for name in names if name.isdecimal())[: 2 * PROBED]
    return list(range(PROBED))


def _others(index: int, language: str) -> str:
    """A sentence that says which other cameras answer."""
    found = answering_cameras(index)
    if not found:
        return text("cameras_none", language)
    return text("cameras_answering", language, cameras=", ".join(f"--source {camera}" for camera in found))


def _camera_backend() -> int:
    return {"win32": cv2.CAP_DSHOW, "darwin": cv2.CAP_AVFOUNDATION}.get(sys.platform, cv2.CAP_V4L2)
