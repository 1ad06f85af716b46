"""The file that keeps a person's baseline: whole or not there, its owner's alone, and believed only if right."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from affect.command_line import person_code
from affect.emotions import EMOTIONS
from affect.live.pipeline.baseline import LARGEST_SHIFT, Shift, shift_of, shifted
from affect.live.recording.kept_baseline import Person, baseline_file, read_baseline, write_baseline
from affect.live.texts import TextError
from tests.conftest import REPOSITORY
from tests.tools.repeats import repeats

MEASURED = "2026-11-03T10:05:12+01:00"
WITH = {"model_sha256": "ab" * 32, "sensitivity": "normal"}
K07 = Person("K07", lambda: WITH)


def a_shift() -> Shift:
    before = np.full(len(EMOTIONS), 0.05, np.float32)
    before[EMOTIONS.index("sad")] = 0.65
    values = shift_of(np.log(before))
    return Shift(3, 1.0, 11.0, 98, values, before, shifted(before, values))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    write_baseline(tmp_path, K07, a_shift(), MEASURED)
    return baseline_file(tmp_path, "K07")


def test_what_was_written_is_read_with_its_date(path: Path, tmp_path: Path) -> None:
    shift = read_baseline(tmp_path, K07)
    assert shift is not None
    assert (shift.measured, shift.frames) == (MEASURED, 98)
    np.testing.assert_allclose(shift.values, a_shift().values, atol=1e-6)
    np.testing.assert_allclose(shift.before, a_shift().before, atol=1e-6)
    np.testing.assert_allclose(shift.after, a_shift().after, atol=1e-5)
    assert json.loads(path.read_text())["format"] == 1


@pytest.mark.skipif(os.name == "nt", reason="Windows has other rights")
def test_only_its_owner_can_read_it(path: Path) -> None:
    assert path.stat().st_mode & 0o777 == 0o600


def test_nobody_else_has_it(path: Path, tmp_path: Path) -> None:
    assert read_baseline(tmp_path, Person("K08", lambda: WITH)) is None
    assert read_baseline(tmp_path / "elsewhere", K07) is None


@pytest.mark.parametrize("other", [{"model_sha256": "cd" * 32}, {"sensitivity": "high"}])
def test_it_fits_only_the_model_and_the_sensitivity_that_it_was_measured_with(
    path: Path, tmp_path: Path, other: dict[str, str]
) -> None:
    with pytest.raises(TextError, match="2026-11-03 is not used: it was measured with another model or sensitivity"):
        read_baseline(tmp_path, Person("K07", lambda: WITH | other))


def test_a_write_that_fails_leaves_the_earlier_one_whole(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = path.read_bytes()

    def full(*_: object, **__: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch, pytest.raises(TextError, match="cannot be written .No space left"):
        patch.setattr(Path, "write_text", full)
        write_baseline(tmp_path, K07, a_shift(), "2026-11-04T10:00:00+01:00")
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


WRITES = """
import itertools, sys
from pathlib import Path
from tests.live.recording.test_kept_baseline import K07, a_shift, write_baseline
for number in itertools.count():
    write_baseline(Path(sys.argv[1]), K07, a_shift(), f"2026-11-03T10:{number // 60 % 60:02d}:{number % 60:02d}+01:00")
    if number == 3:
        print("writes", flush=True)
"""


@repeats(2, 40)
def test_a_kill_while_it_is_written_leaves_a_whole_one(repeats: int, path: Path, tmp_path: Path) -> None:
    for number in range(repeats):
        command = [sys.executable, "-c", WRITES, str(tmp_path)]
        with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == b"writes\n"
            time.sleep(0.003 * number)
            writer.kill()
        assert read_baseline(tmp_path, K07) is not None


def test_what_a_killed_process_left_is_removed_with_the_next_write(path: Path, tmp_path: Path) -> None:
    left, fresh = (path.with_name(f".{path.name}.{name}.part") for name in ("old", "new"))
    for part in (left, fresh):
        part.touch()
    os.utime(left, (0, 0))
    write_baseline(tmp_path, K07, a_shift(), MEASURED)
    assert not left.exists()
    assert fresh.exists(), "another process may be writing it"


def test_a_folder_that_is_gone_is_not_made_again(tmp_path: Path) -> None:
    with pytest.raises(TextError, match="cannot be written"):
        write_baseline(tmp_path / "gone", K07, a_shift(), MEASURED)
    assert list(tmp_path.iterdir()) == []


SHIFT = {name: round(float(v), 6) for name, v in zip(EMOTIONS, a_shift().values, strict=True)}
REST = {name: round(float(v), 6) for name, v in zip(EMOTIONS, a_shift().before, strict=True)}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("format", 2), ("format", None), ("person", "K08"), ("person", 7), ("measured", "yesterday"), ("measured", 1),
        ("measured", "2026-13-03"), ("frames", 0), ("frames", 1.5), ("frames", True), ("model_sha256", None),
        ("sensitivity", []), ("shift", []), ("shift", SHIFT | {"neutral": LARGEST_SHIFT + 0.01}),
        ("shift", SHIFT | {"neutral": -0.1}), ("shift", SHIFT | {"sad": 0.1}), ("shift", SHIFT | {"sad": -1.6}),
        ("shift", SHIFT | {"sad": float("nan")}), ("shift", SHIFT | {"sad": 10**400}), ("shift", SHIFT | {"sad": "0"}),
        ("shift", {k: v for k, v in SHIFT.items() if k != "fear"}), ("at_rest", REST | {"sad": 0.9}),
        ("at_rest", REST | {"sad": -0.65}), ("at_rest", dict.fromkeys(EMOTIONS, 0)), ("at_rest", None),
    ],
)  # fmt: skip
def test_a_file_with_a_value_that_no_session_writes_is_refused_in_a_line(
    path: Path, tmp_path: Path, field: str, value: Any
) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | {field: value}))
    with pytest.raises(TextError, match="kept baseline cannot be used") as refused:
        read_baseline(tmp_path, K07)
    told = str(refused.value).replace(str(path), "")
    assert told.isprintable()
    assert len(told) < 300


@pytest.mark.parametrize("field", ["person", "measured", "model_sha256", "sensitivity", "frames", "at_rest", "shift"])
def test_a_file_that_lacks_a_field_is_refused_with_its_name(path: Path, tmp_path: Path, field: str) -> None:
    whole = json.loads(path.read_text())
    del whole[field]
    path.write_text(json.dumps(whole))
    with pytest.raises(TextError, match=rf"damaged \({field}\)"):
        read_baseline(tmp_path, K07)


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"null", b"\xff\xfe", b"[" * 9000, b"{" * 9000, b'{"format": 1}', b"\x1b[31m", b"1" * 9000],
)
def test_a_file_of_anything_is_refused_in_a_line(path: Path, tmp_path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(TextError, match="kept baseline cannot be used") as refused:
        read_baseline(tmp_path, K07)
    assert str(refused.value).isprintable()


def test_no_more_of_a_file_is_read_than_one_can_hold(path: Path, tmp_path: Path) -> None:
    path.write_bytes(path.read_bytes() + b" " * (1 << 14))
    with pytest.raises(TextError, match="16384 bytes"):
        read_baseline(tmp_path, K07)


@pytest.mark.parametrize("make", [os.mkdir, getattr(os, "mkfifo", os.mkdir)])
def test_what_is_no_file_is_not_waited_for(path: Path, tmp_path: Path, make: Any) -> None:
    path.unlink()
    make(path)
    with pytest.raises(TextError, match="kept baseline cannot be used"):
        read_baseline(tmp_path, K07)


def test_a_folder_that_may_not_be_looked_into_is_told_in_a_line(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(*_: object, **__: object) -> bool:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch, pytest.raises(TextError, match="Permission denied"):
        patch.setattr(Path, "exists", forbidden)
        read_baseline(tmp_path, K07)


@pytest.mark.parametrize("code", ["K07", "k07", "a-b_3", "x" * 32])
def test_a_code_is_one_in_upper_and_lower_case(code: str) -> None:
    assert person_code(code) == code.upper()


@pytest.mark.parametrize("code", ["", "Ana María", "../K07", "K07\n", "x" * 33, "ñ", "a/b", "\x1b", "K 7", "K.7"])
def test_a_code_has_no_spaces_or_other_signs(code: str) -> None:
    with pytest.raises(ArgumentTypeError, match="is no code"):
        person_code(code)
