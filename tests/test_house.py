"""The repository itself: README's commands are CI's, versions are sound, nothing is tracked that must not be."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import cv2
import pytest

import affect
from tests.conftest import REPOSITORY


def text_of(name: str) -> str:
    return (REPOSITORY / name).read_text(encoding="utf-8")


def test_ci_runs_readmes_test_command_word_for_word() -> None:
    command = "pip install -r requirements-dev.txt && python -m pytest"
    assert command in text_of("README.md")
    assert command in text_of(".ci/run").splitlines()
    first = "pip install -r requirements-live.txt && python affectnet_webcam_detector.py --source demo"
    assert re.search(r"^```\n(.*)$", text_of("README.md"), re.M)[1] == first  # type: ignore[index]
    assert f"{first} --headless" in text_of(".ci/run")


def test_opencv_is_held_below_5_and_has_its_cascades() -> None:
    assert re.search(r"^opencv-python-headless>=[\d.]+,<5\b", text_of("requirements-live.txt"), re.M)
    assert int(cv2.__version__.split(".")[0]) < 5
    assert (Path(cv2.data.haarcascades) / "haarcascade_frontalface_default.xml").is_file()


def test_torch_and_torchvision_are_a_matching_pair() -> None:
    import torch
    import torchvision

    boxes = torch.tensor([[0.0, 0, 10, 10], [1, 1, 10, 10], [20, 20, 30, 30]])
    kept = torchvision.ops.nms(boxes, torch.tensor([0.9, 0.8, 0.7]), 0.5)
    assert kept.tolist() == [0, 2]


def requirements_of(name: str) -> list[str]:
    """The requirements that a file lists itself, without those of the file that it begins with."""
    lines = [line.split("#")[0].strip() for line in text_of(name).splitlines()]
    return [line for line in lines if line and not line.startswith("-r ")]


@pytest.mark.parametrize("name", ["requirements-live.txt", "requirements.txt"])
def test_every_requirement_has_both_bounds_and_an_exact_version_in_the_constraints(name: str) -> None:
    pinned = dict(re.findall(r"^([\w.-]+)==(\S+)$", text_of("constraints.txt"), re.M))
    assert len(requirements_of(name)) >= 10
    for requirement in requirements_of(name):
        assert re.fullmatch(r"[A-Za-z0-9-]+>=[\d.]+,<[\d.]+", requirement), requirement
        assert requirement.split(">")[0] in pinned


def test_the_research_is_the_live_half_and_more() -> None:
    assert "-r requirements-live.txt" in text_of("requirements.txt").splitlines()
    assert "-r requirements.txt" in text_of("requirements-dev.txt").splitlines()
    assert not {*requirements_of("requirements-live.txt")} & {*requirements_of("requirements.txt")}


@pytest.mark.skipif(sys.version_info < (3, 11), reason="Python 3.10 reads no TOML")
def test_the_package_asks_for_what_the_requirements_files_list() -> None:
    import tomllib

    project = tomllib.loads(text_of("pyproject.toml"))["project"]
    assert project["dependencies"] == requirements_of("requirements-live.txt")
    streams = [line for line in requirements_of("requirements-dev.txt") if line.startswith("pylsl")]
    assert project["optional-dependencies"] == {"lsl": streams, "research": requirements_of("requirements.txt")}


def test_the_version_is_the_same_everywhere() -> None:
    assert f'version = "{affect.__version__}"' in text_of("pyproject.toml").splitlines()
    assert f"version: {affect.__version__}" in text_of("CITATION.cff").splitlines()
    newest = re.findall(r"^## (\S+), (\S+)$", text_of("CHANGELOG.md"), re.M)[0]
    assert newest[0] == affect.__version__
    assert f'date-released: "{newest[1]}"' in text_of("CITATION.cff").splitlines()


def test_no_data_is_tracked() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    for name in listed.stdout.splitlines():
        assert not name.endswith((".webp", ".zip", ".npy", ".whl")), name
        assert not name.endswith(".onnx") or name.startswith("models/starter_"), name
        assert (REPOSITORY / name).stat().st_size < 16_000_000, name
