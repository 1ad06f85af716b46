"""Every recipe of docs/python.md runs as it stands, in a folder with the files that it names."""

from __future__ import annotations

import re
import runpy
import shutil
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

import affect
from affect.faces.preprocessing import Image
from affect.live.exports.group_table import write_group_table
from affect.live.report.session_folder import session_folders
from affect.live.sources.files import DemoSource
from tests.conftest import REPOSITORY
from tests.live.report.session_folders import one_hot, write_session

PAGE = (REPOSITORY / "docs" / "python.md").read_text(encoding="utf-8")
RECIPES = dict(re.findall(r"^## ([^\n]+)\n```python\n(.*?)^```$", PAGE, re.M | re.S))


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("video") / "talk.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 10.0, DemoSource.SIZE)
    for i in range(15):
        writer.write(DemoSource().picture(i / 10))
    writer.release()
    return path


@pytest.fixture
def folder(tmp_path: Path, portrait: Image, talk: Path, checkpoint_file: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the recipes read, in the folder that they run in."""
    (tmp_path / "pictures").mkdir()
    (tmp_path / "models").mkdir()
    for name in ("portrait.jpg", "pictures/a.jpg"):
        cv2.imwrite(str(tmp_path / name), portrait)
    cv2.imwrite(str(tmp_path / "pictures" / "b.jpg"), np.full((240, 320, 3), 90, np.uint8))
    shutil.copy(checkpoint_file, tmp_path / "models" / "mine.pt")
    shutil.copy(talk, tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")
    return tmp_path


def run(name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    path = folder / "recipe.py"
    path.write_text(RECIPES[name], encoding="utf-8")
    runpy.run_path(str(path), run_name="__main__")
    return capsys.readouterr().out


def test_there_are_six_recipes_and_all_python_on_the_page_is_one_of_them() -> None:
    assert len(RECIPES) == 6
    assert PAGE.count("```python") == 6


def test_two_conditions_are_compared(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for person, second in enumerate(("happy", "happy", "neutral", "happy")):
        rows = [(i / 10, 1, label, one_hot(label)) for i in range(200) for label in ["sad" if i < 100 else second]]
        write_session(
            folder / "sessions" / f"P{person}", rows, [(0, "marker", "film A"), (10, "marker", "film B")], 20.0
        )
    write_group_table(session_folders(folder / "sessions"), folder / "study.csv")
    told = run("Two conditions of a study, from recorded sessions", folder, capsys)
    # valence rises by 1.68 in three persons and by 0.84 in one
    assert told.splitlines()[0] == "valence: film B minus film A +1.47 [+1.05, +1.68], n = 4"
    assert told.splitlines()[1].startswith("share_happy: film B minus film A +0.75 [")


def test_one_picture(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, *rest = run("One picture", folder, capsys).splitlines()
    assert re.fullmatch(r"happy \(\d+%\), valence \+[01]\.\d\d, quality [01]\.\d\d", first)
    assert rest[0].split()[0] == "happy"


def test_a_folder_to_a_table(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = run("A folder to a table", folder, capsys)
    assert told.startswith("2 pictures, 1 faces, 1 pictures without one\n")
    assert pd.read_csv("expressions.csv")["path"].map(lambda p: Path(p).name).tolist() == ["a.jpg", "b.jpg"]


def test_a_video_to_a_dataframe_with_a_plot(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = run("A video to a DataFrame, with a plot", folder, capsys)
    assert re.fullmatch(r"\{0: (1\.0|0\.9\d?), 1: (1\.0|0\.9\d?)\}\n", told)
    picture = cv2.imread("talk.png")
    assert picture is not None
    assert picture.std() > 5


def test_my_own_model(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine, bundled = run("My own model", folder, capsys).splitlines()
    assert mine.startswith("mine.pt [")
    assert bundled == f"{affect.ExpressionReader().model.name} ['happy']"


def test_inside_my_own_camera_loop(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[Image] = []
    camera = cv2.VideoCapture
    monkeypatch.setattr(cv2, "VideoCapture", lambda index: camera("talk.mp4") if index == 0 else None)
    monkeypatch.setattr(cv2, "imshow", lambda title, picture: shown.append(picture.copy()))
    monkeypatch.setattr(cv2, "waitKey", lambda wait_ms: ord("q") if len(shown) == 5 else -1)
    run("Inside my own camera loop", folder, capsys)
    assert len(shown) == 5
    plain = DemoSource().picture(0.0)
    assert np.abs(shown[0].astype(int) - plain).max() > 100, "the box is drawn into the frame that the moment is about"


def test_the_page_names_every_field_and_every_public_name() -> None:
    for name in affect.__all__:
        assert name.startswith("_") or name in PAGE
    for kind in (affect.FaceExpression, affect.Moment):
        for field in (*kind.__dataclass_fields__, *(n for n, v in vars(kind).items() if isinstance(v, property))):
            assert f"`{field}`" in PAGE
