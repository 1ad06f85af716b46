"""The live session: analyses frames in one thread and executes the user's commands from another."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

from affect.emotions import LANGUAGES
from affect.errors import AffectError
from affect.live.baseline_control import BaselineControl
from affect.live.control import Command, Question, Status
from affect.live.frame import Event, FaceResult, Frame, Source
from affect.live.pipeline.pipeline import Located, Pipeline
from affect.live.recording.kept_baseline import Person
from affect.live.recording.recorder import Recorder, default_folder
from affect.live.recording.recording import Consent, Recording
from affect.live.sources.watch import ENDS, Change, watch_of
from affect.live.summary import Summary
from affect.live.texts import TEXTS, TextError, clock, text, told

if TYPE_CHECKING:
    from affect.live.exports.lab_streams import LabStreams

MESSAGE_S = 6.0
WATCH_S = 0.25  # interval between checks for a lost signal
UNSEEN_S = 1.0  # interval between analysed frames while nobody sees or keeps what comes out
READ_S = 1.0  # in Spanish, "s" means both snapshot and yes: a key held down must not give consent


class Session:
    """Analyses frames and executes the user's commands: the `Controller` of the window.

    summary: counts the analysed frames; it also holds the language.
    setup:   returns source, model, settings and versions for session.json; called when a recording starts.
    folder:  parent of the session folders.   consent: given beforehand; None: asked for before each recording.
    unseen:  set from outside: says that the results are neither shown nor written.
    tell:    takes a line for the terminal.   leave: called when the user leaves.
    person:  whose baseline is kept from session to session; None: nobody's.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        source: Source,
        summary: Summary,
        setup: Callable[[], dict[str, Any]],
        folder: Path,
        consent: Consent | None,
        tell: Callable[[str], None],
        leave: Callable[[], None],
        person: Person | None = None,
    ) -> None:
        self._pipeline = pipeline
        pipeline.on_cut = self._note_cut
        self._kind = source.kind
        self._watch = watch_of(source)
        self._watcher = threading.Thread(target=self._keep_watching, name="watcher", daemon=True)
        self._ended = threading.Event()
        self._clock = self._watch.clock
        counts: Literal["recording", "source"] = (
            "source" if source.kind in ("video", "stream") and not source.live else "recording"
        )
        self._summary = summary
        self.tell = tell
        self._consent = consent
        self._lock = threading.RLock()
        of_person = {} if person is None else {"person": person.code}
        self._recorder = Recorder(
            folder,
            self._clock,
            counts,
            lambda: {**setup(), **of_person},
            lambda: summary.language,
            self._say,
            tell,
        )
        self._baseline = BaselineControl(pipeline, self._recorder, self._say, person)
        self._baseline.take_earlier(lambda key, **values: tell(self._text(key, **values)))
        self._closed = False
        self._recording_from_s = 0.0  # on the source's clock
        self._starts_with: Consent | None = None  # consent for a recording that starts with the next frame
        self._turned = 0  # clockwise rotation, degrees
        self._paused = False
        self._paused_from_s = 0.0
        self._last: tuple[Frame, list[FaceResult]] | None = None
        self._question: str | None = None  # key of the open question in TEXTS
        self._refused: TextError | None = None  # error of an unusable folder, until another one is chosen
        self._asked_at = 0.0  # on time.monotonic()
        self._marker: tuple[Recording, Event] | None = None  # marker that waits for its note
        self._marked_s = 0.0  # its time on the source's clock
        self._snapshot_of: Frame | None = None  # frame that waits for consent to its snapshot
        self._snapshots_allowed = False
        self._message: tuple[str, dict[str, object], float] = ("", {}, 0.0)  # key, values, end on time.monotonic()
        self._commands = {
            Command.RECORD: self._record,
            Command.MARK: self._mark,
            Command.PAUSE: self._pause,
            Command.BASELINE: self._press_baseline,
            Command.SNAPSHOT: self._snapshot,
        }
        self._leave = leave
        self.streams: LabStreams | None = None
        self.unseen: Callable[[], bool] = lambda: False
        self._analysed_s = -math.inf  # last frame that was analysed

    def connect(self, streams: LabStreams) -> None:
        """Send each analysed frame and each event of a recording over Lab Streaming Layer from now on."""
        self.streams = streams
        self._recorder.on_event = streams.send_event

    def receive(self, text: str, at_s: float) -> None:
        """Record a marker that another program sent; without a recording it is only shown.

        at_s: on the source's clock.
        """
        with self._lock:
            if self._recorder.current is not None and not self._closed:
                self._recorder.current.event("marker", max(at_s, self._recording_from_s), text, received=True)
            self._say("received", text=text, time=clock(at_s, self._summary.language))

    def now_s(self) -> float:
        """Return the time of the source's clock, seconds."""
        return self._clock.now_s()

    @property
    def failure(self) -> AffectError | None:
        """The last write error, or the error of an unusable folder; None if there is none."""
        return self._recorder.failure or self._refused

    def analysed(
        self, frames: Iterator[Frame], overlapped: bool = False
    ) -> Iterator[tuple[Frame, list[FaceResult] | None]]:
        """Process frames and yield each with its faces, see `process`.

        overlapped: a file's next frame is searched for faces in another thread (see `Pipeline.ahead`). Not for sessions
        that can be paused, as the faces in skipped frames would be followed.
        """
        if overlapped and not self._clock.live:
            for located in self._pipeline.ahead(frames):
                yield located.frame, self.process(located.frame, located)
        else:
            for frame in frames:
                yield frame, self.process(frame)

    def process(self, frame: Frame, located: Located | None = None) -> list[FaceResult] | None:
        """Analyse a frame and record its faces. Returns None for a frame skipped during a pause.

        located: the frame's faces, if they were located in advance.
        """
        with self._lock:
            self._begin(frame)
            if self._paused:
                self._last = (frame, [])
                return None
        if located is not None:
            results = self._pipeline.read(located)
        elif self._last is not None and self._may_rest(frame.timestamp_s):
            results = self._last[1]
        else:
            self._analysed_s = frame.timestamp_s
            results = self._pipeline.process(frame)
        with self._lock:
            self._last = (frame, results)
            self._summary.add(frame, results, usable=self._watch.trouble not in ("black", "frozen"))
            if not self._paused:  # the pause may have begun during the analysis
                self._recorder.write(frame, results)
            self._baseline.settle(results, frame.timestamp_s)
        if self.streams is not None:
            self.streams.send(frame.timestamp_s, results)
        return results

    def _may_rest(self, now_s: float) -> bool:
        """Whether a frame need not be analysed: it is black or frozen, or nobody sees or keeps what comes out."""
        if self._watch.trouble in ("black", "frozen"):
            return True
        kept = self._recorder.current is not None or self.streams is not None or self._baseline.share not in (None, 1)
        return self.unseen() and not kept and now_s - self._analysed_s < UNSEEN_S

    def turned(self, degrees: int) -> None:
        """Record in session.json that the source's pictures are rotated clockwise from now on."""
        with self._lock:
            self._turned = degrees
            if self._recorder.current is not None:
                self._recorder.current.turned(degrees)

    def status(self) -> Status:
        """See `Controller.status`."""
        with self._lock:
            recording, language = self._recorder.current, self._summary.language
            self._hear_news()
            key, values, until = self._message
            trouble = None if self._closed else self._watch.trouble
            if trouble == "signal_lost" or (trouble is not None and time.monotonic() > until):
                message = self._trouble_text(trouble)
            elif time.monotonic() > until:  # an error stays visible until the next recording
                failure = self._recorder.failure
                message = told(failure, language) if failure is not None and recording is None else ""
            else:
                message = self._text(key, **values)
            return Status(
                language=language,
                fps=None if self._paused or trouble == "signal_lost" else self._summary.fps,
                recording_s=None if recording is None else recording.elapsed_s,
                paused=self._paused,
                no_picture=trouble is not None,
                baseline=self._baseline.share,
                baseline_acts=self._baseline.acts,
                baseline_date=self._baseline.date,
                message=message,
                question=self._asked(),
                report=self._recorder.report,
            )

    def command(self, command: Command) -> None:
        """See `Controller.command`. While a question is open, all commands except LEAVE and LANGUAGE are ignored."""
        if command is Command.LEAVE:
            self._leave()
            return
        with self._lock:
            if command is Command.LANGUAGE:
                at = LANGUAGES.index(self._summary.language) + 1
                self._summary.language = LANGUAGES[at % len(LANGUAGES)]
            elif self._question is not None:
                return
            elif (act := self._commands.get(command)) is not None:
                if self._closed:
                    self._say("source_ended")
                else:
                    act()

    def draft(self, text: str) -> None:
        """See `Controller.draft`. A marker's note is saved while typed, so that it is kept if the run ends."""
        with self._lock:
            if self._marker is not None and not self._closed:
                self._marker[0].describe(self._marker[1], text)

    def answer(self, text: str | None) -> None:
        """See `Controller.answer`."""
        with self._lock:
            early = time.monotonic() - self._asked_at < READ_S
            if text == "yes" and self._question == "snapshot_question" and early:
                return
            question, self._question = self._question, None
            if question == "folder_question":
                self._refused = None
                if text:
                    with suppress(RuntimeError):  # the home folder of ~ or ~name is unknown: the name is ignored
                        self._recorder.folder = Path(text).expanduser()
                    self._record()
                else:
                    self._say("not_recorded")
            elif question == "consent_question":
                if text == "yes":
                    self._starts_with = Consent.now("asked")
                else:
                    self._say("not_recorded")
            elif question == "snapshot_question" and text == "yes":
                self._snapshots_allowed = True
                if self._snapshot_of is not None:
                    self._recorder.snapshot(self._snapshot_of)
            elif question == "marker_question" and self._marker is not None:
                recording, event = self._marker
                recording.describe(event, text or "")
                if self.streams is not None and event.text:
                    self.streams.send_event(event, self._marked_s)
                self._say("marked", time=clock(event.timestamp_s, self._summary.language))
            self._snapshot_of, self._marker = None, None

    def close(self) -> None:
        """End the session and its recording, and wait for the report."""
        self._ended.set()
        if self._watcher.is_alive():
            self._watcher.join()
        with self._lock:
            if self._closed:
                return
            self._hear_news()
            now_s = self._clock.now_s()
            self._summary.interrupted(
                paused_s=now_s - self._paused_from_s if self._paused else 0.0,
                lost_s=now_s - self._watch.since_s if self._watch.trouble else 0.0,
            )
            self._closed, self._question, self._starts_with = True, None, None
        self._recorder.close()

    def __enter__(self) -> Session:
        if self._clock.live:
            self._watcher.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _begin(self, frame: Frame) -> None:
        """Update watch, recording and baseline at the start of a frame."""
        now_s = frame.timestamp_s
        self._note_changes(self._watch.frame(frame, face=self._last is not None and bool(self._last[1])))
        if self._starts_with is not None:
            self._recorder.start(self._starts_with, now_s)
            self._recording_from_s = now_s
            self._starts_with, self._snapshots_allowed = None, False
            if (recording := self._recorder.current) is not None:
                if self._turned:
                    recording.turned(self._turned)
                if self._watch.trouble is not None:
                    recording.event(self._watch.trouble, now_s)
                if self._paused:
                    recording.pause(now_s)
                self._baseline.note_applied()
        self._baseline.begin([] if self._last is None else self._last[1], now_s)

    def _keep_watching(self) -> None:
        """Poll the watch in a thread, so that a lost signal is recorded at once even without a window."""
        while not self._ended.wait(WATCH_S):
            self._watch.beat()
            with self._lock:
                self._hear_news()

    def _hear_news(self) -> None:
        if not self._closed:
            self._recorder.check()
            self._note_changes(self._watch.news())

    def _note_changes(self, changes: list[Change]) -> None:
        """Report signal problems that began or ended: in the recording, in the window, and on the terminal."""
        for event, at_s, lasted_s in changes:
            if event in ENDS.values():
                self._summary.interrupted(lost_s=lasted_s)
            if self._recorder.current is not None:
                self._recorder.current.event(event, max(at_s, self._recording_from_s))
            if event == self._watch.trouble:
                line = self._trouble_text(event)
            elif self._watch.trouble is None:
                key = "signal_back" if event == "signal_back" else "picture_back"
                line = self._text(key, seconds=lasted_s)
                self._say(key, seconds=lasted_s)
            else:
                continue
            self.tell(f"{clock(at_s, self._summary.language)}  {line}")

    def _note_cut(self, at_s: float) -> None:
        """Record a shot cut and remove the baseline, as the faces may belong to other people now."""
        with self._lock:
            if self._recorder.current is not None and not self._paused:
                self._recorder.current.event("cut", at_s)
            self._baseline.cut(at_s)

    def _trouble_text(self, trouble: str) -> str:
        own = f"{trouble}_{self._kind}"
        return self._text(own if own in TEXTS else trouble)

    def _record(self) -> None:
        if self._recorder.current is not None:
            self._recorder.end()
        elif self._starts_with is not None:  # pressed again before the next frame
            self._starts_with = None
            self._say("not_recorded")
        elif (obstacle := self._recorder.obstacle()) is not None:
            self._refused = TextError("folder_unwritable", folder=self._recorder.folder, reason=obstacle)
            self._question = "folder_question"
        elif self._consent is not None:
            self._starts_with = self._consent
        else:
            self._question = "consent_question"

    def _mark(self) -> None:
        """Add a marker at the time of the key press; its note follows when it is typed."""
        if (recording := self._recording()) is not None:
            self._marked_s = self._clock.now_s()
            self._marker = (recording, recording.event("marker", self._marked_s))
            self._question = "marker_question"

    def _pause(self) -> None:
        now_s, recording = self._clock.now_s(), self._recorder.current
        if self._paused:
            self._summary.interrupted(paused_s=now_s - self._paused_from_s)
        else:
            self._paused_from_s = now_s
            self._baseline.pause()
        self._paused = not self._paused
        if recording is not None:
            (recording.pause if self._paused else recording.resume)(now_s)

    def _snapshot(self) -> None:
        if self._recording() is None:
            return
        if self._last is None:
            self._say("needs_picture")
        elif self._snapshots_allowed:
            self._recorder.snapshot(self._last[0])
        else:
            self._snapshot_of = self._last[0]
            self._question, self._asked_at = "snapshot_question", time.monotonic()

    def _press_baseline(self) -> None:
        if self._paused:
            self._say("needs_analysis")
        else:
            self._baseline.press()

    def _recording(self) -> Recording | None:
        """Return the current recording; without one, show a message that the command needs a recording."""
        if self._recorder.current is None:
            self._say("needs_recording")
        return self._recorder.current

    def _asked(self) -> Question | None:
        if self._question is None:
            return None
        if self._refused is not None:
            return Question(self._text(self._question, **self._refused.values), "text", str(default_folder()))
        if self._marker is None:
            return Question(self._text(self._question), "yes-no")
        return Question(
            self._text(self._question, time=clock(self._marker[1].timestamp_s, self._summary.language)), "text"
        )

    def _say(self, key: str, **values: object) -> None:
        """Show a sentence of TEXTS for MESSAGE_S, in the language that the user has set by then."""
        self._message = (key, values, time.monotonic() + MESSAGE_S)

    def _text(self, key: str, **values: object) -> str:
        return text(key, self._summary.language, **values)


@contextmanager
def failing_if_incomplete(session: Session) -> Iterator[None]:
    """Run a session, and raise its `failure` at the end, also in place of an interruption, which is then its cause.

    If another error ends the session, that is raised, and the failure told on the terminal.
    """
    try:
        with session:
            yield
    except KeyboardInterrupt as error:
        if session.failure is not None:
            raise session.failure from error
        raise
    except Exception:
        if session.failure is not None:
            session.tell(f"error: {told(session.failure, session.status().language)}")
        raise
    if session.failure is not None:
        raise session.failure
