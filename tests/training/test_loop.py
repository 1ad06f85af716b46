from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import torch

from affect.errors import AffectError
from affect.training import loop
from affect.training.__main__ import main
from affect.training.experiments import V1


@pytest.fixture
def asked_for(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Notes what Accelerate is asked for."""
    noted: dict[str, Any] = {}
    monkeypatch.setattr(loop, "Accelerator", lambda **settings: noted.update(settings))
    return noted


def test_processes_wait_for_one_that_prepares_pictures_for_hours(asked_for: dict[str, Any]) -> None:
    loop.new_accelerator()
    (waiting,) = asked_for["kwargs_handlers"]
    assert waiting.timeout == timedelta(days=1)


@pytest.mark.parametrize(("native", "precision"), [(True, "bf16"), (False, "fp16")])
def test_a_gpu_that_only_emulates_bfloat16_computes_in_float16(
    asked_for: dict[str, Any], monkeypatch: pytest.MonkeyPatch, native: bool, precision: str
) -> None:
    monkeypatch.delenv("ACCELERATE_MIXED_PRECISION", raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation=True: including_emulation or native)
    loop.new_accelerator()
    assert asked_for["mixed_precision"] == precision


@pytest.mark.parametrize(
    ("device", "cpu", "precision"), [("auto", False, "bf16"), ("cuda", False, "bf16"), ("cpu", True, "no")]
)
def test_a_gpu_is_used_unless_the_processor_is_asked_for(
    asked_for: dict[str, Any], monkeypatch: pytest.MonkeyPatch, device: str, cpu: bool, precision: str
) -> None:
    monkeypatch.delenv("ACCELERATE_MIXED_PRECISION", raising=False)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {})
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation=True: True)
    loop.new_accelerator(device)
    assert (asked_for["cpu"], asked_for["mixed_precision"]) == (cpu, precision)


def test_a_gpu_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert main(["v1", "--device", "cuda"]) == 2
    assert "finds no CUDA GPU. Leave --device away" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("able", "chosen", "precision"),
    [
        ({"avx512_bf16": True}, False, "bf16"), ({"amx_bf16": True}, False, "bf16"), ({"avx512_f": True}, False, "no"),
        ({}, False, "no"), ({"avx512_bf16": True, "amx_bf16": True}, True, None),
    ],
)  # fmt: skip
def test_a_processor_computes_in_bfloat16_only_where_it_has_it(
    asked_for: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    able: dict[str, bool],
    chosen: bool,
    precision: str | None,
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: able)
    if not chosen:
        monkeypatch.delenv("ACCELERATE_MIXED_PRECISION", raising=False)
    loop.new_accelerator()
    assert asked_for["mixed_precision"] == precision


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        ({"mixup": 0.2}, "mixes"),
        ({"distill": 0.5}, "shows its teachers"),
        ({"match": 1.0}, "shows its teachers"),
    ],
)
def test_what_needs_new_pictures_in_every_epoch_is_refused_where_views_are_kept(
    settings: dict[str, object], what: str
) -> None:
    loop.check_experiment(V1, 1)
    with pytest.raises(AffectError, match=f"Experiment v1 {what} .* Leave `views` away"):
        loop.check_experiment(replace(V1, **settings), 1)  # type: ignore[arg-type]
