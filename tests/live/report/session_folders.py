"""Folders of recorded sessions for the tests, as the live program writes them: hand-made ones, and drawn ones."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from affect.emotions import EMOTIONS, UNCERTAIN, valence
from affect.files import sha256_of
from affect.live.recording.model_figures import figures_of
from affect.live.recording.sinks import COLUMNS

BUNDLED = Path(__file__).resolve().parents[3] / "models" / "starter_ferplus.pt"
QUALITY = 0.9  # of every row
Row = tuple[float, int, str, Sequence[float]]
Told = tuple[float, str, str]


def one_hot(label: str, probability: float = 0.86) -> list[float]:
    """One expression with a probability, the seven others with equal parts of the rest."""
    rest = (1 - probability) / 7
    return [probability if name == label else rest for name in EMOTIONS]


def write_session(
    folder: Path, rows: Iterable[Row], events: Iterable[Told] = (), duration_s: float = 30.0, **told: Any
) -> Path:
    """A session folder.   rows: seconds, face, label, eight probabilities.   told: replaces parts of session.json."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "emotions.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for time_s, face, label, p in rows:
            confidence = max(p) if label == UNCERTAIN else p[EMOTIONS.index(label)]
            numbers = [f"{value:.6f}" for value in (confidence, *p, valence(np.asarray(p)), QUALITY)]
            writer.writerow(
                [f"{time_s:.3f}", round(30 * time_s), face, 40, 30, 200, 200, label, numbers[0], *numbers[1:]]
            )
    with (folder / "events.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["timestamp_s", "event", "text"])
        writer.writerows([f"{time_s:.3f}", event, text] for time_s, event, text in events)
    whole = {
        "format": 1,
        "state": "finished",
        "started": "2026-11-25T10:00:00+01:00",
        "ended": "2026-11-25T10:00:30+01:00",
        "start_s": 0.0,
        "duration_s": duration_s,
        "clock": "recording",
        "source": {"kind": "camera", "description": "camera 0"},
        "model": _bundled(),
        "settings": {
            "faces": 1,
            "language": "es",
            "detector": "haar",
            "backend": "onnx",
            "sensitivity": "low",
            "smoothing_s": 0.4,
            "label_lead": 0.1,
            "label_least": 0.3,
            "label_keeps": 0.2,
            "label_hold_s": 0.5,
        },
        "versions": {"affect": "0.1.0", "python": "3.11.7", "onnxruntime": "1.32.0", "opencv": "4.14.0"},
        "consent": {"given_at": "2026-11-25T09:59:58+01:00", "how": "asked"},
        "frames": round(30 * duration_s),
        "frames_with_face": round(27 * duration_s),
        "face_share": 0.9,
        "paused_s": 0.0,
        "baseline": None,
        **told,
    }
    (folder / "session.json").write_text(json.dumps(whole, ensure_ascii=False, indent=1), encoding="utf-8")
    return folder


@cache
def _bundled() -> dict[str, Any]:
    """The model that recorded, of which every session tells: it is read for its SHA-256."""
    figures = figures_of(BUNDLED)
    return {"file": BUNDLED.name, "sha256": sha256_of(BUNDLED), "temperature": 0.8, "figures": figures}


def drawn_rows(
    seconds: float, seed: int, face: int = 1, rate: float = 15.0, away: Sequence[tuple[float, float]] = ()
) -> list[Row]:
    """What a face might show: mostly neutral, with moods that come and go.   away: from … to, without the face."""
    generator = np.random.default_rng(seed)
    times = np.arange(0, seconds, 1 / rate)
    favoured = generator.permutation(8)
    scores = np.zeros((len(times), 8))
    scores[:, EMOTIONS.index("neutral")] = 2.6
    start = 0.0
    while start < seconds:
        start += generator.exponential(4.0) + 1.0
        length, place = generator.gamma(2.0, 1.4), favoured[min(7, int(generator.exponential(1.6)))]
        bump = np.clip(1 - np.abs(times - start - length / 2) / (length / 2 + 0.4), 0, 1)
        scores[:, place] += generator.uniform(2, 6) * bump
    noise = generator.normal(0, 1, scores.shape)
    for i in range(1, len(noise)):  # trembles slowly, as smoothed probabilities do
        noise[i] = 0.93 * noise[i - 1] + 0.37 * noise[i]
    p = np.exp(scores + 0.5 * noise)
    p /= p.sum(axis=1, keepdims=True)
    rows: list[Row] = []
    for time_s, values in zip(times.tolist(), p, strict=True):
        if any(a <= time_s < b for a, b in away):
            continue
        second, first = np.argsort(values)[-2:]
        clear = values[first] >= 0.3 and values[first] - values[second] >= 0.1
        rows.append((time_s, face, EMOTIONS[first] if clear else UNCERTAIN, values.tolist()))
    return rows
