from __future__ import annotations

import pytest

from benchmarks import growth


def test_each_kind_is_measured_at_its_sizes_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {"machine": "x", "kinds": {}}
    for kind in growth.KINDS:
        sizes = (10, 20, 40) if kind.unit == "pictures" else (1, 2, 8)
        if kind.unit == "minutes":
            monkeypatch.setattr(growth, "ROWS_A_SECOND", 1)
        found["kinds"][kind.name] = row = growth.measured(kind._replace(sizes=sizes))  # type: ignore[index]
        assert len(row["seconds"]) == len(row["memory_mb"]) == 3
        assert min(row["seconds"]) > 0
    minutes = found["kinds"]["report and exports of a session"]  # type: ignore[index]
    minutes["sizes"] = (15, 30, 60)
    text = growth.told(found)
    assert all(f"| {kind.name} |" in text for kind in growth.KINDS)
    growth.plot(found)


def test_a_power_is_prolonged(monkeypatch: pytest.MonkeyPatch) -> None:
    kind = growth.Kind("square", "pictures", lambda size, _: lambda: now.append(now[-1] + size**2 / 1e6), (10, 20, 40))
    now = [0.0]
    monkeypatch.setattr(growth.time, "perf_counter", lambda: now[-1])
    found = growth.measured(kind)
    assert found["power"] == pytest.approx(2)
    assert found["prolonged_s"]["ten million"] == pytest.approx(1e8)


@pytest.mark.parametrize(
    ("seconds", "told"), [(0.0123, "12.3 ms"), (3, "3 s"), (600, "10 min"), (86_400, "24 h"), (1e7, "116 days")]
)
def test_durations_are_told_in_a_fitting_unit(seconds: float, told: str) -> None:
    assert growth.duration(seconds) == told
