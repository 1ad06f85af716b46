"""Hostile inputs by family, made from a seed, and what the program does with each: read, refused in a line, or a fault.

    python -m benchmarks.hostile [--each N] [--family NAME …] [--seed 0]       Linux; half an hour on one core

Each input is used in a process of its own, whose time and memory are measured. A fault is another exception than
AffectError, a crash, a line of more than 300 characters beside the file's own name, one that is not printable, more
than 2 s of CPU, or more than 300 MB beyond the idle program. The exit code is 2 if there is any.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import random
import re
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

import cv2

from affect.command_line import CommandParser, positive
from affect.errors import AffectError
from benchmarks.hostile_files import (
    Random,
    make_checkpoint,
    make_data_set,
    make_detector,
    make_picture,
    make_video,
    use_checkpoint,
    use_data_set,
    use_detector,
    use_picture,
    use_video,
    whole_pictures,
    whole_videos,
)
from benchmarks.hostile_sessions import FAMILIES as SESSIONS
from benchmarks.hostile_sessions import Session

MOST_S, MOST_MB, LONGEST_LINE = 2.0, 300.0, 300
DRAWN = 100
HANGS_S = 20  # of CPU, after which a process is ended


Makers = Callable[[int | None, int], list[Callable[[Path], Path]]]


class Family(NamedTuple):
    """A kind of input.

    makers: functions that write an input below a folder and return its path; of a number (None: DRAWN, or the whole
            list) and a seed.
    use:    gives it to the program, which returns whether it was read, or raises AffectError.
    idle:   modules that the program has loaded before.
    """

    makers: Makers
    use: Callable[[Path], bool]
    idle: tuple[str, ...] = ()


def drawn(make: Callable[[Random, Path], Path]) -> Makers:
    """Makers of a family whose inputs are drawn at random."""
    return lambda number, seed: [
        partial(make, random.Random(f"{make.__name__} {seed} {i}"))  # noqa: S311
        for i in range(number or DRAWN)
    ]


class Outcome(NamedTuple):
    """What happened: "read", "refused" or a fault; CPU seconds, MB, and how long the line was."""

    what: str
    cpu_s: float
    mb: float
    line: int


def make_name(rng: Random, folder: Path) -> Path:
    """A picture, a video or a text in a folder, both with a name of any signs."""
    odd = ["a", "%s", "\n", "\x1b[31m", "=1", "\udce9", "\udcff", "ñ", " ", ":", "-", "*", "\u202e", "日"]
    signs = rng.choices(odd, k=8)
    place = folder / ("".join(signs) + rng.choice(["", "x"]))
    place.mkdir()
    whole = {".png": whole_pictures()["PNG"], ".avi": whole_videos()["a.avi"], ".txt": b"no picture"}
    ending = rng.choice(list(whole))
    path = place / ("".join(rng.sample(signs, 8)) + ending)
    path.write_bytes(whole[ending])
    return path


def use_name(path: Path) -> bool:
    """As a source, as the names of outputs, and as a data set's folder."""
    from affect.data.report import data_report
    from affect.live.frame import Frame
    from affect.live.recording.sinks import Outputs
    from affect.live.sources.files import open_source

    source = open_source(str(path))
    json.dumps([source.name, source.description], ensure_ascii=False).encode()
    with Outputs("en", source.fps, path.with_suffix(".csv"), path.with_suffix(".out.avi"), path) as outputs:
        for frame in source.frames():
            outputs.write(Frame(frame.picture, frame.timestamp_s, frame.number), [], None)
    source.close()
    if path.suffix == ".png":
        from affect.data.manifest import read_manifest

        (path.parent / "happy").mkdir()
        path.rename(path.parent / "happy" / "a.png")
        data_report(read_manifest(path.parent)).write(path.parent / "report")
    return True


def use_session(path: Path) -> bool:
    """Write its report and its exports, one after the other as at a recording's end."""
    from affect.live.exports import write_exports
    from affect.live.report import write_report

    language = ("en", "es")[int(path.name) % 2]
    report = write_report([path], language, path / "report.html")
    return all(made.is_file() for made in (report, *write_exports(path, language)))


def listed(sessions: Callable[[], Iterable[Session]]) -> Makers:
    """Makers of a family that is a list: all of it, or so many from all over it."""

    def makers(number: int | None, _: int) -> list[Callable[[Path], Path]]:
        every: list[Callable[[Path], Path]] = [partial(_written, s, str(i)) for i, s in enumerate(sessions())]
        return every if number is None else every[:: max(1, len(every) // number)][:number]

    return makers


def _written(session: Session, name: str, folder: Path) -> Path:
    return session.write(folder / name)


LIVE: Final = (
    "affect.live.sources.files",
    "affect.live.sources.decoding",
    "affect.live.recording.encoding",
    "affect.reader",
)
RESEARCH: Final = ("affect.model.checkpoint", "affect.data.report", "affect.data.cache")
REPORT: Final = (
    "affect.live.report.session_page",
    "affect.live.report.session_folder",
    "affect.live.exports.annotation",
    "affect.live.exports.spreadsheet",
    "pympi.Elan",
    "xlsxwriter",
)
FAMILIES: Final = {
    "pictures": Family(drawn(make_picture), use_picture, LIVE),
    "videos": Family(drawn(make_video), use_video, LIVE),
    "checkpoints": Family(drawn(make_checkpoint), use_checkpoint, RESEARCH),
    "detectors": Family(drawn(make_detector), use_detector, LIVE),
    "data sets": Family(drawn(make_data_set), use_data_set, RESEARCH),
    "names": Family(drawn(make_name), use_name, LIVE + RESEARCH),
} | {name: Family(listed(sessions), use_session, REPORT) for name, sessions in SESSIONS.items()}


def used(family: Family, path: Path) -> Outcome:
    """Give an input to the program in a process of its own."""
    reading, writing = os.pipe()
    if (child := os.fork()) == 0:
        os.close(reading)
        resource.setrlimit(resource.RLIMIT_CPU, (HANGS_S, HANGS_S))
        for stream in (1, 2):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
        what, line, before, start_s = "read", 0, _peak_mb(anew=True), time.process_time()
        try:
            what = "read" if family.use(path) else "refused"
        except AffectError as error:
            line = len(str(error).replace(str(path), ""))
            what = "refused" if str(error).isprintable() else "not printable"
        except BaseException as error:
            what = f"{type(error).__name__}: {error}"[:200]
        outcome = [what, time.process_time() - start_s, _peak_mb() - before, line]
        os.write(writing, json.dumps(outcome).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as file:
        told = file.read()
    _, status = os.waitpid(child, 0)
    return Outcome(*json.loads(told)) if told else Outcome(f"ended by {status}", float(HANGS_S), 0.0, 0)


def fault_of(outcome: Outcome) -> str:
    """What is wrong with an outcome; "" if nothing is."""
    if outcome.what not in ("read", "refused"):
        return outcome.what
    if outcome.cpu_s > MOST_S or outcome.mb > MOST_MB:
        return f"{outcome.cpu_s:.1f} s, {outcome.mb:.0f} MB"
    return f"a line of {outcome.line}" if outcome.line > LONGEST_LINE else ""


def _peak_mb(anew: bool = False) -> float:
    if anew:
        Path("/proc/self/clear_refs").write_text("5")
    told = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    return int(told[1]) / 1e3 if told else 0.0


def run(name: str, each: int | None, seed: int) -> tuple[Counter[str], list[Outcome]]:
    """Use so many inputs of a family. Returns how often what happened, and all outcomes; faults are printed."""
    family, counts, outcomes = FAMILIES[name], Counter[str](), []
    for module in family.idle:
        importlib.import_module(module)
    for number, make in enumerate(family.makers(each, seed)):
        with tempfile.TemporaryDirectory(prefix="hostile-") as folder:
            outcome = used(family, make(Path(folder)))
        outcomes.append(outcome)
        if fault := fault_of(outcome):
            print(f"{name} {seed} {number}: {fault!a}", file=sys.stderr)
        counts["fault" if fault else outcome.what] += 1
    return counts, outcomes


def main(arguments: list[str] | None = None) -> int:
    """Run the families and print a table. Returns 2 if there was a fault, else 0."""
    parser = CommandParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--each", type=positive, metavar="N",
        help=f"inputs of each family (default: {DRAWN} of what is drawn at random, all of what is a list)",
    )  # fmt: skip
    parser.add_argument("--family", nargs="+", choices=FAMILIES, default=list(FAMILIES))
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    cv2.setNumThreads(1)  # threads do not survive a fork
    faults = tried = 0
    print("| family | inputs | read | refused | faults | most CPU | most memory | longest line |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    for name in options.family:
        counts, outcomes = run(name, options.each, options.seed)
        most_s, most_mb, line = (max(each[i] for each in outcomes) for i in (1, 2, 3))
        told = [len(outcomes), counts["read"], counts["refused"], counts["fault"]]
        print(f"| {name} | {' | '.join(map(str, told))} | {most_s:.1f} s | {most_mb:.0f} MB | {line} |", flush=True)
        faults += counts["fault"]
        tried += len(outcomes)
    print(f"\n{tried:,} inputs", flush=True)
    return 2 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
