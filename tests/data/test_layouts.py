"""Whatever layout a data set comes in, as a folder or a zip, its table is the same; others are told what to do."""

from __future__ import annotations

import io
import re
import tempfile
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affect.data.manifest import read_manifest
from affect.emotions import AFFECTNET_NUMBERS, EMOTIONS
from affect.errors import AffectError
from tests.conftest import REPOSITORY

PICTURE = cv2.imencode(".png", np.zeros((8, 8, 3), np.uint8))[1].tobytes()
NUMBERS = {emotion: number for number, emotion in AFFECTNET_NUMBERS.items()}
Pictures = dict[int, tuple[str, str]]  # the name of each: its label and split
Files = dict[str, bytes]

data_sets = st.dictionaries(
    st.integers(0, 9999),
    st.tuples(st.sampled_from(EMOTIONS), st.sampled_from(["train", "val"])),
    min_size=1, max_size=12,
).filter(lambda pictures: "val" in {split for _, split in pictures.values()})  # fmt: skip


def csv_of(lines: list[str]) -> bytes:
    return ("\n".join(lines) + "\n").encode()


def class_folders(pictures: Pictures) -> Files:
    return {f"{split}/{label}/{n}.png": PICTURE for n, (label, split) in pictures.items()}


def class_folders_in_capitals_below_others(pictures: Pictures) -> Files:
    return {f"Set/Images/{split.upper()}/{label.title()}/{n}.JPG": PICTURE for n, (label, split) in pictures.items()}


def numbered_folders(pictures: Pictures) -> Files:
    return {f"{split}/{NUMBERS[label]}/{n}.jpg": PICTURE for n, (label, split) in pictures.items()}


def class_folders_with_a_list(pictures: Pictures) -> Files:
    lines = [f"elsewhere/{label}/{n}.png,{label},{split}" for n, (label, split) in pictures.items()]
    files = {f"set/{label}/{n}.png": PICTURE for n, (label, _) in pictures.items()}
    return files | {"set/labels.csv": csv_of(["pth,label,split", *lines])}


def a_list_alone(pictures: Pictures) -> Files:
    lines = [f"{n}.png;{label.upper()};{split}" for n, (label, split) in pictures.items()]
    return {f"images/{n}.png": PICTURE for n in pictures} | {"labels.csv": csv_of(["pth;label;split", *lines])}


def the_release_with_a_file_a_picture(pictures: Pictures) -> Files:
    files: Files = {}
    for n, (label, split) in pictures.items():
        value = io.BytesIO()
        np.save(value, np.array(str(NUMBERS[label])))
        files[f"{split}_set/images/{n}.jpg"] = PICTURE
        files[f"{split}_set/annotations/{n}_exp.npy"] = value.getvalue()
    return files


def the_release_with_lists(pictures: Pictures) -> Files:
    header = "subDirectory_filePath,face_x,face_y,face_width,face_height,facial_landmarks,expression,valence,arousal"
    files = {f"Manually_Annotated_Images/{n % 7}/{n}.jpg": PICTURE for n in pictures}
    for split, name in (("train", "training"), ("val", "validation")):
        mine = [(n, label) for n, (label, its) in pictures.items() if its == split]
        lines = [f"{n % 7}/{n}.jpg,1,1,9,9,1.5;2.5,{NUMBERS[label]},0.1,0.2" for n, label in mine]
        files[f"Manually_Annotated_file_lists/{name}.csv"] = csv_of([header, *lines])
    return files


LAYOUTS = (
    class_folders,
    class_folders_in_capitals_below_others,
    numbered_folders,
    class_folders_with_a_list,
    a_list_alone,
    the_release_with_a_file_a_picture,
    the_release_with_lists,
)


@settings(deadline=None, derandomize=True, max_examples=25, database=None)
@given(data_sets)
def test_any_layout_of_the_same_pictures_gives_the_same_table(pictures: Pictures) -> None:
    for layout in LAYOUTS:
        files = layout(pictures)
        with tempfile.TemporaryDirectory() as root:
            folder, archive = Path(root) / "set", Path(root) / "set.zip"
            with zipfile.ZipFile(archive, "w") as packed:
                for name, content in files.items():
                    (folder / name).parent.mkdir(parents=True, exist_ok=True)
                    (folder / name).write_bytes(content)
                    packed.writestr(name, content)
            numbers = "affectnet" if layout is numbered_folders else None  # not all eight are there
            tables = [read_manifest(data, classes=numbers).table for data in (folder, archive)]
        assert tables[0].equals(tables[1]), layout.__name__
        found = {int(Path(r.pth).stem): (r.label, r.split) for r in tables[0].itertuples()}
        assert found == pictures, layout.__name__


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
