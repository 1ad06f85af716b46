"""Benchmark of long video files: time, memory over time, and the report; several files with one job and with two.

    python -m benchmarks.long_file [--minutes 60] [--write]

The demo clip is encoded once (H.264, 1280×720, 30 frames a second) and repeated without encoding. Linux only.
With --write results/benchmarks/long_file.{json,md}.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
from tqdm import tqdm

from affect.command_line import CommandParser, positive
from affect.files import atomic_path
from affect.live.sources.files import DemoSource
from benchmarks.machine import processor, program_environment

REPOSITORY: Final = Path(__file__).resolve().parents[1]
RESULTS: Final = REPOSITORY / "results" / "benchmarks"
LOOK_S: Final = 1.0
SETTLED: Final = 0.1  # share of the run after which memory should not grow
SHORT_MINUTES: Final = 3  # of the files that are analysed at the same time


def write_video(path: Path, minutes: float) -> None:
    """Write the demo clip again and again."""
    clip = path.with_suffix(".clip.mp4")
    demo = DemoSource()
    with av.open(str(clip), "w") as output:
        stream: Any = output.add_stream("libx264", rate=30, options={"preset": "veryfast", "crf": "23"})
        stream.width, stream.height = demo.SIZE
        for frame in tqdm(demo.frames(), desc="clip", total=round(demo.SECONDS * demo.fps), leave=False):
            output.mux(stream.encode(av.VideoFrame.from_ndarray(frame.picture, "bgr24")))
        output.mux(stream.encode())
    with av.open(str(path), "w") as output:
        copy: Any = None
        for number in range(round(60 * minutes / demo.SECONDS)):
            with av.open(str(clip)) as given:
                (stream,) = given.streams.video
                copy = copy or output.add_stream_from_template(stream)
                step = round(number * demo.SECONDS / stream.time_base)
                for packet in given.demux(stream):
                    if packet.pts is not None:
                        packet.pts, packet.dts, packet.stream = packet.pts + step, packet.dts + step, copy
                        output.mux(packet)
    clip.unlink()


def analysed(videos: list[Path], folder: Path, *options: str) -> dict[str, Any]:
    """Record videos with the program: seconds, CPU seconds, and its memory by time, MB."""
    command = [sys.executable, str(REPOSITORY / "affectnet_webcam_detector.py"), "--source", *map(str, videos)]
    command += ["--record", str(folder), "--consent", *options]
    before, start, memory = os.times(), time.monotonic(), []
    with subprocess.Popen(  # noqa: S603
        command, cwd=REPOSITORY, env=program_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        while process.poll() is None:
            status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
            if "VmRSS" in status:
                memory.append(int(status.split("VmRSS:")[1].split()[0]) * 1024 / 1e6)
            time.sleep(LOOK_S)
    passed_s, after = time.monotonic() - start, os.times()
    assert process.returncode == 0, "the analysis failed"
    cpu_s = after.children_user + after.children_system - before.children_user - before.children_system
    return {"seconds": passed_s, "cpu_s": cpu_s, "memory_mb": memory}


def measured(minutes: float) -> dict[str, Any]:
    """Analyse one long file, make its report once more, and several short files with one job and with two."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_video(folder / "long.mp4", minutes)
        found = analysed([folder / "long.mp4"], folder / "long")
        (session,) = (folder / "long").iterdir()
        start = time.monotonic()
        subprocess.run(  # noqa: S603
            [sys.executable, "-m", "affect.live.report", str(session)],
            cwd=REPOSITORY,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        report_s = time.monotonic() - start
        short = [folder / f"short{i}.mp4" for i in range(2)]
        for path in short:
            write_video(path, SHORT_MINUTES)
        jobs = {jobs: analysed(short, folder / f"jobs{jobs}", "--jobs", str(jobs))["seconds"] for jobs in (1, 2)}
    memory = found.pop("memory_mb")
    settled, last = memory[round(SETTLED * len(memory))], float(np.median(memory[-max(1, len(memory) // 20) :]))
    return {
        "machine": processor(),
        "minutes": minutes,
        **found,
        "memory_mb": {"after a tenth": settled, "at the end": last, "most": max(memory)},
        "report_s": report_s,
        "two_files_s": jobs,
    }


def told(found: dict[str, Any]) -> str:
    """The measurements as Markdown."""
    memory, jobs = found["memory_mb"], found["two_files_s"]
    return "\n".join(
        [
            f"{found['machine']}. H.264, 1280×720, 30 frames a second, one face; recorded, with report and exports.",
            "",
            "| | |",
            "|---|---|",
            f"| {found['minutes']:g} minutes of video | {found['seconds'] / 60:.1f} min, "
            f"{found['minutes'] * 60 / found['seconds']:.1f} times real time, {found['cpu_s'] / 60:.1f} min of CPU |",
            f"| memory after a tenth, at the end, at most | {memory['after a tenth']:.0f}, {memory['at the end']:.0f}, "
            f"{memory['most']:.0f} MB |",
            f"| its report and exports, made again | {found['report_s']:.1f} s |",
            f"| two files of {SHORT_MINUTES} minutes, one after the other / at the same time | {jobs[1]:.0f} / "
            f"{jobs[2]:.0f} s ({jobs[1] / jobs[2]:.2f} ×) |",
            "",
        ]
    )


def main() -> int:
    """Run the command line. Returns the exit code."""
    parser = CommandParser(prog="python -m benchmarks.long_file", description=__doc__.split("\n")[0])
    parser.add_argument("--minutes", type=positive, default=60, metavar="N", help="of the long file (default 60)")
    parser.add_argument("--write", action="store_true", help="renew results/benchmarks/long_file.{json,md}")
    options = parser.parse_args()
    found = measured(options.minutes)
    print(told(found))
    if options.write:
        for name, content in (("long_file.json", json.dumps(found, indent=1) + "\n"), ("long_file.md", told(found))):
            with atomic_path(RESULTS / name) as part:
                part.write_text(content, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
