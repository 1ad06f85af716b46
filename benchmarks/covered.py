"""Benchmark of occluded mouths: how well they are detected in the model's input crop, and how the model labels them.

    python -m benchmarks.covered --data ferplus.zip [--beside affectnet.zip] [--out results/benchmarks/covered.json]

The lower face of the data set's val pictures is covered with five drawn occlusions. For each, the benchmark prints the
share that the live program detects as covered (`affect.live.pipeline.covering`), and the bundled model's labels.
`uncovered`, and `--beside` for another data set, give the false-positive rate on uncovered faces.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from affect.command_line import CommandParser
from affect.data.manifest import Manifest, read_manifest
from affect.emotions import EMOTIONS
from affect.faces.preprocessing import Image
from affect.files import write_text
from affect.live.pipeline.classifier import Classifier, load_classifier
from affect.live.pipeline.covering import COVERED, SIDE, mouth_edges

MODEL = Path(__file__).resolve().parents[1] / "models" / "starter_ferplus.pt"
COVERS = ("surgical mask", "patterned mask", "black scarf", "hand", "grey box")


def covered(face: Image, cover: str, rng: np.random.Generator) -> Image:
    """A copy of a grey face, uint8 (48, 48), with its lower part occluded; place and size vary by a few pixels."""
    made = face.copy()
    top, left, right = rng.integers(24, 31), rng.integers(4, 10), rng.integers(38, 44)
    chin = rng.integers(44, 49)
    shape = np.array([(left, top + 2), (24, top - 2), (right, top + 2), (right - 3, 40), (24, chin), (left + 3, 40)])
    hidden = np.zeros_like(face)
    cv2.fillConvexPoly(hidden, shape.astype(np.int32), 1)
    texture = np.full(face.shape, float(rng.uniform(170, 235)))
    if cover == "surgical mask":
        texture -= 12 * (np.arange(SIDE)[:, None] % 6 == 0)  # folds
    elif cover == "patterned mask":
        texture = cv2.resize(rng.uniform(20, 235, (12, 12)), (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
    elif cover == "black scarf":
        hidden[top:] = 1
        texture = np.full(face.shape, rng.uniform(10, 45)) + cv2.GaussianBlur(rng.normal(0, 25, face.shape), (0, 0), 2)
    elif cover == "hand":
        skin = float(np.median(face[10:20, 16:32]))
        texture = np.full(face.shape, skin * rng.uniform(0.8, 1.1))
        for x in rng.uniform(6, 10) * np.arange(6) + rng.uniform(0, 8):  # between the fingers
            cv2.line(texture, (int(x), 20), (int(x + rng.uniform(-5, 5)), SIDE), skin * 0.6, 1, cv2.LINE_AA)
    elif cover == "grey box":
        hidden[:] = 0
        hidden[top : SIDE - 1, left:right] = 1
        texture = np.full(face.shape, 128.0)
    noisy = cv2.GaussianBlur(texture + rng.normal(0, 3, face.shape), (0, 0), 0.6)
    return np.where(hidden, noisy.clip(0, 255), made).astype(np.uint8)


def faces_of(manifest: Manifest, split: str, limit: int, seed: int) -> tuple[list[Image], list[str]]:
    """Read at most `limit` grey faces, uint8 (48, 48), and their labels."""
    rows = manifest.rows(split)
    rows = rows.sample(min(limit, len(rows)), random_state=seed)
    faces, labels = [], []
    for name, label in zip(rows["pth"], rows["label"], strict=True):
        picture = manifest.source.picture(name)
        if picture is not None:
            grey = picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
            faces.append(np.asarray(cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8))
            labels.append(str(label))
    return faces, labels


def said(classifier: Classifier, faces: list[Image], labels: list[str]) -> dict[str, float]:
    """The model's accuracy on faces, the share predicted "neutral", and the share of "neutral" with at least 0.7."""
    prepare = classifier.preprocessing.prepare
    rows = []
    for start in range(0, len(faces), 64):
        batch = np.stack([prepare(face) for face in faces[start : start + 64]])
        rows.append(classifier.calibration.probabilities(classifier.logits(classifier.preprocessing.normalize(batch))))
    p = np.concatenate(rows)
    chosen, neutral = p.argmax(1), EMOTIONS.index("neutral")
    happy = np.array(labels) == "happy"
    return {
        "accuracy": round(float(np.mean([EMOTIONS[i] == label for i, label in zip(chosen, labels, strict=True)])), 4),
        "neutral": round(float(np.mean(chosen == neutral)), 4),
        "happy_called_neutral": round(float(np.mean(chosen[happy] == neutral)), 4),
        "happy_called_neutral_at_0.7": round(float(np.mean(p[happy][:, neutral] >= 0.7)), 4),
    }


def called_covered(faces: list[Image]) -> float:
    """The share of faces that the live program detects as covered, 0…1."""
    return round(float(np.mean([mouth_edges(face) < COVERED for face in faces])), 4)


def main() -> None:
    """Run the command line: measure, print the results, and write them with --out."""
    parser = CommandParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--beside", type=Path)
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    val, labels = faces_of(read_manifest(options.data), "val", 10**6, options.seed)
    classifier = load_classifier(MODEL)
    results: dict = {"data": options.data.name, "n": len(val), "model": MODEL.name, "threshold": COVERED}
    results["uncovered"] = {"called_covered": called_covered(val), **said(classifier, val, labels)}
    if options.beside:
        other, _ = faces_of(read_manifest(options.beside), "train", 4000, options.seed)
        results["beside"] = {"data": options.beside.name, "n": len(other), "called_covered": called_covered(other)}
    for cover in COVERS:
        faces = [covered(face, cover, rng) for face in val]
        results[cover] = {"called_covered": called_covered(faces), **said(classifier, faces, labels)}
    print(json.dumps(results, indent=1))
    if options.out:
        write_text(options.out, json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
