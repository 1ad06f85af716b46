"""A long session takes no more memory, files or threads than a short one."""

from __future__ import annotations

import subprocess
import sys

import pytest
from conftest import REPOSITORY

# In a process of its own: what other tests hold, and let go of, is not in its figures.
CODE = "import json; from affect.live.app import BUNDLED; from benchmarks.soak import soak; "


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory, files and threads are counted in /proc")
def test_20_000_frames_take_no_more_memory_files_and_threads_than_5_000() -> None:
    from benchmarks import soak

    code = CODE + "print(json.dumps(soak(20_000, BUNDLED)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=REPOSITORY, timeout=1500)
    assert done.returncode == 0, done.stderr
    found = soak.json.loads(done.stdout.splitlines()[-1])
    assert found["frames"] == 20_000
    assert found["session"] == "finished"
    for bar in soak.BARS:
        if bar.name != "slower_percent":  # a machine's speed is not asserted
            assert bar.met(found), f"{bar.what}: {found[bar.name]} {bar.unit}"
