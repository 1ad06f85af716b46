"""Report of the training benchmark: targets, tables and estimated hours as Markdown, a figure, and the docs' pages.

The input is the content of `results/benchmarks/training/training.json`; nothing is measured here.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from matplotlib.figure import Figure

from affect.figure_style import MAIN, OTHER, headline, new_figure, tidy
from affect.files import atomic_path
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

    def line(self, found: dict[str, Any]) -> str:
        """The target's row of the Markdown table."""
        value = self.read(found)
        if value is None:
            return f"| {self.what} | not measured | ≥ {self.limit:g} {self.unit} | – |"
        met = "yes" if value >= self.limit else "**no**"
        return f"| {self.what} | {value:.3g} {self.unit} | ≥ {self.limit:g} {self.unit} | {met} |"


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
    lines = [
        f"{where(found)}; load at the start {found['machine']['load_at_start']}. Data: {found['data']}.",
        "",
        "| bar | measured | asked | met |",
        "|---|---|---|---|",
        *(bar.line(found) for bar in BARS),
        "",
    ]
    if not found["gpu"]:
        lines += ["Without a GPU, our loop is not compared with the same step on ready-made tensors.", ""]
    lines += [
        "| stage, side in pixels | ours, images/s | plain, images/s | ratio (lowest … highest) | rounds | pictures |",
        "|---|---|---|---|---|---|",
        *(
            f"| {name} | {s['ours_images_per_s']:.1f} | {s['plain_images_per_s']:.1f} | {s['speedup']:.2f} "
            f"({s['speedup_lowest']:.2f} … {s['speedup_highest']:.2f}) | {s['rounds']} | {s['pictures']:,} |"
            for name, s in found["speed"].items()
        ),
        "",
    ]
    if found["gpu"]:
        lines += ["| on the GPU | ours, images/s | ready tensors, images/s |", "|---|---|---|"]
        lines += [
            f"| {name} | {g['ours_images_per_s']:.0f} | {g['ready_images_per_s']:.0f} |"
            for name, g in found["gpu"].items()
        ]
        lines.append("")
    if found["accuracy"]:
        order = [f"{experiment} {stage}" for experiment, stage in STAGES]
        lines += [
            "| stage by itself, from the ImageNet weights | ours, % | plain, % | epochs | side | learned from | n |",
            "|---|---|---|---|---|---|---|",
            *(
                f"| {name} | {_percent(a['ours'])} | {_percent(a['plain'])} | {a['epochs']} | {a['image_size']} | "
                f"{a['pictures']:,} | {a['n']:,} |"
                for name, a in sorted(found["accuracy"].items(), key=lambda item: order.index(item[0]))
            ),
            "",
            "Accuracy is that of the last epoch on val; several figures are several seeds.",
            "",
        ]
    return "\n".join(lines).strip()


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
    lines = [
        f"Reckoned from [the benchmark's JSON](../results/benchmarks/training/training.json), one process on "
        f"{where(found)}:",
        "",
        f"| stage, side in pixels | images/s | an epoch of {AFFECTNET:,} | all epochs of the stage |",
        "|---|---|---|---|",
    ]
    for name, s in found["speed"].items():
        experiment, stage, _ = name.split()
        epoch_h = AFFECTNET / s["ours_images_per_s"] / 3600
        epochs = stage_of(experiment, stage).epochs
        lines.append(
            f"| {name} | {s['ours_images_per_s']:.0f} | {epoch_h:.2f} h | {epochs * epoch_h:.1f} h ({epochs} epochs) |"
        )
    return "\n".join(lines)


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
    renew(ROOT / "benchmarks" / "README.md", f"{report(found)}\n\n![Images a second of both loops]({picture})")
    renew(ROOT / "docs" / "scaling.md", hours(found))


def renew(path: Path, text: str) -> None:
    """Write `text` between the markers of a file, or at its end if it has none."""
    old = path.read_text(encoding="utf-8") if path.is_file() else "# Benchmarks\n"
    if BEGIN not in old:
        old = f"{old.rstrip()}\n\n## Training\n{BEGIN}\n{END}\n"
    before, after = old.split(BEGIN)[0], old.split(END)[1]
    with atomic_path(path) as part:
        part.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")
