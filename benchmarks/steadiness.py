"""Whether video tells more of a reading's worth than a picture: a steadily found face, and frames that agree.

    python -m benchmarks.steadiness --data ferplus.zip [--clips 700] [--write]

`affect.live.pipeline.quality` is fitted on still pictures, which have neither. Each picture of the val split, as it is
or corrupted as by `benchmarks.quality`, becomes a short clip of a moving, noisy face and goes through detection,
tracking, box filter, model and smoothing as live. The benchmark measures how well an error is told by the quality, by
both of these beside it, and by both beside quality and confidence (10-fold cross-validated logistic regressions).
With --write results/benchmarks/steadiness.md is updated.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import cv2
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from tqdm import tqdm

from affect.command_line import CommandParser, positive
from affect.data.manifest import Manifest, add_labelling, manifest_of
from affect.evaluation.measure import right_classes
from affect.faces.detection import FaceBox
from affect.faces.preprocessing import Image
from affect.files import atomic_path
from affect.live.bundled import BUNDLED
from affect.live.pipeline.classifier import Classifier, load_classifier
from affect.live.pipeline.grey_pyramid import GreyPyramid
from affect.live.pipeline.quality import face_quality
from affect.live.pipeline.search import AroundKnown
from affect.live.pipeline.smoothing import BoxSmoother, ProbabilitySmoother
from affect.live.pipeline.tracking import FaceTracker
from benchmarks.quality import RESULTS, varied

FRAMES, FPS = 8, 12
SIDE = 160  # pixels of a picture in a frame of 360×280
LEAST = 3  # frames in which the face must be found
CORRUPTED = 0.75  # share of the clips
NOISE = 4.0  # grey levels: standard deviation of each frame's noise
DRAWS = 1000  # of the bootstrap
ALONE: Final = ("found", "jitter", "disagreement", "quality", "confidence")
SETS: Final = {
    "quality": ("quality",),
    "quality and steadiness": ("quality", "found", "jitter"),
    "quality and disagreement": ("quality", "disagreement"),
    "quality and confidence": ("quality", "confidence"),
    "quality, confidence and both": ("quality", "confidence", "found", "jitter", "disagreement"),
}


class Clip(NamedTuple):
    """A clip's reading at its end.

    right: it agrees with the label.   quality: mean over its frames.   confidence: of the smoothed reading.
    found: share of frames in which the face was found.   jitter: standard deviation of the found box's steps against
    the face's own movement, in box sides.   disagreement: mean L1 distance of frames' probabilities from the smoothed.
    """

    right: bool
    quality: float
    confidence: float
    found: float
    jitter: float
    disagreement: float


def clips(manifest: Manifest, classifier: Classifier, count: int, seed: int) -> Iterator[Clip]:
    """Make clips of pictures of the val split, drawn at random; those in which no face is found are left out."""
    rows = manifest.rows("val")
    right = right_classes(rows)
    for index in tqdm(np.random.default_rng(seed).permutation(len(rows))[:count], unit="clip"):
        picture = manifest.source.picture(rows["pth"].iloc[index])
        rng = np.random.default_rng((seed, int(index)))
        if picture is None:
            continue
        large = cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
        if rng.random() < CORRUPTED:
            _, _, large, _ = varied(large, FaceBox(20, 20, 120, 120), rng)  # type: ignore[arg-type]
            large = cv2.resize(large, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
        if (found := followed(large, classifier, right[index], rng)) is not None:  # type: ignore[arg-type]
            yield found


def followed(picture: Image, classifier: Classifier, right: Any, rng: np.random.Generator) -> Clip | None:
    """Move a picture through a clip, and read it as live.   right: of each class, whether it agrees with the label."""
    search, tracker, views = AroundKnown(), FaceTracker(1), GreyPyramid()
    smoother, filtered = ProbabilitySmoother(), BoxSmoother()
    phase, speed = rng.uniform(0, 2 * np.pi), rng.uniform(0, 3)
    grey = classifier.preprocessing.color == "grey"
    boxes, distances, qualities, smoothed = [], [], [], None
    for number in range(FRAMES):
        time_s = number / FPS
        turn = cv2.getRotationMatrix2D(
            (SIDE / 2, SIDE / 2), 2 * speed * np.sin(phase + time_s), 1 + 0.03 * np.sin(phase + 3 * time_s)
        )
        across = 90 + 8 * speed * np.sin(phase + 2 * time_s) + rng.normal(0, 0.7)
        down = 50 + 5 * speed * np.cos(phase + 2.5 * time_s) + rng.normal(0, 0.7)
        turn[:, 2] += (across, down)
        still = cv2.warpAffine(picture, turn, (360, 280), borderValue=(110, 110, 110)).astype(np.float32)
        frame = np.clip(still + rng.normal(0, NOISE, still.shape), 0, 255).astype(np.uint8)
        view = views.take(frame)
        seen = search.find(view, tracker.boxes_of_last_frame(), tracker.boxes_of_lost(), time_s)
        for face in tracker.update(seen, time_s):
            box = filtered.update(face.face_id, face.box, time_s)
            (row,) = classifier.probabilities(view.grey if grey else frame, [box])
            smoothed = smoother.update(face.face_id, row, time_s)
            left, top, width, height = face.box
            boxes.append(
                ((left + width / 2 - across) / width, (top + height / 2 - down) / height, float(np.log(width)))
            )
            distances.append(float(np.abs(row - smoothed).sum()))
            qualities.append(face_quality(frame, box))
    if smoothed is None or len(boxes) < LEAST:
        return None
    jitter = float(np.diff(np.array(boxes), axis=0).std(axis=0).mean())
    return Clip(
        bool(right[smoothed.argmax()]),
        float(np.mean(qualities)),
        float(smoothed.max()),
        len(boxes) / FRAMES,
        jitter,
        float(np.mean(distances[1:])),
    )


def told(found: list[Clip], data: str, model: str, seed: int = 0) -> str:
    """How well each measure, and each set of them, tells right readings from wrong ones, as Markdown: AUC, 0.5 … 1."""
    right = np.array([clip.right for clip in found])
    shown = {
        "quality": _log_odds([clip.quality for clip in found]),
        "confidence": _log_odds([clip.confidence for clip in found]),
        "found": np.array([clip.found for clip in found]),
        "jitter": -np.log(1e-3 + np.array([clip.jitter for clip in found])),
        "disagreement": -np.log(1e-3 + np.array([clip.disagreement for clip in found])),
    }
    folds = StratifiedKFold(10, shuffle=True, random_state=seed)
    scores = {}
    for name, measures in SETS.items():
        inputs = np.column_stack([shown[measure] for measure in measures])
        inputs = (inputs - inputs.mean(axis=0)) / inputs.std(axis=0).clip(1e-9)
        scores[name] = cross_val_predict(LogisticRegression(), inputs, right, cv=folds, method="predict_proba")[:, 1]
    lines = [
        f"{len(found):,} clips of {FRAMES} frames from the val split of {data}, read by {model}, "
        f"accuracy {right.mean():.3f}. AUC: how often a right reading ranks before a wrong one.",
        "",
        "| alone | AUC |",
        "|---|---|",
        *(f"| {name} | {roc_auc_score(right, shown[name]):.3f} |" for name in ALONE),
        "",
        "| together, cross-validated | AUC | more than without, with its 95% interval |",
        "|---|---|---|",
    ]
    for name, score in scores.items():
        base = "quality and confidence" if name.endswith("both") else "quality"
        more = "" if name in ("quality", "quality and confidence") else _more(right, score, scores[base], seed)
        lines.append(f"| {name} | {roc_auc_score(right, score):.3f} | {more} |")
    return "\n".join(lines)


def _more(right: Any, score: Any, base: Any, seed: int) -> str:
    """How much the AUC of one score exceeds another's, with its bootstrap interval over the clips."""
    rng, gains = np.random.default_rng(seed), []
    for _ in range(DRAWS):
        drawn = rng.integers(0, len(right), len(right))
        gains.append(roc_auc_score(right[drawn], score[drawn]) - roc_auc_score(right[drawn], base[drawn]))
    low, high = np.quantile(gains, (0.025, 0.975))
    return f"{roc_auc_score(right, score) - roc_auc_score(right, base):+.3f} [{low:+.3f}, {high:+.3f}]"


def _log_odds(values: list[float]) -> Any:
    clipped = np.clip(values, 1e-4, 1 - 1e-4)
    return np.log(clipped / (1 - clipped))


def main() -> None:
    """Run the command line: make the clips, print what they tell, and write it with --write."""
    parser = CommandParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=BUNDLED)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR_OR_ZIP")
    parser.add_argument("--clips", type=positive, default=700, metavar="N")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--write", action="store_true")
    add_labelling(parser)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    manifest = manifest_of(options)
    found = list(clips(manifest, load_classifier(options.model), options.clips, options.seed))
    shown = told(found, manifest.name, options.model.name)
    print(shown)
    if options.write:
        with atomic_path(RESULTS / "steadiness.md") as part:
            part.write_text(shown + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
