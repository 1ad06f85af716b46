"""The wheel has all that the program reads, and works in an environment and a folder of its own."""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
import venv
import zipfile
from importlib.metadata import Distribution, PathDistribution, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from affect.files import sha256_of
from affect.live.bundled import BUNDLED, bundled_models
from tests.conftest import REPOSITORY, no_display


def pip(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=600)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    backend = re.search(r'^requires = \["(.+)"\]$', (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"), re.M)
    assert backend is not None
    if pip("install", "--no-compile", "--target", folder / "backend", backend[1]).returncode != 0:
        pytest.skip("no package index is reachable")
    code = "import sys; from hatchling.build import build_wheel; build_wheel(sys.argv[1])"  # what pip calls
    environment = {**os.environ, "PYTHONPATH": str(folder / "backend")}
    subprocess.run([sys.executable, "-c", code, folder], cwd=REPOSITORY, env=environment, check=True)
    return next(folder.glob("affect-*.whl"))


def required_by(wheel: Path) -> list[Distribution]:
    """What the wheel's own description requires, and what that requires, as it is installed here."""
    description = next(path for path in zipfile.Path(wheel).iterdir() if path.name.endswith(".dist-info"))
    waiting, found = PathDistribution(description).requires or [], dict[str, Distribution]()
    while waiting:
        needed = Requirement(waiting.pop())
        if needed.name not in found and (needed.marker is None or needed.marker.evaluate({"extra": ""})):
            found[needed.name] = distribution(needed.name)
            assert found[needed.name].version in needed.specifier
            waiting += found[needed.name].requires or ()
    return list(found.values())


class Installed:
    """An environment that has the wheel and what it requires, and nothing else.

    What it requires is linked, not installed again: .ci/run installs the same list, requirements-live.txt.
    """

    def __init__(self, folder: Path, wheel: Path) -> None:
        self.folder = folder / "elsewhere"
        self.folder.mkdir()
        venv.create(folder / "environment", with_pip=False)
        self.programs = folder / "environment" / ("Scripts" if os.name == "nt" else "bin")
        packages = next((folder / "environment").rglob("site-packages"))
        for package in required_by(wheel):
            for name in {file.parts[0] for file in package.files or ()} - {"..", "__pycache__"}:
                (packages / name).symlink_to(package.locate_file(name))
        done = pip("--python", self.programs / "python", "install", "--no-compile", "--no-deps", wheel)
        assert done.returncode == 0, done.stderr

    def run(self, program: str, *arguments: object) -> subprocess.CompletedProcess[str]:
        environment = {k: v for k, v in no_display().items() if not k.startswith("PYTHON")}
        return subprocess.run(
            [str(self.programs / program), *map(str, arguments)], cwd=self.folder, capture_output=True, text=True,
            timeout=300, env=environment | {"AFFECT_CACHE": str(self.folder / "cache")},
        )  # fmt: skip


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return Installed(tmp_path_factory.mktemp("installed"), wheel)


def test_the_wheel_has_every_file_of_the_package_and_the_bundled_models(wheel: Path) -> None:
    listed = subprocess.run(["git", "ls-files", "affect"], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    models = {f"affect/models/{m.stem}{ending}" for m in bundled_models() for ending in (".pt", ".onnx", ".md")}
    assert {*listed.stdout.splitlines()} - names == set()
    assert {name for name in names if name.startswith("affect/models/")} == models
    assert {Path(name).suffix for name in names} <= {
        ".py",
        ".html",
        ".css",
        ".js",
        ".json",
        ".ttf",
        ".txt",
        ".png",
        ".pt",
        ".onnx",
        ".md",
    }


def test_the_command_runs_the_demo_from_another_folder_without_pytorch(installed: Installed) -> None:
    done = installed.run("affect", "--source", "demo", "--headless", "--max-frames", 5, "--csv", "demo.csv")
    assert done.returncode == 0, done.stderr
    assert "Preparing" not in done.stderr
    with (installed.folder / "demo.csv").open(encoding="utf-8", newline="") as file:
        assert [row["emotion"] for row in csv.DictReader(file)] == ["happy"] * 5
    assert installed.run("python", "-c", "import torch").returncode != 0


def test_a_recording_and_its_report_are_made_with_the_models_own_figures(installed: Installed) -> None:
    arguments = (
        "--source",
        "demo",
        "--headless",
        "--max-frames",
        40,
        "--record",
        "sessions",
        "--consent",
        "--lang",
        "en",
    )
    done = installed.run("affect", *arguments)
    assert done.returncode == 0, done.stderr
    (report,) = installed.folder.glob("sessions/*/report.html")
    assert "ferplus" in report.read_text(encoding="utf-8")


def test_a_reader_uses_the_bundled_model_of_the_package(installed: Installed) -> None:
    code = (
        "import affect, sys; assert not {'numpy', 'torch', 'cv2'} & {*sys.modules}\n"
        "reader = affect.ExpressionReader(); moment = next(reader.follow('demo'))\n"
        "print(reader.model, moment.faces[0].emotion, sep='\\n')"
    )
    done = installed.run("python", "-c", code)
    assert done.returncode == 0, done.stderr
    model, emotion = done.stdout.splitlines()
    assert Path(model).parts[-3:-1] == ("affect", "models")
    assert sha256_of(model) == sha256_of(BUNDLED)
    assert emotion == "happy"
