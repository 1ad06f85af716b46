from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from affect.data import cache
from affect.data.cache import prepare_pictures
from affect.data.manifest import Manifest, read_manifest
from affect.datasets.sample import write_sample
from affect.errors import AffectError
from affect.faces.preprocessing import Preprocessing

SETTINGS = Preprocessing(image_size=48, color="grey")


@pytest.fixture
def manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Manifest:
    """Sixteen drawn faces and a cache of their own."""
    monkeypatch.setenv("AFFECT_CACHE", str(tmp_path / "cache"))
    return read_manifest(write_sample(tmp_path / "sample", train=1, val=1, size=96))


def test_pictures_are_what_preprocessing_makes_of_them_in_order(manifest: Manifest) -> None:
    pictures, rows = prepare_pictures(manifest, manifest.rows("all"), SETTINGS)
    assert rows["pth"].tolist() == manifest.table["pth"].tolist()
    for picture, name in zip(pictures, rows["pth"], strict=True):
        original = manifest.source.picture(name)
        assert original is not None
        np.testing.assert_array_equal(picture, SETTINGS.prepare(original))


def test_they_are_prepared_once_and_mapped_from_a_file(manifest: Manifest, monkeypatch: pytest.MonkeyPatch) -> None:
    first, _ = prepare_pictures(manifest, manifest.rows("all"), SETTINGS)
    assert isinstance(first, np.memmap)
    monkeypatch.setattr(cache, "_write", lambda *_: pytest.fail("prepared again"))
    again, _ = prepare_pictures(manifest, manifest.rows("all"), SETTINGS)
    np.testing.assert_array_equal(first, again)


def test_a_changed_file_and_other_settings_are_prepared_anew(manifest: Manifest) -> None:
    rows = manifest.rows("train")
    before, _ = prepare_pictures(manifest, rows, SETTINGS)
    other, _ = prepare_pictures(manifest, rows, replace(SETTINGS, image_size=32))
    assert other.shape[1] == 32
    file = manifest.source.path / rows["pth"][0]
    cv2.imwrite(str(file), np.zeros((50, 50, 3), np.uint8))
    after, _ = prepare_pictures(manifest, rows, SETTINGS)
    assert after[0].max() == 0
    np.testing.assert_array_equal(before[1:], after[1:])


def test_what_cannot_be_decoded_is_left_out_and_said(manifest: Manifest, capsys: pytest.CaptureFixture[str]) -> None:
    rows = manifest.rows("all")
    (manifest.source.path / rows["pth"][3]).write_bytes(b"not a picture")
    pictures, kept = prepare_pictures(manifest, rows, SETTINGS)
    assert len(pictures) == len(kept) == 15
    assert rows["pth"][3] not in set(kept["pth"])
    assert kept.attrs["faceless"] == 0
    told = capsys.readouterr()
    assert "Of 16 pictures, 1 cannot be decoded; they are left out." in told.err
    assert told.out == ""
    for name in rows["pth"]:
        (manifest.source.path / name).write_bytes(b"")
    with pytest.raises(AffectError, match="None of the 16"):
        prepare_pictures(manifest, rows, SETTINGS)


def test_faces_are_found_and_cropped_where_the_settings_ask_for_it(
    manifest: Manifest, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = manifest.rows("all")
    (manifest.source.path / rows["pth"][5]).unlink()
    cv2.imwrite(str(manifest.source.path / rows["pth"][5]), np.full((96, 96, 3), 128, np.uint8))  # no face
    (manifest.source.path / rows["pth"][6]).write_bytes(b"not a picture")
    for _ in range(2):  # found, and read from the cache
        pictures, kept = prepare_pictures(manifest, rows, replace(SETTINGS, find_face=True, crop_margin=-0.2))
        assert not set(rows["pth"][[5, 6]]) & set(kept["pth"])
        assert len(kept) >= 12
        assert kept.attrs["faceless"] == 15 - len(kept)
        told = f"1 cannot be decoded and {15 - len(kept)} have no face that is found; they are left out."
        assert told in capsys.readouterr().err
    whole, _ = prepare_pictures(manifest, kept, SETTINGS)
    assert (pictures != whole).any()


def test_a_half_written_cache_is_not_taken_for_whole(manifest: Manifest, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object) -> object:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Preprocessing, "prepare", killed)
        with pytest.raises(KeyboardInterrupt):
            prepare_pictures(manifest, manifest.rows("all"), SETTINGS)
    pictures, _ = prepare_pictures(manifest, manifest.rows("all"), SETTINGS)
    assert pictures.min(axis=(1, 2, 3)).max() < pictures.max()
    assert (pictures.std(axis=(1, 2, 3)) > 0).all()
