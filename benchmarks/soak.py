"""Soak test of a long live session for growth of memory, handles and time; prints each target and whether it is met.

    python -m benchmarks.soak [--frames 200000] [--model FILE.pt]

It runs the webcam program's pipeline without a window at full speed: frames from the reading thread, face search,
tracking, the model on ONNX Runtime, smoothing, recording. The demo clip's frames are small, so that each is cheap.
Needs Linux (/proc). Run it on an idle machine.
"""

from __future__ import annotations

import gc
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from tqdm import tqdm

from affect.command_line import CommandParser
from affect.faces.preprocessing import Image
from affect.live.bundled import BUNDLED
from affect.live.control import Command
from affect.live.options import parser
from affect.live.pipeline.classifier import load_classifier
from affect.live.pipeline.search import create_search
from affect.live.recording.recording import Consent
from affect.live.recording.sinks import Outputs
from affect.live.setup import create_session
from affect.live.sources.feed import FrameFeed
from affect.live.sources.files import Frame
from affect.live.summary import Summary
from benchmarks.clips import Clip

FPS = 30.0
SIZE = (320, 240)
CYCLE = 1000  # frames after which the content repeats
EMPTY, TWO = range(600, 660), range(800, 900)  # frames of a cycle without a face, and with two faces
AWAY_S = 40.0  # pause after a cycle, so that the tracker forgets the faces and gives them new ids
SETTLED = 5000  # warm-up frames, after which resources should not grow


class Bar(NamedTuple):
    """A target: description, name of the measured value, upper limit, unit."""

    what: str
    name: str
    limit: float
    unit: str

    def met(self, found: dict[str, Any]) -> bool:
        """Whether the measurements meet the target; resources may decrease, times may change in neither direction."""
        value = found[self.name]
        return bool((abs(value) if self.unit.startswith("%") else value) <= self.limit)


BARS = (
    Bar("memory after the first 5,000 frames", "memory_growth_mb", 10, "MB more"),
    Bar("open files after the first 5,000 frames", "handle_growth", 0, "more"),
    Bar("threads after the first 5,000 frames", "thread_growth", 0, "more"),
    Bar("open files after the end", "handles_left", 0, "more than before"),
    Bar("threads after the end", "threads_left", 0, "more than before"),
    Bar("time of the last 1,000 frames against the first 1,000 (medians)", "slower_percent", 15, "% more or less"),
)


class Frames:
    """Source of `count` frames with one moving face, at times none or two, in cycles of CYCLE frames."""

    kind, name, description, live, fps = "video", "soak", "soak", False, FPS

    def __init__(self, count: int) -> None:
        self._count = count
        one, two = Clip(1, SIZE, FPS), Clip(2, SIZE, FPS)
        self._one = [one.frame(3 * i).picture for i in range(200)]  # the clip's 20 seconds once
        self._two = [two.frame(i).picture for i in range(len(TWO))]
        self._nobody = np.full_like(self._one[0], 90)

    def frames(self) -> Iterator[Frame]:
        """Iterate over the frames, as a live source does."""
        for number in range(self._count):
            yield Frame(self._picture(number % CYCLE), number / FPS + number // CYCLE * AWAY_S, number)

    def _picture(self, at: int) -> Image:
        if at in EMPTY:
            return self._nobody
        return self._two[at - TWO.start] if at in TWO else self._one[at % len(self._one)]

    def close(self) -> None:
        """Close the source, which holds nothing open."""


class Held(NamedTuple):
    """Resource usage of this process: memory in MB, open files, threads."""

    memory_mb: float
    handles: int
    threads: int

    @classmethod
    def now(cls) -> Held:
        """The current usage, from /proc."""
        status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
        handles = sum(1 for _ in Path("/proc/self/fd").iterdir())
        return cls(int(status["VmRSS"].split()[0]) * 1024 / 1e6, handles, int(status["Threads"]))


def soak(frames: int, model: Path) -> dict[str, Any]:
    """Process so many frames, 7,000 or more, and return the values that BARS names, with further measurements."""
    load_classifier(model, notify=lambda _: None)  # makes the ONNX export beforehand
    _session(300, model)  # warm-up: memory that a process allocates once and keeps
    before = Held.now()
    found = _session(frames, model)
    after = _when_quiet(before)
    return {
        **found,
        "handles_left": after.handles - before.handles,
        "threads_left": after.threads - before.threads,
    }


def _session(frames: int, model: Path) -> dict[str, Any]:
    """Run a session of so many frames, from its start to its report, and return its measurements."""
    options = parser().parse_args(["--headless", "--faces", "2", "--model", str(model), "--lang", "en"])
    source, summary = Frames(frames), Summary("en")
    times = np.zeros(frames)
    each_1000: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        options.record = Path(folder) / "sessions"
        classifier = load_classifier(model, notify=lambda _: None)
        with closing(FrameFeed(source)) as feed:
            session = create_session(
                options, model, classifier, create_search("haar"), source, summary, Consent.now("--consent"),
                lambda _: None, feed.stop,
            )  # fmt: skip
            with Outputs("en", FPS, Path(folder) / "out.csv", None) as outputs, session:
                summary.start("soak", classifier.description)
                session.command(Command.RECORD)
                settled = Held.now()
                for frame in tqdm(feed.frames(), desc="soak", total=frames, unit="frame", mininterval=1, leave=False):
                    start = time.perf_counter()
                    outputs.write(frame, session.process(frame) or [], summary.fps)
                    times[frame.number] = time.perf_counter() - start
                    if frame.number == SETTLED:
                        settled = Held.now()
                    if frame.number % 1000 == 999:
                        each_1000.append(round(Held.now().memory_mb, 1))
                end = Held.now()
        (recorded,) = options.record.iterdir()
        told = json.loads((recorded / "session.json").read_text(encoding="utf-8"))
    first, last = np.median(times[:1000]), np.median(times[-1000:])
    return {
        "session": told["state"],
        "frames": told["frames"],
        "face_share": told["face_share"],
        "ms_median": 1000 * float(np.median(times)),
        "ms_p95": 1000 * float(np.percentile(times, 95)),
        "ms_first_1000": 1000 * float(first),
        "ms_last_1000": 1000 * float(last),
        "slower_percent": 100 * float(last / first - 1),
        "memory_mb_settled": settled.memory_mb,
        "memory_mb_each_1000": each_1000,
        "memory_growth_mb": end.memory_mb - settled.memory_mb,
        "handle_growth": end.handles - settled.handles,
        "thread_growth": end.threads - settled.threads,
    }


def _when_quiet(before: Held) -> Held:
    """Resource usage after the session's threads have ended."""
    deadline = time.monotonic() + 10
    gc.collect()  # thread pools end with their owners
    while Held.now().threads > before.threads and time.monotonic() < deadline:
        time.sleep(0.1)
    return Held.now()


def report(found: dict[str, Any]) -> str:
    """The measurements as a Markdown report."""
    lines = [
        f"{found['frames']:,} frames of {SIZE[0]}×{SIZE[1]}, a face in {found['face_share']:.0%}; "
        f"{found['ms_median']:.2f} ms a frame (median), 95th percentile {found['ms_p95']:.2f} ms.",
        "",
        "| bar | measured | at most | met |",
        "|---|---|---|---|",
        *(
            f"| {b.what} | {found[b.name]:.3g} | {b.limit:g} {b.unit} | {'yes' if b.met(found) else '**no**'} |"
            for b in BARS
        ),
    ]
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line. Returns 0 if every target is met, else 1."""
    made = CommandParser(prog="python -m benchmarks.soak", description=__doc__.split("\n")[0])
    made.add_argument("--frames", type=int, default=200_000, metavar="N", help="7,000 or more (default 200000)")
    made.add_argument("--model", type=Path, default=BUNDLED, metavar="FILE.pt")
    options = made.parse_args(arguments)
    if options.frames < SETTLED + 2000:
        made.error(f"--frames {options.frames} is less than {SETTLED + 2000}")
    found = soak(options.frames, options.model)
    print(report(found), json.dumps(found), sep="\n\n")
    return 0 if all(bar.met(found) for bar in BARS) else 1


if __name__ == "__main__":
    sys.exit(main())
