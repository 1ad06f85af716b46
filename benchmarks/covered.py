"""Can a covered mouth be told from the crop that the model sees, and what does the model say of one?

    python -m benchmarks.covered --data ferplus.zip [--beside affectnet.zip] [--out results/benchmarks/covered.json]

The lower face of the data set's val pictures is covered in five drawn ways. A logistic regression on ten cheap features
of the grey crop (edges, brightness and symmetry of the lower face against the upper one) learns from train pictures,
covered and not. It calls at most 2 % of the uncovered val pictures covered, nor more of another data set's
(`--beside`). Told of each cover: how many are found by one that learned from all five, and by one that learned from
the other four, as real covers are none of the five; and how the bundled model labels the faces.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import cv2
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from affect.data.manifest import Manifest, read_manifest
from affect.emotions import EMOTIONS
from affect.files import atomic_path
from affect.live.classifier import Classifier, load_classifier
from affect.preprocessing import Image

MODEL = Path(__file__).resolve().parents[1] / "models" / "starter_ferplus.pt"
SIDE = 48
ALARMS = 0.02  # of uncovered faces
COVERS = ("surgical mask", "patterned mask", "black scarf", "hand", "grey box")


def covered(face: Image, cover: str, rng: np.random.Generator) -> Image:
    """A copy of a grey face, uint8 (48, 48), its lower part hidden; place and size vary by a few pixels."""
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


def features(face: Image) -> list[float]:
    """Ten numbers of a grey face, uint8 (48, 48): none depends on how bright the picture is as a whole."""
    log = np.log(face.astype(np.float32) + 8)
    across, down = cv2.Sobel(log, cv2.CV_32F, 1, 0), cv2.Sobel(log, cv2.CV_32F, 0, 1)
    edges = np.hypot(across, down)
    eyes, mouth, nose, chin = (slice(14, 24), slice(8, 40)), (slice(32, 43), slice(13, 35)), 28, 44
    upper = float(edges[eyes].mean()) + 1e-3
    rows = log[nose:chin, 14:34].mean(1)
    flipped = log[mouth][:, ::-1]
    return [
        float(np.log((edges[mouth].mean() + 1e-3) / upper)),
        float(np.log((np.abs(down[mouth]).mean() + 1e-3) / (np.abs(down[eyes]).mean() + 1e-3))),
        float(np.log((log[mouth].std() + 1e-3) / (log[eyes].std() + 1e-3))),
        float(log[mouth].mean() - log[eyes].mean()),
        float(log[mouth].mean() - np.median(log[8:14, 14:34])),
        float(rows.max() - rows.min()),
        float(np.median(rows) - rows.min()),
        float(np.abs(log[mouth] - flipped).mean()),
        float(np.percentile(edges[mouth], 90) / upper),
        float(np.abs(down[22:32, 12:36].mean(1)).max() / upper),  # the cover's upper edge
    ]


def faces_of(manifest: Manifest, split: str, limit: int, seed: int) -> tuple[list[Image], list[str]]:
    """Grey faces, uint8 (48, 48), and their labels."""
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
    """How the model labels faces: accuracy, the share of "neutral", and of that with at least 0.7."""
    prepare = classifier.preprocessing.prepare
    rows = []
    for start in range(0, len(faces), 64):
        batch = np.stack([prepare(face) for face in faces[start : start + 64]])
        logits = classifier.logits(classifier.preprocessing.normalize(batch)) / classifier.temperature
        powers = np.exp(logits - logits.max(1, keepdims=True))
        rows.append(powers / powers.sum(1, keepdims=True))
    p = np.concatenate(rows)
    chosen, neutral = p.argmax(1), EMOTIONS.index("neutral")
    happy = np.array(labels) == "happy"
    return {
        "accuracy": round(float(np.mean([EMOTIONS[i] == label for i, label in zip(chosen, labels, strict=True)])), 4),
        "neutral": round(float(np.mean(chosen == neutral)), 4),
        "happy_called_neutral": round(float(np.mean(chosen[happy] == neutral)), 4),
        "happy_called_neutral_at_0.7": round(float(np.mean(p[happy][:, neutral] >= 0.7)), 4),
    }


def measured(faces: list[Image]) -> np.ndarray:
    """The features of faces, (n, 10)."""
    return np.array([features(face) for face in faces])


def found(bare: np.ndarray, masked: np.ndarray, free: list[np.ndarray], shown: np.ndarray) -> float:
    """The share of covered faces that are called so.

    bare, masked: what is learned from.   free: uncovered faces that set the threshold.   shown: covered faces.
    """
    told = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    told.fit(np.concatenate([bare, masked]), [0] * len(bare) + [1] * len(masked))
    threshold = max(float(np.quantile(told.decision_function(faces), 1 - ALARMS)) for faces in free)
    return round(float(np.mean(told.decision_function(shown) > threshold)), 4)


def main() -> None:
    """Measure, print, and write with --out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--beside", type=Path)
    parser.add_argument("--limit", type=int, default=4000, help="train pictures (default 4000)")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    manifest = read_manifest(options.data)
    train, _ = faces_of(manifest, "train", options.limit, options.seed)
    val, labels = faces_of(manifest, "val", 10**6, options.seed)
    hidden = [covered(face, COVERS[i % len(COVERS)], rng) for i, face in enumerate(train)]
    kinds = np.arange(len(hidden)) % len(COVERS)
    bare, masked = measured(train), measured(hidden)
    free = [measured(val)] + (
        [measured(faces_of(read_manifest(options.beside), "train", 4000, options.seed)[0])] if options.beside else []
    )
    classifier = load_classifier(MODEL)
    results: dict = {"data": options.data.name, "n": len(val), "false_alarms": ALARMS, "model": MODEL.name}
    results["uncovered"] = said(classifier, val, labels)
    if options.beside:
        results["beside"] = {"data": options.beside.name, "n": len(free[1])}
    for kind, cover in enumerate(COVERS):
        faces = [covered(face, cover, rng) for face in val]
        shown = measured(faces)
        results[cover] = {
            "found": found(bare, masked, free, shown),
            "found_without_having_seen_it": found(bare, masked[kinds != kind], free, shown),
            **said(classifier, faces, labels),
        }
    print(json.dumps(results, indent=1))
    if options.out:
        with atomic_path(options.out) as part:
            part.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
