"""Lab Streaming Layer (`--lsl`): the values of each frame and the markers go out, markers of other programs come in.

This opens a service on the local network, and nothing else in the program does. Times are on LSL's clock.
"""

from __future__ import annotations

import importlib
import os
import threading
import uuid
from collections.abc import Callable
from typing import Any, Final

from affect import __version__
from affect.emotions import EMOTIONS
from affect.live.frame import Event, FaceResult
from affect.live.texts import TextError

CHANNELS: Final = (
    *((f"p_{name}", "probability") for name in EMOTIONS),
    ("valence", "-1 to 1, derived"),
    ("quality", "0 to 1"),
    ("face_id", "number"),
)
WAIT_S: Final = 0.1  # for a sample; also how long `close` waits for a thread
FORGET_S: Final = 5.0  # after which a stream that is gone may come back as a new one


class LabStreams:
    """Sends a session over Lab Streaming Layer, and receives markers.

    now_s:     returns the time of the source's clock.
    on_marker: called in a thread of its own with each received marker's text and its time on the source's clock.
    Raises AffectError if pylsl is not installed.
    """

    def __init__(self, now_s: Callable[[], float], on_marker: Callable[[str, float], None]) -> None:
        self._lsl = _pylsl()
        self._now_s = now_s
        self._on_marker = on_marker
        self._identity = f"affect-{uuid.uuid4()}"
        self._values = self._outlet("affect", "Expression", len(CHANNELS), "float32", CHANNELS)
        self._markers = self._outlet("affect-markers", "Markers", 1, "string", (("marker", ""),))
        self._ended = threading.Event()
        self._listener = threading.Thread(target=self._listen, name="lsl", daemon=True)
        self._listener.start()

    @property
    def described(self) -> dict[str, Any]:
        """Description for session.json: the streams' names and LSL's time minus the source's, in seconds."""
        return {"streams": ["affect", "affect-markers"], "clock_offset_s": round(self._offset_s, 6)}

    def send(self, at_s: float, results: list[FaceResult]) -> None:
        """Send the values of a frame's largest face; NaN where there is none.   at_s: on the source's clock."""
        row = [float("nan")] * len(CHANNELS)
        if results:
            face = results[0]
            row = [*map(float, face.probabilities), face.valence, face.quality, float(face.face_id)]
        self._values.push_sample(row, at_s + self._offset_s)

    def send_event(self, event: Event, at_s: float) -> None:
        """Send an event of the session, with its text.   at_s: on the source's clock."""
        self._markers.push_sample([f"{event.event} {event.text}".rstrip()], at_s + self._offset_s)

    def close(self) -> None:
        """Close all streams."""
        self._ended.set()
        self._listener.join()
        self._values = self._markers = None  # LSL closes an outlet when it is deleted

    @property
    def _offset_s(self) -> float:
        """LSL's time minus the source's; measured anew each time, as a file's clock may stand still."""
        return float(self._lsl.local_clock()) - self._now_s()

    def _outlet(self, name: str, kind: str, count: int, values: str, channels: tuple[tuple[str, str], ...]) -> Any:
        told = self._lsl.StreamInfo(name, kind, count, self._lsl.IRREGULAR_RATE, values, f"{self._identity}-{kind}")
        told.desc().append_child_value("manufacturer", f"affect {__version__}")
        listed = told.desc().append_child("channels")
        for label, unit in channels:
            listed.append_child("channel").append_child_value("label", label).append_child_value("unit", unit)
        return self._lsl.StreamOutlet(told)

    def _listen(self) -> None:
        """Receive the markers of all streams of the type "Markers" that others offer."""
        resolver = self._lsl.ContinuousResolver(prop="type", value="Markers", forget_after=FORGET_S)
        inlets: dict[str, Any] = {}
        while not self._ended.wait(WAIT_S if not inlets else 0):
            found = {told.uid(): told for told in resolver.results()}
            for uid in found.keys() - inlets.keys():
                if not found[uid].source_id().startswith(self._identity):
                    inlets[uid] = self._lsl.StreamInlet(found[uid], recover=False)
            for uid, inlet in list(inlets.items()):
                try:
                    self._receive(inlet)
                except self._lsl.util.LostError:
                    del inlets[uid]

    def _receive(self, inlet: Any) -> None:
        """Pass on the markers that have arrived, at most after WAIT_S."""
        sample, sent_s = inlet.pull_sample(timeout=WAIT_S)
        while sample is not None:
            here_s = sent_s + inlet.time_correction() - self._offset_s
            self._on_marker(" ".join(map(str, sample)), here_s)
            sample, sent_s = inlet.pull_sample(timeout=0.0)


def _pylsl() -> Any:
    """Import the library, without its log lines. Raises AffectError if it is not installed."""
    try:
        library = importlib.import_module("pylsl")
    except (ImportError, RuntimeError) as error:  # RuntimeError: the wheel has no library for this system
        raise TextError("lsl_missing") from error
    if "LSLAPICFG" not in os.environ:  # the user's own settings
        library.set_config_content("[log]\nlevel = -3\n")
    return library
