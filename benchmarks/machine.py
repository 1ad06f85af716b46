"""Description of the machine of a measurement."""

from __future__ import annotations

import platform
import re
from pathlib import Path


def processor() -> str:
    """The processor's name; on Linux with family and model, since server CPUs of several generations share a name."""
    info = Path("/proc/cpuinfo")
    if not info.is_file():
        return platform.processor() or platform.machine()
    told = dict(re.findall(r"^(model name|cpu family|model)\s*: (.+)$", info.read_text(encoding="utf-8"), re.M))
    if len(told) < 3:
        return platform.machine()
    return f"{told['model name']}, family {told['cpu family']} model {told['model']}"
