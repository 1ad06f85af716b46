"""Does a long session stay as it began?  Prints every bar and whether it is met.

    python -m benchmarks.soak [--frames 200000] [--model FILE.pt]

The webcam program's own path without a window, as fast as it goes: frames from the reading thread, faces searched and
tracked, the model on ONNX Runtime, smoothed, recorded. Small pictures of the demo clip, so that a frame costs little.
Needs Linux (/proc). Run it on a machine that does nothing else.
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
from affect.live.app import BUNDLED, parser
from affect.live.pipeline.classifier import load_classifier
from affect.live.pipeline.search import create_search
from affect.live.recording.recording import Consent
from affect.live.recording.sinks import Outputs
from affect.live.setup import create_session
from affect.live.sources.feed import FrameFeed
from affect.live.sources.files import Frame
from affect.live.summary import Summary
from affect.live.window.control import Command
from benchmarks.clips import Clip

FPS = 30.0
SIZE = (320, 240)
CYCLE = 1000  # frames after which everything comes again
EMPTY, TWO = range(600, 660), range(800, 900)  # of a cycle: nobody is there, and two faces are
AWAY_S = 40.0  # after a cycle, so that the faces are forgotten and get new ids
SETTLED = 5000  # frames after which nothing more should be taken


class Bar(NamedTuple):
    """A promise: what, the figure's name, at most how much, in which unit."""

    what: str
    name: str
    limit: float
    unit: str

    def met(self, found: dict[str, Any]) -> bool:
        """Whether the measurements keep the promise. What is taken may become less, a time may not."""
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
    """A source of so many frames: one face that moves, sometimes none, sometimes two, as `CYCLE` says."""

    kind, name, description, live, fps = "video", "soak", "soak", False, FPS

    def __init__(self, count: int) -> None:
        self._count = count
        one, two = Clip(1, SIZE, FPS), Clip(2, SIZE, FPS)
        self._one = [one.frame(3 * i).picture for i in range(200)]  # one round of the clip's 20 seconds
        self._two = [two.frame(i).picture for i in range(len(TWO))]
        self._nobody = np.full_like(self._one[0], 90)

    def frames(self) -> Iterator[Frame]:
        """See `affect.live.sources.files.Source`."""
        for number in range(self._count):
            yield Frame(self._picture(number % CYCLE), number / FPS + number // CYCLE * AWAY_S, number)

    def _picture(self, at: int) -> Image:
        if at in EMPTY:
            return self._nobody
        return self._two[at - TWO.start] if at in TWO else self._one[at % len(self._one)]

    def close(self) -> None:
        """See `affect.live.sources.files.Source`."""


class Held(NamedTuple):
    """What this process holds at a moment: memory in MB, open files, threads."""

    memory_mb: float
    handles: int
    threads: int

    @classmethod
    def now(cls) -> Held:
        """As Linux tells it."""
        status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
        handles = sum(1 for _ in Path("/proc/self/fd").iterdir())
        return cls(int(status["VmRSS"].split()[0]) * 1024 / 1e6, handles, int(status["Threads"]))


def soak(frames: int, model: Path) -> dict[str, Any]:
    """Process so many frames, 7,000 or more; the figures that BARS names, and what else is worth knowing."""
    load_classifier(model, notify=lambda _: None)  # its export is there
    _session(300, model)  # what a process takes once, and keeps
    before = Held.now()
    found = _session(frames, model)
    after = _when_quiet(before)
    return {
        **found,
        "handles_left": after.handles - before.handles,
        "threads_left": after.threads - before.threads,
    }


def _session(frames: int, model: Path) -> dict[str, Any]:
    """A session of so many frames, from its start to its report."""
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
    """What is held when the threads that were asked to end have done so."""
    deadline = time.monotonic() + 10
    gc.collect()  # pools of threads end with what they belong to
    while Held.now().threads > before.threads and time.monotonic() < deadline:
        time.sleep(0.1)
    return Held.now()


def report(found: dict[str, Any]) -> str:
    """The measurements as Markdown."""
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
    """The command line. Returns 0 when every bar is met, else 1."""
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
