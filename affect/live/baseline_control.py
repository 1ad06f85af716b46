"""Controls the neutral baseline of a session: starts and removes it, shows messages, and records its events."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from affect.emotions import EMOTIONS, label_name
from affect.live.frame import FaceResult
from affect.live.pipeline.baseline import Shift
from affect.live.pipeline.pipeline import Pipeline
from affect.live.recording.kept_baseline import Person, now, read_baseline, write_baseline
from affect.live.recording.recorder import Recorder
from affect.live.texts import TextError, certainty, text, told

TOLD_SHIFT = 0.1  # smallest shift of a log-probability that the message mentions


def told_baseline(shift: Shift) -> tuple[str, Callable[[str], str]]:
    """Message that describes a baseline by the probabilities of the face at rest before and after.

    Returns its key in TEXTS and its {changes}, by language: the classes that change most and, if the face is still not
    neutral, the class that leads instead.
    """
    instead = None if _is_neutral(shift) else int(shift.after.argmax())
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


def _is_neutral(shift: Shift) -> bool:
    """Whether the face at rest is read as neutral with the shift."""
    return int(shift.after.argmax()) == EMOTIONS.index("neutral")


BRIDGED_S: Final = 0.5  # a face missed for less than this, without another face in view, counts as in view


class BaselineControl:
    """Starts, monitors and removes the pipeline's baseline for a session. Times are on the source's clock.

    pipeline: contains the baseline.   recorder: its current recording receives the events.
    say:      takes a key of TEXTS and values, which the window shows for a moment.
    person:   whose baseline is kept from session to session; None: nobody's.
    acts:     the measured face is in view, so an applied baseline has an effect.
    """

    def __init__(
        self, pipeline: Pipeline, recorder: Recorder, say: Callable[..., None], person: Person | None = None
    ) -> None:
        self._pipeline = pipeline
        self._baseline = pipeline.baseline
        self._recorder = recorder
        self._say = say
        self._person = person
        self._measured = ""  # when the applied baseline was measured, if that was in this session
        self._kept = ""  # date of the baseline in the person's file; "" for none
        self._pressed = False
        self._seen_s = 0.0  # when the applied baseline's face was last in view
        self._warned = False  # the message that another person is in view was shown
        self.acts = True

    @property
    def share(self) -> float | None:
        """See `Baseline.share`."""
        return self._baseline.share

    @property
    def date(self) -> str:
        """Date of an applied baseline that was measured in an earlier session, ISO 8601; else ""."""
        return "" if self._baseline.applied is None else self._baseline.applied.measured[:10]

    def take_earlier(self, tell: Callable[..., None]) -> None:
        """Apply the person's baseline of an earlier session from the first face on, if there is one that fits.

        tell: takes a key of TEXTS and values, for the terminal.
        """
        if self._person is None:
            return
        try:
            shift = read_baseline(self._recorder.folder, self._person)
        except TextError as error:
            tell(error.key, **error.values)
            return
        if shift is None:
            tell("baseline_none_kept", code=self._person.code, folder=self._recorder.folder)
            return
        self._kept = shift.measured[:10]
        self._baseline.apply_to_next(shift)
        tell("baseline_earlier", date=self._kept, code=self._person.code)

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
            if self._person is not None and shift.measured:
                self._say("baseline_earlier", date=shift.measured[:10], code=self._person.code)
            else:
                self._measured = now()
                key, changes = told_baseline(shift)
                self._say(key, changes=changes, kept=self._keep(shift))
            self._note(shift)
        applied = self._baseline.applied
        if applied is None:
            return
        if applied.face_id not in self._pipeline.face_ids:
            self._undo(now_s, "baseline_gone")
            if self._person is not None:  # whoever comes next is the person of the code
                self._baseline.apply_to_next(replace(applied, measured=applied.measured or self._measured))
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
            self._keep(self._baseline.applied)
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

    def _keep(self, shift: Shift) -> Callable[[str], str]:
        """Write a new baseline into the person's file, if a recording runs and the face at rest is read as neutral.

        Returns a function that tells so in a language, "" if nothing was to be kept.
        """
        person, new = self._person, shift.measured in ("", self._measured)
        if person is None or self._recorder.current is None or not (new and _is_neutral(shift)):
            return lambda language: ""
        earlier, self._kept = self._kept, self._measured[:10]
        try:
            write_baseline(self._recorder.folder, person, shift, self._measured)
        except TextError as failed:
            error = failed  # as Python forgets the other name
            return lambda language: " " + told(error, language)
        key = "baseline_kept_instead" if earlier else "baseline_kept"
        return lambda language: " " + text(key, language, code=person.code, date=earlier)

    def _note(self, shift: Shift) -> None:
        if self._recorder.current is not None:
            values = {name: round(float(v), 4) for name, v in zip(EMOTIONS, shift.values, strict=True)}
            self._recorder.current.baseline(
                shift.face_id,
                shift.from_s,
                shift.to_s,
                shift.frames,
                values,
                shift.measured,
                kept=self._person is not None and _is_neutral(shift),
            )
