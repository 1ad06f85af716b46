from __future__ import annotations

import pandas as pd
import pytest

from affect.ablation import BASE, INGREDIENTS, METRICS, runs_of, table_of
from affect.errors import AffectError


def test_each_run_is_the_base_with_one_ingredient_more() -> None:
    runs = runs_of(list(INGREDIENTS))
    assert runs.pop("base") == BASE
    assert list(runs) == list(INGREDIENTS)
    names = {e.name for e in runs.values()}
    assert len(names) == len(runs)
    assert all(" " not in name for name in names)


def test_an_unknown_ingredient_is_told_with_those_that_exist() -> None:
    with pytest.raises(AffectError, match="no ingredient 'salt'.*soft labels"):
        runs_of(["salt"])


def test_the_table_says_what_each_ingredient_adds_in_points() -> None:
    rows = [
        {"ingredient": "base", **dict.fromkeys(METRICS, 0.8)},
        {"ingredient": "mixup", **dict.fromkeys(METRICS, 0.81)},
    ]
    text = table_of(pd.DataFrame(rows))
    assert "| base | 0.8000 |  |" in text
    assert "| base + mixup | 0.8100 | +1.0 |" in text
