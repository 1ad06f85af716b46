"""An export is used where this computer made it, and nowhere else."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

import numpy as np
import onnx
import pytest

from affect.faces import FaceBox
from affect.files import cache_folder, sha256_of
from affect.live import export
from affect.live.classifier import load_classifier
from affect.live.export import load_export
from affect.live.texts import text
from affect.preprocessing import Image

MADE = b"a network source_sha256\x12\x40"


class Maker:
    """Makes a small file in the place of a network, and counts."""

    def __init__(self) -> None:
        self.made = 0
        self.told: list[str] = []

    def load(self, model: Path, language: str = "en") -> bytes:
        fingerprint = sha256_of(model)

        def make() -> bytes:
            self.made += 1
            return MADE + fingerprint.encode()

        return load_export(model, fingerprint, make, self.told.append, language)


@pytest.fixture
def maker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Maker:
    monkeypatch.setenv("AFFECT_CACHE", str(tmp_path / "cache"))
    return Maker()


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "models" / "model.pt"
    path.parent.mkdir()
    path.write_bytes(b"weights")
    return path


def test_it_is_made_once_and_its_note_is_the_users_alone(maker: Maker, model: Path) -> None:
    assert maker.load(model) == maker.load(model) == model.with_suffix(".onnx").read_bytes()
    assert (maker.made, len(maker.told)) == (1, 1)
    note = cache_folder() / "exports" / f"{sha256_of(model)}.sha256"
    assert note.read_text().split() == [sha256_of(model.with_suffix(".onnx"))]
    if os.name != "nt":
        assert stat.S_IMODE(note.stat().st_mode) == 0o600
        assert stat.S_IMODE(note.parent.stat().st_mode) == 0o700


def test_a_changed_one_is_not_used_and_is_made_anew_with_a_line_in_both_languages(maker: Maker, model: Path) -> None:
    beside = model.with_suffix(".onnx")
    whole = maker.load(model)
    for language, words in (("en", "has been changed since"), ("es", "se ha modificado")):
        beside.write_bytes(b"other weights " + whole)
        assert maker.load(model, language) == whole == beside.read_bytes()
        assert words in maker.told[-1]
        assert "\n" not in maker.told[-1]
    assert len(maker.told) == maker.made == 3


def test_one_that_was_made_elsewhere_is_not_used_however_well_it_fits(
    maker: Maker, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forged = b"forged " + MADE + sha256_of(model).encode()
    model.with_suffix(".onnx").write_bytes(forged)
    assert maker.load(model) != forged
    assert "was not made on this computer" in maker.told[0]
    monkeypatch.setenv("AFFECT_CACHE", str(tmp_path / "another user"))
    maker.load(model)
    assert maker.made == 2


def test_the_committed_export_of_a_bundled_model_is_used_and_no_other_in_its_place(
    maker: Maker, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    committed = b"committed " + MADE
    monkeypatch.setitem(export.PINNED_EXPORTS, sha256_of(model), hashlib.sha256(committed).hexdigest())
    model.with_suffix(".onnx").write_bytes(committed)
    assert maker.load(model) == committed
    assert (maker.made, maker.told) == (0, [])
    model.with_suffix(".onnx").write_bytes(b"forged " + MADE + sha256_of(model).encode())
    assert maker.load(model) == MADE + sha256_of(model).encode()
    assert (maker.made, len(maker.told)) == (1, 1)


def test_the_pin_of_one_model_is_not_that_of_another(
    maker: Maker, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    committed = b"committed " + MADE
    monkeypatch.setitem(export.PINNED_EXPORTS, "0" * 64, hashlib.sha256(committed).hexdigest())
    model.with_suffix(".onnx").write_bytes(committed)
    assert maker.load(model) != committed


def test_one_of_an_older_model_is_replaced_without_alarm(maker: Maker, model: Path) -> None:
    maker.load(model)
    model.write_bytes(b"trained again")
    assert maker.load(model).endswith(sha256_of(model).encode())
    assert maker.told[-1] == text("preparing", "en", name="model.pt")


@pytest.mark.parametrize("content", [b"another program's network", b"", MADE], ids=["readable", "empty", "no hash"])
def test_another_programs_file_of_that_name_is_left_as_it_is(maker: Maker, model: Path, content: bytes) -> None:
    beside = model.with_suffix(".onnx")
    beside.write_bytes(content)
    assert maker.load(model) == maker.load(model)
    assert beside.read_bytes() == content
    assert maker.made == 1
    assert "left as it is" in maker.told[0]
    assert len(list((cache_folder() / "exports").glob("model-*.onnx"))) == 1


def test_a_changed_one_in_the_cache_folder_is_not_used_either(maker: Maker, model: Path) -> None:
    model.with_suffix(".onnx").write_bytes(b"another program's")
    whole = maker.load(model)
    next((cache_folder() / "exports").glob("model-*.onnx")).write_bytes(b"other weights " + whole)
    assert maker.load(model) == whole
    assert maker.made == 2


def test_without_a_cache_folder_it_works_and_nothing_is_kept(
    maker: Maker, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way of the folder")
    monkeypatch.setenv("AFFECT_CACHE", str(tmp_path / "file"))
    assert maker.load(model) == maker.load(model)
    assert maker.made == 2
    assert "AFFECT_CACHE" in maker.told[1]
    assert not model.with_suffix(".onnx").exists()


def test_the_labels_of_a_forged_network_are_never_seen(
    checkpoint_file: Path, portrait: Image, portrait_box: FaceBox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(
        "AFFECT_CACHE", str(tmp_path / "cache")
    )  # another test's export of this model is in the shared one
    told: list[str] = []
    before = load_classifier(checkpoint_file, "onnx", told.append).probabilities(portrait, [portrait_box])
    beside = checkpoint_file.with_suffix(".onnx")
    network = onnx.load(str(beside))
    bias = next(i for i in network.graph.initializer if i.name == "classifier.1.bias")
    bias.CopyFrom(onnx.numpy_helper.from_array(np.float32([0, 0, 0, 0, 0, 0, 99, 0]), bias.name))  # always sad
    onnx.save(network, str(beside))  # its metadata still name the right checkpoint
    after = load_classifier(checkpoint_file, "onnx", told.append).probabilities(portrait, [portrait_box])
    np.testing.assert_array_equal(after, before)
    assert len(told) == 2
