"""Session folders that no recording wrote end in a report or in one line."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

import pytest

from benchmarks.hostile_sessions import FAMILIES, good, outcome

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="some are pipes and links")


def test_the_session_that_they_are_made_of_is_whole(tmp_path: Path) -> None:
    end, _ = outcome(good(), tmp_path / "0")
    assert end == "report"
    assert "could not be read" not in (tmp_path / "0" / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("family", FAMILIES)
def test_one_in_many_of_them_is_told_or_reported(family: str, tmp_path: Path) -> None:
    count = sum(1 for _ in FAMILIES[family]())
    chosen = itertools.islice(FAMILIES[family](), 3, None, count // 6)
    ends = {index: outcome(session, tmp_path / str(index))[0] for index, session in enumerate(chosen)}
    assert len(ends) >= 3
    assert {index: end for index, end in ends.items() if end not in ("told", "report")} == {}
