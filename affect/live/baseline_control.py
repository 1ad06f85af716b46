"""The key for a baseline: begins one and takes it back, tells the person, and notes it in the recording."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from affect.emotions import EMOTIONS, label_name
from affect.errors import AffectError
from affect.live.frame import FaceResult
from affect.live.pipeline.baseline import Shift
from affect.live.pipeline.pipeline import Pipeline
from affect.live.recording.recorder import Recorder
from affect.live.texts import certainty, text, told

TOLD_SHIFT = 0.1  # a class that a baseline moves by less is not mentioned


def told_baseline(shift: Shift, language: str) -> str:
    """What a baseline does to the face at rest: for the classes that it moves most, and, where the face does not look
    neutral even so, for the class that it looks like."""
    leading = int(shift.after.argmax())
    instead = None if leading == EMOTIONS.index("neutral") else leading
    change = np.abs(shift.after - shift.before)
    told = []
    for i in sorted(range(len(EMOTIONS)), key=lambda i: (i != instead, -float(change[i])))[:3]:
        before, after = (certainty(float(side[i]), language) for side in (shift.before, shift.after))
        if i == instead or (abs(float(shift.values[i])) >= TOLD_SHIFT and before != after):
            told.append(f"{label_name(EMOTIONS[i], language)} {before} → {after}")
    if not told:
        return text("baseline_unmoved", language)
    key = "baseline_applied" if instead is None else "baseline_not_neutral"
    return text(key, language, changes=", ".join(told))


BRIDGED_S: Final = 0.5  # a face that is missed for less, while nobody else is there, counts as in view


class BaselineControl:
    """What a session does with the pipeline's baseline. Times are on the source's clock.

    pipeline: measures and shifts.   recorder: its current recording notes what happens.
    language: tells the language of messages.   say: told what the person should see for a moment.
    acts:     the face that was measured is in view; where it is not, a baseline in use changes nothing that is shown.
    """

    def __init__(
        self, pipeline: Pipeline, recorder: Recorder, language: Callable[[], str], say: Callable[[str], None]
    ) -> None:
        self._pipeline = pipeline
        self._baseline = pipeline.baseline
        self._recorder = recorder
        self._language = language
        self._say = say
        self._pressed = False
        self._seen_s = 0.0  # when the face of the baseline in use was last in view
        self._warned = False  # somebody else is in view, and the person was told
        self.acts = True

    @property
    def share(self) -> float | None:
        """See `Baseline.share`."""
        return self._baseline.share

    def press(self) -> None:
        """The person asks for a baseline, or for the end of the one that there is: from the next frame on."""
        self._pressed = True

    def pause(self) -> None:
        """Nothing is analysed for a while: what is being measured is given up."""
        if self._baseline.share is not None and self._baseline.applied is None:
            self._baseline.undo()
            self._tell("baseline_stopped")

    def begin(self, faces: list[FaceResult], now_s: float) -> None:
        """A frame comes: what was asked for is done.   faces: of the frame before."""
        if not self._pressed:
            return
        self._pressed = False
        if self._baseline.share is not None:
            self._undo(now_s, "baseline_stopped" if self._baseline.applied is None else "baseline_undone")
        elif not faces:
            self._tell("baseline_no_face")
        else:
            self._baseline.begin(faces[0].face_id, now_s)
            self._tell("baseline_begun")

    def cut(self, at_s: float) -> None:
        """Faces may be other people's from now on: the baseline is off until it is chosen again."""
        if self._baseline.share is not None:
            self._undo(at_s, "baseline_cut")

    def settle(self, faces: Sequence[FaceResult], now_s: float) -> None:
        """A frame is analysed: take note of a baseline that is measured, cannot be, or has lost its face.

        faces: that it shows.
        """
        try:
            shift = self._baseline.settle(now_s)
        except AffectError as error:
            self._say(told(error, self._language()))
            return
        if shift is not None:
            self._say(told_baseline(shift, self._language()))
            self._note(shift)
        applied = self._baseline.applied
        if applied is None:
            return
        if applied.face_id not in self._pipeline.face_ids:
            self._undo(now_s, "baseline_gone")
            return
        here = any(face.face_id == applied.face_id for face in faces)
        if faces and not here and not self._warned:
            self._tell("baseline_away")
        self._warned = not here and (self._warned or bool(faces))
        if here or shift is not None:
            self._seen_s = now_s
        self._turn(here or (not faces and self.acts and now_s - self._seen_s < BRIDGED_S), now_s)

    def note_applied(self) -> None:
        """A recording has begun: the baseline that is in use already belongs into it."""
        if self._baseline.applied is not None:
            self._note(self._baseline.applied)
            if not self.acts and self._recorder.current is not None:
                self._recorder.current.baseline_away(self._seen_s)

    def _turn(self, acts: bool, now_s: float) -> None:
        """The measured face has left the view, or is back."""
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
        self._tell(why)

    def _note(self, shift: Shift) -> None:
        if self._recorder.current is not None:
            values = {name: round(float(v), 4) for name, v in zip(EMOTIONS, shift.values, strict=True)}
            self._recorder.current.baseline(shift.face_id, shift.from_s, shift.to_s, shift.frames, values)

    def _tell(self, key: str) -> None:
        self._say(text(key, self._language()))
