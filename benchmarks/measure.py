"""Measurements of the live benchmark; results are plain numbers, in milliseconds unless the name has another unit."""

from __future__ import annotations

import itertools
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from affect.faces.detection import crop_face
from affect.live.pipeline.classifier import load_classifier
from affect.live.pipeline.grey_pyramid import GreyPyramid
from affect.live.pipeline.search import AroundKnown
from affect.live.pipeline.tracking import intersection_over_union
from affect.live.recording.overlay import Overlay
from affect.live.sources.pace import LIVE_HZ, Pace
from benchmarks.clips import Clip
from benchmarks.loops import Loop, fer_loop, full_search_loop, our_loop, usual_loop
from benchmarks.machine import program_environment
from benchmarks.network_camera import cpu_of, network_camera

REPOSITORY = Path(__file__).resolve().parents[1]
USUAL_EVERY = 3  # the typical loops process every third frame, since they are slow and independent of the frame before
BLOCK = 30  # frames per turn of a loop
REST_S = 0.2  # pause between turns, since PyTorch's threads keep spinning for a while


def statistics(times_s: list[float]) -> dict[str, float]:
    """Median, 95th and 99th percentile in ms, frames per second, and n."""
    low, high, highest = np.percentile(times_s, (50, 95, 99)) * 1000
    rate = len(times_s) / sum(times_s)
    return {"median": float(low), "p95": float(high), "p99": float(highest), "fps": rate, "n": len(times_s)}


def side_by_side(model: Path, frames: int) -> dict[str, Any]:
    """Time all loops on the same clip, interleaved in turns of BLOCK frames; ours also in CPU time of a live source."""
    usual: dict[str, Loop] = {
        "usual loop": usual_loop(model, 1.1),
        "usual loop, coarser (scaleFactor 1.3)": usual_loop(model, 1.3),
    }
    if (fer := fer_loop()) is not None:
        usual["fer"] = fer
    ours, clip = our_loop(model), Clip()
    threads = cv2.getNumberOfCPUs()
    times: dict[str, list[float]] = {name: [] for name in ("ours", *usual)}
    cpu_s = 0.0
    for start in range(0, frames, BLOCK):
        block = [clip.frame(i) for i in range(start, min(start + BLOCK, frames))]
        cv2.setNumThreads(1)
        for frame in block:
            cpu = time.process_time()
            times["ours"].append(_timed(ours, frame))
            cpu_s += time.process_time() - cpu
        cv2.setNumThreads(threads)
        for name, loop in usual.items():
            times[name] += [_timed(loop, frame) for frame in block[::USUAL_EVERY]]
        time.sleep(REST_S)
    cv2.setNumThreads(1)
    found: dict[str, Any] = {name: statistics(t[1:]) for name, t in times.items()}  # the first frame warms up
    found["ours"]["cpu_s_per_video_s"] = cpu_s / frames * LIVE_HZ
    return found


def agreement(model: Path, frames: int) -> dict[str, float]:
    """Agreement of our loop with full-frame search in every frame, on the largest face."""
    ours, whole, clip = our_loop(model), full_search_loop(model), Clip()
    overlaps, same = [], []
    for i in range(frames):
        frame = clip.frame(i)
        a, b = ours(frame), whole(frame)
        same.append([r.emotion for r in a[:1]] == [r.emotion for r in b[:1]])
        if a and b:
            overlaps.append(intersection_over_union(a[0].box, b[0].box))
    return {"iou_median": float(np.median(overlaps)), "same_label": float(np.mean(same)), "n": frames}


def growth(model: Path, frames: int, rounds: int = 3) -> dict[str, dict[str, dict[str, float]]]:
    """Median and CPU time per frame by number of faces, resolution and frame rate; settings are interleaved.

    Of the frame rates, the pictures that a live source leaves out are left out, and count in the CPU time per frame.
    """
    sizes = {"480p": (854, 480), "720p": (1280, 720), "1080p": (1920, 1080), "1440p": (2560, 1440)}
    sizes["2160p"] = (3840, 2160)
    settings: dict[str, dict[str, Clip]] = {
        "faces": {str(n): Clip(n) for n in (1, 2, 4, 8)},
        "resolution": {name: Clip(size=size) for name, size in sizes.items()},
        "fps": {str(fps): Clip(fps=fps) for fps in (10, 15, 30, 60)},
    }
    times: dict[tuple[str, str], list[float]] = {}
    cpu: dict[tuple[str, str], float] = {}
    for _ in range(rounds):
        for kind, clips in settings.items():
            for name, clip in clips.items():
                loop = our_loop(model, int(name) if kind == "faces" else 1)
                loop(clip.frame(0))
                pace = Pace()
                for i in range(1, frames):
                    if kind == "fps" and not pace.due(i / clip.fps):
                        continue
                    frame, before = clip.frame(i), time.process_time()
                    times.setdefault((kind, name), []).append(_timed(loop, frame))
                    cpu[kind, name] = cpu.get((kind, name), 0.0) + time.process_time() - before
    return {
        kind: {
            name: {**statistics(times[kind, name]), "cpu": 1000 * cpu[kind, name] / (rounds * (frames - 1))}
            for name in clips
        }
        for kind, clips in settings.items()
    }


def stages(model: Path) -> dict[str, dict[str, float]]:
    """Time of each processing stage for one face at 720p, with this machine's lower bound where it is known."""
    cv2.setNumThreads(1)
    classifier, clip, views, search = load_classifier(model), Clip(), GreyPyramid(), AroundKnown()
    frame = clip.frame(0)
    picture = frame.picture
    encoded = cv2.imencode(".jpg", picture)[1]
    views.take(picture)
    boxes = search.find(views, [], [], 0.0)
    still_s = _least(lambda: search.find(views, boxes, [], 0.0))  # time stands still, so that no sweep slice is due
    ticks = itertools.count(1)
    swept_s = _mean(lambda: search.find(views, boxes, [], next(ticks) / clip.fps))  # two seconds: each slice once
    view = views.grey if classifier.preprocessing.color == "grey" else picture
    setting = classifier.preprocessing

    def crop() -> np.ndarray:
        return setting.normalize(setting.prepare(crop_face(view, boxes[0], setting))[None])

    ready, crop_s = crop(), _least(crop)
    process = our_loop(model)
    results = [process(clip.frame(i)) for i in range(20)][-1]
    overlay = Overlay()
    bandwidth = _bandwidth()
    moved = picture.nbytes + 1.33 * 2 * views.grey.nbytes
    found = {
        "decode (MJPEG camera)": {"ms": _least(lambda: cv2.imdecode(encoded, cv2.IMREAD_COLOR))},
        "grey and its halves": {"ms": _least(lambda: views.take(picture)), "bound_ms": moved / bandwidth},
        "detect: around the known face": {"ms": still_s},
        "detect: its share of the sweep": {"ms": swept_s - still_s},
        "crop, resize, normalise": {"ms": crop_s},
        "classify": {
            "ms": _least(lambda: classifier.probabilities(view, boxes)) - crop_s,
            "bound_ms": _least(lambda: classifier.logits(ready)),
        },
        "draw (window or video only)": {
            "ms": _least(lambda: overlay.draw(picture, results, 30.0)),
            "bound_ms": 2 * picture.nbytes / bandwidth,
        },
    }
    return {name: {k: 1000 * v for k, v in values.items()} for name, values in found.items()}


def start_and_memory(model: Path, repeats: int = 5) -> dict[str, float]:
    """Start-up and memory of the script in separate processes: seconds to the first labelled frame, peak MiB."""
    # A separate process makes the ONNX export, since on Linux a child's peak memory starts at its parent's.
    code = (
        "import sys; from pathlib import Path; from affect.live.pipeline.classifier import load_classifier; "
        "load_classifier(Path(sys.argv[1]), notify=lambda _: None)"
    )
    subprocess.run([sys.executable, "-c", code, str(model)], cwd=REPOSITORY, check=True)  # noqa: S603
    with tempfile.TemporaryDirectory() as folder:
        video = Path(folder) / "clip.avi"
        writer = cv2.VideoWriter(str(video), cv2.VideoWriter.fourcc(*"MJPG"), 30.0, (1280, 720))
        for i in range(300):
            writer.write(Clip().frame(i).picture)
        writer.release()
        arguments = ["--source", str(video), "--headless", "--model", str(model)]
        starts = []
        for _ in range(repeats):
            with _started([str(REPOSITORY / "affectnet_webcam_detector.py"), *arguments]) as (process, start):
                first = next((line for line in process.stdout or () if "face 1" in line), None)
                starts.append(time.perf_counter() - start)
            assert first is not None, "the script showed no face"
        code = (
            "import resource, sys; from affect.live.app import main; "
            f"main({[*arguments, '--csv', str(Path(folder) / 'out.csv')]!r}); "
            "peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss; "
            "print('peak', peak / (2**20 if sys.platform == 'darwin' else 2**10))"
        )
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            cwd=REPOSITORY,
            check=True,
            env=program_environment(),
        )
    peak = float(done.stdout.split()[-1])
    return {"start_s": float(np.median(starts)), "start_worst_s": max(starts), "peak_mib": peak, "n": repeats}


def program_cost(model: Path, seconds: float = 20.0, repeats: int = 3) -> dict[str, float]:
    """CPU seconds for a second of a network camera of the whole program, with the window and without it.

    The window is on a virtual screen. start_s: seconds until it shows a label.
    Raises FileNotFoundError without Xvfb.
    """
    cpu_s: dict[str, list[float]] = {"headless": [], "window": []}
    starts = []
    with (
        tempfile.TemporaryDirectory() as folder,
        virtual_screen() as display,
        network_camera(Clip(), seconds) as address,
    ):
        own = program_environment(DISPLAY=display, HOME=folder, XDG_CONFIG_HOME=folder)
        arguments = ["--source", address, "--model", str(model)]
        scripts = {
            "headless": [str(REPOSITORY / "affectnet_webcam_detector.py"), *arguments, "--headless"],
            "window": ["-c", FIRST_LABEL, *arguments],
        }
        for _ in range(repeats):
            for name, script in scripts.items():
                start = time.time()
                used, output = cpu_of(REPOSITORY, script, seconds, own)
                cpu_s[name].append(used)
                if name == "window":
                    starts.append(float(output.split("labelled ")[1].split()[0]) - start)
    headless, window = (float(np.median(values)) for values in cpu_s.values())
    return {
        "headless_cpu_s": headless,
        "window_cpu_s": window,
        "ratio": window / headless,
        "start_s": float(np.median(starts)),
        "start_worst_s": max(starts),
        "seconds": seconds,
        "n": repeats,
    }


# The program, which prints when its window has first shown a label, on time.time().
FIRST_LABEL = """
import sys, time
from affect.live.app import main
from affect.live.window.faces import FacePanel

show = FacePanel.show_face

def noted(panel, result, *rest):
    show(panel, result, *rest)
    if result is not None:
        FacePanel.show_face = show
        print("labelled", time.time(), flush=True)

FacePanel.show_face = noted
sys.exit(main(sys.argv[1:]))
"""


@contextmanager
def virtual_screen() -> Iterator[str]:
    """Start a virtual screen; its DISPLAY."""
    if (xvfb := shutil.which("Xvfb")) is None:
        raise FileNotFoundError("Xvfb")
    command = [xvfb, "-displayfd", "1", "-screen", "0", "1920x1080x24"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:  # noqa: S603
        try:
            yield f":{int((server.stdout or sys.stdin).readline())}"
        finally:
            server.terminate()


@contextmanager
def _started(arguments: list[str]) -> Iterator[tuple[subprocess.Popen[str], float]]:
    start = time.perf_counter()
    with subprocess.Popen(  # noqa: S603
        [sys.executable, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=REPOSITORY,
        env=program_environment(),
    ) as process:
        try:
            yield process, start
        finally:
            process.kill()


def _timed(loop: Loop, frame: Any) -> float:
    start = time.perf_counter()
    loop(frame)
    return time.perf_counter() - start


def _least(work: Callable[[], object], repeats: int = 100) -> float:
    """Lower quartile of the repeated times in seconds, as an estimate without interruptions."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return float(np.percentile(times, 25))


def _mean(work: Callable[[], object], repeats: int = 60) -> float:
    start = time.perf_counter()
    for _ in range(repeats):
        work()
    return (time.perf_counter() - start) / repeats


def _bandwidth() -> float:
    """Memory bandwidth of one thread in bytes per second, reading and writing, measured by copying 64 MiB."""
    source = np.ones(1 << 26, np.uint8)
    target = np.empty_like(source)
    return 2 * source.nbytes / _least(lambda: np.copyto(target, source), 20)
