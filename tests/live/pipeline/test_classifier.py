from __future__ import annotations

import re
import subprocess
import sys
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions
from pathlib import Path

import numpy as np
import pytest

from affect.errors import AffectError
from affect.faces.detection import FaceBox
from affect.faces.preprocessing import Image
from affect.live.pipeline.classifier import load_classifier
from tests.conftest import REPOSITORY, no_display


def quiet(_: str) -> None:
    """Nobody listens."""


def test_both_backends_give_the_same_probabilities(
    checkpoint_file: Path, portrait: Image, portrait_box: FaceBox
) -> None:
    boxes = [portrait_box, FaceBox(10, 10, 80, 80), FaceBox(-20, 400, 150, 150)]
    onnx = load_classifier(checkpoint_file, "onnx", quiet).probabilities(portrait, boxes)
    torch = load_classifier(checkpoint_file, "torch", quiet).probabilities(portrait, boxes)
    assert onnx.shape == (3, 8)
    np.testing.assert_allclose(onnx, torch, atol=1e-4)
    np.testing.assert_allclose(onnx.sum(1), 1, atol=1e-5)


def test_the_bundled_model_gives_the_same_on_both_backends_and_sees_the_smile(
    bundled_model: Path, portrait: Image, portrait_box: FaceBox
) -> None:
    onnx = load_classifier(bundled_model, "onnx", quiet).probabilities(portrait, [portrait_box])
    torch = load_classifier(bundled_model, "torch", quiet).probabilities(portrait, [portrait_box])
    np.testing.assert_allclose(onnx, torch, atol=1e-4)
    assert onnx[0].argmax() == 4  # happy


def test_no_face_gives_no_rows(checkpoint_file: Path, portrait: Image) -> None:
    assert load_classifier(checkpoint_file, "onnx", quiet).probabilities(portrait, []).shape == (0, 8)


def test_the_export_is_made_once_and_anew_when_the_model_changes(checkpoint_file: Path) -> None:
    told: list[str] = []
    load_classifier(checkpoint_file, "onnx", told.append)
    load_classifier(checkpoint_file, "onnx", told.append)
    assert len(told) == 1
    from affect.model.checkpoint import Checkpoint, load_checkpoint, save_checkpoint

    old = load_checkpoint(checkpoint_file)
    save_checkpoint(checkpoint_file, Checkpoint(old.state_dict, old.preprocessing, 3.0))
    load_classifier(checkpoint_file, "onnx", told.append)
    assert len(told) == 2


def test_a_damaged_export_is_made_anew(checkpoint_file: Path) -> None:
    checkpoint_file.with_suffix(".onnx").write_bytes(b"not a network")
    told: list[str] = []
    load_classifier(checkpoint_file, "onnx", told.append)
    assert len(told) == 1


def test_a_live_run_imports_nothing_but_what_the_live_requirements_bring(portrait_video: Path, tmp_path: Path) -> None:
    """Whatever module a run loads, lazily too, is Python's, affect's, or of a package of requirements-live.txt."""
    runs = (
        ["--source", "demo", "--headless", "--max-frames", "5", "--csv", str(tmp_path / "demo.csv")],
        ["--source", str(portrait_video), "--headless", "--max-frames", "3", "--save-video", str(tmp_path / "out.avi")],
        ["--source", str(portrait_video), "--record", str(tmp_path), "--consent", "--max-frames", "3"],
    )
    code = (
        "import sys; before = {*sys.modules}; from affect.live.app import main; import affect.live.start.window\n"
        f"assert [main(arguments) for arguments in {runs!r}] == [0, 0, 0]\n"
        "print(*sorted({name.split('.')[0] for name in {*sys.modules} - before}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=REPOSITORY, check=True)
    loaded = {*done.stdout.splitlines()[-1].split()}
    owners = packages_distributions()
    owned = {module: {canonical(owner) for owner in owners[module]} for module in loaded if module in owners}
    assert {"cv2", "onnxruntime", "av", "jinja2"} <= owned.keys()
    live = closure_of(REPOSITORY / "requirements-live.txt")
    assert {module: owner for module, owner in owned.items() if not owner & live} == {}
    assert not loaded & {"torch", "pandas", "matplotlib", "sklearn", "scipy"}


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def closure_of(listed: Path) -> set[str]:
    """The packages of a requirements file, and all that they require."""
    waiting = [canonical(name) for name in re.findall(r"^[\w.-]+(?=>)", listed.read_text(encoding="utf-8"), re.M)]
    found: set[str] = set()
    while waiting:
        if (name := waiting.pop()) in found:
            continue
        found.add(name)
        with suppress(PackageNotFoundError):  # of another system
            needed = [need for need in distribution(name).requires or [] if "extra ==" not in need]
            waiting += [canonical(re.split(r"[^\w.-]", need)[0]) for need in needed]
    return found


WITHOUT_TORCH = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("torch", "torchvision", "onnx"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Missing())
from affect.live.app import main
sys.exit(main(sys.argv[1:]))
"""


def run_without_torch(*arguments: object, cache: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", WITHOUT_TORCH, *map(str, arguments), "--headless", "--max-frames", "3"]
    environment = no_display() | {"AFFECT_CACHE": str(cache)}
    return subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY, env=environment)


def test_without_pytorch_the_bundled_model_runs(tmp_path: Path) -> None:
    done = run_without_torch("--source", "demo", cache=tmp_path / "empty")
    assert (done.returncode, "Preparing" in done.stderr) == (0, False), done.stderr


@pytest.mark.parametrize(("language", "words"), [("en", "is not installed"), ("es", "no está instalado")])
@pytest.mark.parametrize("backend", ["onnx", "torch"])
def test_without_pytorch_a_model_of_ones_own_says_how_to_get_it(
    checkpoint_file: Path, tmp_path: Path, language: str, words: str, backend: str
) -> None:
    arguments = ("--source", "demo", "--model", checkpoint_file, "--backend", backend, "--lang", language)
    done = run_without_torch(*arguments, cache=tmp_path / "empty")
    assert (done.returncode, done.stdout) == (2, "")
    line = done.stderr.splitlines()[-1]
    assert line.startswith("error: random.pt ")
    assert words in line
    assert "pip install -r requirements.txt" in line
    assert "Traceback" not in done.stderr


def test_without_pytorch_a_model_of_ones_own_that_was_exported_here_before_runs(
    checkpoint_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AFFECT_CACHE", str(tmp_path / "cache"))
    load_classifier(checkpoint_file, "onnx", quiet)
    done = run_without_torch("--source", "demo", "--model", checkpoint_file, cache=tmp_path / "cache")
    assert done.returncode == 0, done.stderr


def test_a_missing_model_names_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(AffectError, match="does not exist.*--model"):
        load_classifier(tmp_path / "none.pt")
