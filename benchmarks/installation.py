"""Benchmark of installation size and time, for each requirements file in a fresh virtual environment.

    python -m benchmarks.installation                                   both
    python -m benchmarks.installation requirements-live.txt             one of them

pip uses its cache, so that a second run measures the time of unpacking. PIP_CONSTRAINT=constraints.txt installs the
versions that the tests ran with.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from affect.command_line import CommandParser

FILES = (Path("requirements-live.txt"), Path("requirements.txt"))


def folder_bytes(folder: Path) -> int:
    """Total size of a folder's files in bytes; hard links count once."""
    files = [path.lstat() for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    return sum({(status.st_dev, status.st_ino): status.st_size for status in files}.values())


def install(requirements: Path) -> tuple[float, float]:
    """Install a requirements file into a temporary virtual environment.

    Returns the seconds that pip took, and the environment's size in megabytes (10⁶ bytes), including pip.
    Raises subprocess.CalledProcessError if pip fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder) / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
        start = time.perf_counter()
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", "-r", str(requirements)], check=True)  # noqa: S603
        return time.perf_counter() - start, folder_bytes(Path(folder)) / 1e6


def main() -> None:
    """Run the command line: print one line per requirements file."""
    parser = CommandParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path, default=FILES, metavar="FILE", help="requirements files")
    for requirements in parser.parse_args().files:
        seconds, megabytes = install(requirements)
        print(f"{requirements}: {megabytes:,.0f} MB in {seconds:.0f} s, Python {sys.version.split()[0]}", flush=True)


if __name__ == "__main__":
    main()
