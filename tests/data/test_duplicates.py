from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from affect.data.duplicates import Fingerprints, duplicate_groups, exact_groups, fingerprints, near_groups
from affect.data.manifest import read_manifest
from affect.data.source import PictureSource
from affect.datasets.drawing import draw_face
from affect.emotions import EMOTIONS
from affect.faces.preprocessing import Image
from tests.conftest import SHARED

FERPLUS = SHARED / "data" / "ferplus.zip"


def face(seed: int, emotion: str = "happy") -> Image:
    return draw_face(emotion, np.random.default_rng(seed), 128)


def written(folder: Path, pictures: dict[str, Image]) -> PictureSource:
    for name, picture in pictures.items():
        assert cv2.imwrite(str(folder / name), picture)
    return PictureSource(folder)


@pytest.mark.parametrize(
    "change",
    [
        lambda p: cv2.resize(p, (96, 96), interpolation=cv2.INTER_AREA),
        lambda p: cv2.resize(p, (200, 200), interpolation=cv2.INTER_CUBIC),
        lambda p: cv2.imdecode(cv2.imencode(".jpg", p, [cv2.IMWRITE_JPEG_QUALITY, 40])[1], cv2.IMREAD_COLOR),
        lambda p: cv2.convertScaleAbs(p, alpha=0.8, beta=20),
        lambda p: cv2.cvtColor(cv2.cvtColor(p, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR),
        lambda p: np.ascontiguousarray(p[2:-2, 2:-2]),
    ],
    ids=["smaller", "larger", "compressed", "lit otherwise", "grey", "cropped"],
)
def test_a_changed_copy_is_a_near_duplicate_and_not_an_exact_one(
    tmp_path: Path, change: Callable[[Image], Image]
) -> None:
    names = ["a.png", "b.png", "copy.png"]
    source = written(tmp_path, {"a.png": face(1), "b.png": face(2), "copy.png": change(face(1))})
    prints = fingerprints(source, names)
    assert exact_groups(prints).tolist() == [0, 1, 2]
    assert near_groups(prints).tolist() == [0, 1, 0]


def test_the_same_pixels_are_exact_duplicates_whatever_the_file(tmp_path: Path) -> None:
    source = written(tmp_path, {"a.png": face(1), "b.bmp": face(1), "c.png": face(2)})
    assert exact_groups(fingerprints(source, ["c.png", "b.bmp", "a.png"])).tolist() == [0, 1, 1]


def test_different_drawn_faces_are_not_duplicates(tmp_path: Path) -> None:
    pictures = {f"{e}{i}.png": face(100 * c + i, e) for c, e in enumerate(EMOTIONS) for i in range(12)}
    groups = duplicate_groups(written(tmp_path, pictures), list(pictures))
    assert len(set(groups.tolist())) == len(pictures)


def test_what_is_flat_or_broken_is_nobodys_near_duplicate(tmp_path: Path) -> None:
    source = written(tmp_path, {f"{v}.png": np.full((20, 20, 3), v, np.uint8) for v in (10, 12, 200)})
    for name in ("bad.png", "worse.png"):
        (tmp_path / name).write_bytes(b"no picture")
    prints = fingerprints(source, ["10.png", "12.png", "200.png", "bad.png", "worse.png"])
    assert prints.readable.tolist() == [True, True, True, False, False]
    assert prints.sizes[0].tolist() == [20, 20]
    assert near_groups(prints).tolist() == [0, 1, 2, 3, 4]


def test_no_pictures_have_no_groups(tmp_path: Path) -> None:
    assert duplicate_groups(PictureSource(tmp_path), []).tolist() == []


def test_what_is_joined_through_a_third_is_one_group_and_the_blocks_do_not_matter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    grey = [cv2.cvtColor(face(s), cv2.COLOR_BGR2GRAY) for s in range(20)]  # and moved by a pixel, and another
    shifted = [np.roll(g, shift, 1) for g in grey for shift in (0, 1, 2)]
    thumbnails = np.stack([cv2.resize(g, (32, 32), interpolation=cv2.INTER_AREA) for g in shifted])
    digests = np.array([str(i) for i in range(len(thumbnails))], "S32")
    prints = Fingerprints(digests, thumbnails, np.full((len(thumbnails), 2), 32))
    groups = near_groups(prints)
    assert groups.tolist() == [3 * (i // 3) for i in range(60)]
    monkeypatch.setattr("affect.data.duplicates.BLOCK", 7)
    np.testing.assert_array_equal(near_groups(prints), groups)


@pytest.mark.skipif(not FERPLUS.is_file(), reason="FER+ is not on this machine")
@pytest.mark.nightly
def test_copies_in_ferplus_reach_across_its_splits() -> None:
    manifest = read_manifest(FERPLUS)
    rows = manifest.table.assign(group=duplicate_groups(manifest.source, manifest.table["pth"].tolist()))
    assert len(rows) - rows["group"].nunique() == 2621
    in_train = set(rows.loc[rows["split"] == "train", "group"])
    assert rows.loc[rows["split"] == "val", "group"].isin(in_train).sum() == 451
