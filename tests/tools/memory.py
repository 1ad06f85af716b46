"""How much memory a piece of work takes at its highest."""

from __future__ import annotations

import ctypes
import gc
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")


def peak_mb(work: Callable[[], object]) -> float:
    """How much this process's memory grows at its highest while `work` is done, MB."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)  # freed memory that the process still has would be taken again, unseen
    Path("/proc/self/clear_refs").write_text("5")  # the highest until now is forgotten, see proc(5)
    before = _highest_mb()
    work()
    return _highest_mb() - before


def _highest_mb() -> float:
    (kilobytes,) = re.findall(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    return int(kilobytes) * 1024 / 1e6
