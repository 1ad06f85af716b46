"""Benchmark of training speed against a typical notebook's loop; prints each target and whether it is met.

    python -m benchmarks.training --data DIR_OR_ZIP [--init-weights FILE.pt] [--image-size 224 112] [--write]

It takes more than an hour on two cores; `--resume` continues after an interruption.
With --write the benchmark's parts of benchmarks/README.md and docs/scaling.md are updated. Run it on an idle machine.
The pictures are unpacked into a temporary folder.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from dataclasses import replace
from importlib.metadata import version
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from affect import figure_style
from affect.command_line import CommandParser, exit_code_of, positive, seed_number
from affect.data.manifest import Manifest, read_manifest
from affect.data.splits import stratified_part
from affect.errors import AffectError
from affect.files import write_text
from affect.training.experiments import Stage
from benchmarks.machine import processor
from benchmarks.training_loops import STAGES, Job, stage_of
from benchmarks.training_report import BARS, figure_of, report, write_pages

ROOT = Path(__file__).resolve().parents[1]


def unpack(manifest: Manifest, split: str, count: int, seed: int, folder: Path) -> None:
    """Copy a stratified sample of about `count` picture files of a split to `folder/<split>/<class>/…`."""
    rows: pd.DataFrame = manifest.rows(split)
    if count < len(rows):
        rows = rows[stratified_part(rows, count / len(rows), seed)]
    for number, (name, label) in enumerate(zip(rows["pth"], rows["label"], strict=True)):
        path = folder / split / label / f"{number:06d}{Path(name).suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(manifest.source.read(name))


def run(loop: str, job: Job) -> dict[str, Any]:
    """Run a loop in a separate process with an empty cache, and return its measurements."""
    with tempfile.TemporaryDirectory() as cache:
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-m", "benchmarks.training_loops", loop, job.to_json()],
            cwd=ROOT, env={**os.environ, "AFFECT_CACHE": cache}, capture_output=True, text=True, check=False,
        )  # fmt: skip
    if done.returncode:
        raise AffectError(f"The loop {loop!r} stopped:\n{done.stderr[-2000:]}")
    measured: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return measured


def our_seconds(stage: Stage, measured: dict[str, Any]) -> float:
    """Seconds per epoch of our loop, including an equal share of the time to prepare the pictures once per stage.

    measured: for a stage with cached views, all its epochs, which include computing the views; for another stage two
    epochs, of which the first is warm-up.
    """
    marks, preparation_s = measured["seconds"], measured["preparation_s"] / stage.epochs
    per_epoch = marks[-1] / len(marks) if stage.views else marks[-1] - marks[-2]
    return float(per_epoch + preparation_s)


def speed(job: Job, rounds: int) -> dict[str, Any]:
    """Measure both loops in alternating rounds, with one epoch of the plain loop each; median images per second."""
    stage = stage_of(job.experiment, job.stage)
    rates: dict[str, list[float]] = {"ours": [], "plain": []}
    for number in range(rounds):
        again = replace(job, seed=job.seed + number)
        mine = run("ours", replace(again, epochs=stage.epochs if stage.views else 2))
        usual = run("plain", replace(again, epochs=1))
        rates["ours"].append(mine["pictures"] / our_seconds(stage, mine))
        rates["plain"].append(usual["pictures"] / usual["seconds"][0])
        _say(f"  round {number + 1}: ours {rates['ours'][-1]:.1f}, plain {rates['plain'][-1]:.1f} images/s")
    ratios = [a / b for a, b in zip(rates["ours"], rates["plain"], strict=True)]
    return {
        "ours_images_per_s": statistics.median(rates["ours"]),
        "plain_images_per_s": statistics.median(rates["plain"]),
        "speedup": statistics.median(ratios),
        "speedup_lowest": min(ratios),
        "speedup_highest": max(ratios),
        "rounds": rounds,
        "pictures": mine["pictures"],
    }


def accuracy(job: Job, seeds: int) -> dict[str, Any]:
    """Mean accuracy on val over seeds, after the same epochs; `points`: ours − plain in percentage points."""
    found: dict[str, list[float]] = {"ours": [], "plain": []}
    for seed in range(seeds):
        for loop, values in found.items():
            measured = run(loop, replace(job, seed=job.seed + seed))
            values.append(measured["accuracy"])
        _say(f"  seed {seed + 1}: ours {found['ours'][-1]:.4f}, plain {found['plain'][-1]:.4f}")
    ours, plain = (statistics.mean(values) for values in found.values())
    return {
        **found,
        "points": 100 * (ours - plain),
        "epochs": job.epochs,
        "image_size": job.image_size,
        "pictures": measured["pictures"],
        "n": measured["n"],
    }


def gpu(job: Job) -> dict[str, float]:
    """Compare our loop with training steps on a fixed batch on a GPU: images per second of the second epoch."""
    measured = {loop: run(loop, replace(job, epochs=2)) for loop in ("ours", "ready")}
    rates = {k: v["pictures"] / (v["seconds"][1] - v["seconds"][0]) for k, v in measured.items()}
    return {**{f"{k}_images_per_s": v for k, v in rates.items()}, "ours_of_ready": rates["ours"] / rates["ready"]}


def machine() -> dict[str, Any]:
    """The machine and the library versions of the measurement."""
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "system": platform.system(),
        "python": platform.python_version(),
        "load_at_start": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        **{name: version(name) for name in ("torch", "torchvision", "onnxruntime")},
    }


def measure(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Run all selected measurements on pictures unpacked into `folder`."""
    manifest = read_manifest(options.data)
    sets = {"speed": (options.pictures, 32), "accuracy": (options.accuracy_pictures, 10**9)}
    for name, (train, val) in sets.items():
        unpack(manifest, "train", train, options.seed, folder / name)
        unpack(manifest, "val", val, options.seed, folder / name)
    found: dict[str, Any] = {
        "machine": machine(), "data": manifest.name, "settings": settings_of(options),
        "speed": {}, "accuracy": {}, "gpu": {},
    }  # fmt: skip
    found |= kept(options)

    def job(kind: str, experiment: str, stage: str, size: int) -> Job:
        data = str(folder / kind)
        return Job(data, experiment, stage, size, options.epochs, options.init_weights, options.seed)

    for size, (experiment, stage) in product(options.image_size, STAGES):
        if (name := f"{experiment} {stage} {size}") not in found["speed"]:
            _say(f"speed: {experiment} {stage}, {size}×{size} …")
            of_stage = job("speed", experiment, stage, size)
            found["speed"][name] = speed(of_stage, options.rounds)
            if torch.cuda.is_available() and stage == "finetuned":
                found["gpu"][name] = gpu(of_stage)
            save(found, options.out)
    size = min(options.image_size)
    for experiment, stage in STAGES:
        if (name := f"{experiment} {stage}") not in found["accuracy"]:
            _say(f"accuracy: {name}, {size}×{size} …")
            found["accuracy"][name] = accuracy(job("accuracy", experiment, stage, size), options.seeds)
            save(found, options.out)
    return found


def settings_of(options: argparse.Namespace) -> dict[str, Any]:
    """The settings that determine each part's measurements."""
    return {
        "speed": {"pictures": options.pictures, "rounds": options.rounds, "seed": options.seed},
        "accuracy": {
            "pictures": options.accuracy_pictures, "epochs": options.epochs, "seeds": options.seeds,
            "seed": options.seed, "image_size": min(options.image_size),
        },
    }  # fmt: skip


def kept(options: argparse.Namespace) -> dict[str, Any]:
    """The measurements of an interrupted run in --out, with --resume.

    Raises AffectError if it had other settings.
    """
    file = options.out / "training.json"
    if not options.resume or not file.is_file():
        return {}
    last: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    if last["settings"] != settings_of(options):
        raise AffectError(f"{file} was measured with {last['settings']}. Leave --resume away.")
    return last


def save(found: dict[str, Any], folder: Path) -> None:
    """Write `training.json`, also with intermediate results of a running benchmark."""
    write_text(folder / "training.json", json.dumps(found, indent=2, ensure_ascii=False) + "\n")


def parser() -> argparse.ArgumentParser:
    """The argument parser."""
    made = CommandParser(
        prog="python -m benchmarks.training", description=(__doc__ or "").split("\n")[0],
        epilog="exit codes: 0 every measured bar is met, 1 one is not, 2 unusable data, 130 Ctrl-C",
    )  # fmt: skip
    made.add_argument("--data", type=Path, required=True, metavar="DIR_OR_ZIP")
    made.add_argument("--init-weights", default="imagenet", metavar="FILE.pt|imagenet|none")
    made.add_argument("--image-size", type=positive, nargs="+", default=[224, 112], metavar="PIXELS")
    made.add_argument("--pictures", type=positive, default=2048, metavar="N", help="of the speed (default 2048)")
    made.add_argument("--rounds", type=positive, default=3, metavar="N", help="turns of both loops (default 3)")
    made.add_argument(
        "--accuracy-pictures", type=positive, default=6000, metavar="N", help="to learn from (default 6000)"
    )
    made.add_argument("--epochs", type=positive, default=5, metavar="N", help="of the accuracy (default 5)")
    made.add_argument("--seeds", type=positive, default=2, metavar="N", help="of the accuracy (default 2)")
    made.add_argument("--resume", action="store_true", help="keep what an interrupted run found in --out")
    made.add_argument("--seed", type=seed_number, default=42)
    made.add_argument("--out", type=Path, default=ROOT / "results" / "benchmarks" / "training", metavar="DIR")
    made.add_argument("--write", action="store_true", help="renew benchmarks/README.md and docs/scaling.md as well")
    return made


def main(arguments: list[str] | None = None) -> int:
    """Run the command line. Returns the exit code."""
    options = parser().parse_args(arguments)
    if Path(options.init_weights).is_file():
        options.init_weights = str(Path(options.init_weights).resolve())
    found: dict[str, Any] = {}

    def work() -> None:
        with tempfile.TemporaryDirectory(prefix="affect-benchmark-") as folder:
            found.update(measure(options, Path(folder)))

    if code := exit_code_of(work):
        return code
    save(found, options.out)
    if found["speed"]:
        figure_style.save(figure_of(found), options.out / "training.png")
    print(report(found))
    if options.write and found["speed"]:
        write_pages(found, options.out / "training.png")
    values = [(bar, bar.read(found)) for bar in BARS]
    return 0 if all(value is None or value >= bar.limit for bar, value in values) else 1


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
