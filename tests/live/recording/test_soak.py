"""A long session takes no more memory, files or threads than a short one."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from benchmarks.soak import BARS
from tests.conftest import REPOSITORY
from tests.tools.repeats import repeats

# In a process of its own: what other tests hold, and let go of, is not in its figures.
CODE = """
import json, sys
from benchmarks import soak

frames, soak.SETTLED = int(sys.argv[1]), int(sys.argv[2])
soak.CYCLE, soak.EMPTY, soak.TWO = 250, range(150, 165), range(200, 225)  # all that happens, in a quarter of the frames
print(json.dumps(soak.soak(frames, soak.BUNDLED)))
"""


@repeats(600, 12_000)
@pytest.mark.skipif(sys.platform != "linux", reason="memory, files and threads are counted in /proc")
def test_many_frames_take_no_more_memory_files_and_threads_than_the_first_5_of_12(repeats: int) -> None:
    command = [sys.executable, "-c", CODE, str(repeats), str(repeats * 5 // 12)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY, timeout=1500)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["frames"] == repeats
    assert found["session"] == "finished"
    for bar in BARS:
        if bar.name != "slower_percent":  # a machine's speed is not asserted
            assert bar.met(found), f"{bar.what}: {found[bar.name]} {bar.unit}"
