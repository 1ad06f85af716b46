"""What the windows remember is there at the next start, whatever stands in the file."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from affect.live.window.settings import Settings, load


def test_what_is_saved_is_loaded(own_settings: Path) -> None:
    kept = Settings("es", "demo", 2, "a.pt", "/home/ñ", "high", False, {"compact": [1, 2, 300, 400]})
    kept.save()
    assert load() == kept
    if sys.platform != "win32":
        assert own_settings.stat().st_mode & 0o777 == 0o600


def test_nothing_about_persons_is_saved(own_settings: Path) -> None:
    Settings().save()
    names = {"language", "kind", "camera", "model", "folder", "sensitivity", "on_top", "places"}
    assert set(json.loads(own_settings.read_text(encoding="utf-8"))) == names


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "\x00", '{"camera": "1", "places": 7, "language": null, "on_top": 0}', "[" * 9999]
)
def test_a_damaged_file_gives_the_defaults(text: str, own_settings: Path) -> None:
    own_settings.parent.mkdir()
    own_settings.write_text(text, encoding="utf-8")
    assert load() == Settings()


def test_what_is_sound_in_a_file_is_taken_and_the_rest_left(own_settings: Path) -> None:
    own_settings.parent.mkdir()
    places = {"full": [1, 2, 3], "compact": [1, 2, 3, 4], "other": "x", "more": [1, 2, 3, 4.5]}
    own_settings.write_text(json.dumps({"camera": 3, "language": 1, "places": places, "new": 1}), encoding="utf-8")
    assert load() == Settings(camera=3, places={"compact": [1, 2, 3, 4]})


def test_a_place_that_takes_no_file_is_no_failure(own_settings: Path) -> None:
    own_settings.parent.write_text("a file")
    Settings().save()
    assert load() == Settings()
