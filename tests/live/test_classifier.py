from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import REPOSITORY

from affect.errors import AffectError
from affect.faces import FaceBox
from affect.live.classifier import load_classifier
from affect.preprocessing import Image


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
    from affect.model import Checkpoint, load_checkpoint, save_checkpoint

    old = load_checkpoint(checkpoint_file)
    save_checkpoint(checkpoint_file, Checkpoint(old.state_dict, old.preprocessing, 3.0))
    load_classifier(checkpoint_file, "onnx", told.append)
    assert len(told) == 2


def test_a_damaged_export_is_made_anew(checkpoint_file: Path) -> None:
    checkpoint_file.with_suffix(".onnx").write_bytes(b"not a network")
    told: list[str] = []
    load_classifier(checkpoint_file, "onnx", told.append)
    assert len(told) == 1


def test_a_live_run_with_a_cached_export_imports_nothing_heavy(
    checkpoint_file: Path, portrait_video: Path, tmp_path: Path
) -> None:
    load_classifier(checkpoint_file, "onnx", quiet)
    arguments = ["--source", portrait_video, "--model", checkpoint_file, "--headless", "--max-frames", 3]
    arguments += ["--csv", tmp_path / "out.csv", "--save-video", tmp_path / "out.avi"]
    heavy = ("torch", "torchvision", "pandas", "matplotlib", "sklearn", "skimage", "seaborn", "scipy")
    code = (
        "import sys; from affect.live.app import main; import affect.live.screen\n"
        f"assert main({list(map(str, arguments))!r}) == 0\n"
        f"print('heavy:', [m for m in {heavy!r} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=REPOSITORY, check=True)
    assert done.stdout.splitlines()[-1] == "heavy: []"


def test_a_missing_model_names_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(AffectError, match="does not exist.*--model"):
        load_classifier(tmp_path / "none.pt")
