"""The machine of a measurement, and the environment of the programs that are measured."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path


def program_environment(**more: str) -> dict[str, str]:
    """Environment variables of a measured program; what it imports is compiled once, as on a user's computer."""
    return {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"} | more


def processor() -> str:
    """The processor's name; on Linux with family and model, since server CPUs of several generations share a name."""
    info = Path("/proc/cpuinfo")
    if not info.is_file():
        return platform.processor() or platform.machine()
    told = dict(re.findall(r"^(model name|cpu family|model)\s*: (.+)$", info.read_text(encoding="utf-8"), re.M))
    if len(told) < 3:
        return platform.machine()
    return f"{told['model name']}, family {told['cpu family']} model {told['model']}"
