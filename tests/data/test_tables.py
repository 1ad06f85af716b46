from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from affect.comparison.measured import read_predictions
from affect.data.manifest import read_manifest
from affect.data.report import data_report
from affect.data.tables import read_table, write_table
from affect.emotions import EMOTIONS
from affect.evaluation import robustness
from affect.evaluation.measure import Evaluation, write_metrics
from affect.model.calibration import Calibration


def cells(path: Path) -> list[str]:
    with path.open(encoding="utf-8", newline="") as file:
        return [cell for row in csv.reader(file) for cell in row]


def test_a_table_of_names_holds_no_formula_and_is_read_as_it_was(tmp_path: Path) -> None:
    table = pd.DataFrame({"pth": ["=1+1.png", "a.png", None], "=cmd": [-1.5, 2.0, np.nan], "n": [-1, 2, 3]})
    write_table(table, tmp_path / "a.csv")
    assert cells(tmp_path / "a.csv")[:4] == ["pth", "'=cmd", "n", "'=1+1.png"]
    read = read_table(tmp_path / "a.csv")
    pd.testing.assert_frame_equal(read, table.astype(read.dtypes))


def test_pictures_and_models_named_as_formulas_are_none_in_any_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = cv2.imencode(".png", np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8))[1].tobytes()
    for name in ("=a/happy/1.png", "@b/sad/1.png", "+c/1.png", "-d/fear/cut.png"):
        (tmp_path / "set" / name).parent.mkdir(parents=True)
        (tmp_path / "set" / name).write_bytes(picture[: 100 if "cut" in name else None])
    manifest, out = read_manifest(tmp_path / "set"), tmp_path / "out"
    data_report(manifest).write(out)
    rows = manifest.rows("all")
    logits = np.zeros((len(rows), len(EMOTIONS)), np.float32)
    write_metrics(Evaluation("m.pt", "set", "all", rows, logits, Calibration(1.0), {}), out)
    monkeypatch.setattr("affect.figure_style.save", lambda *_: None)
    monkeypatch.setattr("affect.evaluation.figures.robustness", lambda *_: None)
    monkeypatch.setattr(robustness, "table_of", lambda _: "")
    robustness.write(pd.DataFrame({"corruption": ["clean"], "=cmd": [0.5]}), out, "")
    written = {path.name: cells(path) for path in out.glob("*.csv")}
    for name in ("skipped.csv", "duplicates.csv", "unreadable.csv", "predictions.csv", "robustness.csv"):
        assert any(cell.startswith("'") for cell in written[name]), name
    assert not [cell for row in written.values() for cell in row if cell.startswith(("=", "+", "-", "@"))]
    assert "=a/happy/1.png" in read_predictions(out / "predictions.csv").index
