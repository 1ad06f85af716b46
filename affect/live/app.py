"""The webcam program: arguments in, frames through detection, classification, smoothing, and out.

`main` is what `affectnet_webcam_detector.py` runs.
"""

from __future__ import annotations

import argparse
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from affect import __version__
from affect.emotions import LANGUAGES
from affect.errors import AffectError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from affect.live.control import Command, Status
    from affect.live.feed import FrameFeed
    from affect.live.results import FaceResult
    from affect.live.sources import Frame
    from affect.live.summary import Summary

HOME = Path(__file__).resolve().parents[2]
TRAINED = HOME / "models" / "best_model_finetuned_affectnet_v4.pt"
BUNDLED = HOME / "models" / "starter_ferplus.pt"

DESCRIPTION = """\
Recognise facial expressions live: a camera, a file or a stream in, eight probabilities for each face out.
The labels are perceived expressions, not felt emotions, and no diagnosis."""
EXAMPLES = """\
examples:
  python affectnet_webcam_detector.py                          the first camera, in a window (q or Esc leaves)
  python affectnet_webcam_detector.py --source demo            without a camera
  python affectnet_webcam_detector.py --source talk.mp4 --headless --csv talk.csv
exit codes: 0 done, 2 wrong arguments or an unusable model or source, 130 Ctrl-C (everything is written)"""


def parser() -> argparse.ArgumentParser:
    """The command line of the webcam program."""
    made = argparse.ArgumentParser(
        prog="affectnet_webcam_detector.py",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument(
        "--source", default="0", metavar="SRC",
        help="camera number (default 0), video or image file, rtsp:// or http:// address, or demo",
    )  # fmt: skip
    made.add_argument(
        "--model", type=Path, metavar="FILE.pt",
        help=f"checkpoint (default: models/{TRAINED.name} if it is there, else the bundled models/{BUNDLED.name})",
    )  # fmt: skip
    made.add_argument("--headless", action="store_true", help="no window: a line a second and a summary on stdout")
    made.add_argument("--csv", type=Path, metavar="FILE", help="a row per face and frame (replaces the file)")
    made.add_argument("--save-video", type=Path, metavar="FILE", help="the annotated video, .mp4 or .avi")
    made.add_argument("--max-frames", type=_positive, metavar="N", help="stop after N frames")
    made.add_argument("--lang", choices=LANGUAGES, default="en", help="language of the labels (default en)")
    made.add_argument("--faces", type=_positive, default=4, metavar="N", help="at most N faces (default 4)")
    made.add_argument("--detector", choices=("haar", "yunet"), default="haar", help="face detector (default haar)")
    made.add_argument(
        "--detector-model",
        type=Path,
        metavar="FILE.onnx",
        help="YuNet's file, for --detector yunet",
    )
    made.add_argument(
        "--backend",
        choices=("onnx", "torch"),
        default="onnx",
        help="what runs the model (default onnx)",
    )
    made.add_argument("--version", action="version", version=f"affect {__version__}")
    return made


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not 1 or more")
    return value


def main(arguments: list[str] | None = None) -> int:
    """Run the program. Returns the exit code: 0, 2, or 130 after Ctrl-C."""
    options = parser().parse_args(arguments)

    from affect.live.summary import Summary

    summary = Summary(options.lang)
    try:
        run(options, summary)
    except AffectError as error:
        summary.print()
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        summary.print()
        print("interrupted; everything up to here is written", file=sys.stderr)
        return 130
    summary.print()
    return 0


def run(options: argparse.Namespace, summary: Summary) -> None:
    """Process the source until it ends, the person leaves, or `--max-frames` is reached."""
    from affect.live.classifier import load_classifier
    from affect.live.feed import FrameFeed
    from affect.live.outputs import Outputs
    from affect.live.pipeline import Pipeline
    from affect.live.search import create_search
    from affect.live.sources import open_source
    from affect.live.window import missing_display

    model = options.model or (TRAINED if TRAINED.is_file() else BUNDLED)
    search = create_search(options.detector, options.detector_model)
    source = open_source(options.source)
    with closing(FrameFeed(source)) as feed:
        classifier = load_classifier(model, options.backend, _tell)
        _tell(f"Model: {classifier.description}. Source: {source.description}.")
        windowed = not options.headless
        if windowed and (reason := missing_display()) is not None:
            _tell(f"No window: {reason}. Running headless.")
            windowed = False
        pipeline = Pipeline(search, classifier, options.faces)
        with Outputs(options.lang, source.fps, options.csv, options.save_video) as outputs:
            summary.start(source.description, classifier.description)

            def processed() -> Iterator[tuple[Frame, list[FaceResult]]]:
                for frame in feed.frames():
                    results = pipeline.process(frame)
                    summary.add(frame, results)
                    outputs.write(frame, results, summary.fps)
                    yield frame, results
                    if summary.frames == options.max_frames:
                        return

            if windowed:
                _run_in_window(processed(), feed, options.lang, summary)
                return
            for _, results in processed():
                summary.print_line(results)


def _run_in_window(
    processed: Iterator[tuple[Frame, list[FaceResult]]], feed: FrameFeed, language: str, summary: Summary
) -> None:
    """Show the frames as they are processed; a file plays at its own speed, and an image stays."""
    from affect.live.screen import Screen
    from affect.live.sources import ImageSource

    screen = Screen(_Watching(language, summary))

    def work() -> None:
        for frame, results in processed:
            screen.offer(frame.picture, results)
            ahead_s = 0.0 if feed.source.live else frame.timestamp_s - summary.elapsed_s
            if screen.left.wait(max(0.0, ahead_s)):
                return

    screen.run(work, feed.stop, stays=isinstance(feed.source, ImageSource))


class _Watching:
    """Watches only: of what the window asks for it knows the language."""

    def __init__(self, language: str, summary: Summary) -> None:
        self._language = language
        self._summary = summary

    def status(self) -> Status:
        from affect.live.control import Status

        return Status(self._language, self._summary.fps)

    def command(self, command: Command) -> None:
        if command.value == "language":
            self._language = LANGUAGES[(LANGUAGES.index(self._language) + 1) % len(LANGUAGES)]

    def answer(self, text: str | None) -> None:
        """Nothing was asked."""


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
