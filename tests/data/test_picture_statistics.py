from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from affect.data.manifest import read_manifest
from affect.data.report import faces_found, sizes_of, statistics_of
from affect.datasets.drawing import draw_face


def test_light_contrast_and_sharpness_of_pictures_that_can_be_done_by_hand() -> None:
    flat = np.full((16, 16, 1), 100, np.uint8)
    board = (np.indices((16, 16)).sum(0) % 2 * 200).astype(np.uint8)[..., None]
    table = statistics_of(np.stack([flat, board]))
    assert table["brightness"].tolist() == [100, 100]
    assert table["contrast"].tolist() == [0, 100]
    assert table["sharpness"][0] == 0
    assert table["sharpness"][1] > 1000


def test_a_blurred_picture_is_less_sharp_and_colour_counts_as_its_grey(portrait: np.ndarray) -> None:
    blurred = cv2.GaussianBlur(portrait, (0, 0), 2)
    rgb = np.stack([portrait, blurred])[..., ::-1]
    grey = np.stack([cv2.cvtColor(p, cv2.COLOR_BGR2GRAY)[..., None] for p in (portrait, blurred)])
    table = statistics_of(np.ascontiguousarray(rgb))
    assert table["sharpness"][1] < table["sharpness"][0] / 2
    np.testing.assert_allclose(table, statistics_of(grey), rtol=1e-3)


def test_sizes_are_read_without_decoding_and_the_unreadable_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "happy").mkdir()
    cv2.imwrite(str(tmp_path / "happy" / "a.png"), np.zeros((20, 30, 3), np.uint8))
    (tmp_path / "happy" / "b.png").write_bytes(b"not a picture")
    cv2.imwrite(str(tmp_path / "happy" / "c.jpg"), np.zeros((40, 40, 3), np.uint8))
    manifest = read_manifest(tmp_path)
    sizes = sizes_of(manifest, manifest.rows("all"))
    assert sizes.to_dict("list") == {"width": [30, 40], "height": [20, 40]}
    assert list(manifest.table["pth"][sizes.index]) == ["happy/a.png", "happy/c.jpg"]


def test_a_face_is_found_where_there_is_one(tmp_path: Path) -> None:
    (tmp_path / "happy").mkdir()
    cv2.imwrite(str(tmp_path / "happy" / "a_face.png"), draw_face("happy", np.random.default_rng(0), 96))
    cv2.imwrite(str(tmp_path / "happy" / "nothing.png"), np.full((96, 96, 3), 128, np.uint8))
    (tmp_path / "happy" / "unreadable.png").write_bytes(b"no picture")
    manifest = read_manifest(tmp_path)
    found = faces_found(manifest, manifest.table)
    assert found.tolist() == [True, False]
    assert manifest.table.loc[found.index, "pth"].tolist() == ["happy/a_face.png", "happy/nothing.png"]
