from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from affect.data.manifest import VOTES, read_manifest
from affect.datasets.ferplus import CLASSES, SIDE, SPLITS, convert, main
from affect.emotions import EMOTIONS
from affect.errors import AffectError
from affect.faces.preprocessing import Image
from tests.conftest import SHARED

FERPLUS = SHARED / "data" / "ferplus.zip"
VOTED = [  # usage, name, and who has votes
    ("Training", "fer0000000.png", {"happiness": 10}),
    ("Training", "fer0000001.png", {"sadness": 4, "anger": 4, "neutral": 2}),  # a tie
    ("Training", "fer0000002.png", {"fear": 3, "unknown": 3, "NF": 2}),
    ("Training", "fer0000003.png", {"fear": 3, "unknown": 4}),  # rather unknown
    ("PublicTest", "", {"NF": 10}),  # no face, and without a name
    ("PublicTest", "fer0000004.png", {"surprise": 6, "contempt": 4}),
    ("PrivateTest", "fer0000005.png", {"neutral": 9, "unknown": 1}),
]


def pictures() -> list[Image]:
    return list(np.random.default_rng(0).integers(0, 256, (len(VOTED), SIDE, SIDE), np.uint8))


@pytest.fixture
def given(tmp_path: Path) -> tuple[Path, Path]:
    """The two files as they are given out."""
    usage = [u for u, _, _ in VOTED]
    pixels = [" ".join(map(str, picture.ravel())) for picture in pictures()]
    pd.DataFrame({"emotion": 0, "pixels": pixels, "Usage": usage}).to_csv(tmp_path / "fer2013.csv", index=False)
    table = pd.DataFrame({"Usage": usage, "Image name": [n or None for _, n, _ in VOTED]})
    for column in (
        "neutral",
        "happiness",
        "surprise",
        "sadness",
        "anger",
        "disgust",
        "fear",
        "contempt",
        "unknown",
        "NF",
    ):
        table[column] = [votes.get(column, 0) for _, _, votes in VOTED]
    table.to_csv(tmp_path / "fer2013new.csv", index=False)
    return tmp_path / "fer2013.csv", tmp_path / "fer2013new.csv"


def test_the_challenges_other_file_gives_the_same_data_set(given: tuple[Path, Path], tmp_path: Path) -> None:
    table = pd.read_csv(given[0])[["emotion", "Usage", "pixels"]]
    (tmp_path / "icml_face_data.csv").write_text(table.to_csv(index=False).replace(",", ", "))
    made = [
        convert(tmp_path / f"{name}.csv", given[1], tmp_path / f"{name}.zip") for name in ("fer2013", "icml_face_data")
    ]
    assert made[0].equals(made[1])


def test_the_zip_is_a_data_set_with_labels_splits_votes_and_the_very_pixels(
    given: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "ferplus.zip"
    assert main(["--pictures", str(given[0]), "--votes", str(given[1]), "--out", str(out)]) == 0
    assert "3 train, 1 val, 1 test" in capsys.readouterr().out
    manifest = read_manifest(out)
    found = manifest.table.set_index("pth")
    assert found["label"].to_dict() == {
        "ferplus/happy/fer0000000.webp": "happy",
        "ferplus/anger/fer0000001.webp": "anger",
        "ferplus/fear/fer0000002.webp": "fear",
        "ferplus/surprise/fer0000004.webp": "surprise",
        "ferplus/neutral/fer0000005.webp": "neutral",
    }
    assert found["split"].tolist().count("train") == 3
    untested = replace(manifest, table=manifest.table[manifest.table["split"] != "test"])
    assert manifest.digest() == untested.digest()  # so a model knows its data again, with the test pictures or without
    assert found.loc["ferplus/anger/fer0000001.webp", VOTES].tolist() == [4, 0, 0, 0, 0, 2, 4, 0]
    picture = manifest.source.picture("ferplus/surprise/fer0000004.webp")
    assert picture is not None
    np.testing.assert_array_equal(picture[:, :, 0], pictures()[5])


def test_files_about_other_pictures_are_refused_and_nothing_is_left(given: tuple[Path, Path], tmp_path: Path) -> None:
    out = tmp_path / "ferplus.zip"
    votes = pd.read_csv(given[1])
    for other in (votes.head(0), votes.head(3), pd.concat([votes, votes]), votes.assign(Usage="Training")):
        other.to_csv(given[1], index=False)
        with pytest.raises(AffectError, match="not about the same pictures"):
            convert(*given, out)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["fer2013.csv", "fer2013new.csv"]


def test_a_file_that_is_another_says_so(given: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(AffectError, match="does not have the columns Usage, Image name"):
        convert(given[0], given[0], tmp_path / "out.zip")
    with pytest.raises(AffectError, match="does not have the columns pixels"):
        convert(given[1], given[1], tmp_path / "out.zip")
    pd.read_csv(given[0]).assign(pixels="1 2 300").to_csv(given[0], index=False)
    with pytest.raises(AffectError, match="48×48 grey levels"):
        convert(*given, tmp_path / "out.zip")


def test_a_zip_that_is_there_is_not_replaced(given: tuple[Path, Path], tmp_path: Path) -> None:
    convert(*given, tmp_path / "out.zip")
    with pytest.raises(AffectError, match="there already"):
        convert(*given, tmp_path / "out.zip")


@pytest.mark.skipif(not FERPLUS.is_file(), reason="FER+ is not on this machine")
def test_its_rules_are_those_of_the_ferplus_that_the_results_are_of() -> None:
    with zipfile.ZipFile(FERPLUS) as archive, archive.open("ferplus/labels.csv") as file:
        table = pd.read_csv(file)
    votes = table[[f"votes_{name}" for name in CLASSES.values()]].to_numpy()
    expressions, others = votes[:, : len(EMOTIONS)], votes[:, len(EMOTIONS) :]
    assert (np.asarray(EMOTIONS)[expressions.argmax(1)] == table["label"]).all()
    assert (others.max(1) <= expressions.max(1)).all()
    assert set(table["split"]) <= set(SPLITS.values())
