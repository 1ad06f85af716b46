from __future__ import annotations

import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from conftest import SHARED

from affect.data.manifest import read_manifest
from affect.errors import AffectError

FERPLUS = SHARED / "data" / "ferplus.zip"
PICTURE = cv2.imencode(".png", np.zeros((8, 8, 3), np.uint8))[1].tobytes()


def make(root: Path, files: dict[str, bytes | str], as_zip: bool) -> Path:
    """A folder or a zip with these files."""
    if as_zip:
        with zipfile.ZipFile(root / "set.zip", "w") as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        return root / "set.zip"
    for name, content in files.items():
        path = root / "set" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root / "set"


@pytest.mark.parametrize("as_zip", [False, True])
def test_class_folders_under_splits_in_any_case(tmp_path: Path, as_zip: bool) -> None:
    files = {"Train/Happy/a.png": PICTURE, "VAL/sad/a.png": PICTURE, "notes.txt": "x", "train/other/b.png": PICTURE}
    manifest = read_manifest(make(tmp_path, dict(files), as_zip))
    assert manifest.name == "set"
    assert manifest.table.to_numpy().tolist() == [
        ["Train/Happy/a.png", "happy", "train"],
        ["VAL/sad/a.png", "sad", "val"],
    ]
    picture = manifest.source.picture("VAL/sad/a.png")
    assert picture is not None
    assert picture.shape == (8, 8, 3)


@pytest.mark.parametrize("as_zip", [False, True])
def test_a_csv_beside_class_folders_gives_splits_votes_and_on_demand_labels(tmp_path: Path, as_zip: bool) -> None:
    csv = (
        "\ufeffpth,label,split,votes_happy,votes_sad\n"
        "happy/a.png,happy,train,9,1\nset/happy/b.png,Sad,val,4,6\nsad/a.png,nonsense,val,0,10\n"
    )
    files: dict[str, bytes | str] = {f"set/{n}": PICTURE for n in ("happy/a.png", "happy/b.png", "sad/a.png")}
    data = make(tmp_path, files | {"set/labels.csv": csv}, as_zip)
    by_folder = read_manifest(data).table
    assert by_folder["label"].tolist() == ["happy", "happy", "sad"]
    assert by_folder["split"].tolist() == ["train", "val", "val"]
    assert by_folder["votes_sad"].tolist() == [1, 6, 10]
    assert read_manifest(data, labels="csv").table["label"].tolist() == ["happy", "sad"]


def test_the_same_name_in_two_classes_is_two_pictures(tmp_path: Path) -> None:
    manifest = read_manifest(make(tmp_path, {"happy/a.png": PICTURE, "sad/a.png": PICTURE}, as_zip=False))
    assert len(manifest.table) == 2


def test_what_cannot_be_decoded_is_none(tmp_path: Path) -> None:
    manifest = read_manifest(make(tmp_path, {"happy/a.png": b"", "happy/b.png": b"no picture"}, as_zip=True))
    assert [manifest.source.picture(n) for n in manifest.table["pth"]] == [None, None]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"readme.txt": "x"}, "no pictures in class folders"),
        ({"happy/a.png": PICTURE, "labels.csv": "name,emotion\na,b\n"}, "pth and label"),
    ],
)
def test_a_data_set_that_does_not_fit_says_what_is_missing(tmp_path: Path, files: dict, message: str) -> None:
    with pytest.raises(AffectError, match=message):
        read_manifest(make(tmp_path, files, as_zip=False))


def test_a_missing_or_broken_data_set_is_told(tmp_path: Path) -> None:
    with pytest.raises(AffectError, match="no data set"):
        read_manifest(tmp_path / "none")
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 cut off")
    with pytest.raises(AffectError, match="neither"):
        read_manifest(tmp_path / "broken.zip")


def test_an_empty_split_lists_what_there_is(tmp_path: Path) -> None:
    manifest = read_manifest(make(tmp_path, {"train/happy/a.png": PICTURE}, as_zip=False))
    with pytest.raises(AffectError, match="train 1"):
        manifest.rows("val")


@pytest.mark.skipif(not FERPLUS.is_file(), reason="FER+ is not on this machine")
def test_ferplus_is_read_whole() -> None:
    manifest = read_manifest(FERPLUS)
    assert len(manifest.rows("train")) == 28_386
    assert len(manifest.rows("val")) == 3_553
    assert manifest.has_votes
    assert manifest.rows("train")["label"].value_counts()["contempt"] == 226
