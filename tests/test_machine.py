from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.machine import processor

INFO = "processor\t: 0\ncpu family\t: 23\nmodel\t\t: 1\nmodel name\t: AMD EPYC\n"


@pytest.mark.parametrize(("info", "told"), [(INFO, "AMD EPYC, family 23 model 1"), ("BogoMIPS\t: 50\n", "arm")])
def test_a_processor_is_told_with_its_generation_where_the_system_knows_it(
    info: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "is_file", lambda _: True)
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: info)
    monkeypatch.setattr("platform.machine", lambda: "arm")
    assert processor() == told
