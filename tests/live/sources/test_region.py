from __future__ import annotations

import sys
from pathlib import Path

import pytest

from affect.errors import AffectError
from affect.live.sources import region as module
from affect.live.sources.region import Desktop, Region, parse_region, remember, remembered

LAPTOP = Region(0, 0, 1920, 1080)
TALL = Region(
    -1080, -200, 1080, 1920
)  # left of the laptop, turned upright: the laptop's desktop has corners without pixels
TWO = Desktop(Region(-1080, -200, 3000, 1920), (LAPTOP, TALL))


@pytest.fixture(autouse=True)
def own_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the tests remember is not the user's."""
    file = tmp_path / "config" / "screen.json"
    monkeypatch.setattr(module, "region_file", lambda: file)
    return file


def test_a_rectangle_is_four_numbers_and_may_begin_left_of_or_above_the_main_monitor() -> None:
    assert parse_region("100,200,640,480", "en") == Region(100, 200, 640, 480)
    assert parse_region(" -1080, -200, 64, 64", "en") == Region(-1080, -200, 64, 64)


@pytest.mark.parametrize(
    "given", ["1,2,3", "1,2,3,4,5", "a,b,c,d", "0,0,640x480", "0,0,63,480", "0,0,640,-480", "1.5,0,99,99"]
)
def test_what_is_no_rectangle_is_told_with_an_example(given: str) -> None:
    with pytest.raises(AffectError, match=r"--source screen:100,200,640,480") as raised:
        parse_region(given, "en")
    assert given in str(raised.value)


def test_the_error_speaks_spanish_too() -> None:
    with pytest.raises(AffectError, match="no es un rectángulo"):
        parse_region("x", "es")


def test_a_rectangle_may_reach_over_two_monitors_but_not_into_the_gap_beside_them() -> None:
    assert TWO.shows(Region(-500, 100, 1000, 500))
    assert TWO.shows(LAPTOP)
    assert not TWO.shows(Region(-500, -100, 1000, 500)), "above the laptop there is no pixel"
    assert not TWO.shows(Region(0, 1000, 200, 200)), "below the laptop there is none"
    assert not TWO.shows(Region(5000, 0, 100, 100))
    assert Desktop(LAPTOP, (LAPTOP, LAPTOP)).shows(LAPTOP), "two monitors may show the same"


def test_a_rectangle_is_remembered_for_the_same_desktop_only(own_config: Path) -> None:
    assert remembered(TWO) is None
    remember(Region(-500, 100, 640, 480), TWO)
    assert remembered(TWO) == Region(-500, 100, 640, 480)
    assert remembered(Desktop(LAPTOP, (LAPTOP,))) is None
    moved = TALL._replace(x=1920)
    assert remembered(Desktop(TWO.bounds, (LAPTOP, moved))) is None, "the monitor there is gone"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_the_file_is_its_owners_alone(own_config: Path) -> None:
    remember(Region(0, 0, 640, 480), TWO)
    assert own_config.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"region": [1, 2], "desktop": 3}', '{"region": null}'])
def test_a_damaged_file_is_as_good_as_none(own_config: Path, damage: str) -> None:
    remember(Region(0, 0, 640, 480), TWO)
    own_config.write_text(damage)
    assert remembered(TWO) is None
