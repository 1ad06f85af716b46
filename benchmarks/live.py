"""Benchmark of the live program's speed against common alternatives; prints each target and whether it is met.

    python -m benchmarks.live [--model FILE.pt] [--frames 600] [--write]
    python -m benchmarks.live --against COMMIT             the same clips through the code of another commit as well

With --write the tables, the plot and the JSON in this folder are updated. Run it on an idle machine.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
from collections.abc import Callable
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from affect.command_line import CommandParser
from affect.files import atomic_path
from affect.live.bundled import BUNDLED
from benchmarks import against, measure
from benchmarks.machine import processor

FOLDER = Path(__file__).resolve().parent
README, JSON, PLOT = FOLDER / "README.md", FOLDER / "live.json", FOLDER / "live.png"
BEGIN = "<!-- live: written by python -m benchmarks.live --write -->"
END = "<!-- end of live -->"
AGAINST = ("<!-- against: written by python -m benchmarks.live --against COMMIT --write -->", "<!-- end of against -->")
AGAINST_JSON = FOLDER / "against.json"


# Rows of the speed tables of both READMEs, in the order of `_speed_values`.
SPEED_ROWS = {
    "README.md": (
        "a frame, median",
        "a frame, 95 of 100 within",
        "processor time for a second of live video at 30 frames a second",
        "the same, whole program with a network camera, decoding included",
        "the same with the window",
        "start to the first labelled frame",
        "memory at most",
    ),
    "README.es.md": (
        "un fotograma, mediana",
        "un fotograma, 95 de cada 100 en menos de",
        "tiempo de procesador por segundo de vídeo en directo a 30 fotogramas por segundo",
        "lo mismo, el programa entero con una cámara de red, con decodificación",
        "lo mismo con la ventana",
        "inicio hasta el primer fotograma con etiqueta",
        "memoria como máximo",
    ),
}


class Bar(NamedTuple):
    """A performance target: description, function that reads its value, sign (at most or at least), limit, unit."""

    what: str
    read: Callable[[dict[str, Any]], float]
    sign: str
    limit: float
    unit: str

    def met(self, found: dict[str, Any]) -> bool:
        """Whether the measurements meet the target."""
        value = self.read(found)
        return value >= self.limit if self.sign == "≥" else value <= self.limit


def _speedup(loops: dict[str, Any]) -> float:
    return float(loops["usual loop"]["median"] / loops["ours"]["median"])


def _ratio(found: dict[str, Any], kind: str, name: str, base: str) -> float:
    return float(found["growth"][kind][name]["median"] / found["growth"][kind][base]["median"])


BARS = (
    Bar("speed against the usual loop (medians)", lambda f: _speedup(f["loops"]), "≥", 15, "×"),
    Bar("95th percentile of a frame", lambda f: f["loops"]["ours"]["p95"], "≤", 9, "ms"),
    Bar("CPU for a second of 30-fps video", lambda f: f["loops"]["ours"]["cpu_s_per_video_s"], "≤", 0.15, "s"),
    Bar("peak memory of the script", lambda f: f["script"]["peak_mib"] * 1.048576, "≤", 350, "MB"),
    Bar("start to the first labelled frame", lambda f: f["script"]["start_s"], "≤", 1.5, "s"),
    Bar("box against a search of every whole frame, median IoU", lambda f: f["agreement"]["iou_median"], "≥", 0.90, ""),
    Bar("frames with the same label", lambda f: 100 * f["agreement"]["same_label"], "≥", 97, "%"),
    Bar("time with 4 faces against 1", lambda f: _ratio(f, "faces", "4", "1"), "≤", 2.5, "×"),
    Bar("time at 1080p against 720p", lambda f: _ratio(f, "resolution", "1080p", "720p"), "≤", 1.5, "×"),
    Bar("CPU with the window against headless, whole program", lambda f: float(f["program"]["ratio"]), "≤", 1.3, "×"),
    Bar("start to the first label in the window", lambda f: float(f["program"]["start_s"]), "≤", 2, "s"),
)  # fmt: skip


def machine() -> dict[str, Any]:
    """The machine and the library versions of the measurement."""
    load = round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None
    packages = {name: version(name) for name in ("opencv-python-headless", "onnxruntime", "torch", "numpy")}
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
        "load_at_start": load,
        **packages,
    }


def report(found: dict[str, Any]) -> str:
    """The measurements as a Markdown report."""
    where = found["machine"]
    lines = [
        f"{where['processor']}, {where['cores']} cores, {where['system']}, Python {where['python']}, "
        f"OpenCV {where['opencv-python-headless']}, ONNX Runtime {where['onnxruntime']}, PyTorch {where['torch']}; "
        f"load at the start {where['load_at_start']}. Model: {found['model']}. One face in 1280×720 where nothing "
        "else is said; decoding is left out.",
        "",
        f"The whole program with a network camera (1280×720, 30 frames a second), decoding included: "
        f"{found['program']['headless_cpu_s']:.2f} s of CPU for a second headless, "
        f"{found['program']['window_cpu_s']:.2f} s with the window.",
        "",
        "| bar | measured | asked | met |",
        "|---|---|---|---|",
        *(
            f"| {b.what} | {b.read(found):.3g} {b.unit} | {b.sign} {b.limit:g} {b.unit} | "
            f"{'yes' if b.met(found) else '**no**'} |"
            for b in BARS
        ),
        "",
        "| loop | median ms | p95 ms | p99 ms | frames a second | n |",
        "|---|---|---|---|---|---|",
        *(
            f"| {name} | {t['median']:.2f} | {t['p95']:.2f} | {t['p99']:.2f} | {t['fps']:.1f} | {t['n']} |"
            for name, t in found["loops"].items()
        ),
        "" if "fer" in found["loops"] else "(`fer` is not installed here, or does not import.)",
        "",
        "| where the time goes | ms | machine's best, ms |",
        "|---|---|---|",
        *(f"| {name} | {v['ms']:.2f} | {_bound(v)} |" for name, v in found["stages"].items()),
        "",
        "The best for grey and for drawing is the memory's measured bandwidth; for classifying, ONNX Runtime's bare "
        "`session.run`.",
        "",
    ]
    for kind, title in (("faces", "faces"), ("resolution", "picture"), ("fps", "frames a second of the source")):
        lines += [f"| {title} | median ms | p95 ms | CPU ms a frame |", "|---|---|---|---|"]
        lines += [
            f"| {name} | {t['median']:.2f} | {t['p95']:.2f} | {t['cpu']:.2f} |"
            for name, t in found["growth"][kind].items()
        ]
        lines.append("")
    left_out = (
        "What a live source of a higher rate leaves out counts in the CPU time a frame: about 15 a second are read."
    )
    return "\n".join([*lines, left_out, "", f"![How time grows]({PLOT.name})"])


def _bound(values: dict[str, float]) -> str:
    return f"{values['bound_ms']:.2f}" if "bound_ms" in values else "–"


def plot(found: dict[str, Any], path: Path) -> None:
    """Plot the time per frame against number of faces, resolution and frame rate."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 3.4), layout="constrained")
    axes = figure.subplots(1, 3, sharey=True)
    names = {"faces": "faces in 1280×720", "resolution": "picture, one face", "fps": "frames a second of the source"}
    for axis, (kind, label) in zip(axes, names.items(), strict=True):
        values = found["growth"][kind]
        axis.plot(list(values), [v["median"] for v in values.values()], "o-", color="#0072B2", label="median")
        axis.plot(list(values), [v["p95"] for v in values.values()], "s--", color="#E69F00", label="95th percentile")
        axis.set_xlabel(label)
        axis.grid(alpha=0.3)
    axes[0].set_ylabel("ms a frame")
    axes[0].set_ylim(bottom=0)
    axes[0].legend()
    figure.suptitle(
        f"Four faces take {_ratio(found, 'faces', '4', '1'):.1f}× the time of one, "
        f"1080p {_ratio(found, 'resolution', '1080p', '720p'):.1f}× that of 720p (demo clip)"
    )
    with atomic_path(path) as part:
        figure.savefig(part, format="png", dpi=110)


def write(found: dict[str, Any]) -> None:
    """Update the JSON, the plot, the README here between its markers, and the speed tables of both READMEs."""
    plot(found, PLOT)
    with atomic_path(JSON) as part:
        part.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    _renew(BEGIN, END, report(found))
    _renew_speed(found)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line. Returns 0 if every target is met, else 1."""
    parser = CommandParser(prog="python -m benchmarks.live", description=__doc__.split("\n")[0])
    parser.add_argument("--model", type=Path, default=BUNDLED, metavar="FILE.pt")
    parser.add_argument("--frames", type=int, default=600, metavar="N", help="of the comparisons (default 600)")
    parser.add_argument("--write", action="store_true", help="renew README.md, live.json and live.png in benchmarks/")
    parser.add_argument("--against", metavar="COMMIT", help="compare with the program of another commit")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="of whole programs, with --against")
    options = parser.parse_args(arguments)
    if options.against:
        return _against(options.against, options.model.resolve(), options.frames, options.rounds, options.write)
    found: dict[str, Any] = {"machine": machine(), "model": options.model.name}
    for name, work in (
        ("script", lambda: measure.start_and_memory(options.model)),
        ("loops", lambda: measure.side_by_side(options.model, options.frames)),
        ("agreement", lambda: measure.agreement(options.model, options.frames // 2)),
        ("growth", lambda: measure.growth(options.model, max(30, options.frames // 6))),
        ("stages", lambda: measure.stages(options.model)),
        ("program", lambda: measure.program_cost(options.model)),
    ):
        print(f"measuring: {name} …", file=sys.stderr, flush=True)
        found[name] = work()
    print(report(found))
    if options.write:
        write(found)
    else:
        print(json.dumps(found, ensure_ascii=False))
    return 0 if all(bar.met(found) for bar in BARS) else 1


def _against(commit: str, model: Path, frames: int, rounds: int, keep: bool) -> int:
    """Compare with another commit. Returns 0 if all targets are met, else 1."""
    with ExitStack() as stack:
        screen = shutil.which("Xvfb") is not None
        display = stack.enter_context(measure.virtual_screen()) if screen else ""
        found = {"machine": machine(), **against.compare(commit, model, frames, rounds, display)}
    text = against.report(found)
    print(text)
    if keep:
        _renew(*AGAINST, text)
        with atomic_path(AGAINST_JSON) as part:
            part.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0 if all(bar.met for bar in against.bars(found)) else 1


def _speed_values(found: dict[str, Any]) -> list[tuple[str, str]]:
    """The cells of the speed table: this program's, and the usual loop's."""
    ours, usual, script, program = (
        found["loops"]["ours"],
        found["loops"]["usual loop"],
        found["script"],
        found["program"],
    )
    return [
        (f"{ours['median']:.1f} ms", f"{usual['median']:.0f} ms"),
        (f"{ours['p95']:.1f} ms", f"{usual['p95']:.0f} ms"),
        (f"{ours['cpu_s_per_video_s']:.2f} s", ""),
        (f"{program['headless_cpu_s']:.2f} s", ""),
        (f"{program['window_cpu_s']:.2f} s", ""),
        (f"{script['start_s']:.2f} s", ""),
        (f"{script['peak_mib'] * 1.048576:.0f} MB", ""),
    ]


def _renew_speed(found: dict[str, Any]) -> None:
    """Write the measurements into the speed tables of both READMEs."""
    for name, rows in SPEED_ROWS.items():
        page = FOLDER.parent / name
        lines = page.read_text(encoding="utf-8").split("\n")
        for row, cells in zip(rows, _speed_values(found), strict=True):
            (at,) = [i for i, line in enumerate(lines) if line.startswith(f"| {row} |")]
            lines[at] = f"| {row} | {cells[0]} | {cells[1]} |".replace("|  |", "| |")
        with atomic_path(page) as part:
            part.write_text("\n".join(lines), encoding="utf-8")


def _renew(begin: str, end: str, text: str) -> None:
    """Replace what stands between two markers in the README."""
    given = README.read_text(encoding="utf-8")
    before, after = given.split(begin)[0], given.split(end)[1]
    with atomic_path(README) as part:
        part.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
