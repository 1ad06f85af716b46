from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from affect.datasets.sample import write_sample
from affect.emotions import EMOTIONS
from affect.evaluation.groups import (
    CHEEKS,
    FEW,
    KINDS,
    is_grey,
    main,
    recall_by_group,
    table_of,
    tones,
    typology_angle,
    write,
)
from affect.evaluation.groups import _ages as ages
from affect.evaluation.groups import _genders as genders
from affect.evaluation.measure import Evaluation, evaluate_logits
from affect.faces.preprocessing import Image
from affect.model.calibration import Calibration
from tests.model.test_face_attributes import with_heads
from tests.training.test_face_weights import written


def skin(lightness: float, blue_yellow: float, side: int = 100) -> Image:
    """A face of one colour, with black eyes, brows and mouth."""
    lab = np.full((side, side, 3), (lightness, 10, blue_yellow), np.float32)
    face = np.rint(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB) * 255).astype(np.uint8)
    for rows, columns in ((slice(30, 45), slice(15, 85)), (slice(72, 80), slice(35, 65))):
        face[rows, columns] = 0
    return face


@pytest.mark.parametrize(
    ("lightness", "blue_yellow", "tone"),
    [
        (80, 15, "very light"),
        (70, 20, "light"),
        (65, 22, "intermediate"),
        (58, 20, "tan"),
        (48, 18, "brown"),
        (35, 14, "dark"),
    ],
)
def test_the_skin_tone_is_that_of_the_cheeks_angle(lightness: float, blue_yellow: float, tone: str) -> None:
    angles = np.array([typology_angle(skin(lightness, blue_yellow), cheek) for cheek in CHEEKS])
    np.testing.assert_allclose(angles, np.degrees(np.arctan2(lightness - 50, blue_yellow)), atol=1.5)
    assert list(tones(angles)) == [tone, tone]


def test_the_ends_of_the_tones_are_those_of_the_source() -> None:
    found = tones(np.array([90, 55.1, 54.9, 41.1, 40.9, 28.1, 27.9, 10.1, 9.9, -29.9, -30.1, np.nan]))
    names = ["very light"] * 2 + ["light"] * 2 + ["intermediate"] * 2 + ["tan"] * 2 + ["brown"] * 2
    assert list(found) == [*names, "dark", ""]


def test_blue_light_and_grey_pictures_tell_no_skin_tone() -> None:
    assert np.isnan(typology_angle(skin(70, -10), CHEEKS[0]))
    assert not is_grey(skin(70, 20))
    grey = cv2.cvtColor(cv2.cvtColor(skin(70, 20), cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    assert is_grey(grey)


def test_ages_and_genders_have_their_groups() -> None:
    assert list(ages(np.array([3, 19.9, 20, 39.9, 40, 59.9, 60, 90]))) == np.repeat(KINDS["age"], 2).tolist()
    assert list(genders(np.array([0, 0.4, 0.41, 0.6, 0.61, 1]))) == np.repeat(KINDS["gender"], 2).tolist()


@pytest.fixture
def evaluation() -> Evaluation:
    """200 happy and 40 sad faces; happy is read in 150 of the first 160, and in 20 of the rest."""
    labels = ["happy"] * 200 + ["sad"] * 40
    said = ["happy"] * 150 + ["sad"] * 10 + ["happy"] * 20 + ["neutral"] * 20 + ["sad"] * 30 + ["fear"] * 10
    rows = pd.DataFrame({"pth": [f"{i}.png" for i in range(240)], "label": labels})
    logits = 4 * np.eye(8, dtype=np.float32)[[EMOTIONS.index(s) for s in said]]
    return evaluate_logits(logits, rows, calibration=Calibration(), model="m.pt", data="d", split="val", resamples=5)


@pytest.fixture
def groups() -> pd.DataFrame:
    """In another order, without the last picture."""
    age = ["20 to 39"] * 160 + ["40 to 59"] * 40 + ["20 to 39"] * 30 + ["60 and over"] * 10
    table = {"pth": [f"{i}.png" for i in range(240)], "age": age, "gender": "not clear", "skin tone": ""}
    return pd.DataFrame(table).iloc[:239].sample(frac=1, random_state=0)


def test_recalls_of_a_group_have_wilsons_interval_and_their_number(
    evaluation: Evaluation, groups: pd.DataFrame
) -> None:
    table = recall_by_group(evaluation, groups).set_index(["group", "class"])
    assert table.loc[("20 to 39", "happy"), ["n", "recall"]].tolist() == [160, 150 / 160]
    assert table.loc[("40 to 59", "happy"), ["n", "recall"]].tolist() == [40, 0.5]
    n, p, z = 40, 0.5, 1.959964
    half = z / (1 + z * z / n) * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    assert table.loc[("40 to 59", "happy"), ["low", "high"]].tolist() == pytest.approx(
        [0.5 - half, 0.5 + half], abs=1e-4
    )
    assert table.loc[("all", "sad"), "n"] == 39  # a picture without a face that is found
    assert table.loc[("not clear", "sad"), "n"] == 39
    assert set(table["kind"]) == {"all", "age", "gender"}
    assert ("60 and over", "happy") not in table.index


def test_few_pictures_are_shown_as_few(evaluation: Evaluation, groups: pd.DataFrame, tmp_path: Path) -> None:
    table = recall_by_group(evaluation, groups)
    lines = table_of(table).splitlines()
    assert lines[0] == "| | group | happy | sad |"
    (few,) = (line for line in lines if "60 and over" in line)
    assert few.startswith("| age | 60 and over | – | *0.00 [0.00, 0.30], n = 9* |")
    (enough,) = (line for line in lines if "20 to 39" in line)
    assert "*" not in enough
    assert FEW == 30
    write(table, "Steady.", tmp_path, evaluation.origin)
    assert {p.name for p in tmp_path.iterdir()} == {"groups.csv", "groups.md", "groups.png"}
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "groups.csv"), table, atol=1e-6)
    assert "m.pt on d val, n = 240" in (tmp_path / "groups.md").read_text()


def test_the_command_measures_drawn_faces_by_group(
    bundled_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    faces = write_sample(tmp_path / "drawn", train=1, val=3, size=96)
    network = written(tmp_path, with_heads())
    out = tmp_path / "out"
    arguments = ["--model", str(bundled_model), "--data", str(faces), "--faces", str(network), "--out", str(out)]
    assert main(arguments) == 0
    table = pd.read_csv(out / "groups.csv")
    for kind in ("age", "gender"):
        assert table.loc[table["kind"] == kind, "n"].sum() == table.loc[table["kind"] == "all", "n"].sum() > 12
    told = capsys.readouterr().out
    assert "How steady the estimates are on drawn: " in told
    assert main([*arguments[:5], str(tmp_path / "none.json")]) == 2
    assert "none.json cannot be read" in capsys.readouterr().err
