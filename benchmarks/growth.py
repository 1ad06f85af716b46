"""How the cost of preparing data and of a session's files grows, and what breaks first at a size never tried.

    python -m benchmarks.growth [--write]

Made-up names, labels, thumbnails and recordings go through the project's own functions at growing sizes. A power of
the size is fitted to the time of each (its largest sizes), and prolonged to AffectNet's 450,000 pictures, ten million,
and a hundred sessions a day; what is prolonged was not measured. With --write results/benchmarks/growth.{json,md,png}.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from tqdm import tqdm

from affect.command_line import CommandParser
from affect.data.duplicates import SIDE, Fingerprints, near_groups
from affect.data.manifest import read_manifest
from affect.data.splits import stratified_part
from affect.emotions import EMOTIONS
from affect.files import atomic_path
from affect.live.exports import write_exports
from affect.live.report import write_report
from benchmarks.hostile_sessions import EVENTS, HEADER, ROW, TOLD, Session
from benchmarks.machine import processor

RESULTS: Final = Path(__file__).resolve().parents[1] / "results" / "benchmarks"
PICTURES: Final = (8_000, 16_000, 32_000, 64_000)
MINUTES: Final = (15, 30, 60, 120)
AIMS: Final = {"AffectNet's 450,000": 450_000, "ten million": 10_000_000}
ROWS_A_SECOND: Final = 30
FITTED: Final = 2  # largest sizes that the power is fitted to


def names_of(count: int) -> list[str]:
    """Paths of a data set in class folders."""
    return [f"{EMOTIONS[i % len(EMOTIONS)]}/{i:08d}.jpg" for i in range(count)]


def listed(count: int, folder: Path) -> Callable[[], object]:
    """Read names and labels of a .zip whose pictures are empty, without splitting."""
    path = folder / f"{count}.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names_of(count):
            archive.writestr(name, b"")
    return lambda: read_manifest(path)


def split(count: int, folder: Path) -> Callable[[], object]:
    """Hold a tenth out, class by class."""
    rows = pd.DataFrame({"pth": names_of(count), "label": [EMOTIONS[i % len(EMOTIONS)] for i in range(count)]})
    return lambda: stratified_part(rows, 0.1, 42)


def compared(count: int, folder: Path) -> Callable[[], object]:
    """Look for near-duplicates among thumbnails of noise, all pairs."""
    rng = np.random.default_rng(1)
    digests = np.array([f"{i:032d}" for i in range(count)], "S32")
    thumbnails = rng.integers(0, 255, (count, SIDE, SIDE), np.uint8)
    return lambda: near_groups(Fingerprints(digests, thumbnails, np.full((count, 2), 96)))


def reported(minutes: int, folder: Path) -> Callable[[], object]:
    """Write report and exports of a session of so many minutes with ROWS_A_SECOND rows a second."""
    seconds = 60 * minutes
    told = TOLD | {"duration_s": float(seconds), "frames": ROWS_A_SECOND * seconds, "not_analysed": [], "baseline": []}
    rows = "".join(ROW.format(i / ROWS_A_SECOND, i) + "\n" for i in range(ROWS_A_SECOND * seconds))
    made = Session(json.dumps(told), f"{HEADER}\n{rows}", EVENTS).write(folder / f"session-{minutes}")

    def work() -> None:
        write_report([made], "en")
        write_exports(made, "en")

    return work


class Kind(NamedTuple):
    """What grows.   unit: of its size.   prepare: takes a size and a folder and returns the work.   sizes: measured."""

    name: str
    unit: str
    prepare: Callable[[int, Path], Callable[[], object]]
    sizes: tuple[int, ...]


KINDS: Final = (
    Kind("names and labels", "pictures", listed, PICTURES),
    Kind("stratified split", "pictures", split, PICTURES),
    Kind("near-duplicates, all pairs", "pictures", compared, PICTURES),
    Kind("report and exports of a session", "minutes", reported, MINUTES),
)


def measured(kind: Kind) -> dict[str, Any]:
    """Seconds and peak memory (of Python and NumPy, MB) at each size, and the power of the size that fits the times."""
    seconds, memory_mb = [], []
    for size in tqdm(kind.sizes, desc=kind.name, file=sys.stderr):
        with tempfile.TemporaryDirectory() as folder:
            work = kind.prepare(size, Path(folder))
            start = time.perf_counter()
            work()
            seconds.append(time.perf_counter() - start)
            tracemalloc.start()
            work()
            memory_mb.append(tracemalloc.get_traced_memory()[1] / 1e6)
            tracemalloc.stop()
    power, level = np.polyfit(np.log(kind.sizes[-FITTED:]), np.log(seconds[-FITTED:]), 1)
    found = {"unit": kind.unit, "sizes": kind.sizes, "seconds": seconds, "memory_mb": memory_mb, "power": float(power)}
    return found | {
        "prolonged_s": {
            name: float(np.exp(level) * size**power) for name, size in AIMS.items() if kind.unit == "pictures"
        }
    }


def told(found: dict[str, Any]) -> str:
    """The measurements as Markdown."""
    lines = [f"{found['machine']}. Prolonged figures are reckoned from the fitted power, not measured.", ""]
    lines += ["| | largest size measured | time | memory | grows with size to the power | " + " | ".join(AIMS) + " |"]
    lines += ["|---|---|---|---|---|" + "---|" * len(AIMS)]
    for name, kind in found["kinds"].items():
        far = [duration(kind["prolonged_s"][aim]) if kind["prolonged_s"] else "–" for aim in AIMS]
        lines.append(
            f"| {name} | {kind['sizes'][-1]:,} {kind['unit']} | {duration(kind['seconds'][-1])} "
            f"| {kind['memory_mb'][-1]:.0f} MB | {kind['power']:.2f} | {' | '.join(far)} |"
        )
    session = found["kinds"]["report and exports of a session"]
    hour = session["seconds"][session["sizes"].index(60)]
    lines += ["", f"A hundred sessions of an hour a day: {duration(100 * hour)} of one core for reports and exports."]
    return "\n".join([*lines, "", "![Time by size](growth.png)", ""])


def duration(seconds: float) -> str:
    """A duration in its largest fitting unit."""
    for limit, unit, size in ((1, "ms", 1e-3), (120, "s", 1), (7200, "min", 60), (172_800, "h", 3600)):
        if seconds < limit:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 86_400:,.3g} days"


def plot(found: dict[str, Any]) -> Figure:
    """Time by size, on logarithmic axes: what is done to pictures, and to sessions."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    for (name, kind), marker in zip(found["kinds"].items(), "osD^", strict=True):
        axes = left if kind["unit"] == "pictures" else right
        axes.loglog(kind["sizes"], kind["seconds"], f"{marker}-", label=f"{name}: power {kind['power']:.2f}")
    for axes, unit in ((left, "pictures"), (right, "minutes of a session")):
        axes.set(xlabel=unit, ylabel="seconds")
        axes.grid(alpha=0.3, which="both")
        axes.legend(fontsize=8)
    figure.suptitle("Comparing all pairs of pictures grows fastest")
    return figure


def main() -> int:
    """Run the command line. Returns the exit code."""
    parser = CommandParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    found = {"machine": processor(), "kinds": {kind.name: measured(kind) for kind in KINDS}}
    print(told(found))
    if options.write:
        for name, content in (("growth.json", json.dumps(found, indent=1) + "\n"), ("growth.md", told(found))):
            with atomic_path(RESULTS / name) as part:
                part.write_text(content, encoding="utf-8")
        with atomic_path(RESULTS / "growth.png") as part:
            plot(found).savefig(part, format="png", dpi=110)
    return 0


if __name__ == "__main__":
    sys.exit(main())
