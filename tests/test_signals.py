from __future__ import annotations

import subprocess
import sys

import pytest

from tests.conftest import REPOSITORY

LOST = """
import signal, time
from affect.command_line import end_if_asked, end_on_signals

class Cleaned:
    def __del__(self):
        signal.raise_signal(signal.SIGINT)

end_on_signals()
end_if_asked()
Cleaned()
print("lost", flush=True)
try:
    end_if_asked()
except KeyboardInterrupt:
    print("ended", flush=True)
end_if_asked()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows raises no SIGINT this way")
def test_an_interrupt_that_python_drops_ends_the_program_all_the_same() -> None:
    done = subprocess.run([sys.executable, "-c", LOST], capture_output=True, text=True, cwd=REPOSITORY, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["lost", "ended"]
    assert done.stderr == ""
