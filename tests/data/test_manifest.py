from __future__ import annotations

import hashlib
import io
import os
import pickle
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affect.data import annotations
from affect.data.annotations import match_paths
from affect.data.manifest import read_manifest
from affect.errors import AffectError
from tests.conftest import SHARED
from tests.tools.repeats import repeats

FERPLUS = SHARED / "data" / "ferplus.zip"
PICTURE = cv2.imencode(".png", np.zeros((8, 8, 3), np.uint8))[1].tobytes()
Files = dict[str, bytes | str]


def make(root: Path, files: Files, as_zip: bool) -> Path:
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


def pictures(*names: str) -> Files:
    """The same picture under each name."""
    return dict.fromkeys(names, PICTURE)


def expression(value: object) -> bytes:
    """An annotation file as AffectNet has them: one value in an array without dimensions."""
    file = io.BytesIO()
    np.save(file, np.array(value), allow_pickle=value is None)
    return file.getvalue()


def labels_of(manifest) -> dict[str, str]:
    return dict(zip(manifest.table["pth"], manifest.table["label"], strict=True))


def skipped_of(manifest) -> dict[str, str]:
    return dict(zip(manifest.skipped["pth"], manifest.skipped["reason"], strict=True))


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


@pytest.mark.parametrize("as_zip", [False, True])
def test_leading_folders_and_hidden_files_make_no_difference(tmp_path: Path, as_zip: bool) -> None:
    files = pictures("set/deep/happy/a.png", "set/deep/sad/b.png", "__MACOSX/happy/._a.png", "set/deep/happy/._a.png")
    manifest = read_manifest(make(tmp_path, files, as_zip))
    assert labels_of(manifest) == {"set/deep/happy/a.png": "happy", "set/deep/sad/b.png": "sad"}
    assert manifest.skipped.empty


def test_a_zip_gives_the_table_of_its_folder_in_any_order_of_files(tmp_path: Path) -> None:
    files = pictures(*(f"{e}/{i}.png" for i in (10, 9, 1) for e in ("sad", "anger", "Happy")))
    folder = read_manifest(make(tmp_path, files, as_zip=False))
    archive = read_manifest(make(tmp_path, dict(reversed(files.items())), as_zip=True))
    assert folder.table.to_csv() == archive.table.to_csv()


def test_windows_separators_in_a_zip_are_separators(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        info = zipfile.ZipInfo("x")
        info.filename = "happy\\a.png"
        archive.writestr(info, PICTURE)
    manifest = read_manifest(tmp_path / "set.zip")
    assert labels_of(manifest) == {"happy/a.png": "happy"}
    assert manifest.source.picture("happy/a.png") is not None


def test_numbered_folders_are_affectnets_classes_and_8_to_10_are_none_of_them(tmp_path: Path) -> None:
    names = [f"val/{n}/a.png" for n in range(9)]
    manifest = read_manifest(make(tmp_path, pictures(*names), as_zip=False), classes="affectnet")
    order = ["neutral", "happy", "sad", "surprise", "fear", "disgust", "anger", "contempt"]
    assert labels_of(manifest) == dict(zip(names, order, strict=False))
    assert skipped_of(manifest) == {"val/8/a.png": "not one of the eight classes"}
    assert set(manifest.table["split"]) == {"val"}


def test_pictures_outside_the_class_folders_are_skipped_with_a_reason(tmp_path: Path) -> None:
    manifest = read_manifest(make(tmp_path, pictures("happy/a.png", "other/b.png", "c.jpg"), as_zip=False))
    assert skipped_of(manifest) == {"c.jpg": "not in a class folder", "other/b.png": "not in a class folder"}


def test_the_same_name_in_two_classes_is_two_pictures(tmp_path: Path) -> None:
    manifest = read_manifest(make(tmp_path, {"happy/a.png": PICTURE, "sad/a.png": PICTURE}, as_zip=False))
    assert len(manifest.table) == 2


def test_folder_and_csv_labels_stand_side_by_side(tmp_path: Path) -> None:
    csv = ",pth,label,relFCs\n0,happy/a.png,sad,0.9\n1,sad/a.png,sad,0.8\n2,fear/gone.png,fear,0.7\n"
    data = make(tmp_path, pictures("happy/a.png", "sad/a.png", "sad/b.png") | {"labels.csv": csv}, as_zip=False)
    manifest = read_manifest(data)
    assert manifest.table["label"].tolist() == ["happy", "sad", "sad"]
    assert manifest.table["folder_label"].tolist() == ["happy", "sad", "sad"]
    assert manifest.table["csv_label"].tolist() == ["sad", "sad", ""]
    assert skipped_of(manifest) == {"fear/gone.png": "listed, but there is no such file"}
    by_csv = read_manifest(data, labels="csv")
    assert labels_of(by_csv) == {"happy/a.png": "sad", "sad/a.png": "sad"}
    assert skipped_of(by_csv)["sad/b.png"] == "not listed"


@pytest.mark.parametrize(
    ("listed", "meant"),
    [
        ("happy/a.png", "x/happy/a.png"),
        ("AffectNet/happy/a.png", "x/happy/a.png"),
        ("HAPPY/A.PNG", "x/happy/a.png"),
        (".\\happy\\a.png", "x/happy/a.png"),
        ("/home/me/set/sad/b.png", "x/sad/b.png"),
        ("b.png", "x/sad/b.png"),
        ("a.png", None),  # two pictures have this name
        ("fear/a.png", None),  # fear is neither happy nor sad
    ],
)
def test_a_listed_path_means_the_picture_with_the_longest_common_end(
    tmp_path: Path, listed: str, meant: str | None
) -> None:
    files = pictures("x/happy/a.png", "x/sad/a.png", "x/sad/b.png")
    manifest = read_manifest(make(tmp_path, files | {"x/labels.csv": f"pth,label\n{listed},anger\n"}, as_zip=False))
    found = manifest.table.set_index("pth")["csv_label"]
    assert found[found != ""].index.tolist() == ([meant] if meant else [])
    assert len(manifest.skipped) == (0 if meant else 1)


def test_a_picture_listed_twice_keeps_its_first_label(tmp_path: Path) -> None:
    csv = "pth,label\nset/happy/a.png,anger\nhappy/a.png,sad\nhappy/a.png,fear\n"
    manifest = read_manifest(make(tmp_path, pictures("happy/a.png") | {"labels.csv": csv}, as_zip=False))
    assert manifest.table["csv_label"].tolist() == ["sad"]  # the whole path goes first
    assert set(manifest.skipped["reason"]) == {"listed more than once"}


def test_a_csv_alone_labels_pictures_that_are_not_in_class_folders(tmp_path: Path) -> None:
    csv = "pth,label\na.png,happy\nimages/b.png,Sad\nc.png,uncertain\n"
    files = pictures(*(f"images/{n}.png" for n in "abcd"))
    manifest = read_manifest(make(tmp_path, files | {"labels.csv": csv}, as_zip=True))
    assert manifest.labels == "csv"
    assert labels_of(manifest) == {"images/a.png": "happy", "images/b.png": "sad"}
    assert skipped_of(manifest) == {"images/c.png": "not one of the eight classes", "images/d.png": "not listed"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";"])
def test_a_csv_may_come_from_any_spreadsheet(tmp_path: Path, encoding: str, separator: str) -> None:
    lines = ["pth,label", '"niño.png",happy', "b.png,sad"]
    csv = "\r\n".join(lines).replace(",", separator).encode(encoding)
    manifest = read_manifest(make(tmp_path, pictures("niño.png", "b.png") | {"labels.csv": csv}, as_zip=False))
    assert labels_of(manifest) == {"b.png": "sad", "niño.png": "happy"}


@pytest.mark.parametrize("as_zip", [False, True])
def test_affectnets_own_release_with_an_annotation_file_for_each_picture(tmp_path: Path, as_zip: bool) -> None:
    files = pictures("train_set/images/0.jpg", "train_set/images/1.jpg", "train_set/images/2.jpg")
    files |= pictures("val_set/images/0.jpg", "val_set/images/7.jpg", "val_set/images/8.jpg")
    files |= {
        "train_set/annotations/0_exp.npy": expression("6"),
        "train_set/annotations/0_val.npy": expression("0.5"),
        "train_set/annotations/1_exp.npy": expression(3),
        "val_set/annotations/0_exp.npy": expression("0"),
        "val_set/annotations/7_exp.npy": expression("9"),
        "val_set/annotations/8_exp.npy": expression(None),  # a pickle, which is never opened
    }
    manifest = read_manifest(make(tmp_path, files, as_zip))
    assert manifest.table.to_numpy().tolist() == [
        ["train_set/images/0.jpg", "anger", "train"],
        ["train_set/images/1.jpg", "surprise", "train"],
        ["val_set/images/0.jpg", "neutral", "val"],
    ]
    assert skipped_of(manifest) == {
        "train_set/images/2.jpg": "no annotation",
        "val_set/images/7.jpg": "not one of the eight classes",
        "val_set/images/8.jpg": "the annotation cannot be read",
    }


@pytest.mark.parametrize("header", [True, False])
def test_affectnets_own_release_with_file_lists(tmp_path: Path, header: bool) -> None:
    columns = "subDirectory_filePath,face_x,face_y,face_width,face_height,facial_landmarks,expression,valence,arousal\n"
    row = "{},10,10,100,100,1.5;2.5;3.5,{},0.1,0.2\n".format
    folder = "Manually_Annotated_file_lists"
    validation = row("689/a.JPG", 2) + row("7/c.jpg", 7)
    files = pictures(*(f"Manually_Annotated_Images/{n}" for n in ("689/a.JPG", "1/a.JPG", "7/b.jpg", "7/c.jpg")))
    files[f"{folder}/training.csv"] = columns + row("1/a.JPG", 1) + row("7/b.jpg", 10) + row("7/gone.jpg", 3)
    files[f"{folder}/validation.csv"] = columns + validation if header else validation
    manifest = read_manifest(make(tmp_path, files, as_zip=True))
    assert manifest.table.to_numpy().tolist() == [
        ["Manually_Annotated_Images/1/a.JPG", "happy", "train"],
        ["Manually_Annotated_Images/689/a.JPG", "sad", "val"],
        ["Manually_Annotated_Images/7/c.jpg", "contempt", "val"],
    ]
    assert skipped_of(manifest) == {
        "7/gone.jpg": "listed, but there is no such file",
        "Manually_Annotated_Images/7/b.jpg": "not one of the eight classes",
    }


def test_class_folders_without_a_split_get_the_original_one_whatever_the_labels(tmp_path: Path) -> None:
    names = [f"{e}/{i}.png" for e in ("happy", "sad") for i in range(10)]
    csv = "pth,label\n" + "".join(f"{n},sad\n" for n in names[3:])
    data = make(tmp_path, pictures(*names) | {"labels.csv": csv}, as_zip=False)
    by_folder, by_csv = read_manifest(data), read_manifest(data, labels="csv")
    assert by_folder.split == "original"
    assert by_folder.table["split"].value_counts().to_dict() == {"train": 16, "val": 4}
    merged = by_folder.table.merge(by_csv.table, on="pth")
    assert (merged["split_x"] == merged["split_y"]).all()
    assert (read_manifest(data, seed=1).table["split"] != by_folder.table["split"]).any()


def test_a_given_split_stays_until_another_is_asked_for_and_test_pictures_stay_test(tmp_path: Path) -> None:
    names = [f"{s}/happy/{i}.png" for s, n in (("train", 20), ("test", 5)) for i in range(n)]
    data = make(tmp_path, pictures(*names), as_zip=False)
    cut = read_manifest(data)
    assert cut.split == "given, val out of train"
    parted = read_manifest(data, split_mode="original").table
    assert parted["split"].value_counts().to_dict() == {"train": 16, "test": 5, "val": 4}
    assert parted.loc[parted["pth"].str.startswith("test"), "split"].eq("test").all()


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_links_to_folders_are_followed_but_never_round_and_round(tmp_path: Path) -> None:
    make(tmp_path, pictures("happy/a.png"), as_zip=False)
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "happy").symlink_to(tmp_path / "set" / "happy")
    (tmp_path / "set" / "happy" / "back").symlink_to(tmp_path / "set")
    assert labels_of(read_manifest(tmp_path / "linked")) == {"happy/a.png": "happy"}
    assert labels_of(read_manifest(tmp_path / "set")) == {"happy/a.png": "happy"}


@pytest.mark.parametrize("as_zip", [False, True])
def test_a_source_can_be_handed_to_another_process(tmp_path: Path, as_zip: bool) -> None:
    source = read_manifest(make(tmp_path, pictures("happy/a.png"), as_zip)).source
    assert pickle.loads(pickle.dumps(source)).read("happy/a.png") == PICTURE


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_process_does_not_share_the_zips_position(tmp_path: Path) -> None:
    source = read_manifest(make(tmp_path, pictures("happy/a.png"), as_zip=True)).source
    mine = source._archive()[0]
    source._opened = (-1, *source._opened[1:])  # as a child of this process sees it
    assert source.read("happy/a.png") == PICTURE
    assert source._archive()[0] is not mine


@repeats(20_000, 100_000)
def test_many_names_in_a_zip_are_read_in_seconds(tmp_path: Path, repeats: int) -> None:
    import time

    with zipfile.ZipFile(tmp_path / "big.zip", "w") as archive:
        for i in range(repeats):
            archive.writestr(f"big/{'sad' if i % 3 else 'happy'}/{i // 4}_{i % 4}.jpg", b"")
    start = time.perf_counter()
    manifest = read_manifest(tmp_path / "big.zip")
    assert len(manifest.table) == repeats
    assert time.perf_counter() - start < 0.0003 * repeats  # a tenth of it on a quiet machine


def test_what_cannot_be_decoded_is_none(tmp_path: Path) -> None:
    manifest = read_manifest(make(tmp_path, {"happy/a.png": b"", "happy/b.png": b"no picture"}, as_zip=True))
    assert [manifest.source.picture(n) for n in manifest.table["pth"]] == [None, None]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"readme.txt": "x"}, r"no pictures \(\.jpg"),
        (pictures("a.png", "b.png"), "No picture in .* is in a class folder"),
        (pictures("a.png", "other/b.png"), "none of the eight classes .*, but other \\(1 picture\\)"),
        (pictures("100/a.png", "3/b.png"), r"numbers for classes: 100 \(1 picture\), 3 \(1\)"),
        (pictures("a.png") | {"labels.csv": "pth,label\na.png,bored\n"}, "but bored"),
        ({"happy/a.png": PICTURE, "labels.csv": "name,emotion\na,b\n"}, "pth and label, it has name, emotion"),
        ({"happy/a.png": PICTURE, "labels.csv": ""}, "pth and label"),
        ({"happy/a.png": PICTURE, "labels.csv": 'pth,label\n"a,b\n'}, "cannot be read as a CSV table"),
        ({"happy/a.png": PICTURE, "labels.csv": b"pth,label\n\x81\x8d,happy\n"}, "neither UTF-8 nor cp1252"),
    ],
)
def test_a_data_set_that_does_not_fit_says_what_is_missing(tmp_path: Path, files: dict, message: str) -> None:
    with pytest.raises(AffectError, match=message) as told:
        read_manifest(make(tmp_path, files, as_zip=False))
    assert "\n" not in str(told.value)


def test_labels_of_a_csv_that_is_not_there_are_told(tmp_path: Path) -> None:
    with pytest.raises(AffectError, match="no labels.csv"):
        read_manifest(make(tmp_path, pictures("happy/a.png"), as_zip=False), labels="csv")


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


@pytest.mark.parametrize("as_zip", [False, True])
def test_other_names_are_understood_in_any_layout(tmp_path: Path, as_zip: bool) -> None:
    files = pictures("root/train/Angry/a.png", "root/train/0_neutral/b.png", "root/TEST/Tristeza/c.png")
    files |= pictures("root/empty/", "__MACOSX/root/train/Angry/._a.png") if as_zip else {}
    manifest = read_manifest(make(tmp_path, files, as_zip))
    assert list(labels_of(manifest).values()) == ["sad", "neutral", "anger"]
    assert manifest.read_as == {"Angry": "anger", "0_neutral": "neutral", "Tristeza": "sad"}
    assert manifest.unknown == {}


@pytest.mark.parametrize(
    ("numbers", "nearest"),
    [("1234567", "raf-db"), ("0123456", "fer2013"), (["01", "02"], "affectnet"), ("012345678", "affectnet")],
)
@pytest.mark.parametrize("listed", [False, True])
def test_numbers_that_may_be_anybodys_are_asked_about(
    tmp_path: Path, numbers: list[str], nearest: str, listed: bool
) -> None:
    files = pictures(*(f"{'all' if listed else n}/{n}.png" for n in numbers))
    if listed:
        files["labels.csv"] = "pth,label\n" + "".join(f"all/{n}.png,{n}\n" for n in numbers)
    data = make(tmp_path, files, as_zip=False)
    with pytest.raises(AffectError, match=rf"numbers for classes: {numbers[0]} \(1 picture\), .*--classes {nearest}"):
        read_manifest(data)
    manifest = read_manifest(data, classes="raf-db,0=anger,8=none")
    labels = [{"0": "anger", "1": "surprise", "2": "fear", "7": "neutral"}.get(n.lstrip("0") or n) for n in numbers]
    found = manifest.table["label"].tolist()
    assert [b for a, b in zip(labels, found, strict=False) if a] == [a for a in labels if a]
    assert manifest.classes == "raf-db,0=anger,8=none"


@pytest.mark.parametrize("listed", [False, True])
def test_all_of_affectnets_numbers_are_taken_as_such_and_said(tmp_path: Path, listed: bool) -> None:
    names = [f"00{n}" for n in range(8)]
    files = pictures(*(f"{'all' if listed else n}/{n}.png" for n in names))
    if listed:
        files |= pictures("all/x.png")  # without a label
        files["labels.csv"] = "pth,label\nall/x.png,\n" + "".join(f"all/{n}.png,{n}\n" for n in names)
    manifest = read_manifest(make(tmp_path, files, as_zip=False))
    assert manifest.read_as["001"] == "happy"
    assert list(labels_of(manifest).values())[:2] == ["neutral", "happy"]


def test_the_innermost_folder_that_is_understood_counts(tmp_path: Path) -> None:
    manifest = read_manifest(make(tmp_path, pictures("Happy people/sad/x/a.png", "fear/anger/b.png"), as_zip=False))
    assert labels_of(manifest) == {"Happy people/sad/x/a.png": "sad", "fear/anger/b.png": "anger"}


def test_numbers_within_class_folders_are_nobodys_class(tmp_path: Path) -> None:
    people = pictures(*(f"fear/{n}/a.png" for n in range(8)))
    assert set(labels_of(read_manifest(make(tmp_path, people, as_zip=True))).values()) == {"fear"}
    manifest = read_manifest(make(tmp_path, pictures("happy/1/a.png", "sad/2/b.png", "3/c.png"), as_zip=False))
    assert labels_of(manifest) == {"happy/1/a.png": "happy", "sad/2/b.png": "sad"}
    assert manifest.unknown == {"3": 1}


def test_a_folder_is_named_by_the_innermost_name_that_says_something(tmp_path: Path) -> None:
    names = ("happy/a.png", "x/sad_or_fear/Images/train/b.png", "x/sad_or_fear/c.png", "images/d.png", "e.png")
    manifest = read_manifest(make(tmp_path, pictures(*names), as_zip=False))
    assert manifest.unknown == {"sad_or_fear": 1, "": 3}


def test_folders_that_are_not_understood_are_named_with_the_nearest_remedy(tmp_path: Path) -> None:
    data = make(tmp_path, pictures("joyfull/a.png", "joyfull/b.png", "test/c.png"), as_zip=False)
    with pytest.raises(
        AffectError, match=r"but joyfull \(2 pictures\)\. Say what they mean: --classes joyfull=happy\."
    ):
        read_manifest(data)
    assert len(read_manifest(data, classes="joyfull=happy").table) == 2
    assert read_manifest(data, classes="joyfull=happy").unknown == {"": 1}
    with pytest.raises(AffectError, match="No picture in"):
        read_manifest(data, classes="joyfull=none")


def test_names_in_a_list_that_are_not_understood_are_counted(tmp_path: Path) -> None:
    csv = "pth,label\na.png,Angry\nb.png,bored\nc.png,bored\nd.png,\n"
    data = make(tmp_path, pictures(*(f"{n}.png" for n in "abcd")) | {"labels.csv": csv}, as_zip=False)
    manifest = read_manifest(data)
    assert labels_of(manifest) == {"a.png": "anger"}
    assert (manifest.read_as, manifest.unknown) == ({"Angry": "anger"}, {"bored": 2})
    left = read_manifest(data, classes="bored=none")
    assert left.unknown == {}
    assert skipped_of(left)["b.png"] == "not one of the eight classes"


def test_labels_of_a_list_beside_class_folders_are_understood_too(tmp_path: Path) -> None:
    csv = "pth,label\nhappiness/a.png,Joy\nangry/a.png,bored\n"
    data = make(tmp_path, pictures("happiness/a.png", "angry/a.png") | {"labels.csv": csv}, as_zip=False)
    assert read_manifest(data).read_as == {"happiness": "happy", "angry": "anger"}
    by_csv = read_manifest(data, labels="csv")
    assert labels_of(by_csv) == {"happiness/a.png": "happy"}
    assert (by_csv.read_as, by_csv.unknown) == ({"Joy": "happy"}, {"bored": 1})


@pytest.mark.parametrize(("listed", "meant"), [("anger/a.png", "x/angry/a.png"), ("tristeza/a.png", "x/sad/a.png")])
def test_a_listed_path_means_the_same_class_by_another_name(tmp_path: Path, listed: str, meant: str) -> None:
    files = pictures("x/angry/a.png", "x/sad/a.png") | {"labels.csv": f"pth,label\n{listed},fear\n"}
    found = read_manifest(make(tmp_path, files, as_zip=False)).table.set_index("pth")["csv_label"]
    assert found[found != ""].index.tolist() == [meant]


def test_fer2013s_splits_are_train_val_and_test(tmp_path: Path) -> None:
    names = ["Training/happy/a.png", "PublicTest/happy/a.png", "PrivateTest/happy/a.png", "validation/sad/a.png"]
    manifest = read_manifest(make(tmp_path, pictures(*names), as_zip=True))
    assert dict(zip(manifest.table["pth"], manifest.table["split"], strict=True)) == dict(
        zip(names, ("train", "val", "test", "val"), strict=True)
    )
    assert manifest.split == "given"


@pytest.mark.parametrize("test", [True, False])
def test_a_fifth_of_train_becomes_val_where_there_is_none(tmp_path: Path, test: bool) -> None:
    names = [f"set/Train/{e}/{i}.png" for e in ("happy", "sad") for i in range(10)]
    names += [f"set/Test/happy/{i}.png" for i in range(3)] if test else []
    csv = "pth,label\n" + "".join(f"{n},sad\n" for n in names)
    data = make(tmp_path, pictures(*names, "spare/happy/a.png") | {"set/labels.csv": csv}, as_zip=False)
    by_folder, by_csv = read_manifest(data), read_manifest(data, labels="csv")
    assert by_folder.split == "given, val out of train"
    counts = {"train": 16, "val": 4, "": 1} | ({"test": 3} if test else {})
    assert by_folder.table["split"].value_counts().to_dict() == counts
    assert by_folder.table["split"][by_folder.table["pth"].str.contains("Test")].eq("test").all()
    both = by_folder.table.merge(by_csv.table, on="pth")
    assert (both["split_x"] == both["split_y"]).all()
    assert (read_manifest(data, seed=1).table["split"] != by_folder.table["split"]).any()


def test_the_cure_that_is_advised_for_an_empty_split_is_one(tmp_path: Path) -> None:
    data = make(tmp_path, pictures(*(f"val/happy/{i}.png" for i in range(5))), as_zip=False)
    with pytest.raises(AffectError, match="part it anew with --split-mode original"):
        read_manifest(data).rows("train")
    assert len(read_manifest(data, split_mode="original").rows("train")) == 4
    with pytest.raises(AffectError, match=r"Choose another split or data set\.$"):
        read_manifest(data).rows("test")
    (data / "val").rename(data / "test")
    with pytest.raises(AffectError, match=r"it has: test 5\)\. Choose another split or data set\.$"):
        read_manifest(data).rows("val")
    assert len(read_manifest(data).limited(2, 1).rows("test")) == 5  # there is no train to take a share of
    one = make(tmp_path / "one", pictures("val/happy/a.png"), as_zip=False)
    with pytest.raises(AffectError, match=r"Choose another split or data set\.$"):
        read_manifest(one).rows("train")


@pytest.mark.parametrize(
    ("splits", "judged"), [(["train", "val", "test"], "val"), (["test"], "test"), (["train", "test"], "val")]
)
def test_a_model_is_judged_on_val_or_else_on_what_there_is(tmp_path: Path, splits: list[str], judged: str) -> None:
    names = [f"{split}/happy/{i}.png" for split in splits for i in range(5)]
    manifest = read_manifest(make(tmp_path, pictures(*names), as_zip=False))
    assert manifest.judged == judged
    assert (manifest.split == "given") == (len(splits) != 2)


def test_a_limit_reduces_every_split_by_the_same_share_and_keeps_every_class(tmp_path: Path) -> None:
    sizes = {
        ("train", "happy"): 60,
        ("train", "sad"): 38,
        ("train", "fear"): 2,
        ("val", "happy"): 20,
        ("val", "sad"): 5,
    }
    names = [f"{s}/{e}/{i}.png" for (s, e), n in sizes.items() for i in range(n)]
    whole = read_manifest(make(tmp_path, pictures(*names), as_zip=False))
    some = whole.limited(20, seed=1)
    assert some.rows("train")["label"].value_counts().to_dict() == {"happy": 12, "sad": 7, "fear": 1}
    assert some.rows("val")["label"].value_counts().to_dict() == {"happy": 4, "sad": 1}
    assert some.rows("train")["pth"].is_monotonic_increasing
    assert set(some.rows("train")["pth"]) != set(whole.limited(20, seed=2).rows("train")["pth"])
    assert whole.limited(None, 1) is whole
    assert len(whole.limited(100, 1).rows("val")) == len(whole.limited(1000, 1).rows("val")) == 25
    assert len(whole.limited(1, 1).rows("val")) == 1
    assert len({whole.digest(), whole.digest(20), whole.digest(21)}) == 3
    assert whole.digest(20) == some.digest(20)


@pytest.mark.parametrize("as_zip", [False, True])
def test_every_file_is_a_picture_by_its_content_or_listed_with_the_reason(tmp_path: Path, as_zip: bool) -> None:
    jpeg = cv2.imencode(".jpg", np.zeros((8, 8, 3), np.uint8))[1].tobytes()
    used = {"fear/a.jfif": jpeg, "fear/b.JPE": jpeg, "happy/c": PICTURE, "happy/d.dat": jpeg, "sad/e.mp4": jpeg}
    others = {"fear/f.txt": "text", "happy/g.gif": b"GIF89a", "h.csv": "a,b\n", "sad/i": b"", "sad/j.npy": b"x"}
    manifest = read_manifest(make(tmp_path, {**used, **others}, as_zip))
    assert labels_of(manifest) == {name: name.split("/")[0] for name in used}
    assert skipped_of(manifest) == dict.fromkeys(others, "neither a picture nor a list of labels")
    assert all(manifest.source.picture(name) is not None for name in used)


def test_what_cannot_be_looked_into_is_listed_with_the_reason(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        archive.writestr("happy/a.png", PICTURE)
        archive.writestr("happy/b.dat", PICTURE, zipfile.ZIP_LZMA)
        archive.writestr("happy/c", PICTURE)
    data = (tmp_path / "set.zip").read_bytes()
    at = data.rindex(b"happy/c") - 38  # the entry's flags in the table of contents
    (tmp_path / "set.zip").write_bytes(data[:at] + b"\x01" + data[at + 1 :])
    manifest = read_manifest(tmp_path / "set.zip")
    assert skipped_of(manifest) == {"happy/b.dat": "packed in a way that is not read", "happy/c": "encrypted"}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no such pipes")
def test_a_pipe_of_any_name_is_listed_not_waited_for(tmp_path: Path) -> None:
    folder = make(tmp_path, pictures("happy/a.png"), as_zip=False)
    os.mkfifo(folder / "happy" / "b")
    assert skipped_of(read_manifest(folder)) == {"happy/b": "not a regular file"}


def test_runs_of_before_are_known_again_but_for_trials_which_were_drawn_in_another_way(tmp_path: Path) -> None:
    manifest = read_manifest(make(tmp_path, pictures("train/happy/a.png", "val/sad/b.png"), as_zip=False))
    rows = "pth,label,split\ntrain/happy/a.png,happy,train\nval/sad/b.png,sad,val\n"
    before = {limit: hashlib.sha256(f"{limit}\n{rows}".encode()).hexdigest()[:16] for limit in (None, 20)}
    assert manifest.digest() == before[None]
    assert manifest.digest(20) != before[20]


parts = st.sampled_from(["happy", "sad", "train", "1", "2", "x", "faces"])
paths = st.builds(lambda folders, name: "/".join([*folders, name]), st.lists(parts, max_size=4), st.sampled_from("ab"))


@settings(deadline=None, derandomize=True, max_examples=60)
@given(pictures=st.lists(paths, max_size=30, unique=True), wanted=st.lists(paths, max_size=6))
def test_many_pictures_of_one_name_are_matched_as_few_are(pictures: list[str], wanted: list[str]) -> None:
    """Each is compared with each: the longest common end of those whose folders do not contradict each other."""

    def meant(path: str, length: int) -> frozenset[str]:
        parts = path.split("/")
        return annotations._meanings_before(parts)[len(parts) - length]

    def fitting(path: str) -> list[int]:
        for length in range(len(path.split("/")), 0, -1):
            alike = [i for i, p in enumerate(pictures) if p.split("/")[-length:] == path.split("/")[-length:]]
            mine = meant(path, length)
            if found := [i for i in alike if meant(pictures[i], length) <= mine or mine <= meant(pictures[i], length)]:
                return found
        return []

    wanted = [path for path in dict.fromkeys(wanted) if path not in pictures]
    for path, index in zip(wanted, [match_paths([path], pictures)[0][0] for path in wanted], strict=True):
        assert index == (fitting(path)[0] if len(fitting(path)) == 1 else -1)
