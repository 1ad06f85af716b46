"""Command-line program for live analysis: parses the options, and runs a session with or without a window.

`affectnet_webcam_detector.py` calls `main`.
"""

from __future__ import annotations

import argparse
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from affect.command_line import end_on_signals, lost_output
from affect.errors import AffectError
from affect.files import is_file, is_folder
from affect.live.bundled import default_model
from affect.live.options import check, parser
from affect.live.terminal import consent_of, language_of, tell, tell_terms
from affect.live.texts import text, told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from affect.live.frame import FaceResult
    from affect.live.pipeline.classifier import Classifier
    from affect.live.recording.sinks import Outputs
    from affect.live.session import Session
    from affect.live.sources.feed import FrameFeed
    from affect.live.sources.files import Frame
    from affect.live.sources.upright import Upright
    from affect.live.summary import Summary


def main(arguments: list[str] | None = None) -> int:
    """Run the program and return its exit code: 0, 2 after an error, or 130 after Ctrl-C."""
    options = parser(language_of(arguments)).parse_args(arguments)

    end_on_signals()
    from affect.live.display import no_window

    given = sys.argv[1:] if arguments is None else arguments
    if given or no_window() is not None:
        return _run_and_tell(options)[0]

    from affect.live.start.progress import show_error
    from affect.live.start.window import ask

    while ask(options):
        code, why = _run_and_tell(options)
        if code != 2 or not why:
            return code
        show_error(why)
    return 0


def _run_and_tell(options: argparse.Namespace) -> tuple[int, str]:
    """Run, and tell on the terminal what came out. Returns the exit code and the error's message, "" without one."""
    from affect.live.summary import Summary

    summary = Summary(options.lang)
    why = ""
    try:
        code = run(options, summary)
    except AffectError as error:
        code, why = 2, told(error, options.lang)
    except KeyboardInterrupt:
        code, why = 130, text("interrupted", options.lang)
    with suppress(KeyboardInterrupt):  # while the output's reader makes it wait
        summary.print()
    lost = lost_output()
    if lost is not None and not isinstance(lost, BrokenPipeError):  # who ends the reader (`| head`) knows it
        tell(text("stdout_unwritable", options.lang, reason=lost.strerror))
    if why:
        tell(f"error: {why}" if code == 2 else why)
    return code, why


def run(options: argparse.Namespace, summary: Summary) -> int:
    """Analyse the source until it ends, the user leaves, or `--max-frames` is reached. Returns the exit code."""
    from affect.live.control import Command
    from affect.live.display import no_window
    from affect.live.pipeline.classifier import load_classifier
    from affect.live.pipeline.search import create_search
    from affect.live.recording.sinks import Outputs
    from affect.live.session import failing_if_incomplete
    from affect.live.setup import create_session
    from affect.live.sources.feed import FrameFeed
    from affect.live.sources.files import DemoSource, open_source, remarks
    from affect.live.sources.pace import Paced
    from affect.live.sources.upright import Upright

    pictures = None if options.record is not None else _pictures(options)
    check(options, pictures is not None)
    model = options.model or default_model()
    if pictures is not None:
        from affect.live.batch.pictures import analyse_pictures

        return analyse_pictures(options, model, pictures, summary)
    if options.record is not None and (len(options.source) > 1 or is_file(Path(options.source[0]))):
        return _analyse_files(options, model)
    why = None if options.headless else no_window(options.lang)
    windowed = not options.headless and why is None
    known = options.consent or (options.record is not None and not windowed)
    consent = consent_of(options) if known else None  # otherwise the window asks for consent
    with ThreadPoolExecutor(1) as helper:  # the model is read while the source is opened
        loaded = helper.submit(load_classifier, model, options.backend, tell, options.lang, options.sensitivity)
        source = open_source(options.source[0], options.lang, tell)
        search = create_search(options.detector, options.detector_model, still=source.kind == "image")
    if windowed and isinstance(source, DemoSource):
        source.endless = True
    if options.save_video is not None and isinstance(source, Paced):
        source.pace.rate_hz = None
    with closing(FrameFeed(source)) as feed:
        classifier = loaded.result()
        tell(text("model_and_source", options.lang, model=classifier.description, source=source.description))
        tell_terms(model, options.lang)
        if why is not None:
            tell(text("headless", options.lang, reason=why))
        session = create_session(options, model, classifier, search, source, summary, consent, tell, feed.stop)
        sound = getattr(source, "path", None)
        with (
            Outputs(options.lang, source.fps, options.csv, options.save_video, sound) as outputs,
            failing_if_incomplete(session),
            _streamed(session, options.lsl),
        ):
            summary.start(source.description, classifier.description)
            if options.record is not None:
                session.command(Command.RECORD)
            upright = Upright(source, options.lang, tell, session.turned)
            analysed = session.analysed(upright.frames(feed.frames()), overlapped=not windowed)
            processed = _processed(analysed, upright, outputs, summary, options.max_frames)
            if windowed:
                written = bool(options.csv or options.save_video)
                _run_in_window(processed, feed, session, classifier, summary, written)
            else:
                _run_headless(processed, session, summary)
        for line in remarks(source, feed.skipped, options.lang):
            tell(line)
    return 0


@contextmanager
def _streamed(session: Session, wanted: bool) -> Iterator[None]:
    """Connect a session to Lab Streaming Layer, if it is wanted."""
    if not wanted:
        yield
        return
    from affect.live.exports.lab_streams import LabStreams

    with closing(LabStreams(session.now_s, session.receive)) as streams:
        session.connect(streams)
        yield


def _analyse_files(options: argparse.Namespace, model: Path) -> int:
    """Analyse video files, with progress on the terminal or, after the start window, in a dialog."""
    from affect.live.batch.videos import analyse_files

    consent = consent_of(options)
    if not options.asked:
        jobs = options.jobs or max(1, (os.cpu_count() or 1) // 2)  # decoding, search and classification overlap
        if min(jobs, len(options.source)) > 1:
            from affect.live.batch.parallel import analyse_in_parallel

            return analyse_in_parallel(options, model, consent, jobs)
        return analyse_files(options, model, consent)
    from affect.live.start.progress import with_progress

    return with_progress(
        lambda progress, lines: analyse_files(options, model, consent, progress.of, lines.append),
        options.record,
        options.lang,
    )


def _pictures(options: argparse.Namespace) -> list[Path] | None:
    """The pictures of a folder, or of several sources; None for other sources."""
    if len(options.source) == 1 and not is_folder(Path(options.source[0])):
        return None
    from affect.live.batch.pictures import pictures_of

    return pictures_of(options.source)


def _processed(
    analysed: Iterator[tuple[Frame, list[FaceResult] | None]],
    upright: Upright,
    outputs: Outputs,
    summary: Summary,
    most: int | None,
) -> Iterator[tuple[Frame, list[FaceResult]]]:
    """Write and yield each frame with its faces, until `most` are analysed; frames during a pause do not count."""
    for frame, results in analysed:
        upright.saw(bool(results))
        if results is not None:
            outputs.write(frame, results, summary.fps)
        yield frame, results or []
        if summary.frames == most:
            return


def _run_headless(processed: Iterator[tuple[Frame, list[FaceResult]]], session: Session, summary: Summary) -> None:
    """Print a line per second without a window; end after a recording error."""
    for _, results in processed:
        summary.print_line(results)
        if session.failure is not None:
            return


def _run_in_window(
    processed: Iterator[tuple[Frame, list[FaceResult]]],
    feed: FrameFeed,
    session: Session,
    classifier: Classifier,
    summary: Summary,
    written: bool,
) -> None:
    """Show the analysed frames in the window; a file plays in real time, and an image stays visible.

    written: the results go to a file as well. If not, a live source is hardly analysed while the window is minimized.
    """
    from affect.live.sources.files import ImageSource
    from affect.live.window.app import LiveWindow

    screen = LiveWindow(session, classifier, watched=getattr(feed.source, "region", None))
    if feed.source.live and not written:
        session.unseen = lambda: screen.hidden

    def work() -> None:
        for frame, results in processed:
            screen.offer(frame.picture, results)
            ahead_s = 0.0 if feed.source.live else frame.timestamp_s - summary.elapsed_s
            if screen.left.wait(max(0.0, ahead_s)):
                return
        session.close()

    screen.run(work, feed.stop, stays=isinstance(feed.source, ImageSource))
