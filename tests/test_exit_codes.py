"""What goes wrong in a command is one line that says what to do, and an exit code."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

import pytest

from affect import evaluation, robustness, training
from affect.data import report
from affect.data.sample import write_sample
from affect.errors import AffectError
from affect.exit_codes import exit_code_of
from affect.spoken import speak


def raising(error: BaseException) -> Callable[[], None]:
    def work() -> None:
        raise error

    return work


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (AffectError("No such thing. Do that."), 2, "error: No such thing. Do that."),
        (
            OSError(errno.ENOSPC, "No space left", "a.pt"), 2,
            "error: the disk is full, a.pt cannot be written. What was saved before is whole. Make room; go on so.",
        ),
        (
            OSError(errno.EDQUOT, "Quota exceeded"), 2,
            "error: the disk is full, not everything can be written. What was saved before is whole. "
            "Make room; go on so.",
        ),
        (
            PermissionError(errno.EACCES, "Permission denied", "/etc/x"), 2,
            "error: /etc/x cannot be read or written (Permission denied). "
            "Check what may be done there, or name another place.",
        ),
        (KeyboardInterrupt(), 130, "interrupted: go on so"),
    ],
)  # fmt: skip
def test_what_a_person_can_mend_is_one_line(
    error: BaseException, code: int, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code_of(raising(error), "go on so") == code
    assert capsys.readouterr() == ("", line + "\n")


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (AffectError("No hay nada."), 2, "error: No hay nada."),
        (
            OSError(errno.ENOSPC, "No space left", "a\x1b.html"), 2,
            "error: el disco está lleno, no se puede escribir a\\x1b.html. Lo guardado antes está completo. Libere "
            "espacio; inicie de nuevo la misma orden.",
        ),
        (
            OSError(errno.EDQUOT, "Quota exceeded"), 2,
            "error: el disco está lleno, no se puede escribir todo. Lo guardado antes está completo. Libere espacio; "
            "inicie de nuevo la misma orden.",
        ),
        (
            PermissionError(errno.EACCES, "Permission denied", "/etc/x"), 2,
            "error: no se puede leer o escribir /etc/x (Permission denied). Compruebe los permisos o indique otro "
            "lugar.",
        ),
        (KeyboardInterrupt(), 130, "interrumpido: inicie de nuevo la misma orden"),
        (BrokenPipeError(errno.EPIPE, "Broken pipe"), 130, "interrumpido: inicie de nuevo la misma orden"),
    ],
)  # fmt: skip
def test_a_command_that_speaks_spanish_ends_in_spanish(
    error: BaseException, code: int, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    speak("es")
    try:
        assert exit_code_of(raising(error)) == code
    finally:
        speak("en")
    assert capsys.readouterr() == ("", line + "\n")


@pytest.mark.parametrize("error", [ValueError("a fault of ours"), OSError(errno.EIO, "a broken disk", "a.pt")])
def test_what_nobody_foresaw_is_raised(error: Exception) -> None:
    with pytest.raises(type(error)):
        exit_code_of(raising(error))


def test_what_goes_well_is_zero(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code_of(lambda: print("done")) == 0
    assert capsys.readouterr() == ("done\n", "")


@pytest.mark.parametrize("command", [evaluation.main, robustness.main])
def test_a_folder_that_cannot_be_made_is_told_before_anything_is_measured(
    command: Callable[[list[str]], int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_sample(tmp_path / "drawn", 1, 1, 48)
    (tmp_path / "file").touch()
    missing = tmp_path / "missing.pt"  # would be told first if the folder were made last
    assert command(["--model", str(missing), "--data", str(data), "--out", str(tmp_path / "file" / "out")]) == 2
    told = capsys.readouterr().err.splitlines()[-1]
    assert told.startswith(f"error: {tmp_path / 'file'}")
    assert "cannot be read or written" in told


@pytest.mark.parametrize("command", ["report", "training"])
def test_a_path_over_a_file_is_one_line(command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = write_sample(tmp_path / "drawn", 2, 1, 48)
    (tmp_path / "file").touch()
    to = ["--data", str(data), "--out", str(tmp_path / "file" / "out")]
    run = {
        "report": lambda: report.main(to),
        "training": lambda: training.main(
            [
                "starter",
                *to,
                "--results",
                str(tmp_path),
                "--init-weights",
                "none",
                "--epochs",
                "1",
                "--image-size",
                "32",
            ]
        ),
    }
    assert run[command]() == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith(f"error: {tmp_path / 'file'}")
