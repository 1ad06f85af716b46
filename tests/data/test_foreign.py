from __future__ import annotations

import re
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from affect.data.manifest import read_manifest
from affect.errors import AffectError
from tests.conftest import REPOSITORY

PICTURE = cv2.imencode(".png", np.zeros((8, 8, 3), np.uint8))[1].tobytes()


@pytest.mark.parametrize(
    ("files", "advice"),
    [
        (["archive/fer2013.csv"], r"archive/fer2013\.csv .*affect\.datasets\.ferplus --pictures fer2013\.csv --votes"),
        (["icml_face_data.csv"], r"affect\.datasets\.ferplus --pictures icml_face_data\.csv"),
        (["EmoLabel/list_patition_label.txt", "Image/aligned/a.png"], r"RAF-DB's list.*--classes raf-db"),
        (["images/a.png", "labels/a.txt"], "labels/a.txt belongs to YOLO's labels"),
        (["data.yaml", "train/images/a.png"], "YOLO"),
        (["data/train-00000-of-00001.parquet"], "table of Hugging Face.*docs/research.md"),
        (["archive/train.zip", "archive/readme.txt"], r"archive/train\.zip is an archive inside it\. Unpack"),
        (["a.tar.gz"], "an archive inside it"),
    ],
)
@pytest.mark.parametrize("as_zip", [False, True])
def test_what_is_not_read_is_refused_by_its_name_with_what_to_do(
    tmp_path: Path, files: list[str], advice: str, as_zip: bool
) -> None:
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        for name in files:
            archive.writestr(name, PICTURE if name.endswith(".png") else b"x")
        archive.extractall(tmp_path / "set")
    with pytest.raises(AffectError, match=advice) as told:
        read_manifest(tmp_path / ("set.zip" if as_zip else "set"))
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("name", ["fer2013.csv", "train.parquet", "list_patition_label.txt"])
def test_a_file_of_another_kind_as_the_data_set_says_the_same(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(AffectError, match="is no folder of pictures: .*" + re.escape(name)):
        read_manifest(tmp_path / name)


def test_another_archive_as_the_data_set_is_to_be_unpacked(tmp_path: Path) -> None:
    (tmp_path / "set.rar").write_bytes(b"x")
    with pytest.raises(AffectError, match="unpack other archives"):
        read_manifest(tmp_path / "set.rar")


def test_such_files_beside_class_folders_are_no_matter(tmp_path: Path) -> None:
    for name in ("happy/a.png", "sad/b.png", "fer2013.csv", "labels/a.txt", "more.zip"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(PICTURE)
    assert len(read_manifest(tmp_path).table) == 2


def lines_of_the_docs(about: str) -> str:
    blocks = re.findall(r"```python\n(.*?)```", (REPOSITORY / "docs" / "research.md").read_text(encoding="utf-8"), re.S)
    (block,) = [b for b in blocks if about in b]
    return block


def test_the_lines_for_raf_db_make_a_data_set_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "Image" / "aligned").mkdir(parents=True)
    (tmp_path / "EmoLabel").mkdir()
    names = {"train_00001": 1, "train_00002": 6, "test_0001": 7}
    for name in names:
        (tmp_path / "Image" / "aligned" / f"{name}_aligned.jpg").write_bytes(PICTURE)
    lines = "".join(f"{name}.jpg {number}\n" for name, number in names.items())
    (tmp_path / "EmoLabel" / "list_patition_label.txt").write_text(lines)
    monkeypatch.chdir(tmp_path)
    exec(lines_of_the_docs("list_patition_label"), {})  # noqa: S102
    table = read_manifest(tmp_path / "Image" / "aligned", classes="raf-db").table
    assert table["label"].tolist() == ["neutral", "surprise", "anger"]
    assert table["split"].tolist()[0] == "test"


def test_the_lines_for_hugging_face_make_class_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = pd.DataFrame({"image": [{"bytes": PICTURE}] * 2, "label": [3, 4]})
    monkeypatch.setattr(pd, "read_parquet", lambda _: table)  # the library that reads them need not be there
    monkeypatch.chdir(tmp_path)
    exec(lines_of_the_docs("parquet"), {})  # noqa: S102
    assert read_manifest(tmp_path / "faces", classes="fer2013").table["label"].tolist() == ["happy", "sad"]
