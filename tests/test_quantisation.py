from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from conftest import REPOSITORY

from affect import quantisation
from affect.data.manifest import read_manifest
from affect.data.sample import write_sample
from affect.evaluation import evaluate_pictures
from affect.machine import processor
from affect.preprocessing import Image, Preprocessing
from affect.quantisation import Comparison, compare, main, table_of

STARTER = REPOSITORY / "models" / "starter_ferplus.pt"


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sample(tmp_path_factory.mktemp("quantisation") / "faces", train=4, val=2, size=64)


@pytest.fixture
def found(checkpoint_file: Path, faces: Path) -> Comparison:
    return compare(checkpoint_file, read_manifest(faces), pictures=16)


def test_both_networks_are_measured_on_the_same_pictures(found: Comparison) -> None:
    assert found.n == 16
    assert found.calibrated_on == 16
    assert found.int8.megabytes < 0.4 * found.float32.megabytes
    times = [t for row in (found.float32, found.int8, found.mirrored) for t in (row.ms_a_face, row.ms_on_two)]
    assert len(set(times)) == 6
    assert min(times) > 0


def test_the_mirror_image_is_measured_as_the_evaluation_measures_it(checkpoint_file: Path, faces: Path) -> None:
    manifest = read_manifest(faces)
    found = compare(checkpoint_file, manifest, pictures=4)
    for row, mirrored in ((found.float32, False), (found.mirrored, True)):
        metrics = evaluate_pictures(checkpoint_file, manifest, mirrored=mirrored).metrics
        assert (row.accuracy, row.f1_macro) == pytest.approx((metrics["accuracy"], metrics["f1_macro"]))
        assert row.ece == pytest.approx(metrics["ece"], abs=1e-3)


def test_integers_say_what_the_bundled_model_says(faces: Path) -> None:
    found = compare(STARTER, read_manifest(faces), pictures=10_000)  # more than there are: all of them
    assert found.calibrated_on == 32
    assert found.agreement >= 0.8


def test_a_split_is_turned_into_numbers_a_batch_at_a_time(
    checkpoint_file: Path, faces: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    normalize = Preprocessing.normalize

    def counting(preprocessing: Preprocessing, pictures: Image) -> npt.NDArray[np.float32]:
        sizes.append(len(pictures))
        return normalize(preprocessing, pictures)

    monkeypatch.setattr(Preprocessing, "normalize", counting)
    monkeypatch.setattr(quantisation, "BATCH", 5)
    monkeypatch.setattr(quantisation, "FACES", 3)
    found = compare(checkpoint_file, read_manifest(faces), pictures=16)
    assert found.n == 16
    assert sum(sizes) == 16 + 3 * 16 + 3  # the ranges, both networks, mirror images, the faces that are timed
    assert max(sizes) <= 5


def test_it_is_worthwhile_only_where_little_is_lost_and_time_gained(found: Comparison) -> None:
    whole = replace(found.float32, accuracy=0.8, ms_on_two=2.0)
    good = replace(found, float32=whole, int8=replace(found.int8, accuracy=0.796, ms_on_two=2.0))
    assert replace(good, speedup=1.5).worthwhile
    assert not replace(good, speedup=1.0).worthwhile
    assert not replace(good, speedup=1.5, int8=replace(good.int8, accuracy=0.79)).worthwhile
    assert not replace(good, speedup=1.5, int8=replace(good.int8, ms_on_two=2.1)).worthwhile


def test_the_table_says_what_was_measured_and_what_follows(found: Comparison) -> None:
    text = table_of(replace(found, speedup=0.9))
    assert "random.pt on faces val, n = 16; integer ranges from 16 training pictures" in text
    assert "not worth using" in text
    assert f"one face at a time on {processor()}:" in text


def test_the_command_writes_its_figures(checkpoint_file: Path, faces: Path, tmp_path: Path) -> None:
    arguments = ["--model", str(checkpoint_file), "--data", str(faces), "--pictures", "8", "--out", str(tmp_path / "o")]
    assert main(arguments) == 0
    assert json.loads((tmp_path / "o" / "int8.json").read_text())["calibrated_on"] == 8
    assert (tmp_path / "o" / "int8.md").read_text().startswith("random.pt on faces val")


def test_a_missing_model_is_one_line(faces: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--model", "none.pt", "--data", str(faces)]) == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith("error: The model file none.pt does not exist.")
