"""Controls the neutral baseline of a session: starts and removes it, shows messages, and records its events."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from affect.emotions import EMOTIONS, label_name
from affect.live.frame import FaceResult
from affect.live.pipeline.baseline import Shift
from affect.live.pipeline.pipeline import Pipeline
from affect.live.recording.recorder import Recorder
from affect.live.texts import TextError, certainty

TOLD_SHIFT = 0.1  # smallest shift of a log-probability that the message mentions


def told_baseline(shift: Shift) -> tuple[str, Callable[[str], str]]:
    """Message that describes a baseline by the probabilities of the face at rest before and after.

    Returns its key in TEXTS and its {changes}, by language: the classes that change most and, if the face is still not
    neutral, the class that leads instead.
    """
    leading = int(shift.after.argmax())
    instead = None if leading == EMOTIONS.index("neutral") else leading
    change = np.abs(shift.after - shift.before)
    told: list[tuple[str, float, float]] = []
    for i in sorted(range(len(EMOTIONS)), key=lambda i: (i != instead, -float(change[i])))[:3]:
        before, after = float(shift.before[i]), float(shift.after[i])
        seen = certainty(before, "en") != certainty(after, "en")
        if i == instead or (abs(float(shift.values[i])) >= TOLD_SHIFT and seen):
            told.append((EMOTIONS[i], before, after))

    def changes(language: str) -> str:
        return ", ".join(
            f"{label_name(name, language)} {certainty(before, language)} → {certainty(after, language)}"
            for name, before, after in told
        )

    key = "baseline_applied" if instead is None else "baseline_not_neutral"
    return key if told else "baseline_unmoved", changes


BRIDGED_S: Final = 0.5  # a face missed for less than this, without another face in view, counts as in view


class BaselineControl:
    """Starts, monitors and removes the pipeline's baseline for a session. Times are on the source's clock.

    pipeline: contains the baseline.   recorder: its current recording receives the events.
    say:      takes a key of TEXTS and values, which the window shows for a moment.
    acts:     the measured face is in view, so an applied baseline has an effect.
    """

    def __init__(self, pipeline: Pipeline, recorder: Recorder, say: Callable[..., None]) -> None:
        self._pipeline = pipeline
        self._baseline = pipeline.baseline
        self._recorder = recorder
        self._say = say
        self._pressed = False
        self._seen_s = 0.0  # when the applied baseline's face was last in view
        self._warned = False  # the message that another person is in view was shown
        self.acts = True

    @property
    def share(self) -> float | None:
        """See `Baseline.share`."""
        return self._baseline.share

    def press(self) -> None:
        """Handle the baseline key: start a baseline or remove the current one, from the next frame on."""
        self._pressed = True

    def pause(self) -> None:
        """Cancel a measurement in progress when analysis is paused."""
        if self._baseline.share is not None and self._baseline.applied is None:
            self._baseline.undo()
            self._say("baseline_stopped")

    def begin(self, faces: list[FaceResult], now_s: float) -> None:
        """Execute a pending key press at the start of a frame.   faces: of the previous frame."""
        if not self._pressed:
            return
        self._pressed = False
        if self._baseline.share is not None:
            self._undo(now_s, "baseline_stopped" if self._baseline.applied is None else "baseline_undone")
        elif not faces:
            self._say("baseline_no_face")
        else:
            self._baseline.begin(faces[0].face_id, now_s)
            self._say("baseline_begun")

    def cut(self, at_s: float) -> None:
        """Remove the baseline after a shot cut, as the faces may belong to other people now."""
        if self._baseline.share is not None:
            self._undo(at_s, "baseline_cut")

    def settle(self, faces: Sequence[FaceResult], now_s: float) -> None:
        """Update the state after a frame: baseline completed, failed, or its face out of view.

        faces: of this frame.
        """
        try:
            shift = self._baseline.settle(now_s)
        except TextError as error:
            self._say(error.key, **error.values)
            return
        if shift is not None:
            key, changes = told_baseline(shift)
            self._say(key, changes=changes)
            self._note(shift)
        applied = self._baseline.applied
        if applied is None:
            return
        if applied.face_id not in self._pipeline.face_ids:
            self._undo(now_s, "baseline_gone")
            return
        here = any(face.face_id == applied.face_id for face in faces)
        if faces and not here and not self._warned:
            self._say("baseline_away")
        self._warned = not here and (self._warned or bool(faces))
        if here or shift is not None:
            self._seen_s = now_s
        self._turn(here or (not faces and self.acts and now_s - self._seen_s < BRIDGED_S), now_s)

    def note_applied(self) -> None:
        """Record an already applied baseline at the start of a recording."""
        if self._baseline.applied is not None:
            self._note(self._baseline.applied)
            if not self.acts and self._recorder.current is not None:
                self._recorder.current.baseline_away(self._seen_s)

    def _turn(self, acts: bool, now_s: float) -> None:
        """Set whether the measured face is in view, and record a change."""
        if acts == self.acts:
            return
        self.acts = acts
        if (recording := self._recorder.current) is not None:
            if acts:
                recording.baseline_back(now_s)
            else:
                recording.baseline_away(self._seen_s)

    def _undo(self, now_s: float, why: str) -> None:
        if self._baseline.applied is not None and self._recorder.current is not None:
            self._recorder.current.baseline_undone(now_s)
        self._baseline.undo()
        self.acts, self._warned = True, False
        self._say(why)

    def _note(self, shift: Shift) -> None:
        if self._recorder.current is not None:
            values = {name: round(float(v), 4) for name, v in zip(EMOTIONS, shift.values, strict=True)}
            self._recorder.current.baseline(shift.face_id, shift.from_s, shift.to_s, shift.frames, values)
