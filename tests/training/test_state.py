"""A resume file is read as far as torch.save writes it."""

from __future__ import annotations

import resource
import zipfile
from pathlib import Path

import pytest
import torch

from affect.errors import AffectError
from affect.training.state import RunState, identity_in, load_progress, save_progress


def state(path: Path, values: int) -> Path:
    save_progress(path, RunState(history=[{"epoch": 1}], best={"model": {"w": torch.zeros(values)}}), {"seed": 1})
    return path


def test_a_state_comes_back(tmp_path: Path) -> None:
    path = state(tmp_path / ".x.resume.pt", 1000)
    assert identity_in(path) == {"seed": 1}
    assert load_progress(path, {"seed": 1}).history == [{"epoch": 1}]
    with pytest.raises(AffectError, match="other settings"):
        load_progress(path, {"seed": 2})


def test_a_state_that_would_unfold_is_refused_without_the_memory(tmp_path: Path) -> None:
    path = state(tmp_path / ".x.resume.pt", 50_000_000)
    with zipfile.ZipFile(path) as archive:
        entries = {info.filename: archive.read(info) for info in archive.infolist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    assert path.stat().st_size < 1_000_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    del entries
    for read in (identity_in, lambda path: load_progress(path, {"seed": 1})):
        with pytest.raises(AffectError, match="damaged"):
            read(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000
