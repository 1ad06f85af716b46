"""What session.json must hold: everything that a recording writes passes, and a fault is named by its field."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from affect.live.report.schema import FieldError, MissingFieldError, check_session
from benchmarks.hostile_sessions import TOLD
from tests.live.report.session_folders import write_session


def changed(value: Any, *path: str | int) -> dict[str, Any]:
    """A whole session.json with one field changed."""
    told = copy.deepcopy(TOLD)
    holder: Any = told
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    return told


def test_what_a_recording_writes_passes(tmp_path: Path) -> None:
    check_session(TOLD)
    check_session(json.loads((write_session(tmp_path / "s", []) / "session.json").read_text(encoding="utf-8")))


def test_older_versions_and_other_models_lack_what_can_be_done_without() -> None:
    told = {key: TOLD[key] for key in ("state", "started", "duration_s")}
    model = {"file": "own.pt", "sha256": "ab" * 32}
    check_session({**told, "source": {}, "model": model, "settings": {}, "versions": {}, "more": [{}]})
    none = {"figures": None, "temperature": None}
    nothing = {"consent": None, "baseline": None, "recorded": None, "frames": None}
    check_session({**TOLD, **nothing, "model": {**model, **none}})


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (("model", "figures", "n"), "many", "model.figures.n = 'many'"),
        (("model", "figures", "per_class", "happy", "recall"), 1.5, "model.figures.per_class.happy.recall = 1.5"),
        (("model", "figures"), [1], "model.figures = [1]"),
        (("model", "sha256"), 7, "model.sha256 = 7"),
        (("model", "file"), None, "model.file = None"),
        (("duration_s",), float("nan"), "duration_s = nan"),
        (("duration_s",), 1e9, "duration_s = 1000000000.0"),
        (("duration_s",), True, "duration_s = True"),
        (("frames",), 1.5, "frames = 1.5"),
        (("settings", "faces"), 10**400, "settings.faces = 1000"),
        (("settings",), [], "settings = []"),
        (("baseline", 0, "shift", "happy"), 1000, "baseline[0].shift.happy = 1000"),
        (("baseline", 0, "face_id"), "1", "baseline[0].face_id = '1'"),
        (("not_analysed", 0), [1.0], "not_analysed[0] = [1.0]"),
        (("not_analysed",), {"a": 1}, "not_analysed = {'a': 1}"),
        (("started",), "0001-01-01T00:00:00", "started = '0001-01-01T00:00:00'"),
        (("consent", "given_at"), 5, "consent.given_at = 5"),
        (("versions", "python"), [[]], "versions.python = [[]]"),
        (("source", "name"), {}, "source.name = {}"),
    ],
)
def test_a_fault_is_named_by_its_field_and_value(path: tuple[str | int, ...], value: object, told: str) -> None:
    with pytest.raises(FieldError) as error:
        check_session(changed(value, *path))
    assert str(error.value).startswith(told)
    assert len(str(error.value)) < 120


def test_fields_that_are_missing_are_named() -> None:
    without = {key: value for key, value in TOLD.items() if key not in ("started", "versions")}
    with pytest.raises(MissingFieldError, match=r"^started, versions$"):
        check_session(without)
    with pytest.raises(MissingFieldError, match=r"^model\.sha256$"):
        check_session({**TOLD, "model": {"file": "x.pt"}})


def test_a_session_lasts_three_days_at_most() -> None:
    check_session(changed(3 * 86_400.0, "duration_s"))
    with pytest.raises(FieldError, match="duration_s"):
        check_session(changed(3 * 86_400.0 + 1, "duration_s"))
