"""Report of the training benchmark: targets, tables and estimated hours as Markdown, a figure, and the docs' pages.

The input is the content of `results/benchmarks/training/training.json`; nothing is measured here.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from matplotlib.figure import Figure

from affect.data.tables import markdown_table
from affect.figure_style import MAIN, OTHER, headline, new_figure, tidy
from affect.files import write_between
from benchmarks.training_loops import STAGES, stage_of

ROOT = Path(__file__).resolve().parents[1]
BEGIN = "<!-- training: written by python -m benchmarks.training --write -->"
END = "<!-- end of training -->"
AFFECTNET = 420_000  # labelled pictures of the full data set, for the estimate in docs/scaling.md


class Bar(NamedTuple):
    """A target: description, function that reads its value (None: not measured), lower limit, unit."""

    what: str
    read: Callable[[dict[str, Any]], float | None]
    limit: float
    unit: str

    def row(self, found: dict[str, Any]) -> list[str]:
        """The target's row of the Markdown table."""
        value, asked = self.read(found), f"≥ {self.limit:g} {self.unit}"
        if value is None:
            return [self.what, "not measured", asked, "–"]
        return [self.what, f"{value:.3g} {self.unit}", asked, "yes" if value >= self.limit else "**no**"]


def _speedup(experiment: str, stage: str) -> Callable[[dict[str, Any]], float | None]:
    return lambda found: found["speed"].get(f"{experiment} {stage} 224", {}).get("speedup")


def _points(experiment: str, stage: str) -> Callable[[dict[str, Any]], float | None]:
    return lambda found: found["accuracy"].get(f"{experiment} {stage}", {}).get("points")


def _of_ready(found: dict[str, Any]) -> float | None:
    shares = [values["ours_of_ready"] for values in found["gpu"].values()]
    return min(shares) if shares else None


BARS = (
    Bar("v1 frozen, 224×224: images a second, ours / plain", _speedup("v1", "frozen"), 10, "×"),
    Bar("v1 finetuned, 224×224: images a second, ours / plain", _speedup("v1", "finetuned"), 2.5, "×"),
    Bar("v3 finetuned, 224×224: images a second, ours / plain", _speedup("v3", "finetuned"), 2.5, "×"),
    *(Bar(f"{e} {s}: accuracy after the same epochs, ours − plain", _points(e, s), -1, "points") for e, s in STAGES),
    Bar("GPU: images a second, ours / the same step on ready tensors", _of_ready, 0.9, "×"),
)


def report(found: dict[str, Any]) -> str:
    """The measurements as a Markdown report."""
    speeds = [
        [
            *(name, f"{s['ours_images_per_s']:.1f}", f"{s['plain_images_per_s']:.1f}"),
            f"{s['speedup']:.2f} ({s['speedup_lowest']:.2f} … {s['speedup_highest']:.2f})",
            *(s["rounds"], f"{s['pictures']:,}"),
        ]
        for name, s in found["speed"].items()
    ]
    gpu = [[n, f"{g['ours_images_per_s']:.0f}", f"{g['ready_images_per_s']:.0f}"] for n, g in found["gpu"].items()]
    order = [f"{experiment} {stage}" for experiment, stage in STAGES]
    accuracies = [
        [
            *(name, _percent(a["ours"]), _percent(a["plain"]), a["epochs"], a["image_size"]),
            *(f"{a['pictures']:,}", f"{a['n']:,}"),
        ]
        for name, a in sorted(found["accuracy"].items(), key=lambda item: order.index(item[0]))
    ]
    first = ["stage, side in pixels", "ours, images/s", "plain, images/s"]
    parts = [
        f"{where(found)}; load at the start {found['machine']['load_at_start']}. Data: {found['data']}.",
        markdown_table(["bar", "measured", "asked", "met"], [bar.row(found) for bar in BARS]),
        "" if gpu else "Without a GPU, our loop is not compared with the same step on ready-made tensors.",
        markdown_table([*first, "ratio (lowest … highest)", "rounds", "pictures"], speeds),
        markdown_table(["on the GPU", "ours, images/s", "ready tensors, images/s"], gpu) if gpu else "",
    ]
    if accuracies:
        first = ["stage by itself, from the ImageNet weights", "ours, %", "plain, %", "epochs", "side"]
        parts += [
            markdown_table([*first, "learned from", "n"], accuracies),
            "Accuracy is that of the last epoch on val; several figures are several seeds.",
        ]
    return "\n\n".join(filter(None, parts))


def where(found: dict[str, Any]) -> str:
    """Text that describes the machine."""
    m = found["machine"]
    device = f"{m['gpu']}, " if m["gpu"] else ""
    return (
        f"{device}{m['processor']}, {m['cores']} cores, {m['system']}, Python {m['python']}, PyTorch {m['torch']}, "
        f"ONNX Runtime {m['onnxruntime']}"
    )


def _percent(values: list[float]) -> str:
    return ", ".join(f"{100 * v:.2f}" for v in values)


def hours(found: dict[str, Any]) -> str:
    """Estimated hours of one process for the full AffectNet at the measured images per second, as Markdown."""
    rows = []
    for name, s in found["speed"].items():
        rate, epochs = s["ours_images_per_s"], stage_of(*name.split()[:2]).epochs
        epoch_h = AFFECTNET / rate / 3600
        rows.append([name, f"{rate:.0f}", f"{epoch_h:.2f} h", f"{epochs * epoch_h:.1f} h ({epochs} epochs)"])
    header = ["stage, side in pixels", "images/s", f"an epoch of {AFFECTNET:,}", "all epochs of the stage"]
    told = "Reckoned from [the benchmark's JSON](../results/benchmarks/training/training.json), one process on "
    return f"{told}{where(found)}:\n\n{markdown_table(header, rows)}"


def figure_of(found: dict[str, Any]) -> Figure:
    """Figure of both loops' images per second."""
    names = list(found["speed"])
    figure = new_figure(8.5, 1.6 + 0.75 * len(names))
    axes = figure.subplots()
    for offset, loop, color in ((-0.19, "ours", MAIN), (0.19, "plain", OTHER)):
        values = [found["speed"][name][f"{loop}_images_per_s"] for name in names]
        places = [i + offset for i in range(len(names))]
        axes.barh(places, values, height=0.36, color=color, label=loop)
        for place, value in zip(places, values, strict=True):
            axes.text(value, place, f" {value:.0f}", va="center", fontsize=9)
    axes.set_yticks(range(len(names)), [f"{name} px" for name in names])
    axes.invert_yaxis()
    axes.set(xlabel="images per second of training")
    axes.margins(x=0.1)
    axes.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.22), ncols=2)
    tidy(axes, "x")
    ratios = [s["speedup"] for s in found["speed"].values()]
    m, first = found["machine"], found["speed"][names[0]]
    origin = f"{first['pictures']:,} pictures of {found['data']}, medians of {first['rounds']} rounds"
    where_short = f"{m['gpu'] or m['processor']}, {m['cores']} cores"
    finding = f"Our loop trains {min(ratios):.1f} to {max(ratios):.1f} times as fast as the plain one"
    headline(figure, finding, f"{origin}; {where_short}")
    return figure


def write_pages(found: dict[str, Any], figure: Path) -> None:
    """Update the benchmark's parts of benchmarks/README.md and docs/scaling.md.   figure: the file of `figure_of`."""
    picture = os.path.relpath(figure, ROOT / "benchmarks").replace(os.sep, "/")
    told = f"{report(found)}\n\n![Images a second of both loops]({picture})"
    write_between(ROOT / "benchmarks" / "README.md", BEGIN, END, lambda _: told)
    write_between(ROOT / "docs" / "scaling.md", BEGIN, END, lambda _: hours(found))
