"""How large the two installations are, and how long they take: each requirements file in a fresh virtual environment.

    python -m benchmarks.installation                                   both
    python -m benchmarks.installation requirements-live.txt             one of them

pip takes what it has in its cache from there; the time is then that of unpacking. `-c constraints.txt` in the variable
PIP_CONSTRAINT installs the versions that the tests ran with.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

FILES = (Path("requirements-live.txt"), Path("requirements.txt"))


def folder_bytes(folder: Path) -> int:
    """The size of all files in a folder, bytes; a file with several names counts once."""
    files = [path.lstat() for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    return sum({(status.st_dev, status.st_ino): status.st_size for status in files}.values())


def install(requirements: Path) -> tuple[float, float]:
    """Install a requirements file into a new environment, which is removed again.

    Returns the seconds that pip took, and the megabytes (10⁶ bytes) of the environment, pip's own included.
    Raises subprocess.CalledProcessError where pip fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder) / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
        start = time.perf_counter()
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", "-r", str(requirements)], check=True)  # noqa: S603
        return time.perf_counter() - start, folder_bytes(Path(folder)) / 1e6


def main() -> None:
    """Print a line for each file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path, default=FILES, metavar="FILE", help="requirements files")
    for requirements in parser.parse_args().files:
        seconds, megabytes = install(requirements)
        print(f"{requirements}: {megabytes:,.0f} MB in {seconds:.0f} s, Python {sys.version.split()[0]}", flush=True)


if __name__ == "__main__":
    main()
