"""Fit of the quality of a face's picture (`affect.live.pipeline.quality`), and how far that quality can be trusted.

    python -m benchmarks.quality --data ferplus.zip --beside affectnet_part.zip [--classes …] [--write]

Each picture, found and cropped as live, is read as it is and in three corruptions of random kind and strength: those of
`affect.data.corruptions`, a smaller or darker face, and a head turned by up to 60°. One half of the pictures fits
the logistic regression of the model's being right on the measures; on the other half the benchmark measures how
accuracy grows with quality, which readings it is worth leaving out, and what turning a face does to the labels.
With --write the coefficients and results/benchmarks/quality.{json,md,png} are updated.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from tqdm import tqdm

from affect.command_line import CommandParser
from affect.data.corruptions import CORRUPTIONS
from affect.data.framing import FaceFinder
from affect.data.manifest import Manifest, add_labelling, manifest_of
from affect.emotions import EMOTIONS
from affect.evaluation.measure import right_classes
from affect.faces.detection import FaceBox
from affect.faces.preprocessing import Image
from affect.files import atomic_path, sha256_of
from affect.live.bundled import BUNDLED
from affect.live.pipeline.classifier import Classifier, load_classifier
from affect.live.pipeline.quality import COEFFICIENTS, MEASURES, measures

RESULTS = Path(__file__).resolve().parents[1] / "results" / "benchmarks"
VARIANTS = 3  # corruptions of each picture
SMALLEST, LARGEST = 6, 64  # pixels: sides of a smaller face
DARKEST = 5  # halvings of the light
ANGLES = (0, 15, 30, 45, 60)  # degrees
QUALITIES = (0.0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0)
STEADINESS = (
    "How steadily a face is found and how far frames disagree, which still pictures do not have: "
    "[steadiness.md](steadiness.md)."
)
SHARES = (0.5, 0.8, 0.9)  # of the readings, the most trusted ones first


@dataclass(frozen=True)
class Reading:
    """One reading: what was done to the picture, its measures, the model's probabilities and whether it is right."""

    data: str
    held_out: bool
    kind: str
    strength: float
    measures: Any
    probabilities: Any
    right: bool


def turned(picture: Image, box: FaceBox, degrees: float) -> Image:
    """Turn a face about the vertical axis, as a picture on an upright cylinder; uint8 of the same shape.

    One side of the face grows, the other is squeezed and vanishes. Only an approximation of a turned head, whose nose
    hides more.   degrees: positive to the right.
    """
    x, y, width, height = box
    columns, rows = np.meshgrid(np.arange(picture.shape[1]), np.arange(picture.shape[0]))
    across = (columns - x - width / 2) / (width / 2)  # -1…1 in the box
    seen = np.arcsin(np.clip(across, -1, 1)) - np.radians(degrees)
    source = np.sin(np.clip(seen, -np.pi / 2, np.pi / 2)) * width / 2 + x + width / 2
    inside = (np.abs(across) < 1) & (rows >= y) & (rows < y + height)
    moved = np.where(inside, source, columns).astype(np.float32)
    edge = cv2.BORDER_REPLICATE
    return np.asarray(cv2.remap(picture, moved, rows.astype(np.float32), cv2.INTER_LINEAR, borderMode=edge), np.uint8)


def varied(picture: Image, box: FaceBox, rng: np.random.Generator) -> tuple[str, float, Image, FaceBox]:
    """Corrupt a picture: the corruption's name and strength, the picture and the face's box in it."""
    kind = rng.integers(len(CORRUPTIONS) + 6)
    if kind < len(CORRUPTIONS):
        corruption = CORRUPTIONS[kind]
        strength = corruption.strengths[rng.integers(3)]
        return corruption.name, float(strength), corruption.apply(picture, strength, rng), box
    if kind < len(CORRUPTIONS) + 2:
        degrees = float(rng.choice((-1, 1)) * rng.choice(ANGLES[1:]))
        return "turned", abs(degrees), turned(picture, box, degrees), box
    if kind < len(CORRUPTIONS) + 4:
        halvings = float(rng.uniform(1, DARKEST))
        return "darker", halvings, np.asarray(picture / 2**halvings, np.uint8), box
    side = float(np.exp(rng.uniform(np.log(SMALLEST), np.log(LARGEST))))
    factor = min(1.0, side / box.width)
    small = cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    return "smaller", side, np.asarray(small, np.uint8), FaceBox(*(round(v * factor) for v in box))


def readings(manifest: Manifest, split: str, classifier: Classifier, seed: int) -> Iterator[Reading]:
    """Read the pictures of a split, each as it is and in VARIANTS corruptions; every other picture is held out."""
    rows = manifest.rows(split)
    right, finder = right_classes(rows), FaceFinder()
    for index, name in enumerate(tqdm(rows["pth"], desc=manifest.name, unit="picture")):
        picture = manifest.source.picture(name)
        face = None if picture is None else finder.find(picture)
        if picture is None or face is None:
            continue
        left, top, side = (round(value) for value in face)
        box, rng = FaceBox(left, top, side, side), np.random.default_rng((seed, index))
        versions = [("none", 0.0, picture, box), *(varied(picture, box, rng) for _ in range(VARIANTS))]
        for kind, strength, shown, where in versions:
            measured = measures(shown, where)
            if measured is not None:
                (row,) = classifier.probabilities(shown, [where])
                yield Reading(
                    manifest.name, bool(index % 2), kind, strength, measured, row, bool(right[index, row.argmax()])
                )


def fit(known: list[Reading]) -> dict[str, Any]:
    """Fit the logistic regression on the readings that are not held out; every data set weighs the same.

    Each data set has an intercept of its own, so that what sets its pictures apart is not taken for quality; the bias
    is their mean.
    """
    data = pd.get_dummies(pd.Series([r.data for r in known]), dtype=float)
    weights = data @ (len(data) / data.sum())
    inputs = np.array([r.measures for r in known])
    center, scale = inputs.mean(axis=0), inputs.std(axis=0)
    model = LogisticRegression(C=1.0).fit(
        np.hstack([(inputs - center) / scale, data]), [r.right for r in known], weights.to_numpy()
    )
    coefficients, intercepts = np.split(model.coef_[0], [len(MEASURES)])
    coefficients = coefficients / scale
    return {
        "weights": dict(zip(MEASURES, np.round(coefficients, 5).tolist(), strict=True)),
        "typical": dict(zip(MEASURES, np.round(center, 5).tolist(), strict=True)),
        "bias": round(float(model.intercept_[0] + intercepts.mean() - coefficients @ center), 5),
    }


def both(of: list[Reading], fitted: dict[str, Any]) -> Any:
    """Log odds of confidence and quality of each reading, (n, 2)."""
    values = np.column_stack([[r.probabilities.max() for r in of], qualities(of, fitted)]).clip(1e-4, 1 - 1e-4)
    return np.log(values / (1 - values))


def qualities(of: list[Reading], fitted: dict[str, Any]) -> Any:
    """Quality of each reading, (n,)."""
    weights = np.array([fitted["weights"][name] for name in MEASURES])
    return 1 / (1 + np.exp(-np.array([r.measures for r in of]) @ weights - fitted["bias"]))


def answered(order: Any, right: Any) -> dict[str, float]:
    """Accuracy of the share of readings that an order trusts most, for each of SHARES, and the mean over all shares."""
    ranked = right[np.argsort(-order, kind="stable")]
    running = np.cumsum(ranked) / np.arange(1, len(ranked) + 1)
    return {
        **{f"{share:g}": float(running[int(share * len(ranked)) - 1]) for share in SHARES},
        "mean": float(running.mean()),
    }


def judged(held: list[Reading], known: list[Reading], fitted: dict[str, Any]) -> dict[str, Any]:
    """What quality tells of one data set's held-out readings.   known: the others, on which both are weighed."""
    weighed = LogisticRegression().fit(both(known, fitted), [r.right for r in known])
    quality, right = qualities(held, fitted), np.array([r.right for r in held])
    confidence = np.array([r.probabilities.max() for r in held])
    bins = np.digitize(quality, QUALITIES[1:-1])
    return {
        "n": len(held),
        "accuracy": float(right.mean()),
        "by_quality": [
            {
                "from": QUALITIES[k],
                "to": QUALITIES[k + 1],
                "n": int((bins == k).sum()),
                "accuracy": float(right[bins == k].mean()),
            }
            for k in range(len(QUALITIES) - 1)
            if (bins == k).any()
        ],
        "by_confidence": answered(confidence, right),
        "by_confidence_and_quality": answered(weighed.predict_proba(both(held, fitted))[:, 1], right),
    }


def by_angle(held: list[Reading], fitted: dict[str, Any]) -> list[dict[str, float]]:
    """Accuracy, quality and share of each label for each angle of a turned face."""
    rows = []
    for angle in ANGLES:
        some = [r for r in held if (r.kind, r.strength) == ("turned", angle) or (angle == 0 and r.kind == "none")]
        shares = np.bincount([int(r.probabilities.argmax()) for r in some], minlength=len(EMOTIONS)) / max(1, len(some))
        rows.append(
            {
                "degrees": angle,
                "n": len(some),
                "accuracy": float(np.mean([r.right for r in some])),
                "quality": float(qualities(some, fitted).mean()),
                **dict(zip(EMOTIONS, shares.tolist(), strict=True)),
            }
        )
    return rows


def told(results: dict[str, Any]) -> str:
    """The results as Markdown."""
    lines = ["Measured on the held-out half of the pictures, each as it is and in three corruptions.", STEADINESS, ""]
    for name, found in results["sets"].items():
        lines += [
            f"**{name}**, n = {found['n']:,}, accuracy {found['accuracy']:.3f}",
            "",
            "| quality | n | accuracy |",
            "|---|---|---|",
        ]
        lines += [
            f"| {row['from']:g} to {row['to']:g} | {row['n']:,} | {row['accuracy']:.3f} |"
            for row in found["by_quality"]
        ]
        lines += [
            "",
            "| accuracy of the most trusted | "
            + " | ".join(f"{share:.0%}" for share in SHARES)
            + " | mean of all shares |",
        ]
        lines += ["|---|" + "---|" * (len(SHARES) + 1)]
        for key, what in (
            ("by_confidence", "by confidence"),
            ("by_confidence_and_quality", "by confidence and quality"),
        ):
            lines += [f"| {what} | " + " | ".join(f"{value:.3f}" for value in found[key].values()) + " |"]
        lines += [
            "",
            "| turned by | n | accuracy | quality | " + " | ".join(EMOTIONS) + " |",
            "|---|---|---|---|" + "---|" * len(EMOTIONS),
        ]
        lines += [
            f"| {row['degrees']:g}° | {row['n']:,} | {row['accuracy']:.3f} | {row['quality']:.2f} | "
            + " | ".join(f"{row[name]:.0%}" for name in EMOTIONS)
            + " |"
            for row in found["by_angle"]
        ]
        lines += [""]
    return "\n".join(lines)


def main() -> None:
    """Run the command line: fit, measure, print the results, and write them with --write."""
    parser = CommandParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=BUNDLED)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR_OR_ZIP")
    parser.add_argument(
        "--beside", type=Path, metavar="DIR_OR_ZIP", help="a second data set, split as stratified-tenth"
    )
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--write", action="store_true")
    add_labelling(parser)
    options = parser.parse_args()
    classifier = load_classifier(options.model)
    found = list(readings(manifest_of(options), "val", classifier, options.seed))
    if options.beside:
        options.data, options.split_mode = options.beside, "stratified-tenth"
        found += readings(manifest_of(options), "val", classifier, options.seed)
    known = [r for r in found if not r.held_out]
    fitted = fit(known)
    results: dict[str, Any] = {
        "model": options.model.name,
        "model_sha256": sha256_of(options.model),
        **fitted,
        "sets": {},
    }
    for name in dict.fromkeys(r.data for r in found):
        held = [r for r in found if r.held_out and r.data == name]
        results["sets"][name] = judged(held, known, fitted) | {"by_angle": by_angle(held, fitted)}
    print(told(results))
    if options.write:
        kept = {"model": results["model"], "model_sha256": results["model_sha256"], "n": len(found), **fitted}
        for path, content in (
            (COEFFICIENTS, json.dumps(kept, indent=1)),
            (RESULTS / "quality.json", json.dumps(results, indent=1)),
            (RESULTS / "quality.md", told(results).rstrip()),
        ):
            with atomic_path(path) as part:
                part.write_text(content + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
