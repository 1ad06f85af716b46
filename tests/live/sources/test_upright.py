"""A picture on its side is turned, told and kept so; an upright one never is, whoever leaves it."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from affect.faces.preprocessing import Image
from affect.live.frame import Frame
from affect.live.sources import upright
from affect.live.sources.upright import LOOKS, Upright

LAYS = {90: cv2.ROTATE_90_COUNTERCLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_CLOCKWISE}
TOLD = {90: "a quarter to the right", 180: "by half", 270: "a quarter to the left"}


class Fake:
    name = description = ""
    fps = 10.0

    def __init__(self, kind: str) -> None:
        self.kind, self.live = kind, kind == "camera"


class Watched:
    """A stage, what it told and noted, and the pictures that came out of it."""

    def __init__(self, kind: str, finds: Callable[[Image], bool] = lambda _: False) -> None:
        self.told: list[str] = []
        self.noted: list[int] = []
        self._stage = Upright(Fake(kind), "en", self.told.append, self.noted.append)
        self._finds = finds

    def see(self, pictures: list[Image], every_s: float = 0.1) -> list[Image]:
        frames = (Frame(p, i * every_s, i) for i, p in enumerate(pictures))
        out = []
        for frame in self._stage.frames(frames):
            out.append(frame.picture)
            self._stage.saw(self._finds(frame.picture))
        return out


def lying(picture: Image, degrees: int) -> Image:
    """The picture so that a turn to the right by so many degrees puts it right."""
    return np.asarray(cv2.rotate(picture, LAYS[degrees]), np.uint8)


def room() -> Image:
    return np.full((480, 640, 3), 120, np.uint8)


@pytest.fixture
def wide(portrait: Image) -> Image:
    return cv2.copyMakeBorder(portrait, 0, 0, 100, 50, cv2.BORDER_REPLICATE)  # type: ignore[return-value]


@pytest.mark.parametrize("degrees", LAYS)
def test_a_file_that_lies_on_its_side_is_turned_from_its_first_frame_on(wide: Image, degrees: int) -> None:
    watched = Watched("video")
    out = watched.see([lying(wide, degrees)] * 8)
    assert len(out) == 8
    assert all(np.array_equal(picture, wide) for picture in out)
    assert watched.noted == [degrees]
    (line,) = watched.told
    assert TOLD[degrees] in line


@pytest.mark.parametrize("degrees", LAYS)
def test_so_is_a_single_picture_and_a_dim_one(wide: Image, degrees: int) -> None:
    for light in (1.0, 0.2):
        dim = np.asarray(cv2.convertScaleAbs(wide, alpha=light), np.uint8)
        watched = Watched("image")
        (out,) = watched.see([lying(dim, degrees)])
        assert np.array_equal(out, dim)


def test_a_face_upright_is_left_upright_by_every_kind_of_source(wide: Image) -> None:
    for kind, count in (("image", 1), ("video", 40), ("camera", 40)):
        watched = Watched(kind)
        assert all(np.array_equal(p, wide) for p in watched.see([wide] * count, 1.0))
        assert not watched.told


def test_a_sure_face_upright_spares_the_other_turns(wide: Image, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[Image] = []
    hits = upright._hits
    monkeypatch.setattr(
        upright, "_hits", lambda detector, grey, *rest: (looked.append(grey), hits(detector, grey, *rest))[1]
    )
    Watched("video", finds=lambda _: True).see([wide] * 20)
    assert len(looked) == 1


def test_a_face_that_comes_later_is_found_lying_too(wide: Image) -> None:
    watched = Watched("video")
    out = watched.see([lying(room(), 90)] * 20 + [lying(wide, 90)] * 80)
    assert out[0].shape == (640, 480, 3)
    assert np.array_equal(out[-1], wide)
    assert watched.noted == [90]


def test_a_picture_is_not_turned_where_a_face_was_seen_upright(wide: Image) -> None:
    watched = Watched("video", finds=lambda picture: picture.shape == wide.shape)
    watched.see([wide] * 10 + [lying(wide, 90)] * 60)
    assert not watched.told


def test_fewer_looks_than_must_agree_turn_nothing(wide: Image) -> None:
    watched = Watched("video")
    watched.see([lying(wide, 90)] * (LOOKS - 1) + [room()] * 30 + [lying(wide, 270)] * 4)
    assert not watched.told


def test_nothing_turns_where_nobody_is() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)
    for picture in (room(), noise, np.zeros((480, 640, 3), np.uint8)):
        for kind, count in (("image", 1), ("video", 30)):
            watched = Watched(kind)
            watched.see([picture] * count, 1.0)
            assert not watched.told


def test_a_camera_is_looked_at_rarely_and_only_after_a_while(wide: Image, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[Frame] = []
    look = Upright._look
    monkeypatch.setattr(Upright, "_look", lambda self, frame: (looks.append(frame), look(self, frame)))
    Watched("camera").see([room()] * 600)
    assert looks[0].timestamp_s == pytest.approx(3.0)
    assert len(looks) <= 9
    watched = Watched("camera")
    out = watched.see([lying(wide, 270)] * 60)
    assert watched.noted == [270]
    assert [p.shape == wide.shape for p in out].index(True) == pytest.approx(38, abs=2)


def test_the_demo_is_passed_on_as_it_is() -> None:
    watched = Watched("demo")
    assert len(watched.see([room()] * 3)) == 3
    assert not watched.told


def test_a_lying_video_has_its_rows_its_session_and_its_saved_video_turned(
    script: Callable, portrait_video: Path, tmp_path: Path
) -> None:
    capture = cv2.VideoCapture(str(portrait_video))
    path = tmp_path / "phone.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 15.0, (480, 640))
    while (picture := capture.read()[1]) is not None:
        writer.write(cv2.rotate(picture, cv2.ROTATE_90_CLOCKWISE))
    writer.release()
    to = {"--csv": tmp_path / "rows.csv", "--save-video": tmp_path / "out.avi", "--record": tmp_path / "sessions"}
    done = script("--source", path, "--consent", *(x for pair in to.items() for x in pair), "--lang", "es")
    assert done.returncode == 0, done.stderr
    assert "un cuarto de vuelta a la izquierda" in done.stderr
    rows = list(csv.DictReader(to["--csv"].open(encoding="utf-8")))
    assert len({row["frame"] for row in rows}) == 30
    (session,) = to["--record"].glob("*/session.json")
    assert json.loads(session.read_text(encoding="utf-8"))["source"]["turned_degrees"] == 270
    saved = cv2.VideoCapture(str(to["--save-video"])).read()[1]
    assert saved is not None
    assert saved.shape == (480, 640, 3)
