"""Benchmark of download, installation size and time, for each requirements file in a fresh virtual environment.

    python -m benchmarks.installation                                   both
    python -m benchmarks.installation requirements-live.txt             one of them

All is downloaded first, so that the time is that of unpacking. PIP_CONSTRAINT=constraints.txt takes the versions that
the tests ran with.
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


def install(requirements: Path) -> tuple[float, float, float]:
    """Download what a requirements file names, and install it into a temporary virtual environment.

    Returns the download and the environment, including pip, in megabytes (10⁶ bytes), and the seconds of installing.
    Raises subprocess.CalledProcessError if pip fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder) / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
        pip, parts = [str(python), "-m", "pip"], Path(folder) / "parts"
        subprocess.run([*pip, "download", "--quiet", "-r", str(requirements), "-d", str(parts)], check=True)  # noqa: S603
        downloaded, start = folder_bytes(parts), time.perf_counter()
        offline = ["--no-index", "--find-links", str(parts)]
        subprocess.run([*pip, "install", "--quiet", *offline, "-r", str(requirements)], check=True)  # noqa: S603
        seconds = time.perf_counter() - start
        return downloaded / 1e6, (folder_bytes(Path(folder)) - downloaded) / 1e6, seconds


def main() -> None:
    """Run the command line: print one line per requirements file."""
    parser = CommandParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path, default=FILES, metavar="FILE", help="requirements files")
    for requirements in parser.parse_args().files:
        downloaded, installed, seconds = install(requirements)
        sizes = f"{downloaded:,.0f} MB to download, {installed:,.0f} MB installed in {seconds:.0f} s"
        print(f"{requirements}: {sizes}, Python {sys.version.split()[0]}", flush=True)


if __name__ == "__main__":
    main()
