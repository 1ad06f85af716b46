from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from affect.cells import FORMULA
from affect.data.manifest import VOTES, read_manifest
from affect.data.report import DataReport, data_report, main, repeatability
from affect.datasets.drawing import draw_face
from affect.emotions import EMOTIONS

CSV = """pth,label
train/happy/0.png,happy
train/happy/1.png,sad
val/happy/copy.png,happy
val/sad/2.png,bored
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Three drawn faces, a copy of the first in another split and a smaller one with another label, a broken file."""
    root = tmp_path / "drawn"
    drawn = [draw_face("happy", np.random.default_rng(i), 96) for i in range(3)]
    pictures = {
        "train/happy/0.png": drawn[0],
        "train/happy/1.png": drawn[1],
        "val/happy/copy.png": drawn[0],
        "val/sad/smaller.png": cv2.resize(drawn[0], (64, 48), interpolation=cv2.INTER_AREA),
        "val/sad/2.png": drawn[2],
    }
    for name, picture in pictures.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(root / name), picture)
    (root / "train" / "happy" / "broken.png").write_bytes(b"no picture")
    (root / "stray.png").write_bytes(b"")
    (root / "labels.csv").write_text(CSV)
    return root


@pytest.fixture
def report(data: Path) -> DataReport:
    return data_report(read_manifest(data))


def test_pictures_are_counted_by_class_and_split(report: DataReport) -> None:
    assert report.counts.loc["happy"].to_dict() == {"train": 3, "val": 1, "total": 4}
    assert report.counts.loc["anger"].to_dict() == {"train": 0, "val": 0, "total": 0}
    assert report.counts.loc["total"].to_dict() == {"train": 3, "val": 3, "total": 6}


def test_sizes_are_of_the_pictures_that_can_be_read(report: DataReport) -> None:
    assert report.sizes.loc["smallest"].to_dict() == {"width": 64, "height": 48, "aspect": 1}
    assert report.sizes.loc["largest"].to_dict() == {"width": 96, "height": 96, "aspect": 1.333}
    assert report.unreadable["pth"].tolist() == ["train/happy/broken.png"]


def test_copies_are_counted_within_and_across_splits(report: DataReport) -> None:
    assert report.copies.loc["exact"].to_dict() == {
        "groups": 1,
        "pictures": 2,
        "superfluous": 1,
        "groups_across_splits": 1,
        "groups_of_several_labels": 0,
        "judged_and_in_train": 1,
    }
    assert report.copies.loc["near"].to_dict() == {
        "groups": 1,
        "pictures": 3,
        "superfluous": 2,
        "groups_across_splits": 1,
        "groups_of_several_labels": 1,
        "judged_and_in_train": 2,
    }
    assert report.duplicates["pth"].tolist() == ["train/happy/0.png", "val/happy/copy.png", "val/sad/smaller.png"]


def test_folder_and_csv_labels_are_set_against_each_other(report: DataReport) -> None:
    assert report.confusion is not None
    assert report.confusion.loc["happy", ["happy", "sad", "none"]].tolist() == [2, 1, 1]
    assert report.confusion.loc["sad", "none"] == 2
    assert report.agreement == pytest.approx(2 / 3)


def test_what_is_skipped_is_counted_with_its_reason(report: DataReport) -> None:
    assert report.skipped_counts() == {"not in a class folder": 1}


@pytest.mark.skipif(sys.platform == "win32", reason="names of bytes are Unix's")
def test_a_folder_and_pictures_of_any_names_are_reported_as_text(data: Path, tmp_path: Path) -> None:
    named = data.rename(tmp_path / "d\udce9\x1b[2J")
    for name in ("=1+1.png", "+\udce9.png", "@\x1b[31m.png"):
        (named / "train" / "happy" / name).write_bytes(b"no picture")
    (named / "=cmd").mkdir()
    (named / "=cmd" / "a.png").write_bytes((named / "train" / "happy" / "0.png").read_bytes())
    out = tmp_path / "o\udce9"
    assert main(["--data", str(named), "--out", str(out)]) == 0
    cells = [cell for path in out.glob("*.csv") for row in csv.reader(path.open(encoding="utf-8")) for cell in row]
    assert "'=cmd/a.png" in cells
    assert [cell for cell in cells if cell.startswith(FORMULA) or "\x1b" in cell] == []
    assert "\x1b" not in (out / "data_report.json").read_text(encoding="utf-8")


def test_the_command_prints_the_report_and_writes_it(
    data: Path, report: DataReport, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(["--data", str(data), "--out", str(out)]) == 0
    assert capsys.readouterr().out.rstrip() == report.text().rstrip()
    written = json.loads((out / "data_report.json").read_text(encoding="utf-8"))
    assert written == report.to_dict()
    assert str(data) not in json.dumps(written)
    assert sorted(p.name for p in out.iterdir()) == [
        "confusion.csv",
        "copies.csv",
        "counts.csv",
        "data_report.json",
        "duplicates.csv",
        "sizes.csv",
        "skipped.csv",
        "unreadable.csv",
    ]
    assert pd.read_csv(out / "counts.csv", index_col=0).loc["total", "total"] == 6


def test_a_stratified_split_puts_an_end_to_copies_across_splits(data: Path) -> None:
    parted = data_report(read_manifest(data, split_mode="stratified"))
    assert parted.copies.loc["near", "groups_across_splits"] == 0
    assert parted.confusion is not None


def test_class_folders_alone_have_no_confusion_and_nothing_readable_has_no_sizes(tmp_path: Path) -> None:
    for emotion in ("happy", "sad"):
        (tmp_path / "set" / emotion).mkdir(parents=True)
        (tmp_path / "set" / emotion / "a.png").write_bytes(b"")
    report = data_report(read_manifest(tmp_path / "set"))
    assert report.confusion is None
    assert len(report.unreadable) == 2
    assert report.to_dict()["sizes"]["median"] == {"width": None, "height": None, "aspect": None}
    assert "2 pictures cannot be decoded" in report.text()


def voted(*rows: tuple[str, str, dict[str, int]]) -> pd.DataFrame:
    """Pictures of a split with a label and votes."""
    votes = [[v.get(e, 0) for e in EMOTIONS] for _, _, v in rows]
    table = pd.DataFrame(votes, columns=VOTES)
    return table.assign(split=[r[0] for r in rows], label=[r[1] for r in rows])


def test_a_label_that_all_gave_would_be_given_again_and_one_of_two_halves_every_other_time() -> None:
    halves = [("val", label, {"sad": 5, "neutral": 5}) for label in ("sad", "neutral") for _ in range(500)]
    table = voted(*[("train", "happy", {"happy": 10})] * 3, *halves, ("val", "anger", {}))
    repeatable = repeatability(table)
    assert repeatable["train"] == 1
    assert repeatable["val"] == pytest.approx(0.5, abs=0.02)


def test_the_chance_of_a_close_vote_is_that_of_the_vote() -> None:
    """Three vote, two of them for the label: it wins again with 2 or 3 of 3."""
    table = voted(*[("", "happy", {"happy": 2, "sad": 1})] * 2000)
    expected = (2 / 3) ** 3 + 3 * (2 / 3) ** 2 / 3
    assert repeatability(table) == {"none": pytest.approx(expected, abs=0.01)}


def test_the_report_tells_it_where_there_are_votes(report: DataReport, data: Path) -> None:
    assert report.repeatable == {}
    assert "annotators" not in report.text()
    columns = "".join(f",{v}" for v in VOTES)
    (data / "labels.csv").write_text(f"pth,label{columns}\ntrain/happy/0.png,happy{',0' * 4},10{',0' * 3}\n")
    told = data_report(read_manifest(data))
    assert told.repeatable == {"train": 1.0}
    assert "would give the same label to 100.0% of train" in told.text()


def test_wrong_data_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--data", str(tmp_path / "none"), "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith("error: There is no data set")
