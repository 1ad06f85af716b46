"""Measurement of the training pictures' framing in Haar boxes, for crop_margin and crop_shift of an experiment.

    python benchmarks/crop_margin.py --data ferplus.zip --out results/ferplus/crop_margin [--yunet FILE.onnx]

Training pictures are face crops already, and a live crop must have the same framing. So the live detector is run on the
training pictures, enlarged and padded so that a box may extend beyond them. The medians of picture side / box side and
of the offset between their centres are the settings of the live crop.
As a check, training pictures are pasted into 1280×720 frames, detected and cropped as in live use, and the crop is
compared with the pasted picture: overlap, and position of the eyes (OpenCV's eye cascade).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import cv2
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from affect import figure_style
from affect.command_line import CommandParser, positive, seed_number
from affect.data.framing import PAD, SIDE, padded
from affect.data.manifest import read_manifest
from affect.emotions import COLORS
from affect.faces.detection import FaceBox, HaarDetector, YuNetDetector, crop_face, crop_square
from affect.faces.preprocessing import Image, Preprocessing
from affect.files import write_text
from affect.live.pipeline.tracking import intersection_over_union

FRAMED = 240  # pixels: side of a training picture in a 1280×720 frame


def eyes_of(face: Image) -> tuple[float, float, float] | None:
    """Distance between the eyes and x and y of their midpoint, in crop sides; None unless two eyes are found."""
    cascade = cv2.CascadeClassifier(cv2.data.haarcascades + "haarcascade_eye.xml")  # type: ignore[attr-defined]
    grey = cv2.cvtColor(cv2.resize(face, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC), cv2.COLOR_BGR2GRAY)
    found = cascade.detectMultiScale(grey[: round(0.6 * SIDE)], 1.05, 5, minSize=(SIDE // 10, SIDE // 10))
    if len(found) != 2:
        return None
    (ax, ay), (bx, by) = ((x + w / 2, y + h / 2) for x, y, w, h in found)
    if abs(ax - bx) < 0.2 * SIDE or abs(ay - by) > 0.15 * SIDE:
        return None
    return float(np.hypot(ax - bx, ay - by) / SIDE), (ax + bx) / 2 / SIDE, (ay + by) / 2 / SIDE


def summary(values: np.ndarray) -> dict[str, float]:
    """Median and quartiles of the values."""
    low, middle, high = np.percentile(values, (25, 50, 75))
    return {"median": round(float(middle), 4), "q25": round(float(low), 4), "q75": round(float(high), 4)}


def measure(data: Path, limit: int, yunet: Path | None, seed: int) -> tuple[dict, np.ndarray, Image]:
    """Measure the framing: statistics, boxes (n, 4: x, y, side, 1) in picture sides, and the mean picture."""
    manifest = read_manifest(data)
    rows = manifest.rows("train")
    rows = rows.sample(min(limit, len(rows)), random_state=seed)
    haar = HaarDetector(min_face=0.25, scale_factor=1.03, min_neighbors=4, max_side=None)
    second = YuNetDetector(yunet, max_side=10_000) if yunet else None
    boxes, ratios, shifts = [], [], []
    mean = np.zeros((SIDE, SIDE), np.float64)
    for name in tqdm(rows["pth"], unit="img"):
        picture = manifest.source.picture(name)
        if picture is None:
            continue
        large = padded(picture)
        mean += cv2.cvtColor(large[PAD:-PAD, PAD:-PAD], cv2.COLOR_BGR2GRAY) / len(rows)
        found = haar.detect(large)
        if not found:
            continue
        box = found[0]
        boxes.append(((box.x - PAD) / SIDE, (box.y - PAD) / SIDE, box.width / SIDE))
        if second is not None and (other := second.detect(large)):
            ratios.append(box.width / other[0].width)
            offset = box.y + box.height / 2 - (other[0].y + other[0].height / 2)
            shifts.append(offset / box.width)
    table = np.array(boxes)
    scale = 1 / table[:, 2]
    offset = (0.5 - (table[:, 1] + table[:, 2] / 2)) / table[:, 2]
    figures: dict = {
        "data": manifest.name,
        "split": "train",
        "n": len(rows),
        "haar_found": len(table),
        "picture_side_over_box_side": summary(scale),
        "crop_margin": round((float(np.median(scale)) - 1) / 2, 3),
        "crop_shift": round(float(np.median(offset)), 3),
        "crop_shift_quartiles": summary(offset),
    }
    if ratios:
        figures["yunet"] = {
            "n": len(ratios),
            "haar_side_over_yunet_mean_side": summary(np.array(ratios) * YuNetDetector.HAAR_SCALE),
            "haar_centre_below_yunet_centre": summary(np.array(shifts) + YuNetDetector.HAAR_SHIFT),
        }
    return figures, table, np.asarray(mean, np.uint8)


def eye_figures(eyes: list[tuple[float, float, float]]) -> dict:
    """Statistics of the eyes' position, in crop sides."""
    columns = zip(("distance", "middle_x", "middle_y"), np.array(eyes).T, strict=True)
    return {"n": len(eyes), **{name: summary(values) for name, values in columns}}


def live_check(data: Path, limit: int, seed: int, preprocessing: Preprocessing) -> dict:
    """Check the settings on training pictures pasted into 1280×720 frames, detected and cropped as in live use.

    `overlap` is the intersection over union of crop and picture; `eyes` compares the eyes' position in both.
    """
    manifest = read_manifest(data)
    rows = manifest.rows("train").sample(limit, random_state=seed)
    detector = HaarDetector()
    left, top = (1280 - FRAMED) // 2, (720 - FRAMED) // 2
    truth = FaceBox(left, top, FRAMED, FRAMED)
    overlaps, shown, cropped = [], [], []
    for name in tqdm(rows["pth"], unit="img"):
        picture = manifest.source.picture(name)
        if picture is None:
            continue
        large = cv2.resize(picture, (FRAMED, FRAMED), interpolation=cv2.INTER_CUBIC)
        frame = np.asarray(
            cv2.copyMakeBorder(large, top, 720 - FRAMED - top, left, 1280 - FRAMED - left, cv2.BORDER_REPLICATE),
            np.uint8,
        )
        for box in detector.detect(frame)[:1]:
            overlaps.append(intersection_over_union(crop_square(box, preprocessing), truth))
            before, after = eyes_of(picture), eyes_of(crop_face(frame, box, preprocessing))
            if before is not None and after is not None:
                shown.append(before)
                cropped.append(after)
    return {
        "n": len(rows),
        "haar_found": len(overlaps),
        "overlap": summary(np.array(overlaps)),
        "eyes_in_pictures": eye_figures(shown),
        "eyes_in_live_crops": eye_figures(cropped),
    }


def figure_of(figures: dict, table: np.ndarray, mean: Image) -> Figure:
    """Figure of the mean training picture with the median Haar box, and of the boxes' distribution."""
    figure = Figure(figsize=(10, 4))
    left, middle, right = figure.subplots(1, 3)
    x, y, side = np.median(table, axis=0)
    left.imshow(mean, cmap="gray", extent=(0, 1, 1, 0))
    left.add_patch(Rectangle((x, y), side, side, fill=False, edgecolor=COLORS["surprise"], linewidth=2))
    left.set(title="Mean training picture\nand median Haar box", xlabel="picture sides", ylabel="picture sides")
    middle.hist(1 / table[:, 2], bins=40, color=COLORS["sad"])
    middle.set(title=f"Margin {figures['crop_margin']:+.3f}", xlabel="picture side / box side", ylabel="faces")
    right.hist((0.5 - (table[:, 1] + table[:, 2] / 2)) / table[:, 2], bins=40, color=COLORS["disgust"])
    right.set(title=f"Shift {figures['crop_shift']:+.3f}", xlabel="picture centre below box centre (box sides)")
    for axes, key in ((middle, 1 + 2 * figures["crop_margin"]), (right, figures["crop_shift"])):
        axes.axvline(key, color="black", linestyle="--", label="median")
        axes.legend(frameon=False)
    figure.suptitle(f"{figures['data']} train, Haar found a face in {len(table):,} of {figures['n']:,} pictures")
    figure.tight_layout()
    return figure


def main() -> None:
    """Run the command line."""
    parser = CommandParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, metavar="DIR_OR_ZIP")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--yunet", type=Path, metavar="FILE.onnx", help="also compare YuNet's boxes with Haar's")
    parser.add_argument("--limit", type=positive, default=1500, metavar="N", help="pictures (default 1500)")
    parser.add_argument("--seed", type=seed_number, default=42)
    options = parser.parse_args()
    figures, table, mean = measure(options.data, options.limit, options.yunet, options.seed)
    found = Preprocessing(crop_margin=figures["crop_margin"], crop_shift=figures["crop_shift"])
    figures["live_check"] = live_check(options.data, options.limit, options.seed + 1, found)
    text = json.dumps(figures, indent=2)
    write_text(options.out / "crop_margin.json", text + "\n")
    figure_style.save(figure_of(figures, table, mean), options.out / "crop_margin.png")
    print(text)


if __name__ == "__main__":
    main()
