"""A folder of pictures, or several pictures, become one table with a row a face and the picture's path."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest

import affect
from affect.faces.preprocessing import Image
from affect.live.app import main
from affect.live.batch.pictures import pictures_of
from affect.live.recording.sinks import COLUMNS


@pytest.fixture
def folder(tmp_path: Path, portrait: Image) -> Path:
    """Two portraits, one of them in a subfolder and lying on its side, a grey picture, a damaged one, and a text."""
    inside = tmp_path / "pictures"
    (inside / "sub").mkdir(parents=True)
    cv2.imwrite(str(inside / "=a.png"), portrait)
    cv2.imwrite(str(inside / "sub" / "b.jpg"), cv2.rotate(portrait, cv2.ROTATE_90_CLOCKWISE))
    cv2.imwrite(str(inside / "c.jpg"), np.full((240, 320, 3), 90, np.uint8))
    (inside / "d.png").write_bytes((inside / "=a.png").read_bytes()[:5000])
    (inside / "notes.txt").write_text("no picture")
    return inside


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_each_picture_has_a_row_found_or_not(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "all.csv"
    assert main(["--source", str(folder), "--csv", str(out), "--lang", "en"]) == 2  # one picture is damaged
    rows = rows_of(out)
    assert list(rows[0]) == [*COLUMNS, "path"]
    named = {row["path"].removeprefix("'"): row["emotion"] for row in rows}
    assert named == {
        str(folder / "=a.png"): "happy",
        str(folder / "c.jpg"): "",
        str(folder / "d.png"): "",
        str(folder / "sub" / "b.jpg"): "happy",
    }
    told = capsys.readouterr()
    assert "d.png cannot be read as an image" in told.err
    assert "b.jpg: " in told.err  # turned upright
    assert "4 pictures" in told.out


def test_the_api_reads_the_same(folder: Path, tmp_path: Path) -> None:
    (folder / "d.png").unlink()
    out = tmp_path / "all.csv"
    assert main(["--source", str(folder), "--csv", str(out)]) == 0
    table = affect.ExpressionReader().table(folder)
    assert list(table["emotion"].fillna("")) == [row["emotion"] for row in rows_of(out)]
    assert [f"{value:.6f}" for value in table["valence"].dropna()] == [
        r["valence"] for r in rows_of(out) if r["valence"]
    ]


def test_several_pictures_are_one_table_as_well(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "two.csv"
    assert main(["--source", str(folder / "c.jpg"), str(folder / "=a.png"), "--csv", str(out)]) == 0
    assert [row["emotion"] for row in rows_of(out)] == ["", "happy"]


def test_without_a_table_the_summary_tells_what_was_read(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "d.png").unlink()
    assert main(["--source", str(folder), "--lang", "en"]) == 0
    assert "happy" in capsys.readouterr().out


def test_what_is_not_only_pictures_is_none(folder: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    picture = str(folder / "=a.png")
    assert pictures_of([picture]) is None
    assert pictures_of([str(empty)]) is None
    assert pictures_of([picture, str(folder / "notes.txt")]) is None
    assert pictures_of([picture, "demo"]) is None
    assert pictures_of(["0", "1"]) is None
    assert pictures_of([picture, picture]) == [Path(picture)] * 2


def test_pictures_make_no_video(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--source", str(folder), "--save-video", str(tmp_path / "v.mp4"), "--lang", "en"]) == 2
    assert "no video" in capsys.readouterr().err
    assert not (tmp_path / "v.mp4").exists()
