"""A long session takes no more memory, files or threads than a short one."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from benchmarks.soak import BARS
from tests.conftest import REPOSITORY

# In a process of its own: what other tests hold, and let go of, is not in its figures.
CODE = "import json; from benchmarks import soak; print(json.dumps(soak.soak(12_000, soak.BUNDLED)))"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory, files and threads are counted in /proc")
def test_12_000_frames_take_no_more_memory_files_and_threads_than_5_000() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, cwd=REPOSITORY, timeout=1500)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["frames"] == 12_000
    assert found["session"] == "finished"
    for bar in BARS:
        if bar.name != "slower_percent":  # a machine's speed is not asserted
            assert bar.met(found), f"{bar.what}: {found[bar.name]} {bar.unit}"
