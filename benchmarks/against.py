"""Comparison of the live program with that of another commit, side by side in one run: `benchmarks.live --against`."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import cv2
import numpy as np
from tqdm import tqdm

from affect.faces.detection import FaceBox
from affect.live.pipeline.tracking import intersection_over_union
from benchmarks.clips import Clip, Scene
from benchmarks.machine import program_environment
from benchmarks.network_camera import cpu_of, network_camera

REPOSITORY: Final = Path(__file__).resolve().parents[1]
SCRIPT: Final = "affectnet_webcam_detector.py"
BLOCK: Final = 30  # frames per turn of a side
SIDES: Final = ("old", "new", "every", "noisy")  # every: today's code, every frame analysed; noisy: the same with noise
NOISE: Final = 1  # grey level
LIVE_S: Final = 15.0  # how long a program with a live source is watched
MATCHED: Final = 15  # frames within which a change of label counts as the same change


class Bar(NamedTuple):
    """A target: what is measured, its value, sign (at most or at least), limit, unit."""

    what: str
    value: float
    sign: str
    limit: float
    unit: str = "×"

    @property
    def met(self) -> bool:
        """Whether the measurement meets the target."""
        return self.value >= self.limit if self.sign == "≥" else self.value <= self.limit


@contextmanager
def checkout(commit: str) -> Iterator[Path]:
    """Check another commit out into a temporary folder, for as long as the context lasts."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "old"
        subprocess.run(["git", "worktree", "add", "--detach", "-q", str(path), commit], cwd=REPOSITORY, check=True)  # noqa: S603, S607
        try:
            yield path
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", str(path)], cwd=REPOSITORY, check=True)  # noqa: S603, S607


class Side:
    """A process that analyses frames with the code of a checkout, see `benchmarks.side`."""

    def __init__(self, code: Path) -> None:
        own = program_environment(PYTHONPATH=str(code))
        command = [sys.executable, str(REPOSITORY / "benchmarks" / "side.py")]
        self._process = subprocess.Popen(  # noqa: S603
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=code, env=own
        )

    def ask(self, **question: Any) -> list[dict[str, Any]]:
        """Send a question and wait for its answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        return list(json.loads(self._process.stdout.readline()))

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


def frames_of(
    sides: dict[str, Side], clip: Clip | Scene, count: int, model: Path, faces: int
) -> dict[str, list[dict[str, Any]]]:
    """Analyse a clip with all sides, in turns of BLOCK frames: a row per frame and side, see `benchmarks.side`."""
    for name, side in sides.items():
        side.ask(model=str(model), faces=faces, live=name in ("old", "new"), noise=NOISE if name == "noisy" else 0)
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in sides}
    with tempfile.NamedTemporaryFile() as file:
        for first in range(0, count, BLOCK):
            block = np.stack([clip.frame(i).picture for i in range(first, min(first + BLOCK, count))])
            file.seek(0)
            file.write(block.tobytes())
            file.flush()
            order = list(sides) if first // BLOCK % 2 else list(sides)[::-1]
            for name in order:
                asked = {"file": file.name, "shape": block.shape, "first": first, "fps": clip.fps}
                rows[name] += sides[name].ask(**asked)
    return rows


def cost(rows: list[dict[str, Any]], fps: float) -> dict[str, float]:
    """CPU seconds per second of video; median and 95th percentile of an analysed frame in ms, without the first."""
    median, p95 = np.percentile([row["s"] for row in rows[1:] if row["s"] is not None], (50, 95)) * 1000
    return {
        "cpu_s": float(np.mean([row["cpu_s"] for row in rows[1:]]) * fps),
        "median_ms": float(median),
        "p95_ms": float(p95),
    }


def agreement(live: list[dict[str, Any]], every: list[dict[str, Any]], fps: float) -> dict[str, float | None]:
    """How the largest face's boxes and labels agree with those of a pipeline that analyses every frame.

    later_ms: by how much a change of label comes later at most.   found_s: the same for a face that appears.
    """
    labels = [[row["faces"][0][1] if row["faces"] else "" for row in side] for side in (live, every)]
    overlaps = [
        intersection_over_union(FaceBox(*a["faces"][0][0]), FaceBox(*b["faces"][0][0]))
        for a, b in zip(live, every, strict=True)
        if a["faces"] and b["faces"]
    ]
    changes, appearances = _delays(*labels), _delays(*[["face" if name else "" for name in side] for side in labels])
    return {
        "same_label": float(np.mean([a == b for a, b in zip(*labels, strict=True)])),
        "iou_median": float(np.median(overlaps)),
        "changes": len(changes),
        "later_ms": max(changes) / fps * 1000 if changes else None,
        "found_s": max(appearances) / fps if appearances else None,
        "n": len(live),
    }


def _delays(labels: list[str], reference: list[str]) -> list[int]:
    """Frames by which each change of the reference comes later, for those that are found within MATCHED frames."""
    delays = []
    for i in range(1, len(reference)):
        if reference[i] == reference[i - 1] or not reference[i]:
            continue
        near = range(max(1, i - MATCHED), min(len(labels), i + MATCHED + 1))
        same = [j - i for j in near if labels[j] == reference[i] != labels[j - 1]]
        delays.append(min(same, key=abs) if same else MATCHED)
    return delays


def run(code: Path, arguments: list[str], display: str = "") -> tuple[float, float]:
    """Run the program of a checkout to its end: CPU and elapsed seconds, its start included."""
    own = program_environment(PYTHONPATH=str(code), DISPLAY=display)
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(  # noqa: S603
        [sys.executable, str(code / SCRIPT), *arguments],
        cwd=code,
        env=own,
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    passed_s, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, passed_s


def first_label_s(code: Path, arguments: list[str]) -> float:
    """Seconds from the start of the program to its first line with a face."""
    own = program_environment(PYTHONPATH=str(code))
    start = time.perf_counter()
    with subprocess.Popen(  # noqa: S603
        [sys.executable, str(code / SCRIPT), *arguments],
        cwd=code,
        env=own,
        stdout=subprocess.PIPE,
        text=True,
        stderr=subprocess.DEVNULL,
    ) as process:
        line = next((line for line in process.stdout or () if "face 1" in line), None)
        passed_s = time.perf_counter() - start
        process.kill()
    assert line is not None, "the program showed no face"
    return passed_s


def compare(commit: str, model: Path, frames: int, rounds: int, display: str = "") -> dict[str, Any]:
    """Measure both commits.   frames: of each scene.   rounds: of whole programs.   display: an X display, "" none."""
    with checkout(commit) as old, tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        codes = {"old": old, "new": REPOSITORY}
        sides = {name: Side(codes.get(name, REPOSITORY)) for name in SIDES}
        for side in sides.values():
            stack.callback(side.close)
        found: dict[str, Any] = {"commit": commit, "model": model.name, "scenes": {}, "faces": {}}
        for name in tqdm(Scene.NAMES, desc="scenes"):
            clip = Scene(name)
            rows = frames_of(sides, clip, frames, model, faces=1)
            found["scenes"][name] = {
                **{side: cost(rows[side], clip.fps) for side in SIDES},
                **agreement(rows["new"], rows["every"], clip.fps),
                "repeated": agreement(rows["noisy"], rows["every"], clip.fps)["same_label"],
            }
        for faces in (1, 4):
            rows = frames_of({k: sides[k] for k in ("old", "new")}, Clip(faces), frames // 2, model, faces)
            found["faces"][str(faces)] = {side: cost(rows[side], Clip.FPS) for side in rows}
        video = _video(Path(folder), frames)
        with network_camera(Clip(), LIVE_S) as address:
            programs: dict[str, Callable[[Path], Any]] = {
                "file": lambda code: run(code, ["--source", str(video), "--headless", "--model", str(model)]),
                "start": lambda code: first_label_s(
                    code, ["--source", str(video), "--headless", "--model", str(model)]
                ),
                "live": lambda code: _live(code, address, model, "--headless"),
            }
            if display:
                programs["window"] = lambda code: _live(code, address, model, display=display)
            for kind, program in programs.items():
                values: dict[str, list[Any]] = {"old": [], "new": []}
                for _ in tqdm(range(rounds), desc=kind):
                    for name, code in codes.items():
                        values[name].append(program(code))
                found[kind] = values
        found["video_s"] = frames / Clip.FPS
    return found


def _live(code: Path, address: str, model: Path, *rest: str, display: str = "") -> float:
    arguments = [str(code / SCRIPT), "--source", address, "--model", str(model), *rest]
    return cpu_of(code, arguments, LIVE_S, program_environment(PYTHONPATH=str(code), DISPLAY=display))[0]


def _video(folder: Path, frames: int) -> Path:
    """Write the demo clip as a video file."""
    path, clip = folder / "clip.avi", Clip()
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), clip.fps, (1280, 720))
    for i in range(frames):
        writer.write(clip.frame(i).picture)
    writer.release()
    return path


def bars(found: dict[str, Any]) -> list[Bar]:
    """The targets, with what was measured."""
    scenes = list(found["scenes"].values())
    cpu_s = {side: float(np.mean([scene[side]["cpu_s"] for scene in scenes])) for side in SIDES}
    uneven = max(scene["new"]["p95_ms"] / scene["new"]["median_ms"] for scene in scenes)
    four = found["faces"]["4"]["new"]["median_ms"] / found["faces"]["1"]["new"]["median_ms"]
    made = [
        Bar("CPU for a second of live video, analysis alone, new / old", cpu_s["new"] / cpu_s["old"], "≤", 0.5),
        Bar("CPU for a second of live video, whole program, new / old", _ratio(found["live"]), "≤", 0.5),
        Bar("frames with the label of every-frame analysis", 100 * _mean(scenes, "same_label"), "≥", 99, "%"),
        Bar("boxes: median IoU, lowest of the scenes", min(scene["iou_median"] for scene in scenes), "≥", 0.93, ""),
        Bar("a face that appears is found later by at most", _most(scenes, "found_s"), "≤", 0.5, "s"),
        Bar("a change of label comes later by at most", _most(scenes, "later_ms"), "≤", 50, "ms"),
        Bar("files: frames a second, new / old", 1 / _ratio(found["file"], 1), "≥", 1.3),
        Bar("4 faces against 1, median of a frame", four, "≤", 2.2),
        Bar("95th percentile / median of a frame, worst scene", uneven, "≤", 2.5),
        Bar("start to the first label, new / old", _ratio(found["start"]), "≤", 0.6),
    ]
    if "window" in found:
        new = [float(np.median(found[kind]["new"])) for kind in ("window", "live")]
        made.append(Bar("CPU with the window / headless", new[0] / new[1], "≤", 1.3))
    return made


def _ratio(values: dict[str, list[Any]], place: int | None = None) -> float:
    """Ratio of the medians, new / old, of the values or of those at a place of each."""
    old, new = (np.median([v if place is None else v[place] for v in values[side]]) for side in ("old", "new"))
    return float(new / old)


def _mean(scenes: list[dict[str, Any]], name: str) -> float:
    return float(np.mean([scene[name] for scene in scenes]))


def _most(scenes: list[dict[str, Any]], name: str) -> float:
    return float(max((scene[name] for scene in scenes if scene[name] is not None), default=0))


def report(found: dict[str, Any]) -> str:
    """The comparison as Markdown."""
    lines = [
        f"Old: {found['commit']}. Model: {found['model']}. 1280×720 at 30 frames a second.",
        "",
        "| | measured | asked | met |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {b.what} | {b.value:.3g} {b.unit} | {b.sign} {b.limit:g} {b.unit} | {'yes' if b.met else '**no**'} |"
        for b in bars(found)
    ]
    lines += [
        "",
        "| scene | CPU s a second: old | new | every frame | same label, % "
        "| with noise, % | median IoU | label changes | latest, ms |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {name} | {s['old']['cpu_s']:.3f} | {s['new']['cpu_s']:.3f} | {s['every']['cpu_s']:.3f} "
        f"| {100 * s['same_label']:.1f} | {100 * s['repeated']:.1f} | {s['iou_median']:.3f} | {s['changes']} "
        f"| {'–' if s['later_ms'] is None else round(s['later_ms'])} |"
        for name, s in found["scenes"].items()
    ]
    lines += ["", "| whole program | old | new |", "|---|---|---|"]
    for kind, (title, place, scale) in {
        "live": ("CPU s for a second of a network camera, headless", None, 1.0),
        "window": ("the same with the window", None, 1.0),
        "file": ("seconds for a second of a video file", 1, found["video_s"]),
        "start": ("start to the first label, s", None, 1.0),
    }.items():
        if kind in found:
            old, new = (
                np.median([v if place is None else v[place] for v in found[kind][side]]) / scale
                for side in ("old", "new")
            )
            lines.append(f"| {title} | {old:.3f} | {new:.3f} |")
    return "\n".join(lines)
