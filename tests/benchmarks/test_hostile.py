"""Hostile inputs of every family are read or refused in a line; `python -m benchmarks.hostile` tries many more."""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from affect.errors import AffectError
from benchmarks import hostile
from benchmarks.hostile import FAMILIES, REPORT, Family, Outcome, drawn, fault_of, use_session
from benchmarks.hostile_sessions import TOLD, good
from tests.conftest import REPOSITORY
from tests.tools.repeats import repeats

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks, and reads /proc")


@repeats(2, 4)
def test_some_of_every_family_are_read_or_refused_in_a_line(repeats: int) -> None:
    command = [sys.executable, "-m", "benchmarks.hostile", "--each", str(repeats), "--seed", "1"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=600)
    assert (done.stderr, done.returncode) == ("", 0)
    assert done.stdout.endswith(f"\n\n{repeats * len(FAMILIES)} inputs\n")


@pytest.mark.parametrize(
    ("outcome", "fault"),
    [
        (Outcome("read", 1.9, 299.0, 0), ""), (Outcome("refused", 0.1, 1.0, 300), ""),
        (Outcome("read", 2.1, 1.0, 0), "2.1 s, 1 MB"), (Outcome("refused", 0.1, 301.0, 9), "0.1 s, 301 MB"),
        (Outcome("refused", 0.1, 1.0, 301), "a line of 301"), (Outcome("KeyError: 1", 0.1, 1.0, 0), "KeyError: 1"),
        (Outcome("not printable", 0.1, 1.0, 5), "not printable"),
    ],
)  # fmt: skip
def test_what_costs_much_or_is_no_line_is_a_fault(outcome: Outcome, fault: str) -> None:
    assert fault_of(outcome) == fault


def test_what_happens_in_a_process_is_seen(tmp_path: Path) -> None:
    def use(path: Path) -> bool:
        match path.name:
            case "traceback":
                raise KeyError(1)
            case "memory":
                return bool(bytearray(b"x") * 600_000_000)
            case "crash":
                os.kill(os.getpid(), signal.SIGKILL)
            case "told":
                raise AffectError(f"{path} is bad")
        return path.name == "read"

    family = Family(drawn(lambda rng, folder: folder), use)
    ends = {name: hostile.used(family, tmp_path / name) for name in ("traceback", "crash", "told", "read", "other")}
    assert {name: end.what for name, end in ends.items()} == {
        "traceback": "KeyError: 1", "crash": "ended by 9", "told": "refused", "read": "read", "other": "refused",
    }  # fmt: skip
    assert ends["told"].line == len(" is bad")
    assert hostile.used(family, tmp_path / "memory").mb > 300


def test_the_session_that_others_are_made_of_is_whole(tmp_path: Path) -> None:
    path = good().write(tmp_path / "0")
    assert use_session(path)
    assert "could not be read" not in (path / "report.html").read_text(encoding="utf-8")
    assert (path / "session.xlsx").is_file()


def test_report_and_exports_of_three_days_take_less_than_they_may(tmp_path: Path) -> None:
    for module in REPORT:
        importlib.import_module(module)
    told = json.dumps({**TOLD, "duration_s": 3 * 86_400.0, "not_analysed": []})
    outcome = hostile.used(FAMILIES["deep, long, empty, no files"], good()._replace(told=told).write(tmp_path / "0"))
    assert outcome.what == "read"
    assert outcome.mb < 230
