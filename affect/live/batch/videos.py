"""Batch analysis of video files: every frame, as fast as possible, with one recorded session per file."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Protocol

from tqdm import tqdm

from affect.errors import AffectError, as_shown, without_logins
from affect.live.control import Command
from affect.live.pipeline.classifier import Classifier, load_classifier
from affect.live.pipeline.search import create_search
from affect.live.recording.recording import Consent
from affect.live.recording.sinks import Outputs
from affect.live.session import failing_if_incomplete
from affect.live.setup import create_session
from affect.live.sources.feed import FrameFeed
from affect.live.sources.files import Source, VideoSource, open_source, remarks
from affect.live.sources.upright import Upright
from affect.live.summary import Summary
from affect.live.terminal import tell, tell_terms
from affect.live.texts import text, told

FORM = "{l_bar}{bar}| {n:.1f}/{total:.1f} s [{elapsed}<{remaining}]"  # of progress bars
UNTIMED_FORM = "{desc}: {n:.1f} s [{elapsed}]"


class Bar(Protocol):
    """A progress bar over a file, as tqdm's.   total: its seconds; None if they are unknown.   n: seconds so far."""

    total: float | None
    n: float

    def update(self, n: float) -> object:
        """Advance by so many seconds."""
        ...


def analyse_files(
    options: argparse.Namespace,
    model: Path,
    consent: Consent,
    bar_of: Callable[[Source], AbstractContextManager[Bar]] | None = None,
    tell: Callable[[str], None] = tell,
    names: list[str] | None = None,
) -> int:
    """Analyse the files of `options.source` one after the other. Returns the exit code: 2 if any of them failed.

    names: only these of them.   tell: takes a line for the user.
    bar_of: makes the progress bar of a file; None: on the terminal.

    After an error in one file, a message is printed and the next file follows, unless the user has interrupted it.
    """
    classifier = load_classifier(model, options.backend, tell, options.lang, options.sensitivity)
    if names is None:  # else told once for all
        tell_terms(model, options.lang)
    code = 0
    for name in names or options.source:
        summary = Summary(options.lang)
        try:
            _analyse(name, options, model, classifier, summary, consent, bar_of or _bar)
        except AffectError as error:
            summary.print()
            tell(f"error: {told(error, options.lang)}")
            code = 2
            if isinstance(error.__cause__, KeyboardInterrupt):  # the user had ended it when it failed
                break
        except KeyboardInterrupt:
            summary.print()
            raise
        else:
            summary.print()
    return code


def _analyse(
    name: str,
    options: argparse.Namespace,
    model: Path,
    classifier: Classifier,
    summary: Summary,
    consent: Consent,
    bar_of: Callable[[Source], AbstractContextManager[Bar]],
) -> None:
    """Analyse one file into a session folder. Raises AffectError if it cannot be read, or not to its end."""
    source = open_source(name, options.lang, tell)
    with closing(FrameFeed(source)) as feed:
        if len(options.source) > 1 and not isinstance(source, VideoSource):
            raise AffectError(text("no_video", options.lang, source=name))
        search = create_search(options.detector, options.detector_model, still=source.kind == "image")
        session = create_session(
            options, model, classifier, search, source, summary, consent, tell_above_bar, feed.stop
        )
        sound = getattr(source, "path", None)
        with (
            Outputs(options.lang, source.fps, options.csv, options.save_video, sound) as outputs,
            bar_of(source) as bar,
            failing_if_incomplete(session),
        ):
            summary.start(source.description, classifier.description)
            session.command(Command.RECORD)
            upright = Upright(source, options.lang, tell_above_bar, session.turned)
            for frame, results in session.analysed(upright.frames(feed.frames()), overlapped=True):
                upright.saw(bool(results))
                outputs.write(frame, results or [], summary.fps)
                _advance(bar, frame.timestamp_s + 1 / source.fps)
                if session.failure is not None or summary.frames == options.max_frames:
                    break
        for line in remarks(source, feed.skipped, options.lang):
            tell(line)


def _bar(source: Source) -> tqdm:
    """Create a progress bar over the file's duration, on stderr; only a time counter if the duration is unknown."""
    total_s = getattr(source, "duration_s", None)
    return tqdm(total=total_s, desc=source.description, bar_format=UNTIMED_FORM if total_s is None else FORM)


def _advance(bar: Bar, now_s: float) -> None:
    """Set the progress bar to a time of the file, limited to its total, as the duration may be an estimate."""
    bar.update(max(0.0, (now_s if bar.total is None else min(now_s, bar.total)) - bar.n))


def tell_above_bar(line: str) -> None:
    """Print a line on stderr, above the progress bar."""
    tqdm.write(as_shown(without_logins(line)), file=sys.stderr)
