"""Recorded sessions: video files analysed afterwards, every frame, as fast as the computer can, a session for each."""

from __future__ import annotations

import argparse
import sys
from contextlib import closing
from pathlib import Path

import cv2
from tqdm import tqdm

from affect.errors import AffectError
from affect.live.classifier import Classifier, load_classifier
from affect.live.control import Command
from affect.live.feed import FrameFeed
from affect.live.outputs import Outputs
from affect.live.recording import Consent
from affect.live.search import create_search
from affect.live.setup import create_session
from affect.live.sources import VideoSource, open_source
from affect.live.summary import Summary
from affect.live.terminal import tell
from affect.live.texts import text, told
from affect.live.upright import Upright

# Fewer frames than that share of what the file promises: it is damaged. The promise itself is an estimate in some
# formats, from length and mean rate.
WHOLE = 0.9


def analyse_files(options: argparse.Namespace, model: Path, consent: Consent) -> int:
    """Analyse `options.source`, files, one after the other. Returns the exit code: 2 where one of them failed.

    A file that cannot be read is told, and the others go on.
    """
    classifier = load_classifier(model, options.backend, tell, options.lang)
    code = 0
    for name in options.source:
        summary = Summary(options.lang)
        try:
            _analyse(name, options, model, classifier, summary, consent)
        except AffectError as error:
            summary.print()
            tell(f"error: {told(error, options.lang)}")
            code = 2
        except KeyboardInterrupt:
            summary.print()
            raise
        else:
            summary.print()
    return code


def _analyse(
    name: str, options: argparse.Namespace, model: Path, classifier: Classifier, summary: Summary, consent: Consent
) -> None:
    """One file into its session. Raises AffectError where it is unreadable, from the start or from somewhere on."""
    source = open_source(name, options.lang, tell)
    with closing(FrameFeed(source)) as feed:
        if len(options.source) > 1 and not isinstance(source, VideoSource):
            raise AffectError(text("no_video", options.lang, source=name))
        promised = _promised_frames(name)
        total = min(promised, options.max_frames or promised)
        search = create_search(options.detector, options.detector_model, still=source.kind == "image")
        session = create_session(
            options, model, classifier, search, source, summary, consent, _tell_above_bar, feed.stop
        )
        bar = tqdm(total=total or None, desc=source.description, unit=" " + text("frames", options.lang))
        with Outputs(options.lang, source.fps, options.csv, options.save_video) as outputs, bar, session:
            summary.start(source.description, classifier.description)
            session.command(Command.RECORD)
            upright = Upright(source, options.lang, _tell_above_bar, session.turned)
            for frame in upright.frames(feed.frames()):
                results = session.process(frame) or []
                upright.saw(bool(results))
                outputs.write(frame, results, summary.fps)
                bar.update()
                if session.failure is not None or summary.frames == options.max_frames:
                    break
        if feed.skipped:
            tell(text("pictures_unusable", options.lang, count=feed.skipped))
    if session.failure is not None:
        raise session.failure
    if summary.frames < WHOLE * total:
        lengths = {"read": summary.frames / source.fps, "whole": promised / source.fps}
        raise AffectError(text("cut_short", options.lang, source=name, **lengths))


def _promised_frames(name: str) -> int:
    """How many frames the file says it has; 0: it does not say."""
    capture = cv2.VideoCapture(name)
    try:
        return max(0, int(capture.get(cv2.CAP_PROP_FRAME_COUNT)))
    finally:
        capture.release()


def _tell_above_bar(line: str) -> None:
    tqdm.write(line, file=sys.stderr)
