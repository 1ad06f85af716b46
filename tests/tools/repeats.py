"""How often a test repeats what it does: a few times in every run, many times in the nightly one."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings


def repeats(few: int, many: int) -> pytest.MarkDecorator:
    """Parametrize a test with `repeats`: `few` in every run, `many` in the nightly one."""
    return pytest.mark.parametrize("repeats", [few, pytest.param(many, marks=pytest.mark.nightly)])


def made_up(n: int) -> settings:
    """Settings of a hypothesis test that makes up n examples, the same ones in every run."""
    return settings(deadline=None, derandomize=True, max_examples=n, suppress_health_check=[HealthCheck.too_slow])
