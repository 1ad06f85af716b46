"""Whatever layout a data set comes in, as a folder or a zip, its table is the same."""

from __future__ import annotations

import io
import tempfile
import zipfile
from pathlib import Path

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from affect.data.manifest import read_manifest
from affect.emotions import AFFECTNET_NUMBERS, EMOTIONS

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
