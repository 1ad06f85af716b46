"""The webcam program: arguments in, frames through detection, classification, smoothing, and out.

`main` is what `affectnet_webcam_detector.py` runs.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from affect import __version__
from affect.emotions import EMOTIONS, LANGUAGES, NAMES
from affect.errors import AffectError

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
    from affect.faces import create_detector
    from affect.live.classifier import load_classifier
    from affect.live.overlay import Overlay
    from affect.live.pipeline import Pipeline
    from affect.live.sinks import CsvSink, VideoSink
    from affect.live.sources import open_source
    from affect.live.window import Window, missing_display

    model = options.model or (TRAINED if TRAINED.is_file() else BUNDLED)
    detector = create_detector(options.detector, options.detector_model)
    source = open_source(options.source)
    with ExitStack() as stack:
        stack.callback(source.close)
        classifier = load_classifier(model, options.backend, _tell)
        _tell(f"Model: {classifier.description}. Source: {source.description}.")
        headless = options.headless
        if not headless and (reason := missing_display()) is not None:
            _tell(f"No window: {reason}. Running headless.")
            headless = True
        pipeline = Pipeline(detector, classifier, options.faces)
        overlay = Overlay(options.lang)
        csv = stack.enter_context(CsvSink(options.csv)) if options.csv else None
        video = stack.enter_context(VideoSink(options.save_video, source.fps)) if options.save_video else None
        window: Window | None = None
        summary.start(source.description, classifier.description)
        picture = None
        for frame in source.frames():
            results = pipeline.process(frame)
            summary.add(frame.timestamp_s, [r.emotion for r in results])
            if csv is not None:
                csv.write(frame, results)
            if video is not None or not headless:
                picture = overlay.draw(frame.picture, results, summary.fps)
            if video is not None and picture is not None:
                video.write(frame, picture)
            if headless:
                summary.print_line([(r.face_id, r.emotion, r.confidence) for r in results])
            elif picture is not None:
                if window is None:
                    height, width = picture.shape[:2]
                    window = stack.enter_context(Window("affect", width, height))
                ahead = 0.0 if source.live else frame.timestamp_s - summary.elapsed_s
                if not window.show(picture, round(1000 * ahead)):
                    return
            if summary.frames == options.max_frames:
                return
        if source.description.startswith("image") and window is not None and picture is not None:
            while window.show(picture, 50):  # a single picture stays until the person leaves
                pass


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


@dataclass
class Summary:
    """What the run saw: for the line a second, and for the summary at its end."""

    language: str
    source: str = ""
    model: str = ""
    frames: int = 0
    with_face: int = 0
    emotions: Counter[str] = field(default_factory=Counter)
    fps: float | None = None
    timestamp_s: float = 0.0
    _started: float = 0.0
    _last: float = 0.0
    _printed: float = -1.0

    def start(self, source: str, model: str) -> None:
        """The clock starts here."""
        self.source, self.model = source, model
        self._started = self._last = time.monotonic()

    @property
    def elapsed_s(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._started

    def add(self, timestamp_s: float, emotions: list[str]) -> None:
        """One frame's faces."""
        now = time.monotonic()
        rate = 1 / max(1e-6, now - self._last)
        if self.frames > 0:  # the first interval holds the start-up
            self.fps = rate if self.fps is None else 0.9 * self.fps + 0.1 * rate
        self._last = now
        self.timestamp_s = timestamp_s
        self.frames += 1
        self.with_face += bool(emotions)
        self.emotions.update(emotions)

    def print_line(self, faces: list[tuple[int, str, float]]) -> None:
        """At most once a second: where the source stands, and what the faces show."""
        if self._printed >= 0 and time.monotonic() - self._printed < 1:
            return
        self._printed = time.monotonic()
        names = NAMES[self.language]
        shown = ", ".join(f"face {i} {names[e]} {c:.0%}" for i, e, c in faces) or "no face"
        rate = "" if self.fps is None else f"  {self.fps:5.1f} fps"
        print(f"{self.timestamp_s:8.1f} s  frame {self.frames - 1:6d}{rate}  {shown}", flush=True)

    def print(self) -> None:
        """The whole run in a few lines; nothing where no frame was processed."""
        if not self.frames:
            return
        took = max(1e-6, self._last - self._started)
        print(f"\n{self.frames} frames of {self.source} in {took:.1f} s ({self.frames / took:.1f} a second)")
        print(f"model: {self.model}")
        print(f"a face in {self.with_face / self.frames:.0%} of the frames")
        total = sum(self.emotions.values())
        for emotion in sorted(EMOTIONS, key=lambda e: -self.emotions[e]):
            if self.emotions[emotion]:
                print(f"  {NAMES[self.language][emotion]:<10} {self.emotions[emotion] / total:4.0%}")
        print("These are perceived expressions, not felt emotions.", flush=True)
