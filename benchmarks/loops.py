"""The compared live loops: those of common webcam scripts, and ours. Each maps a frame to boxes and labels."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from affect.emotions import EMOTIONS
from affect.faces.detection import HaarDetector
from affect.live.pipeline.classifier import load_classifier
from affect.live.pipeline.pipeline import Pipeline
from affect.live.pipeline.search import AroundKnown, Everywhere
from affect.live.sources.files import Frame

Loop = Callable[[Frame], Any]


def usual_loop(model: Path, scale_factor: float) -> Loop:
    """Typical webcam loop: Haar on each full frame, Pillow, torchvision transforms, eager PyTorch, 5-frame mean."""
    import torch
    from PIL import Image as PillowImage
    from torchvision import transforms

    from affect.model.checkpoint import load_checkpoint

    checkpoint = load_checkpoint(model)
    network = checkpoint.build()
    setting = checkpoint.preprocessing
    steps = [transforms.Resize((setting.image_size, setting.image_size))]
    if setting.color == "grey":
        steps.append(transforms.Grayscale(3))
    transform = transforms.Compose(
        [*steps, transforms.ToTensor(), transforms.Normalize(setting.mean, setting.std)],
    )
    cascade = cv2.CascadeClassifier(cv2.data.haarcascades + "haarcascade_frontalface_default.xml")  # type: ignore[attr-defined]
    last: deque[np.ndarray] = deque(maxlen=5)

    def loop(frame: Frame) -> list[str]:
        grey = cv2.cvtColor(frame.picture, cv2.COLOR_BGR2GRAY)
        labels = []
        for x, y, w, h in cascade.detectMultiScale(grey, scale_factor, 5, minSize=(30, 30)):
            face = cv2.cvtColor(frame.picture[y : y + h, x : x + w], cv2.COLOR_BGR2RGB)
            with torch.no_grad():
                logits = network(transform(PillowImage.fromarray(face)).unsqueeze(0))
            last.append(torch.softmax(logits, 1)[0].numpy())
            labels.append(EMOTIONS[int(np.mean(last, axis=0).argmax())])
        return labels

    return loop


def fer_loop() -> Loop | None:
    """Loop of the package `fer` with its own Haar detector; None if it cannot be imported."""
    try:
        from fer import FER
    except Exception:  # it needs pkg_resources, which newer setuptools do not have
        return None
    detector = FER(mtcnn=False)
    return lambda frame: detector.detect_emotions(frame.picture)


def our_loop(model: Path, faces: int = 1) -> Loop:
    """Loop of this project's live program.   faces: as many are followed."""
    return Pipeline(AroundKnown(), load_classifier(model, notify=lambda _: None), faces).process


def full_search_loop(model: Path) -> Loop:
    """Our loop with every whole frame searched and classified, as the reference for boxes and labels."""
    return Pipeline(Everywhere(HaarDetector()), load_classifier(model, notify=lambda _: None), 1).process
